//! Resolves names and takes calls out of terms: modules to definitions.

mod names;
mod scope;
mod term;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use self::scope::{How, Scopes};
use self::term::{is_plain, unify};
use super::super::syntax::Span;
use super::super::syntax::ast::{self, ExpressionKind, Module};
use super::core::{Definition, Expression, Function, Kind, Term, TermKind, Variable, With};
use super::metadata::{Annotations, Metadata};
use super::{Fault, Limits};

/// What names mean in one module.
pub(super) struct Names<'m> {
    /// The package's path below `data`.
    pub(super) package: &'m [Box<str>],
    /// Imported names and the paths they stand for, from `input` or `data`.
    pub(super) imports: BTreeMap<&'m str, &'m [Box<str>]>,
    /// Imported names that were used.
    pub(super) used: RefCell<BTreeSet<Box<str>>>,
    /// Whether what v1 forbids is forbidden.
    pub(super) is_v1: bool,
    /// The first names of all rules of the package.
    pub(super) rules: &'m BTreeSet<Box<str>>,
}

struct Translator<'m> {
    names: &'m Names<'m>,
    limits: &'m Limits,
    scopes: Scopes,
    metadata: Metadata,
    faults: Vec<Fault>,
}

/// Translates a module's rules; what is wrong is collected.
pub(super) fn rules(
    module: &Module,
    number: usize,
    names: &Names<'_>,
    limits: &Limits,
    annotations: &Annotations,
) -> (Vec<Definition>, Vec<Fault>) {
    let (mut definitions, mut faults) = (Vec::new(), Vec::new());
    for (index, rule) in module.rules.iter().enumerate() {
        let metadata = annotations.of(number, index);
        let scopes = Scopes::default();
        let mut translator = Translator { names, limits, scopes, metadata, faults: Vec::new() };
        let definition = translator.rule(rule, number);
        faults.append(&mut translator.faults);
        definitions.push(definition);
    }
    (definitions, faults)
}

