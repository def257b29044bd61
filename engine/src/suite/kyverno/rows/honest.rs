//! Counts rows by what was answered: what nothing answered is an error.

use crate::diagnostic::nearest;
use crate::suite::kyverno::KyvernoSuite;
use crate::suite::kyverno::entry::{Entry, ResourceSpec};
use crate::suite::kyverno::evaluate::Bench;
use crate::suite::kyverno::objects::TestObject;
use crate::suite::kyverno::policies::{Catalogue, KnownPolicy};
use crate::suite::report::{Row, RowOutcome};

use super::upstream::out_of_reach;
use super::{answered, is_of_rule, named, row};

pub(in crate::suite::kyverno) fn rows(
    suite: &KyvernoSuite,
    known: &Catalogue,
    bench: &Bench<'_>,
) -> Vec<Row> {
    suite.entries.iter().flat_map(|entry| of_entry(entry, known, bench)).collect()
}

fn of_entry(entry: &Entry, known: &Catalogue, bench: &Bench<'_>) -> Vec<Row> {
    let policies: Vec<_> = known.named(&entry.policy).collect();
    let mut found = Vec::new();
    for (resource, numbers) in selected(entry, bench) {
        let numbers = match numbers {
            Ok(numbers) => numbers,
            Err(missing) => {
                // The policy is looked at first: its name is the first thing in a row.
                let message = wrong_name(entry, &policies, known).unwrap_or(missing);
                found.push(message.on(row(entry, &resource)));
                continue;
            }
        };
        for number in numbers {
            found.extend(of_object(entry, &resource, number, &policies, known, bench));
        }
    }
    found
}

/// Why there is no answer, and what to do about it.
struct Missing {
    message: String,
    help: Option<String>,
}

impl Missing {
    fn new(message: String, near: Option<&str>) -> Self {
        Self { message, help: near.map(|near| format!("did you mean `{near}`?")) }
    }

    fn on(self, row: Row) -> Row {
        Row { message: self.message, help: self.help, ..row }
    }
}

/// What is wrong with the policy or rule that a row names.
fn wrong_name(entry: &Entry, policies: &[&KnownPolicy], known: &Catalogue) -> Option<Missing> {
    let Some(first) = policies.first() else {
        let near = nearest(&entry.policy, known.names());
        return Some(Missing::new(format!("there is no policy `{}`", entry.policy), near));
    };
    let is_evaluated = policies.iter().any(|policy| policy.other_kind.is_none());
    if entry.rule.is_empty() || !is_evaluated {
        return None;
    }
    if policies.iter().any(|policy| policy.rule(&entry.rule).is_some()) {
        return None;
    }
    let names = policies.iter().flat_map(|policy| &policy.rules).map(|rule| rule.name.as_str());
    let names: Vec<_> = names.collect();
    let near = nearest(&entry.rule, names.iter().copied());
    let only = if names.len() == 1 { names.first().copied() } else { None };
    let message = format!("policy `{}` has no rule `{}`", first.full_name, entry.rule);
    Some(Missing::new(message, near.or(only)))
}

/// For each way in which an entry names objects, the numbers of these objects.
fn selected(entry: &Entry, bench: &Bench<'_>) -> Vec<(String, Result<Vec<usize>, Missing>)> {
    let objects = bench.objects();
    let find = |meets: &dyn Fn(&TestObject) -> bool| -> Vec<usize> {
        let found = objects.iter().enumerate().filter(|(_, object)| meets(object));
        found.map(|(number, _)| number).collect()
    };
    let of_kind = |object: &TestObject, kind: &str| kind.is_empty() || object.identity.kind == kind;
    let mut found = Vec::new();
    for name in entry.resources.iter().flatten() {
        let is_wanted = |number: &usize| {
            objects.get(*number).is_some_and(|object| of_kind(object, &entry.kind))
        };
        let numbers: Vec<_> = named(objects, name).filter(is_wanted).collect();
        let numbers = match numbers.is_empty() {
            true => Err(missing_object(&entry.kind, name, objects)),
            false => Ok(numbers),
        };
        found.push((name.clone(), numbers));
    }
    for spec in &entry.specs {
        let kind = if spec.kind.is_empty() { &entry.kind } else { &spec.kind };
        let numbers = find(&|object| meets_spec(object, spec) && of_kind(object, kind));
        let numbers = match numbers.is_empty() {
            true => Err(missing_object(kind, &spec.text(), objects)),
            false => Ok(numbers),
        };
        found.push((spec.text(), numbers));
    }
    if found.is_empty() {
        let numbers = find(&|object| of_kind(object, &entry.kind));
        let numbers = match numbers.is_empty() {
            true => Err(missing_kind(&entry.kind, objects)),
            false => Ok(numbers),
        };
        found.push((String::new(), numbers));
    }
    found
}

