//! Tries constraints on objects, and holds what they say against what is expected.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Case, GatorSuite, Place, Test, review};
use crate::compile::compile_policies;
use crate::decision::{Outcome, RuleResult};
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{FactError, FactKey, Facts};
use crate::gatekeeper::AGAINST_SCHEMA;
use crate::inventory::inventory;
use crate::policy_set::{Evaluation, PolicySet};
use crate::read::Document;
use crate::report::{ObjectIdentity, Redaction};
use crate::request::Request;
use crate::suite::inputs::{Counting, Inputs};
use crate::suite::report::{Row, RowOutcome};
use crate::tree::Tree;

/// A suite with what was compiled and answered so far.
pub(super) struct Bench<'b> {
    suite: &'b GatorSuite,
    inputs: &'b Inputs<'b>,
    tests: BTreeMap<usize, Ready>,
    answers: BTreeMap<(usize, usize), Result<Answered, String>>,
    diagnostics: Vec<Diagnostic>,
}

/// A constraint that was compiled with its template.
struct Ready {
    name: String,
    policies: PolicySet,
    /// Why no case can be tried, where that is so.
    flaw: Option<String>,
    /// Whether the constraint does not fit the template's schema.
    is_against_schema: bool,
    is_not_evaluated: bool,
}

/// What the constraint says of the object of a case.
#[derive(Debug)]
struct Answered {
    object: ObjectIdentity,
    redaction: Redaction,
    results: Vec<RuleResult>,
}

/// Errors of a constraint that upstream calls `ErrSchema`.
const OF_SCHEMA: [&str; 3] = [AGAINST_SCHEMA, "pattern", "wrong-type"];

/// A look-up may depend on a look-up, but not forever.
const MAX_ROUNDS: usize = 16;

impl<'b> Bench<'b> {
    pub(super) fn new(suite: &'b GatorSuite, inputs: &'b Inputs<'b>) -> Self {
        let (tests, answers) = (BTreeMap::new(), BTreeMap::new());
        Self { suite, inputs, tests, answers, diagnostics: Vec::new() }
    }

    /// What is wrong with the files of the suite, each thing once.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = Vec::new();
        for diagnostic in self.diagnostics {
            if !found.contains(&diagnostic) {
                found.push(diagnostic);
            }
        }
        found
    }

    pub(super) fn run(&mut self, place: Place, row: Row) -> Row {
        let suite = self.suite;
        let Some(test) = suite.test(place) else { return row };
        self.prepare(place.test, test);
        let Some(ready) = self.tests.get(&place.test) else { return row };
        let row = match ready.name.is_empty() {
            true => row,
            false => Row { policy: ready.name.clone(), ..row },
        };
        if test.invalid {
            return invalid(ready, row);
        }
        if let Some(flaw) = &ready.flaw {
            return Row { message: flaw.clone(), not_evaluated: ready.is_not_evaluated, ..row };
        }
        let (Some(case), Some(number)) = (suite.case(place), place.case) else {
            return Row { message: "the test has no case".to_owned(), ..row };
        };
        let Some(assertion) = suite.assertion(place) else {
            let help = "write `assertions: [{violations: no}]`";
            return Row {
                message: "the case expects nothing".to_owned(),
                help: Some(help.to_owned()),
                ..row
            };
        };
        let key = (place.test, number);
        if !self.answers.contains_key(&key) {
            let answered = answer(case, &ready.policies, self.inputs, &mut self.diagnostics);
            self.answers.insert(key, answered);
        }
        let answered = match self.answers.get(&key) {
            Some(Ok(answered)) => answered,
            Some(Err(message)) => return Row { message: message.clone(), ..row },
            None => return row,
        };
        let row = Row { object: answered.object.clone(), ..row };
        let said = answered.said();
        let error = answered.results.iter().find(|result| result.outcome == Outcome::Error);
        if let Some(error) = error
            && self.inputs.counting == Counting::Honest
            // Who expects the very error has an answer.
            && (assertion.pattern().is_empty() || !assertion.counts(&error.message))
        {
            let help = "`gator verify` counts this error as a violation";
            return Row {
                actual: "error".into(),
                message: answered.redaction.apply(error.message.to_string()),
                help: Some(help.to_owned()),
                ..row
            };
        }
        let held = assertion.check(said.iter().copied());
        let mut message = answered.redaction.apply(said.join("\n"));
        if !held.holds && !assertion.pattern().is_empty() {
            message = format!("expected a match of `{}`\n{message}", assertion.pattern());
        }
        Row {
            actual: held.actual.into(),
            answered_by: answered
                .results
                .first()
                .map(|result| result.name.to_string())
                .unwrap_or_default(),
            outcome: if held.holds { RowOutcome::Passed } else { RowOutcome::Failed },
            message,
            ..row
        }
    }

    /// The row with the name of its constraint, where that can be read.
    pub(super) fn named(&self, place: Place, row: Row) -> Row {
        let test = self.suite.test(place);
        let constraint = test.and_then(|test| self.inputs.files.get(&test.constraint)?.first());
        let name = constraint.map(name_of).unwrap_or_default();
        match name {
            "" => row,
            name => Row { policy: name.to_owned(), ..row },
        }
    }

    fn prepare(&mut self, number: usize, test: &Test) {
        if self.tests.contains_key(&number) {
            return;
        }
        let ready = compile(test, self.inputs, &mut self.diagnostics);
        self.tests.insert(number, ready);
    }
}

