//! Rego as OPA evaluates it: front end, compiler and evaluator over the engine's own trees.
//!
//! Semantics are those of OPA 1.19 (`v1/ast`, `v1/topdown`). A module is read with its places,
//! checked and lowered once; evaluation reads the request's trees in place, remembers what it
//! read, and stops within bounds.

mod builtins;
mod compile;
mod evaluate;
mod host;
mod number;
pub(crate) mod outside;
mod places;
mod program;
mod query;
mod syntax;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use compile::{Limits, compile};
pub(crate) use evaluate::testing::{Test, Tested, Verdict};
pub(crate) use evaluate::{Asked, Covered, EvaluationError, Member};
pub(crate) use host::{Budget, BuiltinError, Host, Note};
pub(crate) use number::Number;
pub(crate) use places::ReadPlaces;
pub(crate) use program::{Program, RuleKind};
pub use query::{Query, QueryError};
pub(crate) use syntax::annotations::{Scope as AnnotationScope, annotations};
pub(crate) use syntax::{Problem, Source, Span, Version, ast, parse, paths_below};
pub(crate) use value::{Notation, Value};
