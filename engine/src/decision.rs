//! The answer to one request.

use std::borrow::Cow;
use std::sync::Arc;

/// What every rule that matched a request says. Whether it is allowed is derived, never stored.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// In the order the rules were compiled.
    pub results: Vec<RuleResult>,
    /// Oddities met on the way, done as upstream does them.
    pub warnings: Vec<String>,
}

/// What one rule says.
#[derive(Clone, Debug)]
pub struct RuleResult {
    /// Which rule.
    pub rule: Arc<RuleInfo>,
    /// The name it answers with; differs from the written one for rules made by autogen.
    pub name: Arc<str>,
    /// What it found.
    pub outcome: Outcome,
    /// What follows from a failure, settled for this object.
    pub action: Action,
    /// What follows from an error.
    pub failure_policy: FailurePolicy,
    /// The dialect's whole text, as upstream words it.
    pub message: Arc<str>,
    /// The policy's own words of a failure, variables filled in; empty where it has none.
    pub headline: String,
    /// Where it failed; at least one for a failure.
    pub violations: Vec<Violation>,
    /// Whether upstream answers with nothing at all here: always a skip.
    pub silent: bool,
}

/// What is known of a rule before it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleInfo {
    /// The policy's name, `namespace/name` for a namespaced one; the name of a constraint.
    pub policy: Arc<str>,
    /// The policy's kind, such as `ClusterPolicy`; the kind of a constraint.
    pub policy_kind: Arc<str>,
    /// The rule's name as it is written. A constraint has one rule, named by the constraint's kind:
    /// constraints of two kinds can have one name.
    pub rule: Arc<str>,
    /// The language.
    pub dialect: Dialect,
    /// How bad a finding is: the policy's word, empty where it has none.
    pub severity: Arc<str>,
    /// What it belongs to: the policy's word, empty where it has none.
    pub category: Arc<str>,
    /// Whether findings count: `false` makes a failure a warning in upstream's reports.
    pub scored: bool,
    /// What to do about a finding, where the policy says so.
    pub help: Arc<str>,
}

impl RuleInfo {
    /// What people call the rule where only one name is shown: its own name and, where that says
    /// what kind of rule it is, the policy's.
    pub fn title(&self) -> Cow<'_, str> {
        match self.dialect {
            Dialect::Kyverno | Dialect::Cel | Dialect::Image => Cow::Borrowed(&self.rule),
            Dialect::Gatekeeper => Cow::Borrowed(&self.policy),
            Dialect::Conftest => Cow::Owned(format!("{}/{}", self.policy, self.rule)),
        }
    }
}

/// The language a rule is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// Kyverno's classic policies.
    #[default]
    Kyverno,
    /// ValidatingAdmissionPolicy and Kyverno's CEL kinds.
    Cel,
    /// ConstraintTemplates.
    Gatekeeper,
    /// Rego as conftest reads it.
    Conftest,
    /// Image signatures and attestations.
    Image,
}

impl Dialect {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kyverno => "kyverno",
            Self::Cel => "cel",
            Self::Gatekeeper => "gatekeeper",
            Self::Conftest => "conftest",
            Self::Image => "image",
        }
    }
}

/// The words of OpenReports; `warn` is `Fail` under `Action::Warn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing to object.
    Pass,
    /// The rule objects.
    Fail,
    /// The rule could not say.
    Error,
    /// The rule matched but does not apply.
    Skip,
}

impl Outcome {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The request is refused.
    Deny,
    /// The request is allowed, with a warning.
    Warn,
    /// The request is allowed; the failure is reported.
    #[default]
    Audit,
}

impl Action {
    /// The word in reports and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Audit => "audit",
        }
    }
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailurePolicy {
    /// The request is refused.
    #[default]
    Fail,
    /// The request is allowed; the error is counted and shown.
    Ignore,
}

/// One place where a rule failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violation {
    /// The place in the object, as a JSON pointer; empty for the whole object.
    pub path: String,
    /// What is wrong there: lower case, no full stop.
    pub message: String,
    /// Whether `path` names something that should be there and is not.
    pub missing: bool,
    /// What the policy itself attached, if it did.
    pub details: Option<Details>,
}

/// What a policy attached to a violation, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    json: Arc<str>,
}

impl Details {
    /// From a JSON text that is known to be one.
    pub(crate) fn of_json(json: impl Into<Arc<str>>) -> Self {
        Self { json: json.into() }
    }

    /// The JSON text, without spaces, the keys of objects sorted.
    pub fn as_json(&self) -> &str {
        &self.json
    }
}

impl RuleResult {
    /// Whether this result alone refuses the request.
    pub fn denies(&self) -> bool {
        match self.outcome {
            Outcome::Pass | Outcome::Skip => false,
            Outcome::Fail => self.action == Action::Deny,
            Outcome::Error => {
                // Kyverno blocks on any rule error under `failurePolicy: Fail`, even of a rule
                // that audits (pkg/utils/engine/response.go, BlockRequest).
                let blocks = self.action == Action::Deny || self.rule.dialect == Dialect::Kyverno;
                blocks && self.failure_policy == FailurePolicy::Fail
            }
        }
    }
}

impl Decision {
    /// Whether the request goes through.
    pub fn allowed(&self) -> bool {
        !self.results.iter().any(RuleResult::denies)
    }

    /// The results that refuse the request.
    pub fn denials(&self) -> impl Iterator<Item = &RuleResult> {
        self.results.iter().filter(|result| result.denies())
    }
}