impl Answered {
    /// The messages of all violations; an error is one, as upstream has it.
    fn said(&self) -> Vec<&str> {
        let said = self.results.iter().flat_map(|result| match result.outcome {
            Outcome::Fail => {
                result.violations.iter().map(|violation| violation.message.as_str()).collect()
            }
            Outcome::Error => vec![&*result.message],
            Outcome::Pass | Outcome::Skip => Vec::new(),
        });
        said.collect()
    }
}

/// The name that an object has.
fn name_of(document: &Document) -> &str {
    let name = document.tree().root().at(&["metadata", "name"]);
    name.and_then(|name| name.as_str()).unwrap_or_default()
}

fn invalid(ready: &Ready, row: Row) -> Row {
    match (ready.is_against_schema, &ready.flaw) {
        (true, _) => Row { actual: "invalid".into(), outcome: RowOutcome::Passed, ..row },
        (false, None) => {
            let message = "the constraint fits the template's schema".to_owned();
            Row { actual: "valid".into(), outcome: RowOutcome::Failed, message, ..row }
        }
        (false, Some(flaw)) => Row { message: flaw.clone(), ..row },
    }
}

/// The only document of a file that is of a group.
fn only<'i>(path: &str, group: &str, inputs: &Inputs<'i>) -> Result<&'i Document, String> {
    let documents = inputs.files.get(path);
    let documents = documents.ok_or_else(|| format!("`{path}` cannot be read"))?;
    let [document] = documents.as_slice() else {
        return Err(format!("`{path}` holds {} documents, expected one", documents.len()));
    };
    let version = document.tree().root().get("apiVersion").and_then(|node| node.as_str());
    match version.and_then(|version| version.split_once('/')) {
        Some((found, _)) if found == group => Ok(document),
        _ => Err(format!("`{path}` is not of the group {group}")),
    }
}

