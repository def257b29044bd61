//! Which variable a name is, body by body.

use super::{Span, Variable};

/// The variables of one definition.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    /// The name of each variable.
    names: Vec<Box<str>>,
    /// Variables that nobody declared, by name: they are the same in all bodies.
    implicit: Vec<(Box<str>, Variable)>,
    /// Those of parameters, then one for each open body.
    declared: Vec<Scope>,
}

#[derive(Debug, Default)]
struct Scope {
    declared: Vec<Declared>,
    /// Names that were used and that nobody declared.
    seen: Vec<Box<str>>,
}

/// A variable that a body declares.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) name: Box<str>,
    variable: Variable,
    pub(super) how: How,
    pub(super) span: Span,
    is_used: bool,
}

/// How a variable was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Parameter,
    /// By `:=`.
    Assigned,
    /// By `some x`, which is of no use alone.
    Declared,
    /// By `some … in` or `every`, which use it themselves.
    Iterated,
}

impl Scopes {
    pub(super) fn open(&mut self) {
        if self.declared.is_empty() {
            self.declared.push(Scope::default());
        }
        self.declared.push(Scope::default());
    }

    /// Closes the innermost body; what it declared and nothing used is given back.
    pub(super) fn close(&mut self) -> Vec<Declared> {
        let scope = self.declared.pop().unwrap_or_default();
        scope.declared.into_iter().filter(|declared| !declared.is_used).collect()
    }

    pub(super) fn names(&self) -> Vec<Box<str>> {
        self.names.clone()
    }

    /// A variable without a name, or with one for messages.
    pub(super) fn fresh(&mut self, name: &str) -> Variable {
        self.names.push(name.into());
        self.names.len() as Variable - 1
    }

    /// A new variable in the innermost body; an error says why that may not be.
    pub(super) fn declare(&mut self, name: &str, how: How, span: Span) -> Result<Variable, String> {
        let variable = self.fresh(name);
        if self.declared.is_empty() {
            self.declared.push(Scope::default());
        }
        // A body's parameters belong to it.
        let is_outermost = self.declared.len() == 2;
        if is_outermost && self.declared.first().is_some_and(|scope| scope.find(name).is_some()) {
            return Err(format!("arg {name} redeclared"));
        }
        let Some(scope) = self.declared.last_mut() else { return Ok(variable) };
        if let Some(known) = scope.find(name) {
            let how = if known.how == How::Assigned { "assigned" } else { "declared" };
            return Err(format!("var {name} {how} above"));
        }
        if scope.seen.iter().any(|seen| **seen == *name) {
            return Err(format!("var {name} referenced above"));
        }
        let is_used = how == How::Iterated;
        scope.declared.push(Declared { name: name.into(), variable, how, span, is_used });
        Ok(variable)
    }

    /// The variable that the innermost body declares.
    pub(super) fn declared_here(&self, name: &str) -> Option<Variable> {
        self.declared.last()?.find(name).map(|known| known.variable)
    }

    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.declared.iter().any(|scope| scope.find(name).is_some())
    }

    /// The declared variable that a name means here.
    pub(super) fn find(&mut self, name: &str) -> Option<Variable> {
        let known = self
            .declared
            .iter_mut()
            .rev()
            .find_map(|scope| scope.declared.iter_mut().find(|known| *known.name == *name));
        let found = known.map(|known| {
            known.is_used = true;
            known.variable
        });
        if let Some(scope) = self.declared.last_mut().filter(|_| found.is_none())
            && !scope.seen.iter().any(|seen| **seen == *name)
        {
            scope.seen.push(name.into());
        }
        found
    }

    /// The variable of a name that nobody declared.
    pub(super) fn implicit(&mut self, name: &str) -> Variable {
        if let Some((_, variable)) = self.implicit.iter().find(|(known, _)| **known == *name) {
            return *variable;
        }
        let variable = self.fresh(name);
        self.implicit.push((name.into(), variable));
        variable
    }
}

impl Scope {
    fn find(&self, name: &str) -> Option<&Declared> {
        self.declared.iter().find(|known| *known.name == *name)
    }
}
