//! The requests that a values file makes of an object.
//!
//! Upstream: `makePolicyContext` in cmd/cli/kubectl-kyverno/processor/policy_processor.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decision::RuleResult;
use crate::facts::{ContextValue, FactKey, Facts};
use crate::policy_set::PolicySet;
use crate::read::{Limits, parse_json};
use crate::request::{Operation, Request};
use crate::tree::Tree;
use crate::value::{Text, Value};

use super::{Setting, Values};

/// A request with what is known beforehand, for some of the policies.
#[derive(Clone, Debug)]
pub struct Case {
    /// The request.
    pub request: Request,
    /// The values of variables, and the labels of the namespace if the values name it.
    pub facts: Facts,
    /// The plain names of the policies that it is for; `None` for all.
    policies: Option<Vec<String>>,
}

impl Case {
    /// Whether a result of its decision counts.
    pub fn is_about(&self, result: &RuleResult) -> bool {
        let name = plain_name(&result.rule.policy);
        self.policies.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    }
}

/// What the settings make of a request; policies with equal ones share an evaluation.
#[derive(Default)]
struct Shape<'b> {
    operation: Operation,
    /// The settings that change the object.
    changes: Vec<&'b Setting>,
    /// The settings that change the old object.
    old_changes: Vec<&'b Setting>,
    policies: Vec<&'b str>,
}

impl Values {
    /// The requests for an object: one, unless policies have different values for it.
    ///
    /// `base` is the object's creation; `operation` stands before the one that the values set.
    pub fn cases(
        &self,
        policies: &PolicySet,
        base: &Request,
        operation: Option<Operation>,
    ) -> Vec<Case> {
        let Some(tree) = base.object.as_ref().or(base.old_object.as_ref()) else {
            return Vec::new();
        };
        let name = tree.root().at(&["metadata", "name"]).and_then(|name| name.as_str());
        let name = name.unwrap_or_default();
        let mut names: Vec<&str> = Vec::new();
        for (info, _) in policies.rules() {
            let name = plain_name(&info.policy);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let shapes = self.shapes(&names, name, operation);
        let several = shapes.len() > 1;
        let cases = shapes.iter().map(|shape| Case {
            request: self.request(base, tree, shape),
            facts: self.facts(base, name, operation, shape),
            policies: several
                .then(|| shape.policies.iter().map(|name| (*name).to_owned()).collect()),
        });
        cases.collect()
    }

    /// The different requests that the settings of each policy make of an object.
    ///
    /// What they change stays changed for the policies that follow, as upstream hands the object on
    /// (`ApplyPoliciesOnResource`).
    fn shapes<'v>(
        &'v self,
        policies: &[&'v str],
        name: &str,
        operation: Option<Operation>,
    ) -> Vec<Shape<'v>> {
        let mut shapes: Vec<Shape<'v>> = Vec::new();
        let mut carried: Vec<&Setting> = Vec::new();
        for policy in policies {
            let mut shape = Shape {
                changes: carried.clone(),
                old_changes: carried,
                policies: vec![policy],
                ..Shape::default()
            };
            for setting in self.settings(policy, name) {
                match parts(setting).as_slice() {
                    ["request", "operation"] => shape.operation = operation_of(setting),
                    ["request", "object", ..] => shape.changes.push(setting),
                    ["request", "oldObject", ..] => shape.old_changes.push(setting),
                    _ => {}
                }
            }
            shape.operation = operation.unwrap_or(shape.operation);
            carried = match shape.operation {
                Operation::Delete => shape.old_changes.clone(),
                _ => shape.changes.clone(),
            };
            match shapes.iter_mut().find(|known| known.is_same_request(&shape)) {
                Some(known) => known.policies.push(policy),
                None => shapes.push(shape),
            }
        }
        shapes
    }

