//! Rules between reading and lowering: names are resolved, calls stand by themselves.
//!
//! As OPA's compiler does after `rewriteLocalVars` and `rewriteExprTerms` in `v1/ast/compile.go`:
//! a call inside a term is an expression of its own before the one that uses it.

use std::sync::Arc;

use super::super::builtins::Builtin;
use super::super::syntax::Span;
use crate::tree::Tree;

/// A variable of one definition: also its place in the frame.
pub(crate) type Variable = u32;

/// One expression of a body.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    pub(super) negated: bool,
    pub(super) with: Vec<With>,
    pub(super) span: Span,
    /// Whether the left side was assigned to: its variables are made by the right side alone.
    pub(super) assigns: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Term(Term),
    Unify(Term, Term),
    Call { function: Function, arguments: Vec<Term>, output: Option<Term> },
    Every { key: Variable, value: Variable, domain: Term, body: Vec<Expression> },
    Not(Vec<Expression>),
}

#[derive(Clone, Debug)]
pub(super) struct With {
    pub(super) target: Target,
    pub(super) value: Term,
    /// The built-in function that is called instead.
    pub(super) callee: Option<&'static Builtin>,
}

/// What `with` replaces.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Input(Vec<Box<str>>),
    Data(Vec<Box<str>>),
    Builtin(&'static Builtin),
}

#[derive(Clone, Debug)]
pub(super) enum Function {
    Builtin(&'static Builtin),
    /// The path below `data`.
    Rule(Vec<Box<str>>),
    Print,
    /// Texts and sets of at most one value in turn.
    Template,
}

#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) kind: TermKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum TermKind {
    Null,
    Bool(bool),
    Number(Box<str>),
    String(Box<str>),
    Variable(Variable),
    Reference(Head, Vec<Term>),
    Array(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Set(Vec<Term>),
    ArrayComprehension(Box<Term>, Vec<Expression>),
    SetComprehension(Box<Term>, Vec<Expression>),
    ObjectComprehension(Box<Term>, Box<Term>, Vec<Expression>),
    /// A document that is known when modules are compiled.
    Constant(Arc<Tree>),
}

/// Where a reference begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Input,
    Data,
    Variable(Variable),
}

/// One definition of a rule, before its path is known to be one with others.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// The path below `data` of what is constant in the head.
    pub(super) path: Vec<Box<str>>,
    /// The keys that follow.
    pub(super) keys: Vec<Term>,
    pub(super) parameters: Option<Vec<Term>>,
    pub(super) member: Option<Term>,
    pub(super) value: Term,
    pub(super) is_default: bool,
    pub(super) body: Vec<Expression>,
    pub(super) otherwise: Vec<(Term, Vec<Expression>, Span)>,
    /// The names of variables, as they are written; `_` for those without.
    pub(super) names: Vec<Box<str>>,
    pub(super) span: Span,
    pub(super) head: Span,
    /// The number of the module.
    pub(super) module: usize,
}

impl Term {
    pub(super) fn variable(variable: Variable, span: Span) -> Self {
        Self { kind: TermKind::Variable(variable), span }
    }

    /// The text, where this is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            TermKind::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Which variables a walk is to see.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    /// Not those inside comprehensions.
    pub(super) skip_closures: bool,
    /// Not those in sets and keys of objects, which nothing can be unified with.
    pub(super) skip_unmatchable: bool,
    /// Not those that references begin with.
    pub(super) skip_heads: bool,
}

impl Walk {
    pub(super) fn term(self, term: &Term, found: &mut impl FnMut(Variable)) {
        match &term.kind {
            TermKind::Variable(variable) => found(*variable),
            TermKind::Reference(head, keys) => {
                if let Head::Variable(variable) = head
                    && !self.skip_heads
                {
                    found(*variable);
                }
                keys.iter().for_each(|key| self.term(key, found));
            }
            TermKind::Array(items) => items.iter().for_each(|item| self.term(item, found)),
            TermKind::Set(items) if !self.skip_unmatchable => {
                items.iter().for_each(|item| self.term(item, found));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    if !self.skip_unmatchable {
                        self.term(key, found);
                    }
                    self.term(value, found);
                }
            }
            TermKind::ArrayComprehension(term, body) | TermKind::SetComprehension(term, body)
                if !self.skip_closures =>
            {
                self.term(term, found);
                self.body(body, found);
            }
            TermKind::ObjectComprehension(key, value, body) if !self.skip_closures => {
                self.term(key, found);
                self.term(value, found);
                self.body(body, found);
            }
            _ => {}
        }
    }

    pub(super) fn body(self, body: &[Expression], found: &mut impl FnMut(Variable)) {
        body.iter().for_each(|expression| self.expression(expression, found));
    }

    pub(super) fn expression(self, expression: &Expression, found: &mut impl FnMut(Variable)) {
        match &expression.kind {
            Kind::Term(term) => self.term(term, found),
            Kind::Unify(left, right) => {
                self.term(left, found);
                self.term(right, found);
            }
            Kind::Call { arguments, output, .. } => {
                arguments.iter().chain(output).for_each(|term| self.term(term, found));
            }
            Kind::Every { key, value, domain, body } => {
                self.term(domain, found);
                if !self.skip_closures {
                    found(*key);
                    found(*value);
                    self.body(body, found);
                }
            }
            Kind::Not(body) => {
                if !self.skip_closures {
                    self.body(body, found);
                }
            }
        }
        expression.with.iter().for_each(|with| self.term(&with.value, found));
    }
}
