//! Ordered bodies to steps: what is bound where is known now.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::program::{
    Branch, Callee, Change, ChangeTarget, Comprehension, Key, Node, Pattern, Reference,
    Replacement, Start, Step, StepKind, Term,
};
use super::super::syntax::Span;
use super::core::{self, Expression, Function, Head, Kind, Target, TermKind, Variable};
use super::safety::same_key;

/// What lowering knows of all rules.
pub(super) struct Rules<'p> {
    pub(super) branches: &'p [Branch],
    /// The arity of each rule that is a function.
    pub(super) arities: &'p [Option<usize>],
}

/// Lowers one definition.
pub(super) struct Lowering<'p> {
    pub(super) rules: &'p Rules<'p>,
    pub(super) bound: BTreeSet<Variable>,
    /// How many variables there are: more come with what has to be evaluated first.
    pub(super) frame: u32,
}

impl Lowering<'_> {
    fn fresh(&mut self) -> Variable {
        self.frame += 1;
        self.frame - 1
    }

    pub(super) fn body(&mut self, body: &[Expression]) -> Vec<Step> {
        let mut steps = Vec::with_capacity(body.len());
        for expression in body {
            self.expression(expression, &mut steps);
        }
        steps
    }

    /// A body, and how many of its steps it takes until terms have values.
    pub(super) fn body_until(
        &mut self,
        body: &[Expression],
        terms: &[core::Term],
    ) -> (Vec<Step>, usize) {
        let mut steps = Vec::with_capacity(body.len());
        let known = |lowering: &Self| terms.iter().all(|term| lowering.is_bound(term));
        let mut after = known(self).then_some(0);
        for expression in body {
            self.expression(expression, &mut steps);
            if after.is_none() && known(self) {
                after = Some(steps.len());
            }
        }
        let after = after.unwrap_or(steps.len());
        (steps, after)
    }

    fn expression(&mut self, expression: &Expression, steps: &mut Vec<Step>) {
        let mut own = Vec::new();
        let changes: Vec<_> = expression.with.iter().map(|with| self.change(with, steps)).collect();
        match expression.negated {
            true => self.negated(expression, &mut own),
            false => self.plain(expression, &mut own),
        }
        if changes.is_empty() {
            steps.append(&mut own);
            return;
        }
        let kind = StepKind::With { changes: changes.into(), body: own.into() };
        steps.push(Step { kind, span: expression.span });
    }

    fn change(&mut self, with: &core::With, steps: &mut Vec<Step>) -> Change {
        let function = match &with.target {
            Target::Input(_) => None,
            Target::Builtin(builtin) => Some(ChangeTarget::Builtin(builtin)),
            Target::Data(path) => match self.find(path) {
                (Some(Node::Rule(rule)), depth) if depth == path.len() => {
                    let is_function = self.rules.arities.get(rule).copied().flatten().is_some();
                    is_function.then_some(ChangeTarget::Function(rule))
                }
                _ => None,
            },
        };
        // A function may be replaced by another one.
        let callee = match with.callee {
            Some(builtin) => Some(Callee::Builtin(builtin)),
            None => self.callee_of(&with.value).filter(|_| function.is_some()),
        };
        let value = match callee {
            Some(callee) => Replacement::Call(callee),
            None => Replacement::Value(self.operand(&with.value, steps)),
        };
        let target = match (function, &with.target) {
            (Some(function), _) => function,
            (None, Target::Data(path)) => ChangeTarget::Data(path.clone().into()),
            (None, Target::Input(path)) => ChangeTarget::Input(path.clone().into()),
            (None, Target::Builtin(builtin)) => ChangeTarget::Builtin(builtin),
        };
        Change { target, value }
    }

    /// The function that a term names.
    fn callee_of(&self, term: &core::Term) -> Option<Callee> {
        let TermKind::Reference(head, keys) = &term.kind else { return None };
        let names: Option<Vec<Box<str>>> =
            keys.iter().map(|key| key.as_text().map(Box::from)).collect();
        let names = names?;
        match head {
            Head::Data => match self.find(&names) {
                (Some(Node::Rule(rule)), depth) if depth == names.len() => {
                    self.rules.arities.get(rule).copied().flatten()?;
                    Some(Callee::Rule(rule))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The node that a path leads to, and how many of its keys lead there.
    fn find(&self, path: &[Box<str>]) -> (Option<Node>, usize) {
        let mut node = Node::Branch(0);
        for (depth, key) in path.iter().enumerate() {
            let Node::Branch(branch) = node else { return (Some(node), depth) };
            let next = self.rules.branches.get(branch).and_then(|branch| branch.children.get(key));
            match next {
                Some(next) => node = *next,
                None => return (None, depth),
            }
        }
        (Some(node), path.len())
    }

    fn plain(&mut self, expression: &Expression, steps: &mut Vec<Step>) {
        let span = expression.span;
        let push = |steps: &mut Vec<Step>, kind| steps.push(Step { kind, span });
        match &expression.kind {
            Kind::Term(term) => {
                let kind = match &term.kind {
                    TermKind::Reference(head, keys) => {
                        let reference = self.reference(*head, keys, steps);
                        match reference.is_single() {
                            true => StepKind::Test(Term::Reference(Box::new(reference))),
                            false => StepKind::TestEach(reference),
                        }
                    }
                    _ => StepKind::Test(self.operand(term, steps)),
                };
                push(steps, kind);
            }
            Kind::Unify(left, right) => self.unify(left, right, expression.assigns, span, steps),
            // `==` compares in place: from here on it is `=`, whose sides are known.
            Kind::Call { function, arguments, output: None } if is_equal(function) => {
                if let [left, right] = arguments.as_slice() {
                    self.unify(left, right, false, span, steps);
                }
            }
            Kind::Call { function, arguments, output } => {
                let arguments: Vec<_> =
                    arguments.iter().map(|term| self.operand(term, steps)).collect();
                let output = output.as_ref().map(|output| self.pattern(output, steps));
                let kind = self.call(function, arguments, output);
                push(steps, kind);
            }
            Kind::Every { key, value, domain, body } => {
                let domain = self.operand(domain, steps);
                let before = self.bound.clone();
                self.bound.extend([*key, *value]);
                let body = self.body(body).into();
                self.bound = before;
                push(steps, StepKind::Every { key: *key, value: *value, domain, body });
            }
            Kind::Not(body) => {
                let before = self.bound.clone();
                let body = self.body(body).into();
                self.bound = before;
                push(steps, StepKind::Not(body));
            }
        }
    }

    fn call(&self, function: &Function, arguments: Vec<Term>, output: Option<Pattern>) -> StepKind {
        let callee = match function {
            Function::Builtin(builtin) => Callee::Builtin(builtin),
            Function::Print => Callee::Print,
            Function::Template => Callee::Template,
            Function::Rule(path) => match self.find(path) {
                (Some(Node::Rule(rule)), depth) if depth == path.len() => Callee::Rule(rule),
                // Said when functions were checked.
                _ => return StepKind::Never,
            },
        };
        StepKind::Call { callee, arguments: arguments.into(), output }
    }

    /// What is negated is what the expression says itself; what its parts need comes before.
    fn negated(&mut self, expression: &Expression, steps: &mut Vec<Step>) {
        let span = expression.span;
        let kind = match &expression.kind {
            Kind::Call { function, arguments, output: None }
                if is_equal(function) && arguments.len() == 2 =>
            {
                let mut sides = arguments.iter().map(|term| self.settled_side(term, steps));
                let left = sides.next().unwrap_or(Term::Null);
                let right = sides.next().unwrap_or(Term::Null);
                vec![StepKind::Match(Pattern::Same(left), right)]
            }
            Kind::Call { function, arguments, output } => {
                let arguments: Vec<_> =
                    arguments.iter().map(|term| self.settled(term, steps)).collect();
                let output = output.as_ref().map(|output| self.pattern(output, steps));
                vec![self.call(function, arguments, output)]
            }
            Kind::Unify(left, right) => {
                let left = self.settled_side(left, steps);
                let right = self.settled_side(right, steps);
                vec![StepKind::Match(Pattern::Same(left), right)]
            }
            Kind::Term(term) => vec![StepKind::Test(self.settled_side(term, steps))],
            _ => {
                let inner = Expression { negated: false, with: Vec::new(), ..expression.clone() };
                let mut body = Vec::new();
                self.plain(&inner, &mut body);
                steps.push(Step { kind: StepKind::Not(body.into()), span });
                return;
            }
        };
        let body: Vec<_> = kind.into_iter().map(|kind| Step { kind, span }).collect();
        steps.push(Step { kind: StepKind::Not(body.into()), span });
    }

    /// One side of a negated equality: a reference or comprehension itself stays inside.
    fn settled_side(&mut self, term: &core::Term, steps: &mut Vec<Step>) -> Term {
        match &term.kind {
            TermKind::Reference(head, keys) => {
                let keys: Vec<_> = keys
                    .iter()
                    .map(|key| match key.as_text() {
                        Some(text) => Key::Field(text.into()),
                        None => Key::Bound(self.settled(key, steps)),
                    })
                    .collect();
                Term::Reference(Box::new(self.started(*head, keys)))
            }
            TermKind::ArrayComprehension(..)
            | TermKind::SetComprehension(..)
            | TermKind::ObjectComprehension(..) => self.operand(term, steps),
            _ => self.settled(term, steps),
        }
    }

    /// A term whose references and comprehensions are evaluated before.
    fn settled(&mut self, term: &core::Term, steps: &mut Vec<Step>) -> Term {
        match &term.kind {
            TermKind::Reference(..)
            | TermKind::ArrayComprehension(..)
            | TermKind::SetComprehension(..)
            | TermKind::ObjectComprehension(..) => {
                let value = self.settled_side(term, steps);
                let variable = self.fresh();
                self.bound.insert(variable);
                let kind = StepKind::Match(Pattern::Bind(variable), value);
                steps.push(Step { kind, span: term.span });
                Term::Variable(variable)
            }
            TermKind::Array(items) => {
                Term::Array(items.iter().map(|item| self.settled(item, steps)).collect())
            }
            TermKind::Set(items) => {
                Term::Set(items.iter().map(|item| self.settled(item, steps)).collect())
            }
            TermKind::Object(entries) => Term::Object(
                entries
                    .iter()
                    .map(|(key, value)| (self.settled(key, steps), self.settled(value, steps)))
                    .collect(),
            ),
            _ => self.operand(term, steps),
        }
    }

    /// A term with one value; what has several is gone through before.
    pub(super) fn operand(&mut self, term: &core::Term, steps: &mut Vec<Step>) -> Term {
        match &term.kind {
            TermKind::Null => Term::Null,
            TermKind::Bool(value) => Term::Bool(*value),
            TermKind::Number(digits) => match digits.parse() {
                // `-0` and `007` keep their digits.
                Ok(value) if i64::to_string(&value) == **digits => Term::Int(value),
                _ => Term::Number(digits.clone()),
            },
            TermKind::String(text) => Term::String(text.clone()),
            TermKind::Variable(variable) => Term::Variable(*variable),
            TermKind::Constant(tree) => Term::Constant(Arc::clone(tree)),
            TermKind::Reference(head, keys) => {
                let reference = self.reference(*head, keys, steps);
                if reference.is_single() {
                    return Term::Reference(Box::new(reference));
                }
                let variable = self.fresh();
                self.bound.insert(variable);
                let kind = StepKind::MatchEach(Pattern::Bind(variable), reference);
                steps.push(Step { kind, span: term.span });
                Term::Variable(variable)
            }
            TermKind::Array(items) => {
                Term::Array(items.iter().map(|item| self.operand(item, steps)).collect())
            }
            TermKind::Set(items) => {
                Term::Set(items.iter().map(|item| self.operand(item, steps)).collect())
            }
            TermKind::Object(entries) => Term::Object(
                entries
                    .iter()
                    .map(|(key, value)| (self.operand(key, steps), self.operand(value, steps)))
                    .collect(),
            ),
            TermKind::ArrayComprehension(term, body) => {
                let (mut terms, body) = self.comprehension([term], body);
                let term = terms.pop().unwrap_or(Term::Null);
                Term::Comprehension(Box::new(Comprehension::Array(term, body)))
            }
            TermKind::SetComprehension(term, body) => {
                let (mut terms, body) = self.comprehension([term], body);
                let term = terms.pop().unwrap_or(Term::Null);
                Term::Comprehension(Box::new(Comprehension::Set(term, body)))
            }
            TermKind::ObjectComprehension(key, value, body) => {
                let (mut terms, body) = self.comprehension([key, value], body);
                let value = terms.pop().unwrap_or(Term::Null);
                let key = terms.pop().unwrap_or(Term::Null);
                Term::Comprehension(Box::new(Comprehension::Object(key, value, body)))
            }
        }
    }

    fn comprehension<const N: usize>(
        &mut self,
        terms: [&core::Term; N],
        body: &[Expression],
    ) -> (Vec<Term>, Box<[Step]>) {
        let before = self.bound.clone();
        let mut steps = self.body(body);
        let terms = terms.into_iter().map(|term| self.operand(term, &mut steps)).collect();
        self.bound = before;
        (terms, steps.into())
    }

    fn reference(&mut self, head: Head, keys: &[core::Term], steps: &mut Vec<Step>) -> Reference {
        let keys = keys
            .iter()
            .map(|key| match &key.kind {
                TermKind::String(text) => Key::Field(text.clone()),
                _ if self.is_bound(key) => Key::Bound(self.operand(key, steps)),
                _ => Key::Each(self.pattern(key, steps)),
            })
            .collect();
        self.started(head, keys)
    }

    /// Finds what the known keys of a reference lead to.
    fn started(&self, head: Head, keys: Vec<Key>) -> Reference {
        let start = match head {
            Head::Input => Start::Input,
            Head::Variable(variable) => Start::Variable(variable),
            Head::Data => {
                let names = keys.iter().map_while(|key| match key {
                    Key::Field(name) => Some(name.clone()),
                    _ => None,
                });
                let names: Vec<_> = names.collect();
                let (start, used) = match self.find(&names) {
                    (Some(Node::Rule(rule)), depth) => (Start::Rule(rule), depth),
                    (Some(Node::Branch(branch)), depth) => (Start::Branch(branch), depth),
                    (None, _) => (Start::Base, 0),
                };
                let keys = keys.into_iter().skip(used).collect();
                return Reference { start, keys };
            }
        };
        Reference { start, keys: keys.into() }
    }

    /// Whether a term has a value already.
    fn is_bound(&self, term: &core::Term) -> bool {
        let mut bound = true;
        let outside = core::Walk { skip_closures: true, ..core::Walk::default() };
        outside.term(term, &mut |variable| bound &= self.bound.contains(&variable));
        bound
    }

    /// A term as what values are matched with; its new variables are bound from here on.
    pub(super) fn pattern(&mut self, term: &core::Term, steps: &mut Vec<Step>) -> Pattern {
        match &term.kind {
            TermKind::Variable(variable) if !self.bound.contains(variable) => {
                self.bound.insert(*variable);
                Pattern::Bind(*variable)
            }
            TermKind::Array(items) if !self.is_bound(term) => {
                Pattern::Array(items.iter().map(|item| self.pattern(item, steps)).collect())
            }
            TermKind::Object(entries) if !self.is_bound(term) => Pattern::Object(
                entries
                    .iter()
                    .map(|(key, value)| (self.operand(key, steps), self.pattern(value, steps)))
                    .collect(),
            ),
            _ => Pattern::Same(self.operand(term, steps)),
        }
    }

    fn unify(
        &mut self,
        left: &core::Term,
        right: &core::Term,
        assigns: bool,
        span: Span,
        steps: &mut Vec<Step>,
    ) {
        if let (TermKind::Array(lefts), TermKind::Array(rights)) = (&left.kind, &right.kind)
            && (!self.is_bound(left) || !self.is_bound(right))
        {
            if lefts.len() != rights.len() {
                steps.push(Step { kind: StepKind::Never, span });
                return;
            }
            let pairs: Vec<_> = lefts.iter().zip(rights).collect();
            return self.unify_all(pairs, span, steps);
        }
        if let (TermKind::Object(lefts), TermKind::Object(rights)) = (&left.kind, &right.kind)
            && (!self.is_bound(left) || !self.is_bound(right))
        {
            let pairs = lefts.iter().map(|(key, left)| {
                let same = rights.iter().find(|(other, _)| same_key(key, other));
                same.map(|(_, right)| (left, right))
            });
            let pairs: Option<Vec<_>> = pairs.collect();
            match pairs.filter(|pairs| pairs.len() == rights.len()) {
                Some(pairs) => return self.unify_all(pairs, span, steps),
                None => {
                    steps.push(Step { kind: StepKind::Never, span });
                    return;
                }
            }
        }
        // The side that is known is evaluated, the other one taken apart by it.
        let swap = !assigns && !self.has_value(right) && self.has_value(left);
        let (pattern, value) = if swap { (right, left) } else { (left, right) };
        match &value.kind {
            TermKind::Reference(head, keys) => {
                let reference = self.reference(*head, keys, steps);
                let pattern = self.pattern(pattern, steps);
                let kind = match reference.is_single() {
                    true => StepKind::Match(pattern, Term::Reference(Box::new(reference))),
                    false => StepKind::MatchEach(pattern, reference),
                };
                steps.push(Step { kind, span });
            }
            _ => {
                let value = self.operand(value, steps);
                let pattern = self.pattern(pattern, steps);
                steps.push(Step { kind: StepKind::Match(pattern, value), span });
            }
        }
    }

    /// Unifies pairs, those first that are known.
    fn unify_all(
        &mut self,
        mut pairs: Vec<(&core::Term, &core::Term)>,
        span: Span,
        steps: &mut Vec<Step>,
    ) {
        while !pairs.is_empty() {
            let known = pairs
                .iter()
                .position(|(left, right)| self.has_value(left) || self.has_value(right));
            let (left, right) = pairs.remove(known.unwrap_or(0));
            self.unify(left, right, false, span, steps);
        }
    }

    /// Whether a term can be evaluated: a reference binds its keys itself.
    fn has_value(&self, term: &core::Term) -> bool {
        match &term.kind {
            TermKind::Reference(Head::Variable(variable), _) => self.bound.contains(variable),
            TermKind::Reference(..) => true,
            _ => self.is_bound(term),
        }
    }
}

fn is_equal(function: &Function) -> bool {
    matches!(function, Function::Builtin(builtin) if builtin.name == "equal")
}
