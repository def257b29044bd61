//! `ajj policy audit`: judges what is in a cluster.

use std::sync::Arc;

use ajj_engine::report::{Keep, ObjectReport, Report};
use ajj_engine::{Diagnostic, Span};
use jiff::Timestamp;

use super::Findings;
use super::policy_validate::summary;
use crate::args::{AuditArguments, Format};
use crate::cluster::Cluster;
use crate::command_error::CommandError;
use crate::existing::{Existing, JudgedObject};
use crate::output;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, arguments: &AuditArguments) -> Result<u8, CommandError> {
    output::check(&arguments.outputs)?;
    let mut found = Findings::default();
    let cluster = Cluster::connect(arguments.kubeconfig.as_deref())?;
    let exceptions = arguments.exceptions_from.clone().unwrap_or_default();
    let policies = found.policies(&arguments.policies, Some((&cluster, &exceptions)))?;
    let existing = Existing {
        cluster: &cluster,
        policies: &policies,
        namespaces: &arguments.namespaces,
        time: Timestamp::now(),
    };
    let only_findings = arguments.outputs.iter().all(|output| output.format != Format::Json);
    let keep = if only_findings { Keep::Findings } else { Keep::All };
    let (mut objects, mut diagnostics) = ui.with_progress("objects", None, |done| {
        existing.judge_each(done, |judged| report_of(judged, keep))
    });
    for object in &mut objects {
        let warnings = std::mem::take(&mut object.warnings);
        let odd = warnings.into_iter().map(|text| Diagnostic::warning("odd-policy", text));
        diagnostics.extend(odd.map(|warning| warning.at(object.span.clone())));
    }
    let mut report = Report {
        documents: objects.len(),
        objects,
        policies: summary(&policies),
        diagnostics,
        ..Report::default()
    };
    found.put_into(&mut report);
    let rules = arguments.exit.rules();
    Findings::conclude(ui, &report, &arguments.outputs, &rules, output::audit_human::render)
}

/// What is reported of an object: its source is its path in the API.
fn report_of(judged: JudgedObject, keep: Keep) -> ObjectReport {
    let JudgedObject { request, decision, path } = judged;
    let span = Span { source: Arc::from(path), start: 0, end: 0 };
    let report = ObjectReport::new(&request, decision, keep, |_| Some(span.clone()));
    ObjectReport { span: Some(span), ..report }
}
