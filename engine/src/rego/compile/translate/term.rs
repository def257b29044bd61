//! Terms: calls in them become expressions of their own.

use std::sync::Arc;

use super::super::super::syntax::ast::{self, ExpressionKind, TemplatePart};
use super::super::super::syntax::{MAX_DEPTH, Span};
use super::super::core::{Expression, Function, Head, Kind, Term, TermKind};
use super::Translator;
use crate::tree::Tree;

impl Translator<'_> {
    /// A term; calls in it go to `support`.
    pub(super) fn term(&mut self, term: &ast::Term, support: &mut Vec<Expression>) -> Term {
        let span = term.span;
        let kind = match &term.kind {
            ast::TermKind::Null => TermKind::Null,
            ast::TermKind::Bool(value) => TermKind::Bool(*value),
            ast::TermKind::Number(digits) => TermKind::Number(digits.clone()),
            ast::TermKind::String(text) => TermKind::String(text.clone()),
            ast::TermKind::Wildcard => TermKind::Variable(self.scopes.fresh("_")),
            ast::TermKind::Variable(name) => self.name(name, span),
            ast::TermKind::Reference(..) => return self.reference(term, support),
            ast::TermKind::Call(name, arguments) => {
                if let Some(known) = self.metadata(name, arguments.len()) {
                    return Term { kind: TermKind::Constant(known), span };
                }
                let arguments: Vec<_> =
                    arguments.iter().map(|argument| self.term(argument, support)).collect();
                let Some(function) = self.function(name, span) else {
                    return Term { kind: TermKind::Null, span };
                };
                return self.output(function, arguments, span, support);
            }
            ast::TermKind::Template(parts) => {
                let parts = parts.iter().map(|part| match part {
                    TemplatePart::Text(text) => Term { kind: TermKind::String(text.clone()), span },
                    TemplatePart::Expression(expression) => match &expression.kind {
                        ExpressionKind::Term(term) => self.optional(term, &expression.with),
                        _ => Term { kind: TermKind::Null, span },
                    },
                });
                let parts = Term { kind: TermKind::Array(parts.collect()), span };
                return self.output(Function::Template, vec![parts], span, support);
            }
            ast::TermKind::Array(items) => {
                TermKind::Array(items.iter().map(|item| self.term(item, support)).collect())
            }
            ast::TermKind::Set(items) => {
                TermKind::Set(items.iter().map(|item| self.term(item, support)).collect())
            }
            ast::TermKind::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (self.term(key, support), self.term(value, support)));
                TermKind::Object(entries.collect())
            }
            ast::TermKind::ArrayComprehension(term, body) => {
                let (mut terms, body) = self.comprehension([term], body);
                TermKind::ArrayComprehension(Box::new(terms.remove(0)), body)
            }
            ast::TermKind::SetComprehension(term, body) => {
                let (mut terms, body) = self.comprehension([term], body);
                TermKind::SetComprehension(Box::new(terms.remove(0)), body)
            }
            ast::TermKind::ObjectComprehension(key, value, body) => {
                let (mut terms, body) = self.comprehension([key, value], body);
                let value = terms.remove(1);
                TermKind::ObjectComprehension(Box::new(terms.remove(0)), Box::new(value), body)
            }
        };
        Term { kind, span }
    }

    /// What annotations say of the rule, where that is asked for.
    pub(super) fn metadata(&self, name: &[Box<str>], arguments: usize) -> Option<Arc<Tree>> {
        let [rego, metadata, what] = name else { return None };
        if (&**rego, &**metadata, arguments) != ("rego", "metadata", 0) {
            return None;
        }
        match &**what {
            "chain" => Some(Arc::clone(&self.metadata.chain)),
            "rule" => Some(Arc::clone(&self.metadata.rule)),
            _ => None,
        }
    }

    pub(super) fn comprehension<const N: usize>(
        &mut self,
        terms: [&ast::Term; N],
        body: &ast::Body,
    ) -> (Vec<Term>, Vec<Expression>) {
        self.scopes.open();
        let mut body = self.body(body);
        let mut support = Vec::new();
        let terms = terms.into_iter().map(|term| self.valued(term, &mut support)).collect();
        body.append(&mut support);
        self.close();
        (terms, body)
    }

    /// The value of a call.
    pub(super) fn output(
        &mut self,
        function: Function,
        arguments: Vec<Term>,
        span: Span,
        support: &mut Vec<Expression>,
    ) -> Term {
        let output = Term::variable(self.scopes.fresh("_"), span);
        let kind = Kind::Call { function, arguments, output: Some(output.clone()) };
        let expression =
            Expression { kind, negated: false, with: Vec::new(), span, assigns: false };
        support.push(expression);
        output
    }

    /// A variable that has the value of a term.
    pub(super) fn named(&mut self, term: Term, span: Span, support: &mut Vec<Expression>) -> Term {
        if matches!(term.kind, TermKind::Variable(_)) {
            return term;
        }
        let variable = Term::variable(self.scopes.fresh("_"), span);
        support.push(unify(variable.clone(), term, span));
        variable
    }

    pub(super) fn name(&mut self, name: &str, span: Span) -> TermKind {
        if let Some(variable) = self.scopes.find(name) {
            return TermKind::Variable(variable);
        }
        match self.resolved(&[name.into()]) {
            Some(path) => rooted(&path, span),
            None => TermKind::Variable(self.scopes.implicit(name)),
        }
    }

    pub(super) fn reference(&mut self, term: &ast::Term, support: &mut Vec<Expression>) -> Term {
        let ast::TermKind::Reference(head, keys) = &term.kind else {
            return Term { kind: TermKind::Null, span: term.span };
        };
        let (start, mut all) = match self.place(head, support) {
            TermKind::Reference(start, keys) => (start, keys),
            TermKind::Variable(variable) => (Head::Variable(variable), Vec::new()),
            kind => {
                let head = Term { kind, span: head.span };
                let named = self.named(head, term.span, support);
                match named.kind {
                    TermKind::Variable(variable) => (Head::Variable(variable), Vec::new()),
                    kind => return Term { kind, span: term.span },
                }
            }
        };
        for key in keys {
            all.push(self.term(key, support));
        }
        if all.len() > MAX_DEPTH * 4 {
            self.fault(term.span, "the reference is too long");
        }
        Term { kind: TermKind::Reference(start, all), span: term.span }
    }

    pub(super) fn place(&mut self, head: &ast::Term, support: &mut Vec<Expression>) -> TermKind {
        self.term(head, support).kind
    }

    /// What a collection is referred to by.
    pub(super) fn head(&mut self, collection: &ast::Term, support: &mut Vec<Expression>) -> Head {
        let term = self.term(collection, support);
        match self.named(term, collection.span, support).kind {
            TermKind::Variable(variable) => Head::Variable(variable),
            _ => Head::Input,
        }
    }
}

/// A reference from `input` or `data`.
fn rooted(path: &[Box<str>], span: Span) -> TermKind {
    let head = match path.first().map(AsRef::as_ref) {
        Some("input") => Head::Input,
        _ => Head::Data,
    };
    let keys = path.iter().skip(1);
    let keys = keys.map(|key| Term { kind: TermKind::String(key.clone()), span });
    TermKind::Reference(head, keys.collect())
}

pub(super) fn unify(left: Term, right: Term, span: Span) -> Expression {
    let kind = Kind::Unify(left, right);
    Expression { kind, negated: false, with: Vec::new(), span, assigns: false }
}

/// Whether a term has a value as it stands.
pub(super) fn is_plain(term: &Term) -> bool {
    match &term.kind {
        TermKind::Reference(..) => false,
        TermKind::Array(items) | TermKind::Set(items) => items.iter().all(is_plain),
        TermKind::Object(entries) => {
            entries.iter().all(|(key, value)| is_plain(key) && is_plain(value))
        }
        TermKind::ArrayComprehension(..)
        | TermKind::SetComprehension(..)
        | TermKind::ObjectComprehension(..) => false,
        _ => true,
    }
}
