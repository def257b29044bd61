//! Evaluates compiled modules: every solution is found by going through steps and back.
//!
//! What has one value is evaluated in a loop; what has several calls the rest of the steps for
//! each. Nothing is kept between evaluations but compiled patterns.

mod branch;
mod call;
mod reference;
mod rule;
mod step;
mod term;
pub(crate) mod testing;
mod with;

use std::cell::RefCell;

use jiff::Timestamp;

use super::host::{Budget, Note};
use super::program::{Node, Program, RuleKind};
use super::syntax::Span;
use super::{Host, Value};
use crate::tree::{self, Tree};

use rule::Cached;

/// How deep calls, comprehensions and iterations may nest.
const MAX_DEPTH: usize = 150;

/// What is asked.
pub(crate) struct Asked<'h, 'v> {
    /// The document `input`; undefined where there is none.
    pub(crate) input: Option<Value<'v>>,
    /// The document `data`, but for what rules define.
    pub(crate) data: Value<'v>,
    pub(crate) now: Timestamp,
    pub(crate) seed: u64,
    pub(crate) budget: &'h Budget,
    /// Keeps what is made on the way.
    pub(crate) arena: &'v typed_arena::Arena<Tree>,
    /// Collects what is printed.
    pub(crate) notes: &'h RefCell<Vec<Note>>,
    /// Whether what a built-in function refuses is an error; else it is undefined.
    pub(crate) strict: bool,
}

/// Why there is no answer, in OPA's codes and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvaluationError(Box<Reason>);

/// What an [`EvaluationError`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Such as `eval_conflict_error`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The number of the module, and the place in it.
    pub(crate) at: (usize, Span),
}

impl std::ops::Deref for EvaluationError {
    type Target = Reason;

    fn deref(&self) -> &Reason {
        &self.0
    }
}

/// A member of a set, and what was read on the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Member<'v> {
    pub(crate) value: Value<'v>,
    pub(crate) read: Vec<tree::Node<'v>>,
}

/// Whether to look for more solutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    More,
    Enough,
}

type Found = Result<Flow, EvaluationError>;
/// What follows a solution.
type Then<'t, 'h, 'v> = &'t mut dyn FnMut(&mut Machine<'h, 'v>) -> Found;
/// What follows a value.
type ThenValue<'t, 'h, 'v> = &'t mut dyn FnMut(&mut Machine<'h, 'v>, Value<'v>) -> Found;

/// One evaluation.
struct Machine<'h, 'v> {
    program: &'v Program,
    host: Host<'h, 'v>,
    strict: bool,
    context: Context<'v>,
    /// The variables of all frames that are open.
    slots: Vec<Value<'v>>,
    /// Where the innermost frame begins.
    base: usize,
    /// How many frames are open.
    frames: usize,
    depth: usize,
    /// The places that were read on the way here.
    trail: Vec<tree::Node<'v>>,
    /// Where what is evaluated stands.
    module: usize,
    span: Span,
    /// The frame whose last step is of interest, by its number, and the place of that step.
    watched: Option<(usize, Span)>,
    /// The places of steps that were gone through.
    covered: Option<Covered>,
}

/// Places of steps and heads, by module.
pub(crate) type Covered = std::collections::BTreeSet<(usize, Span)>;

/// The documents that are asked, as `with` may change them.
#[derive(Clone, Debug)]
struct Context<'v> {
    input: Option<Value<'v>>,
    data: Value<'v>,
    /// Paths below `data` that `with` replaced: no rule counts there.
    replaced: Vec<&'v [Box<str>]>,
    mocks: Vec<with::Mock<'v>>,
    cache: Vec<Option<Cached<'v>>>,
}

