//! What is wrong with a text of Rego, for people.

use std::sync::Arc;

use crate::rego;
use crate::source::{LineColumn, Span};

/// Why policies do not compile: code and words are OPA's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Such as `rego_parse_error`.
    pub code: &'static str,
    /// What was expected and what was found.
    pub message: String,
    /// The place in its text.
    pub span: Span,
    /// The same as lines and columns, in bytes as OPA counts them.
    pub place: LineColumn,
}

impl Problem {
    pub(super) fn of(problem: rego::Problem, sources: &[rego::Source]) -> Self {
        let source = sources.iter().find(|source| source.name == problem.source);
        let text = source.map_or("", |source| &source.text);
        Self {
            code: problem.code,
            message: problem.message,
            place: LineColumn { line: problem.span.line(text), column: problem.span.column(text) },
            span: Span {
                source: Arc::clone(&problem.source),
                start: problem.span.start as usize,
                end: problem.span.end as usize,
            },
        }
    }
}

/// As OPA shows an error of a module.
impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, message, span, place } = self;
        // Some messages begin with a code of their own.
        let code = if message.starts_with("rego_") { String::new() } else { format!("{code}: ") };
        write!(formatter, "{}:{}: {code}{message}", span.source, place.line)
    }
}

impl std::error::Error for Problem {}
