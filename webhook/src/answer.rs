//! What a person and the API server get to read of a decision.
//!
//! The first line of a denial stands alone: lists, conditions and Events show only that. Then
//! come the findings, worst first, as many as fit.

mod field_path;
mod message;

use std::collections::BTreeMap;

use ajj_engine::report::escape::escape;
use ajj_engine::report::{ObjectReport, ResultReport};
use ajj_engine::{Action, Outcome, Request};

use crate::decision_id::DecisionId;
use message::rule_name;
pub(crate) use message::shorten;

/// What is answered to one review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Why the request is refused; `None` where it goes through.
    pub denial: Option<Denial>,
    /// Shown by kubectl as `Warning: …`; at most 200 characters each.
    pub warnings: Vec<String>,
    /// What the API server's audit log keeps, by key.
    pub annotations: BTreeMap<&'static str, String>,
}

/// Why a request is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// At most 1,000 characters; the first line says object, rules and decision.
    pub message: String,
    /// The object's name.
    pub name: String,
    /// The group of its resource.
    pub group: String,
    /// The plural name of its resource.
    pub resource: String,
    /// The same for programs, worst first.
    pub causes: Vec<Cause>,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// One of the words that the API has for it.
    pub reason: &'static str,
    /// Rule and message.
    pub message: String,
    /// The field, as the API writes it: `spec.containers[0].image`.
    pub field: String,
}

const MAX_CAUSES: usize = 32;
const MAX_WARNINGS: usize = 16;
/// A warning is cut to this many bytes by the API server once they are many.
const MAX_WARNING: usize = 200;

impl Answer {
    /// The answer to a request, from what was decided about it.
    pub fn new(request: &Request, report: &ObjectReport, id: DecisionId) -> Self {
        let mut denials: Vec<&ResultReport> =
            report.results.iter().filter(|result| result.result.denies()).collect();
        denials.sort_by_key(|result| message::rank(result));
        let mut answer = Self { warnings: warnings(report), ..Self::default() };
        if !denials.is_empty() {
            answer.denial = Some(Denial {
                message: message::denial(request, &denials, id),
                name: request.name.clone(),
                group: request.resource.group.to_string(),
                resource: request.resource.resource.to_string(),
                causes: causes(request, &denials),
            });
        }
        let findings: Vec<String> = report
            .findings()
            .map(|result| format!("{}={}", rule_name(result), result.result.outcome.as_str()))
            .collect();
        if !findings.is_empty() {
            answer.annotations.insert("decision", id.to_string());
            answer.annotations.insert("findings", shorten(&findings.join(","), 1_000));
        }
        answer
    }
}

fn causes(request: &Request, denials: &[&ResultReport]) -> Vec<Cause> {
    let root = request.object.as_ref().or(request.old_object.as_ref()).map(|tree| tree.root());
    let mut causes = Vec::new();
    for result in denials {
        let name = rule_name(result);
        if result.findings.is_empty() {
            let message = shorten(&escape(&result.result.message), 400);
            causes.push(Cause {
                reason: "InternalError",
                message: format!("{name}: {message}"),
                field: String::new(),
            });
        }
        for finding in &result.findings {
            let violation = &finding.violation;
            let reason = match (result.result.outcome, violation.missing) {
                (Outcome::Error, _) => "InternalError",
                (_, true) => "FieldValueRequired",
                (_, false) => "FieldValueInvalid",
            };
            let message = shorten(&escape(&violation.message), 400);
            causes.push(Cause {
                reason,
                message: format!("{name}: {message}"),
                field: field_path::by_index(root, &violation.path),
            });
        }
    }
    causes.truncate(MAX_CAUSES);
    causes
}

/// Failures that warn, and errors that are let through: one each, the worst first.
fn warnings(report: &ObjectReport) -> Vec<String> {
    let warns = |result: &&ResultReport| match result.result.outcome {
        Outcome::Fail => result.result.action == Action::Warn,
        Outcome::Error => !result.result.denies(),
        Outcome::Pass | Outcome::Skip => false,
    };
    let mut found: Vec<&ResultReport> = report.results.iter().filter(warns).collect();
    found.sort_by_key(|result| message::rank(result));
    let mut warnings: Vec<String> = Vec::new();
    for result in &found {
        let text = match result.result.outcome {
            Outcome::Error => {
                format!("{} could not be evaluated: {}", rule_name(result), result.result.message)
            }
            _ => format!("{}: {}", rule_name(result), message::summary(result)),
        };
        let text = shorten(&escape(&text), MAX_WARNING);
        if !warnings.contains(&text) {
            warnings.push(text);
        }
    }
    if warnings.len() > MAX_WARNINGS {
        let more = warnings.len() - (MAX_WARNINGS - 1);
        warnings.truncate(MAX_WARNINGS - 1);
        warnings.push(format!("… and {more} more"));
    }
    warnings
}

#[cfg(test)]
mod tests;
