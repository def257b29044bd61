//! One decision as it is kept until somebody reads it.

use std::time::Duration;

use ajj_engine::report::document::Decision;
use ajj_engine::report::{ObjectReport, Redaction};
use ajj_engine::{Operation, Request};
use jiff::Timestamp;
use serde::Serialize;

use crate::decision_id::DecisionId;

/// The name of this version of a line.
const SCHEMA: &str = "ajj.dev/decision/v1";
/// Bytes of one line; what is longer keeps its head of facts and loses its results.
const MAX_LINE: usize = 64 << 10;

/// A decision without the object that it is about; written only once somebody wants to read it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: DecisionId,
    /// About as many as it takes.
    pub(super) bytes: usize,
    time: Timestamp,
    uid: String,
    operation: Operation,
    subresource: String,
    user: String,
    dry_run: bool,
    policies: String,
    took: Duration,
    /// `None` where there would be too much to say.
    report: Option<ObjectReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'l> {
    schema: &'static str,
    id: String,
    time: String,
    uid: &'l str,
    operation: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'l str,
    user: &'l str,
    dry_run: bool,
    /// The set that decided.
    policies: &'l str,
    milliseconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision<'l>>,
    /// Whether the line would be too long with its results.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

impl Record {
    pub(super) fn new(
        id: DecisionId,
        request: &Request,
        mut report: ObjectReport,
        policies: &str,
        took: Duration,
    ) -> Self {
        // What was hidden has no place in what is kept.
        (report.redaction, report.hidden) = (Redaction::default(), Vec::new());
        let user = request.user.as_ref().map(|user| user.username.clone()).unwrap_or_default();
        let size = size(&report);
        let report = (size <= MAX_LINE).then_some(report);
        let head = size_of::<Self>() + request.uid.len() + request.subresource.len() + user.len();
        Self {
            id,
            bytes: head + if report.is_some() { size } else { 0 },
            time: request.time,
            uid: request.uid.clone(),
            operation: request.operation,
            subresource: request.subresource.clone(),
            user,
            dry_run: request.dry_run,
            policies: policies.to_owned(),
            took,
            report,
        }
    }

    /// One line of JSON.
    pub(super) fn line(&self) -> String {
        let decision = self.report.as_ref().map(Decision::canonical);
        let mut line = Line {
            schema: SCHEMA,
            id: self.id.to_string(),
            time: self.time.to_string(),
            uid: &self.uid,
            operation: self.operation.as_str(),
            subresource: &self.subresource,
            user: &self.user,
            dry_run: self.dry_run,
            policies: &self.policies,
            milliseconds: (self.took.as_secs_f64() * 1e6).round() / 1e3,
            cut: decision.is_none(),
            decision,
        };
        let written = |line: &Line<'_>| serde_json::to_string(line).unwrap_or_default();
        let mut text = written(&line);
        if text.len() > MAX_LINE {
            (line.decision, line.cut) = (None, true);
            text = written(&line);
        }
        text.push('\n');
        text
    }
}

/// The bytes of a report's texts, and of what holds them.
fn size(report: &ObjectReport) -> usize {
    let results = report.results.iter().map(|result| {
        let findings = result.findings.iter().map(|finding| {
            size_of_val(finding)
                + finding.fingerprint.len()
                + finding.violation.path.len()
                + finding.violation.message.len()
        });
        size_of_val(result)
            + result.result.message.len()
            + result.result.headline.len()
            + findings.sum::<usize>()
    });
    results.sum::<usize>() + report.warnings.iter().map(String::len).sum::<usize>()
}