    fn facts(
        &self,
        base: &Request,
        name: &str,
        operation: Option<Operation>,
        shape: &Shape<'_>,
    ) -> Facts {
        let mut facts = Facts::default();
        if shape.operation == Operation::Delete {
            // Upstream takes it from the new object, which is not there.
            let path = ["request", "namespace"].map(str::to_owned).to_vec();
            let value = Arc::new(Tree::from_text(""));
            facts.insert_value(ContextValue {
                policy: None,
                rule: None,
                element: None,
                path,
                value,
            });
        }
        for policy in &shape.policies {
            for setting in self.settings(policy, name) {
                let is_in_request = match parts(setting).as_slice() {
                    // An evaluation of the old object has another operation.
                    ["request", "operation"] => operation.is_some() || is_operation(setting),
                    ["request", "object", ..] => shape.operation != Operation::Delete,
                    ["request", "oldObject", ..] => shape.operation != Operation::Create,
                    _ => false,
                };
                if is_in_request {
                    continue;
                }
                facts.insert_value(ContextValue {
                    policy: Some((*policy).into()),
                    rule: None,
                    element: None,
                    path: setting.path.clone(),
                    value: Arc::clone(&setting.value),
                });
            }
        }
        self.add_rule_values(&mut facts);
        let namespace = base.namespace.as_deref().unwrap_or_default();
        if let Some(tree) = self.namespace(namespace) {
            let key = FactKey::get(format!("/api/v1/namespaces/{namespace}"));
            facts.insert(key, Ok(Arc::clone(tree)));
        }
        facts
    }

    fn request(&self, base: &Request, tree: &Arc<Tree>, shape: &Shape<'_>) -> Request {
        let changed = || with_changes(tree, &shape.changes);
        let old = base.old_object.as_ref().unwrap_or(tree);
        let old_changed = || with_changes(old, &shape.old_changes);
        let (object, old_object) = match shape.operation {
            Operation::Create | Operation::Connect => (Some(changed()), None),
            Operation::Update => (Some(changed()), Some(old_changed())),
            Operation::Delete => (None, Some(old_changed())),
        };
        let mut request =
            Request { operation: shape.operation, object, old_object, ..base.clone() };
        if let Some(known) = self.subresources.iter().find(|known| known.kind == request.kind) {
            request.kind = known.parent.clone();
            request.subresource.clone_from(&known.name);
        }
        request
    }
}

/// A policy's name without its namespace.
pub(crate) fn plain_name(policy: &str) -> &str {
    policy.rsplit_once('/').map_or(policy, |(_, name)| name)
}

impl Shape<'_> {
    fn is_same_request(&self, other: &Self) -> bool {
        let same = |left: &[&Setting], right: &[&Setting]| {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| std::ptr::eq(*left, *right))
        };
        self.operation == other.operation
            && same(&self.changes, &other.changes)
            && same(&self.old_changes, &other.old_changes)
    }
}

fn parts(setting: &Setting) -> Vec<&str> {
    setting.path.iter().map(String::as_str).collect()
}

/// Whether a value is a word that the request itself says.
fn is_operation(setting: &Setting) -> bool {
    let word = setting.value.root().as_str();
    word.and_then(Operation::parse).is_some_and(|operation| operation == operation_of(setting))
}

/// Upstream knows two words; every other one is a creation.
fn operation_of(setting: &Setting) -> Operation {
    match setting.value.root().as_str() {
        Some("DELETE") => Operation::Delete,
        Some("UPDATE") => Operation::Update,
        _ => Operation::Create,
    }
}

/// The object with values put into it, at the paths behind `request.object`.
fn with_changes(tree: &Arc<Tree>, changes: &[&Setting]) -> Arc<Tree> {
    if changes.is_empty() {
        return Arc::clone(tree);
    }
    let mut value = Value::from(tree.root());
    for change in changes {
        let path = change.path.get(2..).unwrap_or_default();
        value = set_at(&value, path, &Value::from(change.value.root()));
    }
    // Invariant: what was a tree can be written and read again.
    match parse_json(value.to_json(), &Limits::default()) {
        Ok(changed) => Arc::new(changed).with_floats(),
        Err(_) => Arc::clone(tree),
    }
}

fn set_at<'t>(current: &Value<'t>, path: &'t [String], value: &Value<'t>) -> Value<'t> {
    let Some((first, rest)) = path.split_first() else { return value.clone() };
    let mut entries: BTreeMap<_, _> = current.entries().into_iter().flatten().collect();
    let inner = entries.remove(first.as_str()).unwrap_or_default();
    entries.insert(Text::Borrowed(first), set_at(&inner, rest, value));
    Value::from(entries)
}
