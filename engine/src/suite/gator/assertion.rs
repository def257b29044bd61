//! What a case expects of the violations.
//!
//! Upstream: pkg/gator/verify/assertion.go.

use crate::decode::{Fields, Problems, describe};
use crate::diagnostic::Diagnostic;
use crate::scalar::regex::Regex;
use crate::tree::{Kind, Node};

/// An expectation: how many violations have a message that matches.
#[derive(Clone, Debug)]
pub(super) struct Assertion {
    violations: Wanted,
    message: Option<Regex>,
    pattern: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Some,
    None,
    Exactly(u64),
}

/// How the violations hold against an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) holds: bool,
    /// What was found, in the words of `violations`.
    pub(super) actual: String,
}

pub(super) fn decode(node: Node<'_>, problems: &Problems<'_>) -> Option<Assertion> {
    let mut fields = Fields::of(node, "an assertion", problems)?;
    let violations = match fields.get("violations") {
        None => Wanted::Some,
        Some(node) => wanted(node, problems)?,
    };
    let pattern = fields.text("message");
    let message = match pattern.map(Regex::compile) {
        None => None,
        Some(Ok(regex)) => Some(regex),
        Some(Err(error)) => {
            if let Some(node) = fields.get("message") {
                let message = format!("`message` is no regular expression: {error}");
                problems.at(node, Diagnostic::error("pattern", message));
            }
            None
        }
    };
    fields.finish();
    Some(Assertion { violations, message, pattern: pattern.unwrap_or_default().to_owned() })
}

fn wanted(node: Node<'_>, problems: &Problems<'_>) -> Option<Wanted> {
    match node.kind() {
        // YAML 1.1 reads `yes` and `no` as true and false.
        Kind::Bool(true) | Kind::String("yes") => Some(Wanted::Some),
        Kind::Bool(false) | Kind::String("no") => Some(Wanted::None),
        Kind::Int(count) if count >= 0 => Some(Wanted::Exactly(count.unsigned_abs())),
        _ => {
            let message = format!("`violations` cannot be {}", describe(node));
            let help = "`yes`, `no`, or how many there are";
            problems.at(node, Diagnostic::error("unknown-word", message).help(help));
            None
        }
    }
}

impl Assertion {
    /// The expectation in the suite's words.
    pub(super) fn wanted(&self) -> String {
        match self.violations {
            Wanted::Some => "yes".to_owned(),
            Wanted::None => "no".to_owned(),
            Wanted::Exactly(count) => count.to_string(),
        }
    }

    /// The regular expression that messages have to match; empty where any counts.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }

    pub(super) fn counts(&self, message: &str) -> bool {
        self.message.as_ref().is_none_or(|regex| regex.is_match(message))
    }

    /// Counts the messages that match.
    pub(super) fn check<'m>(&self, messages: impl Iterator<Item = &'m str>) -> Held {
        let count = messages.filter(|message| self.counts(message)).count() as u64;
        let word = if count == 0 { "no" } else { "yes" };
        match self.violations {
            Wanted::Some => Held { holds: count > 0, actual: word.to_owned() },
            Wanted::None => Held { holds: count == 0, actual: word.to_owned() },
            Wanted::Exactly(wanted) => Held { holds: count == wanted, actual: count.to_string() },
        }
    }
}