fn compile(test: &Test, inputs: &Inputs<'_>, diagnostics: &mut Vec<Diagnostic>) -> Ready {
    let template = only(&test.template, "templates.gatekeeper.sh", inputs);
    let constraint = only(&test.constraint, "constraints.gatekeeper.sh", inputs);
    let (template, constraint) = match (template, constraint) {
        (Ok(template), Ok(constraint)) => (template, constraint),
        (Err(flaw), _) | (_, Err(flaw)) => {
            return Ready {
                name: String::new(),
                policies: compile_policies(&[]).0,
                flaw: Some(flaw),
                is_against_schema: false,
                is_not_evaluated: false,
            };
        }
    };
    let (policies, found) = compile_policies(&[template.clone(), constraint.clone()]);
    let of_constraint = |found: &&Diagnostic| {
        found.span.as_ref().is_some_and(|span| {
            span.source == constraint.source().name && constraint.range().contains(&span.start)
        })
    };
    let is_against_schema = found
        .iter()
        .filter(of_constraint)
        .any(|found| found.severity == Severity::Error && OF_SCHEMA.contains(&found.code));
    let error = found.iter().find(|found| found.severity == Severity::Error);
    let is_not_evaluated = !policies.not_evaluated().is_empty();
    let flaw = error.map(|error| error.message.clone());
    let flaw = flaw.or_else(|| {
        is_not_evaluated.then(|| "the template has no code that this build evaluates".to_owned())
    });
    // What is expected of an invalid constraint is nothing to complain about.
    if !(test.invalid && is_against_schema) {
        diagnostics.extend(found);
    }
    Ready {
        name: name_of(constraint).to_owned(),
        policies,
        flaw,
        is_against_schema,
        is_not_evaluated,
    }
}

fn answer(
    case: &Case,
    policies: &PolicySet,
    inputs: &Inputs<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Answered, String> {
    let unreadable = |path: &str| format!("`{path}` cannot be read");
    let documents = inputs.files.get(&case.object).ok_or_else(|| unreadable(&case.object))?;
    let [document] = documents.as_slice() else {
        return Err(format!("`{}` holds {} objects, expected one", case.object, documents.len()));
    };
    let request = review::reviewed(document, inputs.time).map_err(|found| {
        diagnostics.extend(found);
        format!("`{}` is no AdmissionReview that can be read", case.object)
    })?;
    let mut objects: Vec<&Tree> = Vec::new();
    for path in &case.inventory {
        let documents = inputs.files.get(path).ok_or_else(|| unreadable(path))?;
        objects.extend(review::objects(documents));
    }
    let root = request.object_root_or_old();
    let object = ObjectIdentity::of(&request);
    Ok(Answered {
        redaction: match root {
            Some(root) if object.is_secret() => Redaction::of_secret(root),
            _ => Redaction::default(),
        },
        object,
        results: decide(&request, &inventory(objects), policies, inputs),
    })
}

fn decide(
    request: &Request,
    inventory: &Arc<Tree>,
    policies: &PolicySet,
    inputs: &Inputs<'_>,
) -> Vec<RuleResult> {
    let mut facts = Facts::default();
    facts.leave_out_unanswered = true;
    for _ in 0..MAX_ROUNDS {
        match policies.evaluate(request, &facts) {
            Evaluation::Decided(decision) => return decision.results,
            Evaluation::Needs(keys) => {
                for key in keys {
                    let answer = fact(&key, inventory).or_else(|| (inputs.answer)(&key));
                    facts.insert(key, answer.unwrap_or(Err(FactError::NotFetched)));
                }
            }
        }
    }
    policies.conclude(request, &facts).results
}

/// The inventory is all that is known of the cluster: its namespaces too (`nsCache`).
fn fact(key: &FactKey, inventory: &Arc<Tree>) -> Option<Result<Arc<Tree>, FactError>> {
    match key {
        FactKey::Inventory => Some(Ok(Arc::clone(inventory))),
        FactKey::Api { path, .. } => {
            let name = path.strip_prefix("/api/v1/namespaces/")?;
            let namespace = inventory.root().at(&["cluster", "v1", "Namespace", name]);
            let namespace = namespace.map(|namespace| Arc::new(namespace.to_tree()));
            Some(namespace.ok_or(FactError::NotFound))
        }
        _ => None,
    }
}
