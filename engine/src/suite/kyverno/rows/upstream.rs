//! Counts rows as upstream does: what nothing answered is a pass.
//!
//! Upstream: cmd/cli/kubectl-kyverno/commands/test/output.go.

use crate::suite::kyverno::KyvernoSuite;
use crate::suite::kyverno::entry::Entry;
use crate::suite::kyverno::evaluate::Bench;
use crate::suite::kyverno::policies::{Catalogue, Flaw, KnownPolicy};
use crate::suite::report::{Row, RowOutcome};
use crate::values::plain_name;

use super::{answered, is_of_plain_policy, is_of_rule, named, row};

pub(in crate::suite::kyverno) fn rows(
    suite: &KyvernoSuite,
    known: &Catalogue,
    bench: &Bench<'_>,
) -> Vec<Row> {
    let mut found = Vec::new();
    for entry in &suite.entries {
        for (resource, number) in selected(entry, bench) {
            found.extend(of_object(entry, &resource, number, known, bench));
        }
    }
    found
}

/// The numbers of the objects that an entry names, of any kind; all where it names none that is
/// there.
fn selected(entry: &Entry, bench: &Bench<'_>) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let objects = || bench.objects().iter().enumerate();
    // Without `resources`, upstream does not look at `resourceSpecs` either.
    if let Some(names) = &entry.resources {
        for name in names {
            found.extend(named(bench.objects(), name).map(|number| (name.clone(), number)));
        }
        for spec in &entry.specs {
            let named = objects().filter(|(_, object)| {
                let identity = &object.identity;
                identity.api_version == spec.api_version()
                    && identity.namespace == spec.namespace
                    && identity.name == spec.name
            });
            found.extend(named.map(|(number, _)| (spec.text(), number)));
        }
    }
    if found.is_empty() {
        let text = entry.resource_texts().into_iter().next().unwrap_or_default();
        found.extend(objects().map(|(number, _)| (text.clone(), number)));
    }
    found
}

fn of_object(
    entry: &Entry,
    resource: &str,
    number: usize,
    known: &Catalogue,
    bench: &Bench<'_>,
) -> Vec<Row> {
    let Some(object) = bench.objects().get(number) else { return Vec::new() };
    let bare = Row { object: object.identity.clone(), ..row(entry, resource) };
    let policies: Vec<_> = known.loosely_named(&entry.policy).collect();
    let flaw = policies.iter().filter_map(|policy| policy.flaw).max();
    match flaw {
        Some(Flaw::UnknownField) => {
            let message = "the policy has an unknown field; upstream does not run the suite";
            return vec![Row { message: message.to_owned(), ..bare }];
        }
        Some(Flaw::Schema) => return vec![not_found(bare)],
        Some(Flaw::Meaning) => {
            let outcome = RowOutcome::Skipped;
            return vec![Row { outcome, ..because(bare, "Invalid Policy") }];
        }
        None if policies.is_empty() => return vec![not_found(bare)],
        None => {}
    }
    if let Some(reason) = out_of_reach(entry, &policies, &object.identity.kind, known) {
        return vec![Row { message: reason, not_evaluated: true, ..bare }];
    }
    let answers = bench.answers(number, entry.operation);
    let plain = plain_name(&entry.policy);
    let rows: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.silent)
        .filter(|answer| is_of_plain_policy(answer, plain) && is_of_rule(answer, &entry.rule))
        .map(|answer| answered(entry, resource, object, answer))
        .collect();
    if rows.is_empty() {
        let outcome = RowOutcome::Passed;
        return vec![Row { outcome, ..because(bare, "Excluded") }];
    }
    rows
}

fn not_found(row: Row) -> Row {
    Row { outcome: RowOutcome::Failed, ..because(row, "Not found") }
}

fn because(row: Row, reason: &str) -> Row {
    Row { reason: reason.to_owned(), message: reason.to_owned(), ..row }
}

/// Why upstream's count cannot be known: it needs what this build does not evaluate.
pub(super) fn out_of_reach(
    entry: &Entry,
    policies: &[&KnownPolicy],
    kind: &str,
    known: &Catalogue,
) -> Option<String> {
    if let Some(other) = policies.iter().find_map(|policy| policy.other_kind.as_ref()) {
        return Some(format!("a {other} is not evaluated by this build"));
    }
    let rules = policies.iter().flat_map(|policy| match entry.rule.as_str() {
        "" => policy.rules.iter().collect::<Vec<_>>(),
        name => policy.rule(name).into_iter().collect(),
    });
    if let Some(other) = rules.into_iter().find_map(|rule| rule.other_type) {
        return Some(format!("a {other} rule is not evaluated by this build"));
    }
    known.changer_of(kind).map(|(policy, rule)| {
        format!(
            "rule `{}` of policy `{}` would change the object first, which this build does not do",
            rule.name, policy.full_name
        )
    })
}
