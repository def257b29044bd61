//! The Test Anything Protocol (`output/tap.go`).

use super::super::result::{CheckResult, Finding, Totals};
use super::prefix;

pub(super) fn render(results: &[CheckResult]) -> String {
    let tests = Totals::of(results).tests();
    if tests == 0 {
        return String::new();
    }
    let mut out = format!("1..{tests}\n");
    let mut number = 0;
    for result in results {
        let prefix = prefix(result);
        let success = Finding { message: "SUCCESS".to_owned(), ..Finding::default() };
        let successes = vec![success; result.successes];
        for (header, status, findings) in [
            ("", "not ok", &result.failures),
            ("warnings", "not ok", &result.warnings),
            ("exceptions", "ok", &result.exceptions),
            ("skip", "ok", &result.skipped),
            ("successes", "ok", &successes),
        ] {
            if !header.is_empty() && !findings.is_empty() {
                out.push_str(&format!("# {header}\n"));
            }
            for finding in findings {
                number += 1;
                // What goes on for lines is a comment from the second one on.
                let message = finding.message.replace("\r\n", "\n").replace(['\n', '\r'], "\n# ");
                out.push_str(&format!("{status} {number} {prefix} {message}\n"));
            }
        }
    }
    out
}
