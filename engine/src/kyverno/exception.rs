//! PolicyException: which results become a skip.
//!
//! Upstream: api/kyverno/v2/policy_exception_types.go, pkg/engine/utils/exceptions.go.

use std::sync::Arc;

use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::matcher::Matcher;
use crate::policy_set::Compiled;
use crate::read::Document as Source;
use crate::scalar::wildcard::Wildcard;

use super::compile;
use super::compile::selection;
use super::conditions::Conditions;
use super::context::{Context, Document, Stop};
use super::pod_security::{self, Exclusion};
use super::rule::Run;

/// A compiled exception.
#[derive(Debug)]
pub(crate) struct Exception {
    /// `namespace/name`.
    pub(crate) key: Arc<str>,
    exempted: Vec<Exempted>,
    pub(crate) matcher: Matcher,
    conditions: Option<Conditions>,
    pod_security: Vec<Exclusion>,
}

#[derive(Debug)]
struct Exempted {
    /// Without wildcards, as upstream.
    policy: Box<str>,
    rules: Vec<Wildcard>,
}

/// What exceptions leave of a rule.
#[derive(Debug, Default)]
pub(crate) enum Exemption<'t> {
    /// All of it.
    #[default]
    None,
    /// All but some controls of the Pod Security Standards.
    Controls { exclusions: Vec<&'t Exclusion>, keys: Vec<&'t str> },
    /// Nothing: the rule is skipped, with this message.
    Whole(String),
}

impl<'t> Exemption<'t> {
    pub(crate) fn add(&mut self, exception: &'t Exception) {
        match self {
            Self::Whole(message) => {
                message.push_str(", ");
                message.push_str(&exception.key);
            }
            _ if exception.pod_security.is_empty() => {
                // Upstream leaves no space before the names.
                *self = Self::Whole(format!(
                    "rule is skipped due to policy exceptions{}",
                    exception.key
                ));
            }
            Self::None => {
                *self = Self::Controls {
                    exclusions: exception.pod_security.iter().collect(),
                    keys: vec![&exception.key],
                };
            }
            Self::Controls { exclusions, keys } => {
                exclusions.extend(&exception.pod_security);
                keys.push(&exception.key);
            }
        }
    }
}

impl Exception {
    /// Whether the exception names a rule, whose name may be meant with wildcards.
    pub(crate) fn names(&self, policy: &str, rule: &str) -> bool {
        self.exempted.iter().any(|exempted| {
            *exempted.policy == *policy && exempted.rules.iter().any(|name| name.matches(rule))
        })
    }

    /// Whether its conditions hold. Conditions that cannot be evaluated exempt nothing.
    pub(crate) fn applies<'t>(
        &'t self,
        run: Run<'t>,
        document: &Document<'t>,
    ) -> Result<bool, Stop> {
        let Some(conditions) = &self.conditions else { return Ok(true) };
        let mut context = Context::new(document, run.surroundings, run.policy.1);
        match conditions.evaluate(&mut context) {
            Ok(verdict) => Ok(verdict.holds),
            Err(Stop::Failed(_)) => Ok(false),
            Err(Stop::Missing) => Err(Stop::Missing),
        }
    }
}

/// Compiles one document of kind PolicyException.
pub(crate) fn compile(document: &Source, compiled: &mut Compiled) {
    let problems = Problems::of(document);
    if let Some(exception) = decode(document, &problems)
        && problems.errors() == 0
    {
        compiled.exceptions.push(exception);
    }
    compiled.diagnostics.extend(problems.into_diagnostics());
}

fn decode(document: &Source, problems: &Problems<'_>) -> Option<Exception> {
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
    let matcher = spec.get("match").and_then(|node| selection::exception(node, problems));
    let conditions = match spec.get("conditions") {
        Some(node) => Some(compile::conditions(tree, node, problems)?),
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
    Some(Exception { key: key.into(), exempted, matcher: matcher?, conditions, pod_security })
}
