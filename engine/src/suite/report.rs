//! What running a suite yields.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::report::ObjectIdentity;
use crate::scalar::wildcard::Wildcard;

/// The rows of a suite, in the order they are written.
#[derive(Clone, Debug, Default)]
pub struct SuiteReport {
    /// One for each expected result and object.
    pub rows: Vec<Row>,
    /// What is wrong with the suite's files.
    pub diagnostics: Vec<Diagnostic>,
}

/// One expected result for one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The number of the expectation in its suite, from 0.
    pub entry: usize,
    /// The policy as the suite writes it.
    pub policy: String,
    /// The rule as the suite writes it; empty where it names none.
    pub rule: String,
    /// The resource as the suite writes it; empty where it names none.
    pub resource: String,
    /// The kind as the suite writes it; empty where it names none.
    pub kind: String,
    /// The result as the suite writes it.
    pub expected: String,
    /// What the rule answered, in the format's words: pass, fail, skip, warn, error; yes, no, or how
    /// many violations; or none.
    pub actual: Cow<'static, str>,
    /// What was judged, where there is such an object.
    pub object: ObjectIdentity,
    /// The rule that answered; empty where none did.
    pub answered_by: String,
    /// How it is counted.
    pub outcome: RowOutcome,
    /// What the rule said, or why there is no answer.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
    /// Why upstream counts it so, in upstream's words.
    pub reason: String,
    /// Whether it needs what this build does not evaluate.
    pub not_evaluated: bool,
}

/// How a row is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowOutcome {
    /// What was expected.
    Passed,
    /// Something else.
    Failed,
    /// There is no answer to compare.
    #[default]
    Error,
    /// Not judged, on purpose.
    Skipped,
}

impl RowOutcome {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

/// Which rows are wanted; wildcards are allowed, and what is empty is met by everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    policies: Vec<Wildcard>,
    rules: Vec<Wildcard>,
    resources: Vec<Wildcard>,
}

impl Filter {
    /// Wants rows of a policy.
    pub fn add_policy(&mut self, pattern: &str) {
        self.policies.push(Wildcard::new(pattern));
    }

    /// Wants rows of a rule.
    pub fn add_rule(&mut self, pattern: &str) {
        self.rules.push(Wildcard::new(pattern));
    }

    /// Wants rows of a resource: its name, or namespace and name.
    pub fn add_resource(&mut self, pattern: &str) {
        self.resources.push(Wildcard::new(pattern));
    }

    /// Whether every row is wanted.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.rules.is_empty() && self.resources.is_empty()
    }

    /// Whether a row is wanted.
    pub fn wants(&self, row: &Row) -> bool {
        if self.is_empty() {
            return true;
        }
        let meets = |patterns: &[Wildcard], texts: &[&str]| {
            patterns.is_empty()
                || patterns.iter().any(|pattern| texts.iter().any(|text| pattern.matches(text)))
        };
        let object = &row.object;
        let full = format!("{}/{}", object.namespace, object.name);
        meets(&self.policies, &[&row.policy])
            && meets(&self.rules, &[&row.rule, &row.answered_by])
            && meets(&self.resources, &[&row.resource, &object.name, &full])
    }
}
