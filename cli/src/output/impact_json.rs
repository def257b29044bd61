//! The document `ajj.dev/impact/v1`; its schema is `docs/schema/impact-v1.json`.
//!
//! The order of fields here is the order in the document.

use ajj_engine::report::{Exit, ObjectIdentity, Report};
use serde::Serialize;

use super::json::{
    DiagnosticObject, ExitObject, Policies, diagnostic, exit_of, policies_of, to_text,
};
use crate::impact::{DeniedOwner, Impact, RuleImpact};

/// The name of this version of the document.
const SCHEMA: &str = "ajj.dev/impact/v1";

#[derive(Serialize)]
struct Document<'i> {
    schema: &'static str,
    exit: ExitObject<'i>,
    summary: Summary,
    policies: Policies<'i>,
    rules: Vec<Rule<'i>>,
    namespaces: Vec<Namespace<'i>>,
    diagnostics: Vec<DiagnosticObject<'i>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    judged: usize,
    objects: usize,
    would_deny: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'i> {
    policy: &'i str,
    rule: &'i str,
    objects: usize,
    would_deny: usize,
    denied: Vec<Denied<'i>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Denied<'i> {
    object: Object<'i>,
    /// Whether the object itself would be denied, or only what it owns.
    itself: bool,
    owned: usize,
    outcome: &'static str,
    message: &'i str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'i> {
    api_version: &'i str,
    kind: &'i str,
    namespace: &'i str,
    name: &'i str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Namespace<'i> {
    namespace: &'i str,
    objects: usize,
    would_deny: usize,
}

/// The document as a text.
///
/// `report` holds what else was found.
pub(crate) fn render(impact: &Impact, report: &Report, exit: &Exit) -> String {
    let sources = &report.sources;
    let (objects, would_deny) = impact.counts();
    let namespaces = impact.namespaces.iter().map(|(namespace, found)| {
        let (objects, would_deny) = found.counts();
        Namespace { namespace, objects, would_deny }
    });
    to_text(&Document {
        schema: SCHEMA,
        exit: exit_of(exit),
        summary: Summary { judged: impact.judged, objects, would_deny },
        policies: policies_of(&report.policies),
        rules: impact.rules.iter().map(rule_of).collect(),
        namespaces: namespaces.collect(),
        diagnostics: report.diagnostics.iter().map(|found| diagnostic(sources, found)).collect(),
    })
}

fn rule_of(rule: &RuleImpact) -> Rule<'_> {
    Rule {
        policy: &rule.policy,
        rule: &rule.rule,
        objects: rule.objects(),
        would_deny: rule.denied.len(),
        denied: rule.denied.iter().map(denied_of).collect(),
    }
}

fn denied_of<'i>((owner, denied): (&'i ObjectIdentity, &'i DeniedOwner)) -> Denied<'i> {
    Denied {
        object: Object {
            api_version: &owner.api_version,
            kind: &owner.kind,
            namespace: &owner.namespace,
            name: &owner.name,
        },
        itself: denied.is_own,
        owned: denied.count - usize::from(denied.is_own),
        outcome: if denied.is_error { "error" } else { "fail" },
        message: &denied.message,
    }
}