impl Translator<'_> {
    fn fault(&mut self, span: Span, message: impl Into<String>) {
        self.faults.push(Fault::compile(span, message));
    }

    fn rule(&mut self, rule: &ast::Rule, module: usize) -> Definition {
        let head = &rule.head;
        let mut path = self.names.package.to_vec();
        path.push(head.name.clone());
        // What is constant belongs to the path.
        let constant =
            head.keys.iter().take_while(|key| matches!(key.kind, ast::TermKind::String(_)));
        let constant = constant.count();
        for key in head.keys.iter().take(constant) {
            if let ast::TermKind::String(text) = &key.kind {
                path.push(text.clone());
            }
        }
        let mut support = Vec::new();
        let parameters = head.parameters.as_ref().map(|parameters| {
            parameters.iter().map(|term| self.parameter(term)).collect::<Vec<_>>()
        });
        self.scopes.open();
        let body = self.body(&rule.body);
        let keys: Vec<_> =
            head.keys.iter().skip(constant).map(|key| self.valued(key, &mut support)).collect();
        let member = head.member.as_ref().map(|member| self.valued(member, &mut support));
        let value = self.value(head.value.as_ref(), head.span, &mut support);
        let body = appended(body, support);
        self.close();
        let otherwise = rule
            .otherwise
            .iter()
            .map(|otherwise| {
                self.scopes.open();
                let body = self.body(&otherwise.body);
                let mut support = Vec::new();
                let value = self.value(otherwise.value.as_ref(), otherwise.span, &mut support);
                self.close();
                (value, appended(body, support), otherwise.span)
            })
            .collect();
        self.close();
        Definition {
            path,
            keys,
            parameters,
            member,
            value,
            is_default: rule.is_default,
            body,
            otherwise,
            names: self.scopes.names(),
            span: rule.span,
            head: head.span,
            module,
        }
    }

    /// Closes a body, and says what it declares in vain.
    fn close(&mut self) {
        for unused in self.scopes.close() {
            let name = &unused.name;
            let message = match unused.how {
                How::Declared => format!("declared var {name} unused"),
                How::Assigned if self.limits.is_strict => format!("assigned var {name} unused"),
                How::Parameter if self.limits.is_strict => {
                    format!("unused argument {name}. (hint: use _ (wildcard variable) instead)")
                }
                _ => continue,
            };
            self.fault(unused.span, message);
        }
    }

    fn value(
        &mut self,
        value: Option<&ast::Term>,
        span: Span,
        support: &mut Vec<Expression>,
    ) -> Term {
        match value {
            Some(value) => self.valued(value, support),
            None => Term { kind: TermKind::Bool(true), span },
        }
    }

    /// A term that has a value as it stands: what has to be evaluated is, with the body.
    fn valued(&mut self, term: &ast::Term, support: &mut Vec<Expression>) -> Term {
        let span = term.span;
        let term = self.term(term, support);
        match is_plain(&term) {
            true => term,
            false => self.named(term, span, support),
        }
    }

    /// A parameter of a function: its variables are declared.
    fn parameter(&mut self, term: &ast::Term) -> Term {
        let kind = match &term.kind {
            ast::TermKind::Variable(name) => match self.scopes.declared_here(name) {
                Some(known) => TermKind::Variable(known),
                None => TermKind::Variable(self.declare(name, term.span, How::Parameter)),
            },
            ast::TermKind::Array(items) => {
                TermKind::Array(items.iter().map(|item| self.parameter(item)).collect())
            }
            ast::TermKind::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = self.term(key, &mut Vec::new());
                    (key, self.parameter(value))
                });
                TermKind::Object(entries.collect())
            }
            ast::TermKind::Call(..) => {
                self.fault(term.span, "rule arguments cannot contain calls");
                TermKind::Null
            }
            _ => return self.term(term, &mut Vec::new()),
        };
        Term { kind, span: term.span }
    }

    fn declare(&mut self, name: &str, span: Span, how: How) -> Variable {
        if matches!(name, "input" | "data") && (self.names.is_v1 || self.limits.is_strict) {
            let message =
                format!("variables must not shadow {name} (use a different variable name)");
            self.fault(span, message);
        }
        match self.scopes.declare(name, how, span) {
            Ok(variable) => variable,
            Err(message) => {
                self.fault(span, message);
                self.scopes.fresh(name)
            }
        }
    }

    /// A body in a scope that is open already.
    fn body(&mut self, body: &ast::Body) -> Vec<Expression> {
        let mut translated = Vec::with_capacity(body.len());
        for expression in body {
            self.expression(expression, &mut translated);
        }
        translated
    }

    fn expression(&mut self, written: &ast::Expression, body: &mut Vec<Expression>) {
        let mut support = Vec::new();
        let mut with_support = Vec::new();
        let with: Vec<With> =
            written.with.iter().filter_map(|with| self.with(with, &mut with_support)).collect();
        let mut negated = false;
        let mut assigns = false;
        let mut written_kind = &written.kind;
        if let ExpressionKind::Not(inner) = written_kind {
            negated = true;
            written_kind = &inner.kind;
        }
        let kind = match written_kind {
            ExpressionKind::Declare(names) => {
                for (name, span) in names {
                    self.declare(name, *span, How::Declared);
                }
                return;
            }
            ExpressionKind::Not(_) => return,
            ExpressionKind::Term(term) => self.statement(term, &mut support),
            ExpressionKind::Unify(left, right) => {
                Kind::Unify(self.term(left, &mut support), self.term(right, &mut support))
            }
            ExpressionKind::Assign(left, right) => {
                assigns = true;
                let right = self.term(right, &mut support);
                Kind::Unify(self.assigned(left), right)
            }
            ExpressionKind::NotBody(inner) => {
                self.scopes.open();
                let inner = self.body(inner);
                self.close();
                Kind::Not(inner)
            }
            ExpressionKind::SomeIn { key, value, collection } => {
                let collection = self.head(collection, &mut support);
                let value = self.declared(value);
                let key = match key {
                    Some(key) => self.declared(key),
                    None => Term::variable(self.scopes.fresh("_"), written.span),
                };
                let item = TermKind::Reference(collection, vec![key]);
                Kind::Unify(value, Term { kind: item, span: written.span })
            }
            ExpressionKind::Every { key, value, collection, body } => {
                let collection_span = collection.span;
                let domain = self.term(collection, &mut support);
                let domain = self.named(domain, collection_span, &mut support);
                self.scopes.open();
                let mut variable = |name: &str| match name {
                    "_" => self.scopes.fresh("_"),
                    name => self.declare(name, written.span, How::Iterated),
                };
                let key = variable(key.as_deref().unwrap_or("_"));
                let value = variable(value);
                let body = self.body(body);
                self.close();
                Kind::Every { key, value, domain, body }
            }
        };
        body.append(&mut with_support);
        for mut made in support {
            // What was taken out is evaluated under the same modifiers.
            made.with.extend(with.iter().cloned());
            body.push(made);
        }
        body.push(Expression { kind, negated, with, span: written.span, assigns });
    }

    /// A term that stands alone: a call is tested for its value.
    fn statement(&mut self, term: &ast::Term, support: &mut Vec<Expression>) -> Kind {
        let ast::TermKind::Call(name, arguments) = &term.kind else {
            return Kind::Term(self.term(term, support));
        };
        if name.len() == 1 && name.iter().all(|part| &**part == "print") && !self.is_function(name)
        {
            return self.print(arguments, term.span);
        }
        let arguments: Vec<_> =
            arguments.iter().map(|argument| self.term(argument, support)).collect();
        match self.function(name, term.span) {
            Some(function) => Kind::Call { function, arguments, output: None },
            None => Kind::Term(Term { kind: TermKind::Null, span: term.span }),
        }
    }

    /// Each argument is a set of at most one value: what is undefined is printed as such.
    fn print(&mut self, arguments: &[ast::Term], span: Span) -> Kind {
        let arguments = arguments.iter().map(|argument| self.optional(argument, &[])).collect();
        let items = Term { kind: TermKind::Array(arguments), span };
        Kind::Call { function: Function::Print, arguments: vec![items], output: None }
    }

    /// The set of the values of a term: none where it is undefined.
    fn optional(&mut self, term: &ast::Term, with: &[ast::With]) -> Term {
        self.scopes.open();
        let mut body = Vec::new();
        let with: Vec<With> = with.iter().filter_map(|with| self.with(with, &mut body)).collect();
        let mut support = Vec::new();
        let inner = self.term(term, &mut support);
        let variable = Term::variable(self.scopes.fresh("_"), term.span);
        support.push(unify(variable.clone(), inner, term.span));
        body.extend(support.into_iter().map(|made| Expression { with: with.clone(), ..made }));
        self.close();
        let kind = TermKind::SetComprehension(Box::new(variable), body);
        Term { kind, span: term.span }
    }

    /// The left side of `:=`.
    fn assigned(&mut self, term: &ast::Term) -> Term {
        let kind = match &term.kind {
            ast::TermKind::Variable(name) => {
                TermKind::Variable(self.declare(name, term.span, How::Assigned))
            }
            ast::TermKind::Wildcard => TermKind::Variable(self.scopes.fresh("_")),
            ast::TermKind::Array(items) => {
                TermKind::Array(items.iter().map(|item| self.assigned(item)).collect())
            }
            ast::TermKind::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = self.term(key, &mut Vec::new());
                    (key, self.assigned(value))
                });
                TermKind::Object(entries.collect())
            }
            ast::TermKind::Null
            | ast::TermKind::Bool(_)
            | ast::TermKind::Number(_)
            | ast::TermKind::String(_) => return self.term(term, &mut Vec::new()),
            other => {
                let what = match other {
                    ast::TermKind::Reference(..) => "ref",
                    ast::TermKind::Call(..) => "call",
                    ast::TermKind::Set(_) => "set",
                    _ => "comprehension",
                };
                self.fault(term.span, format!("cannot assign to {what}"));
                TermKind::Null
            }
        };
        Term { kind, span: term.span }
    }

    /// A key or value of `some … in`: its variables are declared.
    fn declared(&mut self, term: &ast::Term) -> Term {
        match &term.kind {
            ast::TermKind::Variable(name) => {
                Term::variable(self.declare(name, term.span, How::Iterated), term.span)
            }
            ast::TermKind::Array(items) => {
                let items = items.iter().map(|item| self.declared(item)).collect();
                Term { kind: TermKind::Array(items), span: term.span }
            }
            ast::TermKind::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = self.term(key, &mut Vec::new());
                    (key, self.declared(value))
                });
                Term { kind: TermKind::Object(entries.collect()), span: term.span }
            }
            _ => self.term(term, &mut Vec::new()),
        }
    }
}

fn appended(mut body: Vec<Expression>, mut support: Vec<Expression>) -> Vec<Expression> {
    body.append(&mut support);
    body
}
