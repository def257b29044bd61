//! A decision as programs read it: in reports, in logs, and beside replayed reviews.
//!
//! The order of fields here is the order in the document. Without `source` and `span` it is the
//! canonical decision: equal byte for byte wherever the same request was decided.

mod attached;

use serde::Serialize;

pub use attached::Attached;

use super::{Finding, ObjectReport, ResultReport, Sources};
use crate::source::Span;

/// What was decided about one object.
#[derive(Clone, Debug, Serialize)]
pub struct Decision<'r> {
    /// The object.
    pub object: Object<'r>,
    /// Whether the request goes through.
    pub allowed: bool,
    /// What each rule that matched says.
    pub results: Vec<RuleResult<'r>>,
}

/// What names an object, and where it stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'r> {
    /// Such as `apps/v1`.
    pub api_version: &'r str,
    /// Such as `Deployment`.
    pub kind: &'r str,
    /// Empty for an object of the cluster.
    pub namespace: &'r str,
    /// The name.
    pub name: &'r str,
    /// Not there for an object that came in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePlace>,
}

/// Where a document begins.
#[derive(Clone, Debug, Serialize)]
pub struct SourcePlace {
    /// The file, as it was given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode characters.
    pub column: usize,
}

/// What one rule says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleResult<'r> {
    /// The policy's name, `namespace/name` for a namespaced one.
    pub policy: &'r str,
    /// The name that the rule answers with.
    pub rule: &'r str,
    /// The language.
    pub dialect: &'static str,
    /// pass, fail, error or skip.
    pub outcome: &'static str,
    /// deny, warn or audit.
    pub action: &'static str,
    /// The name that is written.
    pub source_rule: &'r str,
    /// The policy's word.
    pub severity: &'r str,
    /// The policy's word.
    pub category: &'r str,
    /// The dialect's whole text, as upstream words it.
    pub message: &'r str,
    /// Where it failed.
    pub violations: Vec<Violation<'r>>,
}

/// One place where a rule failed.
#[derive(Clone, Debug, Serialize)]
pub struct Violation<'r> {
    /// A JSON pointer into the object.
    pub path: &'r str,
    /// What is wrong there.
    pub message: &'r str,
    /// Whether `path` names something that should be there and is not.
    pub missing: bool,
    /// What the policy itself attached.
    pub details: Option<Attached<'r>>,
    /// Stays the same when lines or files move.
    pub fingerprint: &'r str,
    /// Not there for an object that came in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<SpanPlace>,
}

/// A place in a file: counted from 1, columns in Unicode characters, the end exclusive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanPlace {
    /// The file, as it was given.
    pub file: String,
    /// The first line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column behind the last.
    pub end_column: usize,
}

impl<'r> Decision<'r> {
    /// The canonical decision: without places.
    pub fn canonical(object: &'r ObjectReport) -> Self {
        Self::new(object, None)
    }

    /// The decision with places in `sources`.
    pub fn with_places(object: &'r ObjectReport, sources: &Sources) -> Self {
        Self::new(object, Some(sources))
    }

    fn new(object: &'r ObjectReport, sources: Option<&Sources>) -> Self {
        let identity = &object.object;
        let source = |sources: &Sources| {
            let place = object.span.as_ref().and_then(|span| sources.place(span));
            match place {
                Some(place) => SourcePlace {
                    file: place.file.to_string(),
                    line: place.start.line,
                    column: place.start.column,
                },
                None => {
                    let file = object.span.as_ref().map(|span| span.source.to_string());
                    SourcePlace { file: file.unwrap_or_default(), line: 1, column: 1 }
                }
            }
        };
        let results = object.results.iter();
        Self {
            object: Object {
                api_version: &identity.api_version,
                kind: &identity.kind,
                namespace: &identity.namespace,
                name: &identity.name,
                source: sources.map(source),
            },
            allowed: object.allowed,
            results: results.map(|result| rule_result(object, result, sources)).collect(),
        }
    }
}

impl SpanPlace {
    /// The place of a span; without one, the start of an unnamed file.
    pub fn of(sources: &Sources, span: Option<&Span>) -> Self {
        match span.and_then(|span| sources.place(span)) {
            Some(place) => Self {
                file: place.file.to_string(),
                line: place.start.line,
                column: place.start.column,
                end_line: place.end.line,
                end_column: place.end.column,
            },
            None => {
                let file = span.map(|span| span.source.to_string()).unwrap_or_default();
                Self { file, line: 1, column: 1, end_line: 1, end_column: 1 }
            }
        }
    }
}

fn rule_result<'r>(
    object: &'r ObjectReport,
    result: &'r ResultReport,
    sources: Option<&Sources>,
) -> RuleResult<'r> {
    let answer = &result.result;
    RuleResult {
        policy: &answer.rule.policy,
        rule: &answer.name,
        dialect: answer.rule.dialect.as_str(),
        outcome: answer.outcome.as_str(),
        action: answer.action.as_str(),
        source_rule: &answer.rule.rule,
        severity: &answer.rule.severity,
        category: &answer.rule.category,
        message: &answer.message,
        violations: result.findings.iter().map(|found| violation(object, found, sources)).collect(),
    }
}

fn violation<'r>(
    object: &'r ObjectReport,
    finding: &'r Finding,
    sources: Option<&Sources>,
) -> Violation<'r> {
    let span = finding.span.as_ref().or(object.span.as_ref());
    Violation {
        path: &finding.violation.path,
        message: &finding.violation.message,
        missing: finding.violation.missing,
        details: finding.violation.details.as_ref().map(Attached::new),
        fingerprint: &finding.fingerprint,
        span: sources.map(|sources| SpanPlace::of(sources, span)),
    }
}
