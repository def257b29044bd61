//! What names stand for: documents, rules, functions, and what `with` replaces.

use super::super::super::builtins::{self, Builtin};
use super::super::super::syntax::{Span, ast};
use super::super::core::{Expression, Function, Target, Term, TermKind, With};
use super::{Fault, Translator};

impl Translator<'_> {
    pub(super) fn with(&mut self, with: &ast::With, support: &mut Vec<Expression>) -> Option<With> {
        let span = with.target.span;
        let callee = self.replacement(&with.value);
        let value = match callee {
            Some(_) => Term { kind: TermKind::Null, span },
            None => self.term(&with.value, support),
        };
        let Some(path) = constant_path(&with.target) else {
            self.fault(
                span,
                "with keyword target must reference existing input, data, or a function",
            );
            return None;
        };
        let path = self.resolved(&path).unwrap_or(path);
        let mut rest = path.iter().skip(1).cloned();
        let target = match path.first().map(AsRef::as_ref) {
            Some("input") => Target::Input(rest.collect()),
            Some("data") => Target::Data(rest.by_ref().collect()),
            _ => {
                match builtins::find(&path.join(".")) {
                    Some(builtin) => Target::Builtin(builtin),
                    None => {
                        self.fault(span, "with keyword target must reference existing input, data, or a function");
                        return None;
                    }
                }
            }
        };
        Some(With { target, value, callee })
    }

    /// The built-in function that a term names.
    pub(super) fn replacement(&mut self, term: &ast::Term) -> Option<&'static Builtin> {
        let path = constant_path(term)?;
        let first = path.first()?;
        if self.scopes.is_declared(first) || self.resolved(&path).is_some() {
            return None;
        }
        builtins::find(&path.join("."))
    }

    /// What a path of names stands for, from `input` or `data`, where its first name is known.
    pub(super) fn resolved(&mut self, path: &[Box<str>]) -> Option<Vec<Box<str>>> {
        let (first, rest) = path.split_first()?;
        if let Some(import) = self.names.imports.get(&**first) {
            self.names.used.borrow_mut().insert(first.clone());
            return Some([import, rest].concat());
        }
        if self.names.rules.contains(first) {
            let data = std::iter::once(Box::from("data"));
            return Some(
                data.chain(self.names.package.iter().cloned())
                    .chain(path.iter().cloned())
                    .collect(),
            );
        }
        matches!(&**first, "input" | "data").then(|| path.to_vec())
    }

    pub(super) fn is_function(&mut self, name: &[Box<str>]) -> bool {
        self.resolved(name).is_some()
    }

    pub(super) fn function(&mut self, name: &[Box<str>], span: Span) -> Option<Function> {
        let first = name.first()?;
        if self.scopes.is_declared(first) {
            self.fault(span, format!("called function {} shadowed", name.join(".")));
            return None;
        }
        if let Some(path) = self.resolved(name)
            && path.first().is_some_and(|root| &**root == "data")
        {
            return Some(Function::Rule(path.get(1..).unwrap_or_default().to_vec()));
        }
        let name = name.join(".");
        match builtins::find(&name).filter(|_| self.limits.allows(&name)) {
            Some(builtin) => {
                if builtin.deprecated && (self.names.is_v1 || self.limits.is_strict) {
                    let message =
                        format!("deprecated built-in function calls in expression: {name}");
                    self.faults.push(Fault::of_type(span, message));
                }
                Some(Function::Builtin(builtin))
            }
            None => {
                self.faults.push(Fault::of_type(span, format!("undefined function {name}")));
                None
            }
        }
    }
}

pub(super) fn constant_path(term: &ast::Term) -> Option<Vec<Box<str>>> {
    let (head, keys) = match &term.kind {
        ast::TermKind::Reference(head, keys) => (&**head, keys.as_slice()),
        _ => (term, &[][..]),
    };
    let ast::TermKind::Variable(first) = &head.kind else { return None };
    let rest = keys.iter().map(|key| match &key.kind {
        ast::TermKind::String(text) => Some(text.clone()),
        _ => None,
    });
    [Some(first.clone())].into_iter().chain(rest).collect()
}
