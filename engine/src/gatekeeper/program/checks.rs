//! What the modules of a template may be called, import and refer to.
//!
//! Upstream: constraint/pkg/regorewriter/regorewriter.go; `requireModuleRules` in
//! constraint/pkg/client/drivers/rego/driver.go.

use std::sync::Arc;

use crate::rego::ast::{
    Body, Expression, ExpressionKind, Import, Module, Rule, TemplatePart, Term, TermKind,
};
use crate::rego::{Problem, Source, Span, parse};

/// What is known of a template's modules once they are checked.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The package of the entry module, below `data`.
    pub(super) package: Vec<Box<str>>,
    pub(super) reads_inventory: bool,
}

/// Checks the entry module, which is the first, and its libraries.
pub(super) fn check(sources: &[Source]) -> (Checked, Vec<Problem>) {
    let mut checked = Checked::default();
    let mut problems = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let module = match parse(source) {
            Ok(module) => module,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let mut module_check = ModuleCheck { source, problems: &mut problems, inventory: false };
        match number {
            0 => module_check.entry(&module),
            _ => module_check.library(&module),
        }
        module.imports.iter().for_each(|import| module_check.import(import));
        module.rules.iter().for_each(|rule| module_check.rule(rule));
        checked.reads_inventory |= module_check.inventory;
        if number == 0 {
            checked.package = module.package;
        }
    }
    (checked, problems)
}

struct ModuleCheck<'c> {
    source: &'c Source,
    problems: &'c mut Vec<Problem>,
    inventory: bool,
}

impl ModuleCheck<'_> {
    fn refuse(&mut self, span: Span, message: String) {
        let source = Arc::clone(&self.source.name);
        self.problems.push(Problem { code: "invalid_template", message, source, span });
    }

    fn entry(&mut self, module: &Module) {
        if !module.rules.iter().any(|rule| &*rule.head.name == "violation") {
            let message = "the template defines no rule `violation`".to_owned();
            self.refuse(module.package_span, message);
        }
        for rule in module.rules.iter().filter(|rule| &*rule.head.name == "violation") {
            let head = &rule.head;
            if head.member.is_none() || !head.keys.is_empty() || head.parameters.is_some() {
                let message = "`violation` is a set of objects: write `violation[{\"msg\": msg}]`, \
                               or in v1 `violation contains {\"msg\": msg} if`";
                self.refuse(head.span, message.to_owned());
            }
        }
    }

    fn library(&mut self, module: &Module) {
        let is_below_lib =
            module.package.first().is_some_and(|name| &**name == "lib") && module.package.len() > 1;
        if !is_below_lib {
            let message = format!(
                "a library is in a package below `lib`, this one is in `{}`",
                module.package.join(".")
            );
            self.refuse(module.package_span, message);
        }
    }

    fn import(&mut self, import: &Import) {
        let path = import.path.join(".");
        let message = match import.path.iter().map(AsRef::as_ref).collect::<Vec<_>>().as_slice() {
            ["future", ..] | ["data", "lib", ..] => return,
            ["input", ..] => format!("`{path}` cannot be imported: `input` is there without"),
            ["rego", ..] => {
                format!("`{path}` cannot be imported: write `version: v1` beside `rego`")
            }
            ["data", "inventory", ..] => {
                format!("`{path}` cannot be imported: refer to it where it is needed")
            }
            _ => format!("`{path}` cannot be imported: only `data.lib` and `future.keywords` can"),
        };
        self.refuse(import.span, message);
    }

    fn rule(&mut self, rule: &Rule) {
        let head = &rule.head;
        let parameters = head.parameters.iter().flatten();
        let terms = head.keys.iter().chain(parameters).chain(&head.member).chain(&head.value);
        terms.for_each(|term| self.term(term));
        self.body(&rule.body);
        for otherwise in &rule.otherwise {
            otherwise.value.iter().for_each(|value| self.term(value));
            self.body(&otherwise.body);
        }
    }

    fn body(&mut self, body: &Body) {
        body.iter().for_each(|expression| self.expression(expression));
    }

    // Invariant: what is parsed nests no deeper than the parser allows, so neither do these calls.
    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Term(term) => self.term(term),
            ExpressionKind::Assign(left, right) | ExpressionKind::Unify(left, right) => {
                self.term(left);
                self.term(right);
            }
            ExpressionKind::Not(inner) => self.expression(inner),
            ExpressionKind::NotBody(body) => self.body(body),
            ExpressionKind::Declare(_) => {}
            ExpressionKind::SomeIn { key, value, collection } => {
                key.iter().for_each(|key| self.term(key));
                self.term(value);
                self.term(collection);
            }
            ExpressionKind::Every { collection, body, .. } => {
                self.term(collection);
                self.body(body);
            }
        }
        for with in &expression.with {
            self.term(&with.target);
            self.term(&with.value);
        }
    }

    fn term(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Null
            | TermKind::Bool(_)
            | TermKind::Number(_)
            | TermKind::String(_)
            | TermKind::Wildcard => {}
            TermKind::Variable(name) => {
                if &**name == "data" {
                    self.data(&[], term.span);
                }
            }
            TermKind::Reference(start, keys) => {
                match &start.kind {
                    TermKind::Variable(name) if &**name == "data" => self.data(keys, term.span),
                    _ => self.term(start),
                }
                keys.iter().for_each(|key| self.term(key));
            }
            TermKind::Call(name, arguments) => {
                if name.first().is_some_and(|first| &**first == "data")
                    && name.get(1).is_none_or(|second| &**second != "lib")
                {
                    self.refuse(term.span, disallowed());
                }
                arguments.iter().for_each(|argument| self.term(argument));
            }
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter().for_each(|item| self.term(item));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.term(key);
                    self.term(value);
                }
            }
            TermKind::ArrayComprehension(item, body) | TermKind::SetComprehension(item, body) => {
                self.term(item);
                self.body(body);
            }
            TermKind::ObjectComprehension(key, value, body) => {
                self.term(key);
                self.term(value);
                self.body(body);
            }
            TermKind::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Expression(expression) = part {
                        self.expression(expression);
                    }
                }
            }
        }
    }

    /// A reference into `data` by its keys.
    fn data(&mut self, keys: &[Term], span: Span) {
        let first = keys.first().map(|key| &key.kind);
        match first {
            Some(TermKind::String(name)) if &**name == "inventory" => self.inventory = true,
            Some(TermKind::String(name)) if &**name == "lib" => {}
            _ => self.refuse(span, disallowed()),
        }
    }
}

fn disallowed() -> String {
    "a template can refer to `data.inventory` and `data.lib` only".to_owned()
}
