//! Evaluates the policies of a suite on its objects, each pair once.
//!
//! Upstream: `makePolicyContext` in cmd/cli/kubectl-kyverno/processor/policy_processor.go.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::decision::{Decision, RuleResult};
use crate::facts::{ContextValue, FactError, FactKey, Facts};
use crate::policy_set::{Evaluation, PolicySet};
use crate::read::{Limits, parse_json};
use crate::request::{Operation, Request};
use crate::tree::Tree;
use crate::value::{Text, Value};

use super::inputs::Gathered;
use super::objects::TestObject;
use super::policies::plain_name;
use super::values::Setting;
use super::{Inputs, Suite};

/// Policies and objects, with the answers that were needed so far.
pub(super) struct Bench<'b> {
    suite: &'b Suite,
    policies: &'b PolicySet,
    gathered: &'b Gathered,
    inputs: &'b Inputs<'b>,
    /// The plain names of all policies that have rules, in order.
    names: Vec<&'b str>,
    answers: RefCell<BTreeMap<Question, Rc<Vec<RuleResult>>>>,
}

/// An object by its number, and the operation that a row asks for.
type Question = (Option<Operation>, usize);

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

/// A look-up may depend on a look-up, but not forever.
const MAX_ROUNDS: usize = 16;

impl<'b> Bench<'b> {
    pub(super) fn new(
        suite: &'b Suite,
        policies: &'b PolicySet,
        gathered: &'b Gathered,
        inputs: &'b Inputs<'b>,
    ) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for (info, _) in policies.rules() {
            let name = plain_name(&info.policy);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self { suite, policies, gathered, inputs, names, answers: RefCell::default() }
    }

    pub(super) fn objects(&self) -> &'b [TestObject] {
        &self.gathered.objects
    }

    /// What all rules say of the object with this number; an operation stands before the one that
    /// the values set.
    pub(super) fn answers(
        &self,
        number: usize,
        operation: Option<Operation>,
    ) -> Rc<Vec<RuleResult>> {
        let key = (operation, number);
        if let Some(known) = self.answers.borrow().get(&key) {
            return Rc::clone(known);
        }
        let found = match self.objects().get(number) {
            Some(object) => self.evaluate(object, operation),
            None => Vec::new(),
        };
        let found = Rc::new(found);
        self.answers.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    fn evaluate(&self, object: &TestObject, operation: Option<Operation>) -> Vec<RuleResult> {
        let shapes = self.shapes(object, operation);
        let mut results = Vec::new();
        for shape in &shapes {
            let (request, facts) = self.request(object, operation, shape);
            let decision = self.decide(&request, facts);
            results.extend(decision.results.into_iter().filter(|result| {
                shapes.len() == 1 || shape.policies.contains(&plain_name(&result.rule.policy))
            }));
        }
        results
    }

    /// The different requests that the settings of each policy make of an object.
    ///
    /// What they change stays changed for the policies that follow, as upstream hands the object on
    /// (`ApplyPoliciesOnResource`).
    fn shapes(&self, object: &TestObject, operation: Option<Operation>) -> Vec<Shape<'b>> {
        let name = &object.identity.name;
        let mut shapes: Vec<Shape<'b>> = Vec::new();
        let mut carried: Vec<&Setting> = Vec::new();
        for policy in &self.names {
            let mut shape = Shape {
                changes: carried.clone(),
                old_changes: carried,
                policies: vec![policy],
                ..Shape::default()
            };
            for setting in self.gathered.values.settings(policy, name) {
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

    fn request(
        &self,
        object: &TestObject,
        operation: Option<Operation>,
        shape: &Shape<'_>,
    ) -> (Request, Facts) {
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
            for setting in self.gathered.values.settings(policy, &object.identity.name) {
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
        self.gathered.values.add_rule_values(&mut facts);
        self.add_labels(object, &mut facts);
        let tree = &object.tree;
        let changed = || with_changes(tree, &shape.changes);
        let old_changed = || with_changes(tree, &shape.old_changes);
        let request = Request::create(Arc::clone(tree), self.inputs.time);
        let (new, old) = match shape.operation {
            Operation::Create | Operation::Connect => (Some(changed()), None),
            Operation::Update => (Some(changed()), Some(old_changed())),
            Operation::Delete => (None, Some(old_changed())),
        };
        let mut request = Request {
            operation: shape.operation,
            object: new,
            old_object: old,
            user: self.gathered.user.clone(),
            ..request
        };
        let subresources = &self.gathered.values.subresources;
        if let Some(known) = subresources.iter().find(|known| known.kind == request.kind) {
            request.kind = known.parent.clone();
            request.subresource.clone_from(&known.name);
        }
        (request, facts)
    }

    /// Answers what is asked of the object's namespace: labels are only what the values say.
    fn add_labels(&self, object: &TestObject, facts: &mut Facts) {
        let namespace = &object.identity.namespace;
        if namespace.is_empty() {
            return;
        }
        let key = FactKey::get(format!("/api/v1/namespaces/{namespace}"));
        let namespaces = &self.gathered.values.namespaces;
        let known = namespaces.iter().find(|(name, _)| name == namespace);
        if let Some((_, tree)) = known {
            facts.insert(key, Ok(Arc::clone(tree)));
        }
    }

    fn decide(&self, request: &Request, mut facts: Facts) -> Decision {
        for _ in 0..MAX_ROUNDS {
            match self.policies.evaluate(request, &facts) {
                Evaluation::Decided(decision) => return decision,
                Evaluation::Needs(keys) => {
                    for key in keys {
                        let answer = self.answer(&key, request);
                        facts.insert(key, answer);
                    }
                }
            }
        }
        self.policies.conclude(request, &facts)
    }

    fn answer(&self, key: &FactKey, request: &Request) -> Result<Arc<Tree>, FactError> {
        let mocked = self.suite.mocks.answer(key, self.inputs.files, self.inputs.time);
        if let Some(answer) = mocked.or_else(|| (self.inputs.answer)(key)) {
            return answer;
        }
        let namespace = request.namespace.as_deref().unwrap_or_default();
        if *key == FactKey::get(format!("/api/v1/namespaces/{namespace}")) {
            // Upstream takes a namespace that nobody describes for one without labels.
            return Err(FactError::NotFound);
        }
        Err(FactError::NotFetched)
    }
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
        Ok(changed) => Arc::new(changed.with_floats().unwrap_or(changed)),
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
