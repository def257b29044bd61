//! Gatekeeper: constraint templates in Rego, and the constraints that set them to work.
//!
//! Each constraint becomes one rule; its violations are one result. Versions: Gatekeeper 3.23.1 and
//! the constraint framework that it is built with.

pub(crate) mod check;
mod constraint;
mod enforcement;
mod matching;
mod program;
mod review;
mod schema;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use enforcement::Enforcement;
pub(crate) use matching::Match;
pub(crate) use review::Review;
pub(crate) use schema::AGAINST_SCHEMA;

use crate::decision::{Action, Dialect, FailurePolicy, RuleInfo};
use crate::diagnostic::{Diagnostic, nearest};
use crate::read::Document;
use crate::rule::{Compiled, Matching, OtherRules, Policy, Rule, Scope};
use crate::tree::Tree;
use constraint::Written;
use program::Program;
use template::{Code, Template};

/// What the rule of a constraint runs.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    pub(crate) enforcement: Enforcement,
    /// With what the template's schema gives.
    parameters: Arc<Tree>,
    program: Arc<Program>,
}

impl Constraint {
    /// Whether the template reads the namespace of the object.
    pub(crate) fn reads_namespace(&self) -> bool {
        self.program.reads_namespace
    }
}

/// A template, ready for its constraints.
#[derive(Debug)]
struct Ready {
    template: Template,
    /// `None` where it does not compile, or is of a language that is not evaluated.
    program: Option<Arc<Program>>,
    has_constraints: bool,
}

/// Compiles templates and the constraints of all of them.
///
/// A constraint without its template is an error, and so is its rule; a template without a
/// constraint does nothing, which is said.
pub(crate) fn compile(templates: &[&Document], constraints: &[&Document], compiled: &mut Compiled) {
    let mut ready: BTreeMap<String, Ready> = BTreeMap::new();
    for document in templates {
        let (template, mut found) = template::decode(document);
        let Some(mut template) = template else {
            compiled.diagnostics.append(&mut found);
            continue;
        };
        let mut program = None;
        if let (Code::Rego(rego), false) = (&template.code, template.is_broken) {
            match Program::compile(&template, rego) {
                Ok(compiled) => program = Some(compiled),
                Err(mut problems) => {
                    found.append(&mut problems);
                    template.is_broken = true;
                }
            }
        }
        if ready.contains_key(&template.kind) {
            let message =
                format!("another template has the kind `{}`; the last one counts", template.kind);
            found
                .push(Diagnostic::warning("duplicate-template", message).at(Some(place(document))));
        }
        compiled.diagnostics.append(&mut found);
        ready.insert(template.kind.clone(), Ready { template, program, has_constraints: false });
    }
    let mut names = BTreeSet::new();
    for document in constraints {
        compiled.policies += 1;
        constraint(document, &mut ready, &mut names, compiled);
    }
    for unused in ready.values().filter(|ready| !ready.has_constraints) {
        let message =
            format!("no constraint of kind `{}` sets this template to work", unused.template.kind);
        let odd = Diagnostic::warning("no-constraint", message);
        compiled.diagnostics.push(odd.at(Some(place(&unused.template.document))));
    }
}

fn place(document: &Document) -> crate::source::Span {
    document.places().span(&["metadata", "name"])
}

fn constraint(
    document: &Document,
    ready: &mut BTreeMap<String, Ready>,
    names: &mut BTreeSet<(String, String)>,
    compiled: &mut Compiled,
) {
    let kind = document.tree().root().get("kind").and_then(|kind| kind.as_str());
    let kind = kind.unwrap_or_default();
    let missing = (!ready.contains_key(kind)).then(|| {
        let message = format!("there is no ConstraintTemplate for the kind `{kind}`");
        let missing = Diagnostic::error("template-not-found", message);
        let missing = missing.at(Some(document.places().span(&["kind"])));
        match nearest(kind, ready.keys().map(String::as_str)) {
            Some(near) => missing.help(format!("did you mean `{near}`?")),
            None => missing.help("a constraint needs its template beside it"),
        }
    });
    let mut ready = ready.get_mut(kind);
    if let Some(ready) = &mut ready {
        ready.has_constraints = true;
    }
    let ready = ready.as_deref();
    let (written, found) = constraint::decode(document, ready.map(|ready| &ready.template));
    compiled.diagnostics.extend(missing);
    compiled.diagnostics.extend(found);
    if !names.insert((written.kind.clone(), written.name.clone())) {
        let message = format!("another {} is named `{}`", written.kind, written.name);
        let help = "both are asked; a cluster would keep the last one applied";
        let odd = Diagnostic::warning("duplicate-policy", message).help(help);
        compiled.diagnostics.push(odd.at(Some(place(document))));
    }
    let others = ready.and_then(|ready| match &ready.template.code {
        Code::Other(engine) => Some(engine.clone()),
        Code::Rego(_) | Code::Missing => None,
    });
    if let (Some(engine), false) = (others, written.is_broken) {
        compiled.not_evaluated.push(OtherRules::one(format!("constraint in {engine}"), true));
        return;
    }
    compiled.rules.push(rule(written, ready));
}

fn rule(written: Written, ready: Option<&Ready>) -> Rule {
    let Written { name, kind, matching, enforcement, parameters, help, is_broken } = written;
    let (name, kind): (Arc<str>, Arc<str>) = (name.into(), kind.into());
    let policy = Arc::new(Policy {
        name: Arc::clone(&name),
        plain_name: Arc::clone(&name),
        kind: Arc::clone(&kind),
        namespace: None,
        apply_one: false,
        admission: enforcement.at(crate::policy_set::Selection::Admission).is_some(),
        background: enforcement.at(crate::policy_set::Selection::Background).is_some(),
        timeout_seconds: None,
    });
    let info = RuleInfo {
        policy: Arc::clone(&name),
        policy_kind: Arc::clone(&kind),
        rule: Arc::clone(&kind),
        dialect: Dialect::Gatekeeper,
        severity: "".into(),
        category: "".into(),
        scored: true,
        help: help.into(),
    };
    let program = ready.filter(|_| !is_broken).and_then(|ready| ready.program.clone());
    let program = match (program, parameters) {
        (Some(program), Some(parameters)) => {
            let parameters = parameters.with_large_floats();
            crate::rule::Program::Gatekeeper(Box::new(Constraint {
                enforcement,
                parameters,
                program,
            }))
        }
        _ => crate::rule::Program::Broken(format!("constraint {name} cannot be evaluated").into()),
    };
    let operations = ready.map(|ready| ready.template.operations.clone()).unwrap_or_default();
    Rule {
        info: Arc::new(info),
        name: kind,
        policy,
        matching: match matching {
            Some(matching) => Matching::Gatekeeper(matching.with_operations(operations)),
            None => Matching::Unreadable,
        },
        scope: Scope::default(),
        action: enforcement.strongest().unwrap_or(Action::Deny),
        failure_policy: FailurePolicy::Fail,
        asks_roles: Arc::default(),
        program,
    }
}

#[cfg(test)]
mod tests;
