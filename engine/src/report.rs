//! Decisions over many objects, with everything that outputs need: identities, places,
//! fingerprints, counts and the exit code.

pub mod document;
pub mod escape;
mod exit;
mod fingerprint;
mod redact;
mod sources;

use std::sync::Arc;

pub use exit::{Exit, ExitRules, judge};
pub use redact::Redaction;
pub use sources::{Place, Sources};

use crate::decision::{Action, Decision, Outcome, RuleResult, Violation};
use crate::diagnostic::Diagnostic;
use crate::pointer::{escape_step, pointer_steps};
use crate::request::Request;
use crate::rule::OtherRules;
use crate::source::Span;
use crate::tree::Node;

/// What was decided about many objects, in the order they were read.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many files were read.
    pub files: usize,
    /// How many documents were read, whether or not they hold an object.
    pub documents: usize,
    /// The file of each document that is for another tool.
    pub others: Vec<Arc<str>>,
    /// One entry for each object, one that no rule matched too.
    pub objects: Vec<ObjectReport>,
    /// What decided.
    pub policies: PolicySummary,
    /// What was wrong with policies, manifests or arguments.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that spans point into.
    pub sources: Sources,
}

/// What was decided about one object.
#[derive(Clone, Debug, Default)]
pub struct ObjectReport {
    /// Which object.
    pub object: ObjectIdentity,
    /// Where it stands.
    pub span: Option<Span>,
    /// Whether the request goes through.
    pub allowed: bool,
    /// What each rule that matched says, in the order rules were compiled.
    pub results: Vec<ResultReport>,
    /// Oddities met on the way, done as upstream does them.
    pub warnings: Vec<String>,
    /// How the rules answered; complete where `results` holds findings only.
    pub counts: Counts,
    /// Places whose text is never shown.
    pub hidden: Vec<Span>,
    /// Texts that are never shown.
    pub redaction: Redaction,
}

/// What one rule says of one object.
#[derive(Clone, Debug)]
pub struct ResultReport {
    /// The rule's answer; its violations stand in `findings`.
    pub result: RuleResult,
    /// Where it failed.
    pub findings: Vec<Finding>,
}

/// One place where a rule failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The place in the object and what is wrong there.
    pub violation: Violation,
    /// The place in the source.
    pub span: Option<Span>,
    /// The named item of a list that holds the place, such as a container.
    pub item: Option<NamedItem>,
    /// Stays the same when lines or files move.
    pub fingerprint: String,
}

/// An item of a list that has a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedItem {
    /// The key that holds the list, such as `containers`.
    pub list: String,
    /// The item's name.
    pub name: String,
    /// Where the name stands.
    pub span: Option<Span>,
}

/// What names an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectIdentity {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// Empty for an object of the cluster, or where the manifest names none.
    pub namespace: String,
    /// Empty where the server is to make one up.
    pub name: String,
}

/// What is known of the policies that decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySummary {
    /// Names the set: `sha256:` and hexadecimal digits.
    pub digest: Arc<str>,
    /// How many rules it holds.
    pub rules: usize,
    /// How many of them did not compile.
    pub broken: usize,
    /// What this build recognises and does not evaluate.
    pub not_evaluated: Vec<OtherRules>,
}

/// How often rules answered in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nothing to object.
    pub pass: usize,
    /// Failures whose action is deny or audit.
    pub fail: usize,
    /// Failures whose action is warn.
    pub warn: usize,
    /// Rules that could not say.
    pub error: usize,
    /// Rules that matched and do not apply.
    pub skip: usize,
}

/// What a report says in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Documents that were read.
    pub documents: usize,
    /// Objects among them.
    pub objects: usize,
    /// Objects with at least one result other than skip.
    pub evaluated: usize,
    /// Objects that no rule matched.
    pub unmatched: usize,
    /// How the rules answered.
    pub results: Counts,
}

/// Which results a report keeps; all are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Every result.
    #[default]
    All,
    /// Failures and errors: enough for people, and small.
    Findings,
}

impl ObjectReport {
    /// Gathers what was decided about a request's object.
    ///
    /// `place` finds the span of a JSON pointer in the object's source. It is called for
    /// violations and for the values of Secrets that have one, never for an object without findings.
    pub fn new(
        request: &Request,
        decision: Decision,
        keep: Keep,
        mut place: impl FnMut(&str) -> Option<Span>,
    ) -> Self {
        let root = request.object.as_ref().or(request.old_object.as_ref()).map(|tree| tree.root());
        let object = ObjectIdentity::of(request);
        let has_findings = decision.results.iter().any(is_finding) || !decision.warnings.is_empty();
        let allowed = decision.allowed();
        let redaction = match root {
            Some(root) if object.is_secret() => Redaction::of_secret(root),
            _ => Redaction::default(),
        };
        let hidden = match has_findings {
            true => redaction.paths.iter().filter_map(|path| place(path)).collect(),
            false => Vec::new(),
        };
        let mut counts = Counts::default();
        let mut results = Vec::new();
        for mut result in decision.results {
            counts.add(&result);
            if keep == Keep::Findings && !is_finding(&result) {
                continue;
            }
            let names = [&*result.name, &*result.rule.policy];
            if redaction.hides() {
                let message = result.message.to_string();
                result.message = redaction.apply_beside(message, &names).into();
            }
            result.headline = redaction.apply_beside(result.headline, &names);
            let violations = std::mem::take(&mut result.violations);
            let findings = violations
                .into_iter()
                .map(|mut violation| {
                    violation.message = redaction.apply(violation.message);
                    violation.details = violation.details.map(|details| redaction.details(details));
                    let item = root.and_then(|root| named_item(root, &violation.path, &mut place));
                    Finding {
                        span: place(&violation.path).or_else(|| place("")),
                        item,
                        fingerprint: fingerprint::of(&result, &object, &violation.path),
                        violation,
                    }
                })
                .collect();
            results.push(ResultReport { result, findings });
        }
        let warnings = decision.warnings.into_iter().map(|text| redaction.apply(text)).collect();
        Self { object, span: None, allowed, results, warnings, counts, hidden, redaction }
    }

