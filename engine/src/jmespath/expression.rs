//! The parts of a parsed expression.

use std::sync::{Arc, OnceLock};

use super::functions::Function;
use crate::scalar::regex::{Regex, RegexError};
use crate::tree::Tree;

/// A part of an expression.
///
/// Chains (`a.b.c`, `a || b || c`) are held flat, so that depth grows with brackets only.
#[derive(Debug)]
pub(super) enum Part {
    /// `@`, or the place where nothing more is asked.
    Current,
    Field(Box<str>),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// JSON between backticks.
    Literal(Tree),
    Text(Box<str>),
    /// Each part is applied to what the former gave; a missing key ends it.
    Path(Vec<Self>),
    /// Each part is applied to what the former gave; a missing key gives null.
    Pipe(Vec<Self>),
    Or(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    Call(Box<Call>),
    /// `&expression`, an argument of functions such as `sort_by()`.
    Reference(Box<Self>),
    List(Box<[Self]>),
    Map(Box<[(Box<str>, Self)]>),
    Flatten(Box<Self>),
    /// Each item of the left, if that is a list, through the right.
    Project(Box<Self>, Box<Self>),
    /// Each value of the left, if that is a map, through the right.
    ProjectValues(Box<Self>, Box<Self>),
    /// Each item of the left for which the condition holds, through the right.
    Filter {
        left: Box<Self>,
        right: Box<Self>,
        condition: Box<Self>,
    },
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A function and its arguments.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Box<str>,
    /// None where no such function exists, which is an error when it is called, as upstream.
    pub(super) function: Option<&'static Function>,
    pub(super) arguments: Box<[Part]>,
    /// The first argument as a regular expression, once it was called for.
    regex: OnceLock<Result<Arc<Regex>, RegexError>>,
}

impl Call {
    pub(super) fn new(
        name: Box<str>,
        function: Option<&'static Function>,
        arguments: Box<[Part]>,
    ) -> Self {
        Self { name, function, arguments, regex: OnceLock::new() }
    }

    /// The first argument as a regular expression, where it is a text in the expression. The
    /// first call compiles it: most expressions are never evaluated.
    pub(super) fn regex(&self) -> Option<Result<Arc<Regex>, RegexError>> {
        let Some(Part::Text(pattern)) = self.arguments.first() else { return None };
        Some(self.regex.get_or_init(|| Regex::compile(pattern).map(Arc::new)).clone())
    }
}

impl Part {
    /// Whether upstream's value is a Go `int` here, which equals no number and has no order.
    pub(super) fn is_go_int(&self) -> bool {
        match self {
            Self::Call(call) => &*call.name == "compare",
            Self::Path(parts) | Self::Pipe(parts) => parts.last().is_some_and(Self::is_go_int),
            _ => false,
        }
    }
}
