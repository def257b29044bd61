//! Reads Rego: texts to modules, with the place of every part.
//!
//! The grammar is that of OPA's `v1/ast/parser.go`, both of Rego v0 and v1. Reading is bounded:
//! nothing nests deeper than [`MAX_DEPTH`], and no text is read more often than a few times.

pub(crate) mod annotations;
pub(crate) mod ast;
mod lexer;
mod parser;

use std::sync::Arc;

use ast::Module;

/// How deep terms and bodies may nest: far beyond what people write, and safe for every stack.
pub(crate) const MAX_DEPTH: usize = 100;

/// Longer texts are refused.
const TEXT_LIMIT: usize = 4 << 20;

/// Which Rego a text is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    V0,
    #[default]
    V1,
}

/// A text of Rego and its name.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) version: Version,
}

/// The bytes of a part of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Why a module is none, in OPA's codes and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Such as `rego_parse_error`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The name of the text.
    pub(crate) source: Arc<str>,
    pub(crate) span: Span,
}

impl Span {
    pub(crate) fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end.max(self.end) }
    }

    pub(crate) fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The line it begins in, from 1.
    pub(crate) fn line(self, text: &str) -> usize {
        let before = text.as_bytes().get(..self.start as usize).unwrap_or_default();
        memchr::memchr_iter(b'\n', before).count() + 1
    }

    /// The byte of its line it begins at, from 1, as OPA counts columns.
    pub(crate) fn column(self, text: &str) -> usize {
        let before = text.as_bytes().get(..self.start as usize).unwrap_or_default();
        before.len() - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1
    }
}

/// Reads a module.
pub(crate) fn parse(source: &Source) -> Result<Module, Problem> {
    if source.text.len() > TEXT_LIMIT {
        return Err(Problem {
            code: "rego_parse_error",
            message: format!("a module may have at most {TEXT_LIMIT} bytes"),
            source: Arc::clone(&source.name),
            span: Span::default(),
        });
    }
    let tokens = lexer::tokens(&source.text).map_err(|problem| problem.named(source))?;
    parser::module(source, tokens).map_err(|problem| problem.named(source))
}

/// The paths below a document, `data` or `input`, that a text names, each with its place; none
/// where nothing follows the document's name.
pub(crate) fn paths_below(root: &str, text: &str) -> Vec<(Vec<Box<str>>, Span)> {
    let Ok(tokens) = lexer::tokens(text) else { return Vec::new() };
    let word = |token: &lexer::Token| token.span.text(text);
    let mut paths = Vec::new();
    let mut rest = tokens.tokens.as_slice();
    let mut after_dot = false;
    while let Some((token, following)) = rest.split_first() {
        rest = following;
        let is_root = token.kind == lexer::Kind::Word && word(token) == root && !after_dot;
        after_dot = token.kind == lexer::Kind::Dot;
        if !is_root {
            continue;
        }
        let (mut path, mut span) = (Vec::new(), token.span);
        while let [dot, name, following @ ..] = rest {
            if dot.kind != lexer::Kind::Dot || name.kind != lexer::Kind::Word {
                break;
            }
            path.push(word(name).into());
            span = span.to(name.span);
            rest = following;
        }
        if !path.is_empty() {
            paths.push((path, span));
        }
    }
    paths
}

/// A problem in a text whose name is known elsewhere.
#[derive(Clone, Debug)]
struct Misread {
    message: String,
    span: Span,
    /// Whether reading it in another way is of no use: a bound is reached.
    is_final: bool,
}

impl Misread {
    fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span, is_final: false }
    }

    /// Of two ways to read a text that both fail, the one that went further.
    fn or(self, other: Self) -> Self {
        if other.span.start > self.span.start || other.is_final { other } else { self }
    }

    fn named(self, source: &Source) -> Problem {
        Problem {
            code: "rego_parse_error",
            message: self.message,
            source: Arc::clone(&source.name),
            span: self.span,
        }
    }
}

#[cfg(test)]
mod tests;