    /// Whether at least one rule answered with something other than skip.
    pub fn is_evaluated(&self) -> bool {
        self.counts.total() > self.counts.skip
    }

    /// Whether no rule matched.
    pub fn is_unmatched(&self) -> bool {
        self.counts.total() == 0
    }

    /// The failures and errors.
    pub fn findings(&self) -> impl Iterator<Item = &ResultReport> {
        self.results.iter().filter(|result| is_finding(&result.result))
    }
}

/// The innermost named item of a list on the way to `path`.
fn named_item(
    root: Node<'_>,
    path: &str,
    place: &mut impl FnMut(&str) -> Option<Span>,
) -> Option<NamedItem> {
    let mut node = root;
    let mut list = String::new();
    let mut end = 0;
    let mut found = None;
    for step in pointer_steps(path)? {
        end += 1 + escape_step(&step).len();
        let key = step.as_str();
        let is_item = node.as_list().is_some();
        let (next, matched) = node.nearest(&[key]);
        if matched == 0 {
            break;
        }
        node = next;
        match is_item.then(|| node.get("name")?.as_str()).flatten() {
            Some(name) => found = Some((list.clone(), name, end)),
            None if !is_item => list = step.clone(),
            None => (),
        }
    }
    let (list, name, end) = found?;
    let span = place(&format!("{}/name", path.get(..end)?));
    Some(NamedItem { list, name: name.to_owned(), span })
}

/// Whether a result is something to tell a person: a failure or an error.
fn is_finding(result: &RuleResult) -> bool {
    matches!(result.outcome, Outcome::Fail | Outcome::Error)
}

impl ResultReport {
    /// The action that this result counts as: an error that denies counts as a denial.
    pub fn counted_action(&self) -> Action {
        if self.result.denies() { Action::Deny } else { self.result.action }
    }
}

impl ObjectIdentity {
    /// The identity of a request's object.
    pub fn of(request: &Request) -> Self {
        Self {
            api_version: request.kind.api_version(),
            kind: request.kind.kind.to_string(),
            namespace: request.object_namespace().to_owned(),
            name: request.name.clone(),
        }
    }

    /// The identity that an object's own fields give.
    pub fn of_object(root: Node<'_>) -> Self {
        let text = |keys: &[&str]| {
            root.at(keys).and_then(|node| node.as_str()).unwrap_or_default().to_owned()
        };
        Self {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
        }
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.kind == "Secret" && self.api_version == "v1"
    }
}

impl std::fmt::Display for ObjectIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if self.name.is_empty() { "(no name)" } else { &self.name };
        match self.namespace.as_str() {
            "" => write!(formatter, "{} {name}", self.kind),
            namespace => write!(formatter, "{} {namespace}/{name}", self.kind),
        }
    }
}

impl Counts {
    /// All results.
    pub fn total(&self) -> usize {
        self.pass + self.fail + self.warn + self.error + self.skip
    }

    fn add(&mut self, result: &RuleResult) {
        let count = match (result.outcome, result.action) {
            (Outcome::Pass, _) => &mut self.pass,
            (Outcome::Fail, Action::Warn) => &mut self.warn,
            (Outcome::Fail, Action::Deny | Action::Audit) => &mut self.fail,
            (Outcome::Error, _) => &mut self.error,
            (Outcome::Skip, _) => &mut self.skip,
        };
        *count += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.warn += other.warn;
        self.error += other.error;
        self.skip += other.skip;
    }
}

impl PolicySummary {
    /// How many rules this build recognises and does not evaluate.
    pub fn not_evaluated_rules(&self) -> usize {
        self.not_evaluated.iter().map(|rules| rules.count).sum()
    }
}

impl Report {
    /// The report in numbers.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            documents: self.documents,
            objects: self.objects.len(),
            evaluated: self.objects.iter().filter(|object| object.is_evaluated()).count(),
            unmatched: self.objects.iter().filter(|object| object.is_unmatched()).count(),
            results: Counts::default(),
        };
        for object in &self.objects {
            summary.results.extend(object.counts);
        }
        summary
    }
}

#[cfg(test)]
mod tests;
