//! A table with lines around its cells, as `github.com/olekukonko/tablewriter` draws it
//! (`output/table.go`).

use unicode_width::UnicodeWidthStr;

use super::super::result::CheckResult;

type Row<'r> = [&'r str; 4];

const HEADER: Row<'_> = ["RESULT", "FILE", "NAMESPACE", "MESSAGE"];

pub(super) fn render(results: &[CheckResult]) -> String {
    let rows: Vec<Row<'_>> = results.iter().flat_map(rows).collect();
    if rows.is_empty() {
        return String::new();
    }
    let cells: Vec<[Vec<String>; 4]> = rows.iter().map(|row| row.map(lines)).collect();
    let widths = std::array::from_fn(|column| {
        let cells = cells.iter().filter_map(|row: &[Vec<String>; 4]| row.get(column));
        let widest = cells.flatten().map(|line| line.width()).max();
        let header = HEADER.get(column).map(|title| title.width());
        widest.max(header).unwrap_or_default()
    });
    let mut out = rule(&widths, ['┌', '┬', '┐']);
    let header = HEADER.iter().zip(widths).map(|(title, width)| {
        let left = (width - title.width()) / 2;
        format!(" {}{title}{} ", " ".repeat(left), " ".repeat(width - title.width() - left))
    });
    out.push_str(&line(header));
    out.push_str(&rule(&widths, ['├', '┼', '┤']));
    for row in &cells {
        let height = row.iter().map(Vec::len).max().unwrap_or_default();
        for number in 0..height {
            out.push_str(&line(row.iter().zip(widths).map(|(cell, width)| {
                let text = cell.get(number).map_or("", String::as_str);
                format!(" {text}{} ", " ".repeat(width - text.width()))
            })));
        }
    }
    out + &rule(&widths, ['└', '┴', '┘'])
}

fn rows(result: &CheckResult) -> Vec<Row<'_>> {
    let row = |word, message| [word, result.file.as_str(), result.namespace.as_str(), message];
    let mut rows = vec![row("success", "SUCCESS"); result.successes];
    for (word, findings) in [
        ("exception", &result.exceptions),
        ("warning", &result.warnings),
        ("skipped", &result.skipped),
        ("failure", &result.failures),
    ] {
        rows.extend(findings.iter().map(|finding| row(word, finding.message.as_str())));
    }
    rows
}

/// The lines of a cell, in which tabs are four blanks.
fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(|line| line.trim_end_matches('\r').replace('\t', "    ")).collect()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("│{}│\n", cells.collect::<Vec<_>>().join("│"))
}

fn rule(widths: &[usize; 4], [left, between, right]: [char; 3]) -> String {
    let parts: Vec<_> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
    format!("{left}{}{right}\n", parts.join(&between.to_string()))
}
