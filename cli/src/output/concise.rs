//! One line for each finding, as editors read it: `path:line:column: severity[policy/rule] message`.

use std::fmt::Write;

use ajj_engine::report::{ObjectReport, Report, ResultReport};
use ajj_engine::{Action, Diagnostic, Outcome, Severity, Span};

use ajj_engine::report::escape::escape;

/// Findings, then diagnostics.
pub(crate) fn render(report: &Report) -> String {
    let mut out = String::new();
    for object in &report.objects {
        for result in object.findings() {
            finding(report, object, result, &mut out);
        }
    }
    for found in &report.diagnostics {
        diagnostic(report, found, &mut out);
    }
    out
}

/// One diagnostic, as it is also told beside other formats.
pub(crate) fn diagnostic(report: &Report, diagnostic: &Diagnostic, out: &mut String) {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let severity = format!("{severity}[{}]", diagnostic.code);
    let message = match &diagnostic.help {
        Some(help) => format!("{}; help: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    line(report, diagnostic.span.as_ref(), &severity, &message, out);
}

fn finding(report: &Report, object: &ObjectReport, result: &ResultReport, out: &mut String) {
    let answer = &result.result;
    let severity = match answer.action {
        Action::Deny => "error",
        _ if answer.outcome == Outcome::Error && answer.denies() => "error",
        Action::Warn | Action::Audit => "warning",
    };
    let severity = format!("{severity}[{}/{}]", answer.rule.policy, answer.name);
    let identity = &object.object;
    if result.findings.is_empty() {
        let message = format!("{identity}: {}", answer.message);
        line(report, object.span.as_ref(), &severity, &message, out);
    }
    for finding in &result.findings {
        let violation = &finding.violation;
        let path = if violation.path.is_empty() { "/" } else { &violation.path };
        let message = format!("{identity} {path}: {}", violation.message);
        line(report, finding.span.as_ref(), &severity, &message, out);
    }
}

fn line(report: &Report, span: Option<&Span>, severity: &str, message: &str, out: &mut String) {
    let place = span.and_then(|span| report.sources.place(span));
    let (file, line, column) = match (&place, span) {
        (Some(place), _) => (&*place.file, place.start.line, place.start.column),
        (None, Some(span)) => (&*span.source, 1, 1),
        (None, None) => ("ajj", 1, 1),
    };
    let (file, severity, message) = (escape(file), escape(severity), escape(message));
    let _ = writeln!(out, "{file}:{line}:{column}: {severity} {message}");
}
