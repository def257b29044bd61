//! The document `ajj.dev/test/v1`; its schema is `docs/schema/test-v1.json`.
//!
//! The order of fields here is the order in the document.

use std::collections::BTreeMap;

use ajj_engine::suite::{Coverage, FileCoverage, Row};
use serde::Serialize;

use super::json::{DiagnosticObject, diagnostic, to_text};
use super::test_human::percent;
use crate::commands::policy_test::{SuiteRun, TestReport};

/// The name of this version of the document.
const SCHEMA: &str = "ajj.dev/test/v1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    summary: Summary,
    suites: Vec<Suite<'r>>,
    diagnostics: Vec<DiagnosticObject<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageObject<'r>>,
}

/// As `opa test --coverage` writes it, with lines of policies alone.
#[derive(Serialize)]
struct CoverageObject<'r> {
    files: BTreeMap<&'r str, FileObject>,
    covered_lines: usize,
    not_covered_lines: usize,
    coverage: f64,
}

#[derive(Serialize)]
struct FileObject {
    covered: Vec<RangeObject>,
    not_covered: Vec<RangeObject>,
    covered_lines: usize,
    not_covered_lines: usize,
    coverage: f64,
}

#[derive(Serialize)]
struct RangeObject {
    start: RowNumber,
    end: RowNumber,
}

#[derive(Serialize)]
struct RowNumber {
    row: usize,
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
        coverage: report.coverage.as_ref().map(coverage),
    })
}

fn coverage(coverage: &Coverage) -> CoverageObject<'_> {
    let files = coverage.files.iter().map(|(name, file)| (&**name, file_object(file))).collect();
    let (covered_lines, all) = coverage.count();
    CoverageObject {
        files,
        covered_lines,
        not_covered_lines: all - covered_lines,
        coverage: percent((covered_lines, all)),
    }
}

fn file_object(file: &FileCoverage) -> FileObject {
    let ranges = |lines| {
        let ranges = FileCoverage::ranges(lines).into_iter();
        ranges
            .map(|(first, last)| RangeObject {
                start: RowNumber { row: first },
                end: RowNumber { row: last },
            })
            .collect()
    };
    let (covered_lines, all) = file.count();
    FileObject {
        covered: ranges(&file.covered),
        not_covered: ranges(&file.not_covered),
        covered_lines,
        not_covered_lines: all - covered_lines,
        coverage: percent((covered_lines, all)),
    }
}

fn suite<'r>(report: &'r TestReport, run: &'r SuiteRun) -> Suite<'r> {
    Suite {
        path: &run.path,
        format: run.format,
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
