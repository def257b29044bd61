//! What a rule says of an object, as short as a report needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ajj_engine::report::ObjectReport;
use ajj_engine::{Action, Outcome, RuleInfo};

use crate::answer::shorten;

/// The bound of a message, which is one line.
const MAX_MESSAGE: usize = 500;

/// What one rule says of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) rule: Arc<RuleInfo>,
    /// The name that the rule answers with.
    pub(super) name: Arc<str>,
    pub(super) word: Word,
    pub(super) message: Arc<str>,
    /// Where it failed, if it did.
    pub(super) place: Option<Box<FailedAt>>,
}

/// The first place where a rule failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailedAt {
    /// A JSON pointer.
    pub(super) path: Box<str>,
    pub(super) fingerprint: Box<str>,
}

/// The word of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    Pass,
    Fail,
    Warn,
    Error,
    Skip,
}

impl Word {
    pub(super) const ALL: [Self; 5] = [Self::Pass, Self::Fail, Self::Warn, Self::Error, Self::Skip];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }
}

/// The findings of a report, by policy.
pub(super) fn findings(report: ObjectReport) -> BTreeMap<Arc<str>, Vec<Finding>> {
    let mut found: BTreeMap<Arc<str>, Vec<Finding>> = BTreeMap::new();
    for one in report.results {
        let result = one.result;
        // Upstream answers with no row.
        if result.silent {
            continue;
        }
        let word = match (result.outcome, result.action) {
            (Outcome::Pass, _) => Word::Pass,
            (Outcome::Fail, Action::Warn) => Word::Warn,
            (Outcome::Fail, _) if !result.rule.scored => Word::Warn,
            (Outcome::Fail, _) => Word::Fail,
            (Outcome::Error, _) => Word::Error,
            (Outcome::Skip, _) => Word::Skip,
        };
        let place = one.findings.into_iter().next().map(|first| {
            Box::new(FailedAt {
                path: first.violation.path.into(),
                fingerprint: first.fingerprint.into(),
            })
        });
        let message = one_line(result.message);
        let (policy, rule) = (Arc::clone(&result.rule.policy), result.rule);
        let finding = Finding { rule, name: result.name, word, message, place };
        found.entry(policy).or_default().push(finding);
    }
    found
}

fn one_line(message: Arc<str>) -> Arc<str> {
    if message.len() <= MAX_MESSAGE && !message.contains(char::is_control) {
        return message;
    }
    let words: Vec<&str> = message.split(char::is_control).map(str::trim).collect();
    shorten(words.join(" ").trim(), MAX_MESSAGE).into()
}
