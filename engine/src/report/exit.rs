//! From a report to an exit code, as the table of exit codes says.

use std::collections::BTreeSet;

use super::Report;
use crate::decision::Action;
use crate::diagnostic::Severity;

/// What the process answers with, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// 0 nothing to object, 1 findings, 2 could not do its work, 3 nothing was evaluated.
    pub code: u8,
    /// In words.
    pub reason: String,
}

/// What the caller wants to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitRules {
    /// Whose findings give code 1.
    pub fail_on: BTreeSet<Action>,
    /// Whether nothing evaluated is fine.
    pub allow_empty: bool,
    /// Whether rules that this build cannot evaluate are fine.
    pub allow_not_evaluated: bool,
    /// Whether findings are only to be reported.
    pub exit_zero: bool,
}

impl Default for ExitRules {
    fn default() -> Self {
        Self {
            fail_on: [Action::Deny, Action::Audit].into(),
            allow_empty: false,
            allow_not_evaluated: false,
            exit_zero: false,
        }
    }
}

/// The exit code of a report: where several hold, 2 before 1 before 3.
pub fn judge(report: &Report, rules: &ExitRules) -> Exit {
    if let Some(reason) = not_done(report, rules) {
        return Exit { code: 2, reason };
    }
    if let Some(reason) = findings(report, rules) {
        return match rules.exit_zero {
            true => Exit { code: 0, reason: format!("{reason}, which --exit-zero allows") },
            false => Exit { code: 1, reason },
        };
    }
    match (nothing_evaluated(report), rules.allow_empty) {
        (Some(reason), true) => {
            Exit { code: 0, reason: format!("{reason}, which --allow-empty allows") }
        }
        (Some(reason), false) => Exit { code: 3, reason: reason.to_owned() },
        (None, _) => Exit { code: 0, reason: "nothing to object".to_owned() },
    }
}

fn not_done(report: &Report, rules: &ExitRules) -> Option<String> {
    let is_error = |severity: Severity| severity == Severity::Error;
    let errors = report.diagnostics.iter().filter(|found| is_error(found.severity)).count();
    let unjudged: usize = report
        .policies
        .not_evaluated
        .iter()
        .filter(|rules| rules.gives_verdict)
        .map(|rules| rules.count)
        .sum();
    let mut reasons = Vec::new();
    if errors > 0 {
        reasons.push(format!("{} in policies or input", plural(errors, "error", "errors")));
    }
    if report.policies.broken > 0 {
        let broken = plural(report.policies.broken, "rule does", "rules do");
        reasons.push(format!("{broken} not compile"));
    }
    if unjudged > 0 && !rules.allow_not_evaluated {
        let rules = plural(unjudged, "rule", "rules");
        reasons.push(format!("{rules} cannot be evaluated by this build"));
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

fn findings(report: &Report, rules: &ExitRules) -> Option<String> {
    let counted = |wanted: Action| {
        report
            .objects
            .iter()
            .flat_map(|object| object.findings())
            .filter(|result| result.counted_action() == wanted)
            .count()
    };
    let words = [(Action::Deny, "deny"), (Action::Warn, "warn"), (Action::Audit, "audit")];
    let mut reasons = Vec::new();
    for (action, verb) in words {
        match counted(action) {
            0 => (),
            _ if !rules.fail_on.contains(&action) => (),
            1 => reasons.push(format!("1 finding {verb}s").replace("denys", "denies")),
            count => reasons.push(format!("{count} findings {verb}")),
        }
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

fn nothing_evaluated(report: &Report) -> Option<&'static str> {
    if report.objects.is_empty() {
        Some("nothing was evaluated: there is no object")
    } else if report.policies.rules == 0 {
        Some("nothing was evaluated: there is no rule that gives a verdict")
    } else if report.objects.iter().all(|object| object.is_unmatched()) {
        Some("nothing was evaluated: no rule matches any object")
    } else {
        None
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