fn meets_spec(object: &TestObject, spec: &ResourceSpec) -> bool {
    let identity = &object.identity;
    let (group, version) =
        identity.api_version.split_once('/').unwrap_or(("", &identity.api_version));
    let meets = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
    meets(&spec.group, group)
        && meets(&spec.version, version)
        && meets(&spec.namespace, &identity.namespace)
        && meets(&spec.name, &identity.name)
}

fn missing_object(kind: &str, name: &str, objects: &[TestObject]) -> Missing {
    let other = named(objects, name).next().and_then(|number| objects.get(number));
    if let Some(other) = other {
        let message = format!("there is no {kind} `{name}`; it is a {}", other.identity.kind);
        return Missing::new(message, Some(&other.identity.kind));
    }
    let what = if kind.is_empty() { "object" } else { kind };
    let message = format!("there is no {what} `{name}`");
    let same_kind = objects.iter().filter(|object| kind.is_empty() || object.identity.kind == kind);
    let names: Vec<_> = same_kind
        .flat_map(|object| {
            let identity = &object.identity;
            [identity.name.clone(), format!("{}/{}", identity.namespace, identity.name)]
        })
        .collect();
    Missing::new(message, nearest(name, names.iter().map(String::as_str)))
}

fn missing_kind(kind: &str, objects: &[TestObject]) -> Missing {
    let kinds: Vec<_> = objects.iter().map(|object| object.identity.kind.as_str()).collect();
    match kind {
        "" => Missing::new("there is no object".to_owned(), None),
        kind => Missing::new(format!("there is no object of kind {kind}"), nearest(kind, kinds)),
    }
}

fn of_object(
    entry: &Entry,
    resource: &str,
    number: usize,
    policies: &[&KnownPolicy],
    known: &Catalogue,
    bench: &Bench<'_>,
) -> Vec<Row> {
    let Some(object) = bench.objects().get(number) else { return Vec::new() };
    let bare = Row { object: object.identity.clone(), ..row(entry, resource) };
    if let Some(wrong) = wrong_name(entry, policies, known) {
        return vec![wrong.on(bare)];
    }
    if let Some(reason) = out_of_reach(entry, policies, &object.identity.kind, known) {
        return vec![Row { message: reason, not_evaluated: true, ..bare }];
    }
    let broken = policies.iter().find(|policy| match entry.rule.as_str() {
        "" => policy.flaw.is_some(),
        name => policy.rule(name).is_some_and(|rule| rule.is_broken),
    });
    if let Some(policy) = broken {
        let message = format!("policy `{}` does not compile", policy.full_name);
        return vec![Row { message, ..bare }];
    }
    let answers = bench.answers(number, entry.operation);
    let of_policies = |name: &str| policies.iter().any(|policy| *policy.full_name == *name);
    let rows: Vec<_> = answers
        .iter()
        .filter(|answer| of_policies(&answer.rule.policy) && is_of_rule(answer, &entry.rule))
        .map(|answer| {
            let row = answered(entry, resource, object, answer);
            match answer.silent && row.outcome == RowOutcome::Failed {
                true => Row { help: Some(FALSE_GREEN.to_owned()), ..row },
                false => row,
            }
        })
        .collect();
    if rows.is_empty() {
        let what = if entry.rule.is_empty() { "no rule" } else { "the rule does not" };
        let message = match entry.rule.is_empty() {
            true => format!("{what} of the policy matches {}", object.identity),
            false => format!("{what} match {}", object.identity),
        };
        return vec![Row { message, help: Some(FALSE_GREEN.to_owned()), ..bare }];
    }
    rows
}

const FALSE_GREEN: &str = "`kyverno test` counts this row as passed, whatever is expected";
