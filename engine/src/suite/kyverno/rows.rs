//! Holds what rules answer against what a suite expects.

pub(super) mod honest;
pub(super) mod upstream;

use crate::decision::{Outcome, RuleResult};
use crate::report::Redaction;

use super::KyvernoSuite;
use super::entry::Entry;
use super::objects::TestObject;
use crate::suite::report::{Row, RowOutcome};
use crate::values::plain_name;

/// Every row as an error, for one reason.
pub(super) fn all_failing(suite: &KyvernoSuite, reason: &str) -> Vec<Row> {
    let rows = suite.entries.iter().flat_map(|entry| {
        let texts = entry.resource_texts().into_iter();
        texts.map(|text| Row { message: reason.to_owned(), ..row(entry, &text) })
    });
    rows.collect()
}

/// A row without an answer.
fn row(entry: &Entry, resource: &str) -> Row {
    Row {
        entry: entry.number,
        policy: entry.policy.clone(),
        rule: entry.rule.clone(),
        resource: resource.to_owned(),
        kind: entry.kind.clone(),
        expected: entry.expected.clone(),
        actual: "none".into(),
        ..Row::default()
    }
}

/// A row with an answer.
fn answered(entry: &Entry, resource: &str, object: &TestObject, answer: &RuleResult) -> Row {
    let actual = word(answer);
    let holds = actual == entry.expected;
    Row {
        object: object.identity.clone(),
        actual: actual.into(),
        answered_by: answer.name.to_string(),
        outcome: if holds { RowOutcome::Passed } else { RowOutcome::Failed },
        message: match object.identity.is_secret() {
            true => Redaction::of_secret(object.tree.root()).apply(answer.message.to_string()),
            false => answer.message.to_string(),
        },
        reason: match holds {
            true => "Ok".to_owned(),
            false => format!("Want {}, got {actual}", entry.expected),
        },
        ..row(entry, resource)
    }
}

/// The word of upstream's reports: a failure that is not scored is a warning
/// (`ComputePolicyReportResult` in cmd/cli/kubectl-kyverno/report).
fn word(answer: &RuleResult) -> &'static str {
    match answer.outcome {
        Outcome::Fail if !answer.rule.scored => "warn",
        outcome => outcome.as_str(),
    }
}

/// Whether an answer comes from the rule that a row names, written or made by autogen.
fn is_of_rule(answer: &RuleResult, rule: &str) -> bool {
    let name = &*answer.name;
    rule.is_empty()
        || name == rule
        || name.strip_prefix("autogen-cronjob-") == Some(rule)
        || name.strip_prefix("autogen-") == Some(rule)
}

/// Whether an answer comes from a policy of this plain name.
fn is_of_plain_policy(answer: &RuleResult, plain: &str) -> bool {
    plain_name(&answer.rule.policy) == plain
}

/// The objects that a name means, by their numbers: `name`, or `namespace/name`.
fn named<'o>(objects: &'o [TestObject], name: &'o str) -> impl Iterator<Item = usize> + 'o {
    let parts = name.split_once('/');
    let is_named = move |object: &TestObject| {
        let identity = &object.identity;
        identity.name == name
            || parts.is_some_and(|(namespace, name)| {
                identity.namespace == namespace && identity.name == name
            })
    };
    let numbered = objects.iter().enumerate();
    numbered.filter(move |(_, object)| is_named(object)).map(|(number, _)| number)
}
