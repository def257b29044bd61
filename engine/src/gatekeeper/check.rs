//! Evaluates one constraint on one request.
//!
//! Upstream: the module `hooks` in constraint/pkg/client/drivers/rego/rego.go, which asks
//! `data.template.violation`, and `ToResult` in constraint/pkg/client/drivers/to_result.go.

use std::sync::Arc;

use jiff::Timestamp;

use super::Constraint;
use super::program::Workspace;
use super::review::Review;
use crate::decision::{Details, Violation};
use crate::facts::{FactError, FactKey, Lookups, Stop};
use crate::rego::{Member, ReadPlaces, Value};
use crate::request::Request;
use crate::tree::Node;

/// What a constraint says of a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Pass,
    /// By message, in order, at least one.
    Fail(Vec<Violation>),
    Error(String),
}

/// What constraints are asked with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'t> {
    pub(crate) request: &'t Request,
    pub(crate) lookups: &'t Lookups<'t>,
    pub(crate) now: Timestamp,
    /// What randomness follows from.
    pub(crate) seed: u64,
}

/// One violation before it is written down.
#[derive(Debug)]
struct Found {
    message: String,
    details: String,
    path: String,
}

impl Constraint {
    /// Asks the template; a violation that cannot be read is an error, where upstream drops it
    /// without a word.
    pub(crate) fn evaluate<'t>(
        &'t self,
        review: &Review<'t>,
        circumstances: Circumstances<'t>,
    ) -> Result<Answer, Stop> {
        // Both are asked for before either is waited for.
        let namespace = self.namespace(circumstances);
        let inventory = self.inventory(circumstances);
        let (namespace, inventory) = (namespace?, inventory?);
        let workspace = Workspace::new(circumstances.now, circumstances.seed);
        let input = Value::object(vec![
            (Value::from("review"), review.with_namespace(namespace)),
            (Value::from("parameters"), Value::from(self.parameters.root())),
        ]);
        let data = inventory.map(|inventory| (Value::from("inventory"), Value::from(inventory)));
        let data = Value::object(data.into_iter().collect());
        let members = match self.program.violations(input, data, &workspace) {
            Ok(members) => members,
            Err(error) => return Ok(Answer::Error(error)),
        };
        let mut found = Vec::with_capacity(members.len());
        let places = review.object.filter(|_| !members.is_empty()).map(ReadPlaces::of);
        for member in &members {
            match read(member, places.as_ref(), &workspace) {
                Ok(violation) => found.push(violation),
                Err(error) => return Ok(Answer::Error(error)),
            }
        }
        Ok(answer(found))
    }

    /// The namespace of the object, where the template reads it and the object has one.
    fn namespace<'t>(&self, circumstances: Circumstances<'t>) -> Result<Option<Node<'t>>, Stop> {
        let name = circumstances.request.object_namespace();
        if name.is_empty() || !self.program.reads_namespace {
            return Ok(None);
        }
        match circumstances.lookups.get(FactKey::get(format!("/api/v1/namespaces/{name}")))? {
            Ok(tree) => Ok(Some(tree.root())),
            // The suites of gator know only the namespaces that they list.
            Err(FactError::NotFound) if circumstances.lookups.facts().leave_out_unanswered => {
                Ok(None)
            }
            Err(error) => Err(Stop::Failed(format!(
                "the template reads `input.review.namespaceObject`, and namespace {name} is not \
                 known: {error}"
            ))),
        }
    }

    /// The objects that `data.inventory` is read from, where the template reads it.
    fn inventory<'t>(&self, circumstances: Circumstances<'t>) -> Result<Option<Node<'t>>, Stop> {
        if !self.program.reads_inventory {
            return Ok(None);
        }
        match circumstances.lookups.get(FactKey::Inventory)? {
            Ok(tree) => Ok(Some(tree.root())),
            Err(error) => Err(Stop::Failed(format!(
                "the template reads `data.inventory`, which is not known: {error}"
            ))),
        }
    }
}

/// Violations of one message and one set of details are one, as a set has them.
fn answer(mut found: Vec<Found>) -> Answer {
    found.sort_by(|left, right| {
        (&left.message, &left.details).cmp(&(&right.message, &right.details))
    });
    found
        .dedup_by(|left, right| (&left.message, &left.details) == (&right.message, &right.details));
    if found.is_empty() {
        return Answer::Pass;
    }
    let violations = found.into_iter().map(|found| Violation {
        path: found.path,
        message: found.message,
        missing: false,
        details: Some(Details::of_json(found.details)),
    });
    Answer::Fail(violations.collect())
}

fn read(
    member: &Member<'_>,
    places: Option<&ReadPlaces<'_>>,
    workspace: &Workspace,
) -> Result<Found, String> {
    let unreadable = |what: &str| {
        format!("a violation needs a text in `msg`, {what}: Gatekeeper would pass it over")
    };
    let value = &member.value;
    let Some(fields) = value.as_object() else {
        return Err(unreadable(&format!("found {} {}", article(value), value.type_name())));
    };
    let message = match fields.get(&Value::from("msg")) {
        Some(Value::String(text)) => text.to_string(),
        Some(other) => {
            return Err(unreadable(&format!("found {} {}", article(&other), other.type_name())));
        }
        None => return Err(unreadable("found none")),
    };
    let details = match fields.get(&Value::from("details")) {
        Some(details) => workspace.json(&details)?,
        None => "{}".to_owned(),
    };
    let path = places.map(|places| places.last(&member.read)).unwrap_or_default();
    Ok(Found { message, details, path })
}

fn article(value: &Value<'_>) -> &'static str {
    if matches!(value.type_name(), "array" | "object") { "an" } else { "a" }
}

/// All messages of a constraint, one a line.
pub(crate) fn whole_message(violations: &[Violation]) -> Arc<str> {
    let messages: Vec<_> = violations.iter().map(|found| found.message.as_str()).collect();
    messages.join("\n").into()
}
