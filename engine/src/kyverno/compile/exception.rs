//! Compiles PolicyExceptions.

use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::kyverno::exception::{Exception, Exempted};
use crate::kyverno::pod_security;
use crate::kyverno::roles::asks_roles;
use crate::read::Document;
use crate::rule::Compiled;
use crate::scalar::wildcard::Wildcard;

use super::{conditions, selection};

/// Compiles one document of kind PolicyException.
pub(crate) fn compile(document: &Document, compiled: &mut Compiled) {
    let problems = Problems::of(document);
    if let Some(exception) = decode(document, &problems)
        && problems.errors() == 0
    {
        compiled.exceptions.push(exception);
    }
    compiled.diagnostics.extend(problems.into_diagnostics());
}

fn decode(document: &Document, problems: &Problems<'_>) -> Option<Exception> {
    let tree = document.tree();
    let mut top = Fields::of(tree.root(), "a PolicyException", problems)?;
    top.ignore(&["apiVersion", "kind", "status"]);
    let metadata = top.require("metadata");
    top.require("spec");
    let mut spec = top.fields("spec")?;
    top.finish();
    let text = |key: &str| metadata.and_then(|node| node.get(key)?.as_str()).unwrap_or_default();
    let key = match text("namespace") {
        "" => text("name").to_owned(),
        namespace => format!("{namespace}/{}", text("name")),
    };
    spec.ignore(&["background"]);
    spec.require("match");
    let others = spec.get("match").and_then(|node| selection::exception(node, problems));
    let conditions = match spec.get("conditions") {
        Some(node) => Some(conditions(tree, node, problems)?),
        None => None,
    };
    let mut found = Vec::new();
    let controls = spec.get("podSecurity");
    let pod_security = controls
        .and_then(|node| pod_security::compile_exclusions(node, &mut found))
        .unwrap_or_default();
    found.into_iter().for_each(|problem| problems.at(problem.node, problem.into()));
    spec.require("exceptions");
    let exempted = spec.list("exceptions").unwrap_or_default().into_iter().filter_map(|node| {
        let mut item = Fields::of(node, "exceptions", problems)?;
        item.require("policyName");
        item.require("ruleNames");
        let policy = item.text("policyName")?;
        let rules = item.texts("ruleNames")?;
        item.finish();
        Some(Exempted {
            policy: policy.into(),
            rules: rules.iter().map(|name| Wildcard::new(name)).collect(),
        })
    });
    let exempted: Vec<_> = exempted.collect();
    spec.finish();
    if exempted.is_empty() {
        let message = "an exception names at least one policy and its rules";
        problems.at(tree.root(), Diagnostic::error("empty-exception", message));
    }
    let asks_roles = tree.root().get("spec").is_some_and(asks_roles);
    Some(Exception {
        key: key.into(),
        exempted,
        others: others?,
        conditions,
        pod_security,
        asks_roles,
    })
}
