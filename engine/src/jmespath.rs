//! JMESPath with the functions and the not-found rules of Kyverno.
//!
//! The semantics are those of `github.com/kyverno/go-jmespath` and of Kyverno's
//! `pkg/engine/jmespath`: a missing key is an error that paths pass on and most other parts turn
//! into null. Values are read in place; work and made bytes are bounded by a [`Budget`].

mod arena;
mod budget;
mod evaluate;
mod expression;
mod functions;
pub(crate) mod json;
mod lexer;
mod parser;
mod trace;

pub use arena::Arena;
pub use budget::Budget;
pub use trace::Trace;

use std::sync::{Arc, OnceLock};

use crate::facts::{FactError, FactKey, Facts};
use crate::scalar::regex::Regexes;
use crate::tree::Tree;
use crate::value::Value;

/// The longest text of an expression; upstream has no limit.
const TEXT_LIMIT: usize = 64 * 1024;

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    text: Box<str>,
    root: expression::Part,
    functions: Vec<Box<str>>,
    needs: OnceLock<Needs>,
    /// Regular expressions that outlive this expression, where it was put together.
    regexes: Option<Arc<Regexes>>,
}

/// What an expression needs of the document beyond what is always there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// More of the request than its usual parts.
    pub(crate) whole_request: bool,
    /// The variable `images`.
    pub(crate) images: bool,
}

impl Expression {
    /// Compiles `text`.
    ///
    /// Unknown functions are an error only when they are called, as upstream;
    /// [`Expression::functions`] lets a compiler find them.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > TEXT_LIMIT {
            let message = format!("expression is longer than {TEXT_LIMIT} bytes");
            return Err(ParseError::new(message, 0));
        }
        let (root, functions) = parser::parse(text)?;
        let needs = OnceLock::new();
        Ok(Self { text: text.into(), root, functions, needs, regexes: None })
    }

    /// The same, with regular expressions that others like it have compiled.
    pub(crate) fn with_regexes(self, regexes: Option<Arc<Regexes>>) -> Self {
        Self { regexes, ..self }
    }

    /// What it needs, found out when it is evaluated first.
    pub(crate) fn needs(&self, find_out: impl FnOnce(&Self) -> Needs) -> Needs {
        *self.needs.get_or_init(|| find_out(self))
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the functions it calls, in order, with repetitions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|name| &**name)
    }

    /// Whether there is a function of this name.
    pub fn is_function(name: &str) -> bool {
        functions::find(name).is_some()
    }

    /// The names of all functions, sorted.
    pub fn function_names() -> Vec<&'static str> {
        functions::names()
    }

    /// Whether it may read more of the data than what stands at other keys than `name`, and what
    /// stands under `name` at one of `keys`.
    pub(crate) fn reads_beyond(&self, name: &str, keys: &[&str]) -> bool {
        self.root.reads_beyond(name, keys)
    }

    /// Evaluates over `data`.
    pub fn search<'t>(
        &'t self,
        data: &Value<'t>,
        scope: &Scope<'t, '_>,
    ) -> Result<Value<'t>, SearchError> {
        evaluate::search(&self.root, self.regexes.as_deref(), data, scope)
    }
}

/// What an evaluation may use.
#[derive(Clone, Copy)]
pub struct Scope<'t, 'e> {
    /// Keeps what functions such as `parse_json()` make.
    pub arena: &'t Arena,
    /// The time that `time_now()` answers.
    pub now: jiff::Timestamp,
    /// What `random()` is random by: equal seeds give equal texts.
    pub seed: u64,
    /// How much may be done; shared by all searches of one evaluation.
    pub budget: &'e Budget,
    /// Who knows about the world, for `is_external_url()`.
    pub facts: &'e dyn FactSource,
    /// Is told what is read, if given.
    pub trace: Option<&'e Trace<'e>>,
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Scope(now {}, {:?})", self.now, self.budget)
    }
}

/// Answers questions about the world.
pub trait FactSource {
    /// The answer, or none where it was never asked for, which a caller may then do.
    fn fact(&self, key: &FactKey) -> Option<Result<Arc<Tree>, FactError>>;
}

impl FactSource for Facts {
    fn fact(&self, key: &FactKey) -> Option<Result<Arc<Tree>, FactError>> {
        self.get(key).cloned()
    }
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// As upstream words it.
    pub message: String,
    /// The byte of the text where it was noticed.
    pub offset: usize,
}

impl ParseError {
    fn new(message: String, offset: usize) -> Self {
        Self { message, offset }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchError {
    /// A key that a map does not have; callers may put a default in its place.
    NotFound(Box<str>),
    /// Anything else, as upstream words it.
    Failed(Box<str>),
    /// The evaluation did more than its budget allows.
    Budget,
    /// A fact is needed that nobody has asked for yet.
    Missing(Box<FactKey>),
}

impl std::fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound(key) => write!(formatter, "Unknown key \"{key}\" in path"),
            Self::Failed(message) => formatter.write_str(message),
            Self::Budget => formatter.write_str("the evaluation takes too many steps or bytes"),
            Self::Missing(key) => write!(formatter, "not known: {key}"),
        }
    }
}

impl std::error::Error for SearchError {}

#[cfg(test)]
mod tests;
