//! What people read of a test run: a line for each rule, and more for each row that did not pass.

use std::fmt::Write;

use ajj_engine::Span;
use ajj_engine::report::Sources;
use ajj_engine::suite::{Coverage, FileCoverage, Row, RowOutcome};

use super::human;
use crate::commands::policy_test::{Counts, SuiteRun, TestReport};
use ajj_engine::report::escape::{escape, escape_lines};

/// The whole text, the count last, so that the end of a long output says what matters.
pub(crate) fn render(report: &TestReport, colour: bool) -> String {
    let mut out = String::new();
    let paint = Paint { colour };
    for run in &report.suites {
        suite(run, &report.sources, paint, &mut out);
        human::diagnostics_of(&run.diagnostics, &report.sources, colour, &mut out);
    }
    human::diagnostics_of(&report.diagnostics, &report.sources, colour, &mut out);
    if let Some(found) = &report.coverage {
        coverage(found, &mut out);
    }
    summary(report, &mut out);
    out
}

#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn sign(self, is_good: bool) -> &'static str {
        match (is_good, self.colour) {
            (true, false) => "✔",
            (false, false) => "✘",
            (true, true) => "\u{1b}[32m✔\u{1b}[0m",
            (false, true) => "\u{1b}[31m✘\u{1b}[0m",
        }
    }
}

fn suite(run: &SuiteRun, sources: &Sources, paint: Paint, out: &mut String) {
    let _ = writeln!(out, "{}", escape(&run.path));
    let rows = || run.rows.iter().zip(&run.places);
    let mut names: Vec<(&str, &str)> = Vec::new();
    for (row, _) in rows() {
        if !names.contains(&name(row)) {
            names.push(name(row));
        }
    }
    let titles: Vec<String> = names.iter().map(|(policy, rule)| title(policy, rule)).collect();
    let width = titles.iter().map(|title| title.chars().count()).max().unwrap_or(0);
    for (known, title) in names.iter().zip(&titles) {
        let own = || rows().filter(|(row, _)| name(row) == *known);
        let counts = Counts::of(own().map(|(row, _)| row));
        let sign = paint.sign(counts.failed + counts.errors == 0);
        let _ = writeln!(out, "  {sign} {title:width$}  {}", said(counts));
        for (row, place) in own() {
            if matches!(row.outcome, RowOutcome::Failed | RowOutcome::Error) {
                explain(row, place.as_ref(), sources, out);
            }
        }
    }
}

fn name(row: &Row) -> (&str, &str) {
    (&row.policy, &row.rule)
}

fn title(policy: &str, rule: &str) -> String {
    match rule {
        "" => escape(policy).into_owned(),
        rule => escape(&format!("{policy}: {rule}")).into_owned(),
    }
}

/// Rows by outcome, without those that are none.
fn said(counts: Counts) -> String {
    if counts.passed == counts.rows {
        return rows(counts.rows);
    }
    let parts = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.errors, "without an answer"),
        (counts.skipped, "skipped"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

fn rows(count: usize) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

fn explain(row: &Row, place: Option<&Span>, sources: &Sources, out: &mut String) {
    let what = match row.object.kind.as_str() {
        "" => format!("{} {}", row.kind, row.resource),
        _ => row.object.to_string(),
    };
    let what = escape(what.trim()).into_owned();
    let place = place.and_then(|span| sources.place(span));
    let place = place.map(|place| format!("{}:{}", escape(&place.file), place.start.line));
    let _ = writeln!(out, "      {what}  {}", place.unwrap_or_default());
    let _ = writeln!(out, "        expected  {}", escape(&row.expected));
    let message = escape_lines(&row.message).replace('\n', "\n                  ");
    let _ = writeln!(out, "        got       {}", format!("{}  {message}", row.actual).trim_end());
    if let Some(help) = &row.help {
        let _ = writeln!(out, "        help      {}", escape(help));
    }
}

/// A line for each file: how much of it tests went through, and which lines they did not.
fn coverage(coverage: &Coverage, out: &mut String) {
    let width = coverage.files.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, file) in &coverage.files {
        let ranges: Vec<_> = FileCoverage::ranges(&file.not_covered)
            .into_iter()
            .map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first}-{last}"),
            })
            .collect();
        let missed = match ranges.is_empty() {
            true => String::new(),
            false => format!("  not lines {}", ranges.join(", ")),
        };
        let name = escape(name);
        let _ = writeln!(out, "  {name:width$}  {:5.1} %{missed}", percent(file.count()));
    }
    let _ = writeln!(out, "coverage {:.1} %", percent(coverage.count()));
}

/// The share of lines, to a tenth; all of none.
pub(super) fn percent((covered, all): (usize, usize)) -> f64 {
    match all {
        0 => 100.0,
        all => (covered as f64 / all as f64 * 1000.0).round() / 10.0,
    }
}

fn summary(report: &TestReport, out: &mut String) {
    let counts = report.counts();
    let suites = report.suites.len();
    let suites = format!("{suites} suite{}", if suites == 1 { "" } else { "s" });
    let told = match counts.rows {
        0 => "there is no row to test".to_owned(),
        count if counts.passed == count => format!("{} passed", rows(count)),
        count => format!("{}: {}", rows(count), said(counts)),
    };
    let milliseconds = report.milliseconds;
    let _ = writeln!(
        out,
        "{told} in {suites} in {milliseconds:.0} ms (exit code {})",
        report.exit_code()
    );
}
