//! The document `ajj.dev/test/v1`; its schema is `docs/schema/test-v1.json`.
//!
//! The order of fields here is the order in the document.

use ajj_engine::suite::Row;
use serde::Serialize;

use super::json::{DiagnosticObject, diagnostic, to_text};
use crate::commands::policy_test::{SuiteRun, TestReport};

/// The name of this version of the document.
const SCHEMA: &str = "ajj.dev/test/v1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    summary: Summary,
    suites: Vec<Suite<'r>>,
    diagnostics: Vec<DiagnosticObject<'r>>,
}

#[derive(Serialize)]
struct Summary {
    suites: usize,
    rows: usize,
    passed: usize,
    failed: usize,
    errors: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Suite<'r> {
    path: &'r str,
    format: &'static str,
    milliseconds: f64,
    rows: Vec<RowObject<'r>>,
    diagnostics: Vec<DiagnosticObject<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RowObject<'r> {
    policy: &'r str,
    rule: &'r str,
    resource: &'r str,
    kind: &'r str,
    expected: &'r str,
    actual: &'r str,
    object: Object<'r>,
    answered_by: &'r str,
    outcome: &'static str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    api_version: &'r str,
    kind: &'r str,
    namespace: &'r str,
    name: &'r str,
}

/// The document, with a line break at its end.
pub(crate) fn render(report: &TestReport) -> String {
    let counts = report.counts();
    to_text(&Document {
        schema: SCHEMA,
        summary: Summary {
            suites: report.suites.len(),
            rows: counts.rows,
            passed: counts.passed,
            failed: counts.failed,
            errors: counts.errors,
            skipped: counts.skipped,
        },
        suites: report.suites.iter().map(|run| suite(report, run)).collect(),
        diagnostics: report.diagnostics.iter().map(|it| diagnostic(&report.sources, it)).collect(),
    })
}

fn suite<'r>(report: &'r TestReport, run: &'r SuiteRun) -> Suite<'r> {
    Suite {
        path: &run.path,
        format: run.format.as_str(),
        milliseconds: (run.milliseconds * 1000.0).round() / 1000.0,
        rows: run.rows.iter().map(row).collect(),
        diagnostics: run.diagnostics.iter().map(|it| diagnostic(&report.sources, it)).collect(),
    }
}

fn row(row: &Row) -> RowObject<'_> {
    RowObject {
        policy: &row.policy,
        rule: &row.rule,
        resource: &row.resource,
        kind: &row.kind,
        expected: &row.expected,
        actual: &row.actual,
        object: Object {
            api_version: &row.object.api_version,
            kind: &row.object.kind,
            namespace: &row.object.namespace,
            name: &row.object.name,
        },
        answered_by: &row.answered_by,
        outcome: row.outcome.as_str(),
        message: match &row.help {
            Some(help) => format!("{}; {help}", row.message),
            None => row.message.clone(),
        },
    }
}
