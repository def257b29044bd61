//! The document `ajj.dev/report/v1`; its schema is `docs/schema/report-v1.json`.
//!
//! The order of fields here is the order in the document.

use ajj_engine::report::{Exit, ObjectReport, Report, ResultReport, Sources};
use ajj_engine::{Diagnostic, Severity, Span};
use serde::Serialize;

/// The name of this version of the document.
const SCHEMA: &str = "ajj.dev/report/v1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    exit: ExitObject<'r>,
    summary: Summary,
    policies: Policies<'r>,
    decisions: Vec<Decision<'r>>,
    diagnostics: Vec<DiagnosticObject<'r>>,
}

#[derive(Serialize)]
struct ExitObject<'r> {
    code: u8,
    reason: &'r str,
}

#[derive(Serialize)]
struct Summary {
    documents: usize,
    objects: usize,
    evaluated: usize,
    unmatched: usize,
    results: Counts,
}

#[derive(Serialize)]
struct Counts {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policies<'r> {
    digest: &'r str,
    rules: usize,
    broken: usize,
    not_evaluated: usize,
}

#[derive(Serialize)]
struct Decision<'r> {
    object: Object<'r>,
    allowed: bool,
    results: Vec<RuleResult<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    api_version: &'r str,
    kind: &'r str,
    namespace: &'r str,
    name: &'r str,
    source: SourcePlace,
}

#[derive(Serialize)]
struct SourcePlace {
    file: String,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleResult<'r> {
    policy: &'r str,
    rule: &'r str,
    dialect: &'static str,
    outcome: &'static str,
    action: &'static str,
    source_rule: &'r str,
    severity: &'r str,
    category: &'r str,
    message: &'r str,
    violations: Vec<Violation<'r>>,
}

#[derive(Serialize)]
struct Violation<'r> {
    path: &'r str,
    message: &'r str,
    missing: bool,
    /// What the policy itself attached; no dialect of this build does.
    details: Option<()>,
    fingerprint: &'r str,
    span: SpanObject,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpanObject {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
pub(super) struct DiagnosticObject<'r> {
    code: &'r str,
    severity: &'static str,
    message: &'r str,
    help: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<SpanObject>,
}

/// The document, with a line break at its end.
pub(crate) fn render(report: &Report, exit: &Exit) -> String {
    let summary = report.summary();
    let results = summary.results;
    let document = Document {
        schema: SCHEMA,
        exit: ExitObject { code: exit.code, reason: &exit.reason },
        summary: Summary {
            documents: summary.documents,
            objects: summary.objects,
            evaluated: summary.evaluated,
            unmatched: summary.unmatched,
            results: Counts {
                pass: results.pass,
                fail: results.fail,
                warn: results.warn,
                error: results.error,
                skip: results.skip,
            },
        },
        policies: Policies {
            digest: &report.policies.digest,
            rules: report.policies.rules,
            broken: report.policies.broken,
            not_evaluated: report.policies.not_evaluated_rules(),
        },
        decisions: report.objects.iter().map(|object| decision(report, object)).collect(),
        diagnostics: report
            .diagnostics
            .iter()
            .map(|found| diagnostic(&report.sources, found))
            .collect(),
    };
    to_text(&document)
}

/// Pretty, as people look into it too; with a line break at the end.
pub(super) fn to_text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_else(|error| {
        // Invariant: plain structs of strings and numbers can always be written.
        serde_json::json!({ "error": error.to_string() }).to_string()
    });
    text.push('\n');
    text
}

fn decision<'r>(report: &'r Report, object: &'r ObjectReport) -> Decision<'r> {
    let place = object.span.as_ref().and_then(|span| report.sources.place(span));
    let source = match place {
        Some(place) => SourcePlace {
            file: place.file.to_string(),
            line: place.start.line,
            column: place.start.column,
        },
        None => SourcePlace { file: String::new(), line: 1, column: 1 },
    };
    let identity = &object.object;
    Decision {
        object: Object {
            api_version: &identity.api_version,
            kind: &identity.kind,
            namespace: &identity.namespace,
            name: &identity.name,
            source,
        },
        allowed: object.allowed,
        results: object.results.iter().map(|result| rule_result(report, object, result)).collect(),
    }
}

fn rule_result<'r>(
    report: &'r Report,
    object: &'r ObjectReport,
    result: &'r ResultReport,
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
        violations: result
            .findings
            .iter()
            .map(|finding| Violation {
                path: &finding.violation.path,
                message: &finding.violation.message,
                missing: finding.violation.missing,
                details: None,
                fingerprint: &finding.fingerprint,
                span: span(&report.sources, finding.span.as_ref().or(object.span.as_ref())),
            })
            .collect(),
    }
}

pub(super) fn diagnostic<'r>(sources: &Sources, found: &'r Diagnostic) -> DiagnosticObject<'r> {
    DiagnosticObject {
        code: found.code,
        severity: match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &found.message,
        help: found.help.as_deref().unwrap_or_default(),
        span: found.span.as_ref().map(|found| span(sources, Some(found))),
    }
}

fn span(sources: &Sources, span: Option<&Span>) -> SpanObject {
    match span.and_then(|span| sources.place(span)) {
        Some(place) => SpanObject {
            file: place.file.to_string(),
            line: place.start.line,
            column: place.start.column,
            end_line: place.end.line,
            end_column: place.end.column,
        },
        None => {
            let file = span.map(|span| span.source.to_string()).unwrap_or_default();
            SpanObject { file, line: 1, column: 1, end_line: 1, end_column: 1 }
        }
    }
}