impl Program {
    /// The value of a document that rules define, by its path below `data`.
    pub(crate) fn evaluate<'v>(
        &'v self,
        path: &[&str],
        asked: Asked<'_, 'v>,
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        let mut machine = Machine::new(self, asked);
        match self.node(path) {
            Some(Node::Rule(rule)) => machine.rule(rule),
            Some(Node::Branch(branch)) => machine.branch(branch),
            None => Ok(None),
        }
    }

    /// The value of the rule of a query, by its name.
    pub(crate) fn answer<'v>(
        &'v self,
        name: &str,
        asked: Asked<'_, 'v>,
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        let module = self.sources.len().saturating_sub(1);
        let is_meant = |rule: &super::program::Rule| {
            rule.path.last().is_some_and(|last| **last == *name)
                && rule.definitions.iter().any(|definition| definition.module == module)
        };
        match self.rules.iter().position(is_meant) {
            Some(rule) => Machine::new(self, asked).rule(rule),
            None => Ok(None),
        }
    }

    /// The value of a document, with the places of what was gone through on the way.
    pub(crate) fn evaluate_covered<'v>(
        &'v self,
        path: &[&str],
        asked: Asked<'_, 'v>,
    ) -> (Result<Option<Value<'v>>, EvaluationError>, Covered) {
        let mut machine = Machine::new(self, asked);
        machine.covered = Some(Covered::new());
        let value = match self.node(path) {
            Some(Node::Rule(rule)) => machine.rule(rule),
            Some(Node::Branch(branch)) => machine.branch(branch),
            None => Ok(None),
        };
        (value, machine.covered.unwrap_or_default())
    }

    /// The members of a set that rules define, with what was read for each; none where there is no
    /// such rule. A value of another kind comes alone.
    pub(crate) fn members<'v>(
        &'v self,
        path: &[&str],
        asked: Asked<'_, 'v>,
    ) -> Result<Vec<Member<'v>>, EvaluationError> {
        let mut machine = Machine::new(self, asked);
        match self.node(path) {
            Some(Node::Rule(rule)) => machine.members(rule),
            _ => Ok(Vec::new()),
        }
    }

    /// Whether there is a rule of this path, and what kind it is.
    pub(crate) fn rule_kind(&self, path: &[&str]) -> Option<RuleKind> {
        match self.node(path)? {
            Node::Rule(rule) => self.rules.get(rule).map(|rule| rule.kind),
            Node::Branch(_) => None,
        }
    }

    fn node(&self, path: &[&str]) -> Option<Node> {
        path.iter().try_fold(Node::Branch(0), |node, key| match node {
            Node::Branch(branch) => self.branches.get(branch)?.children.get(*key).copied(),
            Node::Rule(_) => None,
        })
    }
}

impl<'h, 'v> Machine<'h, 'v> {
    fn new(program: &'v Program, asked: Asked<'h, 'v>) -> Self {
        let host = Host {
            arena: asked.arena,
            now: asked.now,
            seed: asked.seed,
            budget: asked.budget,
            notes: asked.notes,
            patterns: &program.patterns,
        };
        let context = Context {
            input: asked.input,
            data: asked.data,
            replaced: Vec::new(),
            mocks: Vec::new(),
            cache: Vec::new(),
        };
        Self {
            program,
            host,
            strict: asked.strict,
            context,
            slots: Vec::new(),
            base: 0,
            frames: 0,
            depth: 0,
            trail: Vec::new(),
            module: 0,
            span: Span::default(),
            watched: None,
            covered: None,
        }
    }

    fn error<T>(
        &self,
        code: &'static str,
        message: impl Into<String>,
    ) -> Result<T, EvaluationError> {
        let at = (self.module, self.span);
        Err(EvaluationError(Box::new(Reason { code, message: message.into(), at })))
    }

    fn tick(&self) -> Result<(), EvaluationError> {
        match self.host.budget.step(1) {
            true => Ok(()),
            false => self.error("eval_cancel_error", "the evaluation takes too many steps"),
        }
    }

    /// Pays for made values.
    fn pay(&self, bytes: usize) -> Result<(), EvaluationError> {
        match self.host.budget.make(bytes) {
            true => Ok(()),
            false => self.error("eval_cancel_error", "the evaluation makes too much data"),
        }
    }

    /// Goes one level deeper.
    fn deeper<T>(
        &mut self,
        go: impl FnOnce(&mut Self) -> Result<T, EvaluationError>,
    ) -> Result<T, EvaluationError> {
        if self.depth == MAX_DEPTH {
            let message = format!("evaluation nests more than {MAX_DEPTH} levels deep");
            return self.error("eval_cancel_error", message);
        }
        self.depth += 1;
        let found = go(self);
        self.depth -= 1;
        found
    }

    fn slot(&self, variable: u32) -> Value<'v> {
        self.slots.get(self.base + variable as usize).cloned().unwrap_or(Value::Null)
    }

    fn bind(&mut self, variable: u32, value: Value<'v>) {
        if let Some(slot) = self.slots.get_mut(self.base + variable as usize) {
            *slot = value;
        }
    }
}
