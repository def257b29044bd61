//! Evaluates the policies of a suite on its objects, each pair once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::decision::{Decision, RuleResult};
use crate::facts::{FactError, FactKey, Facts, MockedCall};
use crate::policy_set::{Evaluation, PolicySet};
use crate::request::{Operation, Request};
use crate::tree::Tree;

use super::inputs::Gathered;
use super::objects::TestObject;
use super::{Counting, Inputs, KyvernoSuite};

/// Policies and objects, with the answers that were needed so far.
pub(super) struct Bench<'b> {
    suite: &'b KyvernoSuite,
    policies: &'b PolicySet,
    gathered: &'b Gathered,
    inputs: &'b Inputs<'b>,
    mocked_calls: Arc<[MockedCall]>,
    answers: RefCell<BTreeMap<Question, Rc<Vec<RuleResult>>>>,
}

/// An object by its number, and the operation that a row asks for.
type Question = (Option<Operation>, usize);

/// A look-up may depend on a look-up, but not forever.
const MAX_ROUNDS: usize = 16;

impl<'b> Bench<'b> {
    pub(super) fn new(
        suite: &'b KyvernoSuite,
        policies: &'b PolicySet,
        gathered: &'b Gathered,
        inputs: &'b Inputs<'b>,
    ) -> Self {
        let mocked_calls = suite.mocks.calls().into();
        Self { suite, policies, gathered, inputs, mocked_calls, answers: RefCell::default() }
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
        let created = Request::create(Arc::clone(&object.tree), self.inputs.time);
        let base = Request { user: self.gathered.user.clone(), ..created };
        let mut results = Vec::new();
        for case in self.gathered.values.cases(self.policies, &base, operation) {
            let decision = self.decide(&case.request, case.facts.clone());
            results.extend(decision.results.into_iter().filter(|result| case.is_about(result)));
        }
        results
    }

    fn decide(&self, request: &Request, mut facts: Facts) -> Decision {
        // Upstream's loaders pass over what has no mock (pkg/engine/factories/contextloaderfactory.go).
        facts.mocked_calls = Arc::clone(&self.mocked_calls);
        facts.leave_out_unanswered = self.inputs.counting == Counting::Upstream;
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
        let is_own = || *key == FactKey::get(format!("/api/v1/namespaces/{namespace}"));
        if self.inputs.counting == Counting::Honest && is_own() {
            // Upstream takes a namespace that nobody describes for one without labels.
            return Err(FactError::NotFound);
        }
        Err(FactError::NotFetched)
    }
}
