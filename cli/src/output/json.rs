//! The document `ajj.dev/report/v1`; its schema is `docs/schema/report-v1.json`.
//!
//! The order of fields here is the order in the document.

use ajj_engine::report::document::{Decision, SpanPlace};
use ajj_engine::report::{Exit, PolicySummary, Report, Sources};
use ajj_engine::{Diagnostic, Severity};
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
pub(super) struct ExitObject<'r> {
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
pub(super) struct Policies<'r> {
    digest: &'r str,
    rules: usize,
    broken: usize,
    not_evaluated: usize,
}

#[derive(Serialize)]
pub(super) struct DiagnosticObject<'r> {
    code: &'r str,
    severity: &'static str,
    message: &'r str,
    help: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<SpanPlace>,
}

/// The document, with a line break at its end.
pub(crate) fn render(report: &Report, exit: &Exit) -> String {
    let summary = report.summary();
    let results = summary.results;
    let document = Document {
        schema: SCHEMA,
        exit: exit_of(exit),
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
        policies: policies_of(&report.policies),
        decisions: report
            .objects
            .iter()
            .map(|object| Decision::with_places(object, &report.sources))
            .collect(),
        diagnostics: report
            .diagnostics
            .iter()
            .map(|found| diagnostic(&report.sources, found))
            .collect(),
    };
    to_text(&document)
}

pub(super) fn exit_of(exit: &Exit) -> ExitObject<'_> {
    ExitObject { code: exit.code, reason: &exit.reason }
}

pub(super) fn policies_of(policies: &PolicySummary) -> Policies<'_> {
    Policies {
        digest: &policies.digest,
        rules: policies.rules,
        broken: policies.broken,
        not_evaluated: policies.not_evaluated_rules(),
    }
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

pub(super) fn diagnostic<'r>(sources: &Sources, found: &'r Diagnostic) -> DiagnosticObject<'r> {
    DiagnosticObject {
        code: found.code,
        severity: match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &found.message,
        help: found.help.as_deref().unwrap_or_default(),
        span: found.span.as_ref().map(|found| SpanPlace::of(sources, Some(found))),
    }
}
