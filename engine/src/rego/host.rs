//! What built-in functions may use beside their arguments.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;

use super::Value;
use super::syntax::Span;
use crate::tree::{Node, Tree};

/// What one evaluation lends to built-in functions.
pub(crate) struct Host<'h, 'v> {
    /// Keeps trees that are made on the way, such as those of `json.unmarshal`.
    pub(crate) arena: &'v typed_arena::Arena<Tree>,
    /// The time of the request.
    pub(crate) now: Timestamp,
    /// What randomness follows from.
    pub(crate) seed: u64,
    pub(crate) budget: &'h Budget,
    /// Notes of `print` and `trace`.
    pub(crate) notes: &'h RefCell<Vec<Note>>,
    /// Patterns that were compiled already.
    pub(crate) patterns: &'v super::builtins::Patterns,
}

/// What a policy says on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) text: String,
    /// The number of the module and the place in it, of what `print` says.
    pub(crate) at: Option<(usize, Span)>,
}

/// How much an evaluation may still do.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: Cell<u64>,
    bytes: Cell<usize>,
}

/// Why a built-in function has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BuiltinError {
    /// An argument is of the wrong type: `eval_type_error`. Undefined, unless errors are strict.
    Type(String),
    /// Anything else that is wrong: `eval_builtin_error`. Undefined, unless errors are strict.
    Failed(String),
    /// The evaluation ends with this error, whatever the mode: a budget is spent, or something is
    /// asked for that may not be.
    Halt(String),
    /// There is no value and no error, such as the maximum of nothing: undefined in every mode.
    Undefined,
}

impl Budget {
    pub(crate) fn new(steps: u64, bytes: usize) -> Self {
        Self { steps: Cell::new(steps), bytes: Cell::new(bytes) }
    }

    /// Takes `count` steps; false where they are not left, and from then on.
    pub(crate) fn step(&self, count: u64) -> bool {
        let left = self.steps.get().checked_sub(count);
        self.steps.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Takes `count` bytes of made values; false where they are not left, and from then on.
    pub(crate) fn make(&self, count: usize) -> bool {
        let left = self.bytes.get().checked_sub(count);
        self.bytes.set(left.unwrap_or_default());
        left.is_some()
    }

    /// How many bytes may still be made.
    pub(crate) fn bytes_left(&self) -> usize {
        self.bytes.get()
    }
}

impl<'v> Host<'_, 'v> {
    /// Pays for so much work before it is done: a step is about one item looked at.
    pub(crate) fn step(&self, count: usize) -> Result<(), BuiltinError> {
        match self.budget.step(count as u64) {
            true => Ok(()),
            false => Err(BuiltinError::Halt("the evaluation takes too many steps".to_owned())),
        }
    }

    /// Pays for so many bytes before they are made.
    pub(crate) fn make(&self, bytes: usize) -> Result<(), BuiltinError> {
        match self.budget.make(bytes) {
            true => Ok(()),
            false => Err(self.too_much_data()),
        }
    }

    /// The error of an evaluation whose bytes are spent.
    pub(crate) fn too_much_data(&self) -> BuiltinError {
        BuiltinError::Halt("the evaluation makes too much data".to_owned())
    }

    /// Pays for so many values before they are made.
    pub(crate) fn make_values(&self, count: usize) -> Result<(), BuiltinError> {
        self.step(count)?;
        self.make(count.saturating_mul(size_of::<Value<'_>>()))
    }

    /// A text that was made, once it is paid for.
    pub(crate) fn text(&self, text: String) -> Result<Value<'v>, BuiltinError> {
        self.make(text.len())?;
        Ok(Value::from(text))
    }

    /// Keeps a tree, to be read in place.
    pub(crate) fn keep(&self, tree: Tree) -> Node<'v> {
        self.arena.alloc(tree).root()
    }
}
