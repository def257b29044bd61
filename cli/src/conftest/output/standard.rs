//! For people, in colours (`output/standard.go`).

use super::super::result::{CheckResult, Query, Totals};
use super::{Options, prefix};

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const BLUE: u8 = 34;
const CYAN: u8 = 36;

pub(super) fn render(results: &[CheckResult], options: &Options) -> String {
    let paint = |text: &str, colour| painted(text, colour, options.no_color);
    let mut out = String::new();
    for print in results.iter().flat_map(|result| &result.queries).flat_map(|query| &query.prints) {
        out.push_str(&format!("{}  {print}\n", paint("PRNT ", BLUE)));
    }
    for result in results {
        let prefix = prefix(result);
        let exceptions =
            if options.suppress_exceptions { &[][..] } else { result.exceptions.as_slice() };
        for (word, colour, findings) in [
            ("WARN", YELLOW, result.warnings.as_slice()),
            ("FAIL", RED, result.failures.as_slice()),
            ("EXCP", CYAN, exceptions),
        ] {
            for finding in findings {
                out.push_str(&format!("{} {prefix} {}\n", paint(word, colour), finding.message));
            }
        }
    }
    let totals = Totals::of(results);
    let mut summary = totals.to_string();
    if options.show_skipped {
        summary.push_str(&format!(", {} skipped", totals.skipped));
    }
    let colour = match totals {
        Totals { failures: 1.., .. } => RED,
        Totals { warnings: 1.., .. } => YELLOW,
        Totals { exceptions: 1.., .. } => CYAN,
        _ => GREEN,
    };
    out.push_str(&format!("\n{}\n", paint(&summary, colour)));
    out
}

/// How each question was answered, for stderr, where there are no colours.
pub(crate) fn traces(results: &[CheckResult]) -> String {
    let mut out = String::new();
    for result in results {
        for Query { text, traces, .. } in &result.queries {
            out.push_str(&format!("file: {} | query: {text}\n", result.file));
            for line in traces {
                out.push_str(&format!("TRAC   {line}\n"));
            }
        }
    }
    out
}

fn painted(text: &str, colour: u8, no_color: bool) -> String {
    match no_color {
        true => text.to_owned(),
        false => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
    }
}
