//! Rules: values of complete ones, what partial ones collect, and functions.

use super::super::Value;
use super::super::program::{Definition, Rule, RuleKind, Step, Term};
use super::{EvaluationError, Flow, Machine, Member};
use crate::tree;

/// The value of a rule, and what was read for it.
#[derive(Clone, Debug)]
pub(super) struct Cached<'v> {
    value: Option<Value<'v>>,
    read: std::rc::Rc<[tree::Node<'v>]>,
}

/// What a partial rule has collected at one key.
enum Collected<'v> {
    Value(Value<'v>),
    Members(Vec<Value<'v>>),
    Entries(Vec<(Value<'v>, Self)>),
}

impl<'v> Machine<'_, 'v> {
    /// The value of a rule that is no function; each is evaluated once.
    pub(super) fn rule(&mut self, number: usize) -> Result<Option<Value<'v>>, EvaluationError> {
        let program = self.program;
        let Some(rule) = program.rules.get(number) else { return Ok(None) };
        if self.context.replaced.iter().any(|replaced| rule.path.starts_with(replaced)) {
            return Ok(rule.path.iter().try_fold(self.context.data.clone(), |value, key| {
                value.get(&Value::from(&**key))
            }));
        }
        if let Some(Some(known)) = self.context.cache.get(number) {
            let value = known.value.clone();
            let read = std::rc::Rc::clone(&known.read);
            self.trail.extend_from_slice(&read);
            return Ok(value);
        }
        let mark = self.trail.len();
        let value = self.deeper(|machine| match rule.kind {
            RuleKind::Complete => machine.complete(rule),
            RuleKind::Partial => machine.partial(rule).map(Some),
            RuleKind::Function(_) => Ok(None),
        })?;
        let read = self.trail.get(mark..).unwrap_or_default().into();
        if self.context.cache.len() <= number {
            self.context.cache.resize(program.rules.len(), None);
        }
        if let Some(place) = self.context.cache.get_mut(number) {
            *place = Some(Cached { value: value.clone(), read });
        }
        Ok(value)
    }

    /// The members that a set collects, each with what was read for it.
    pub(super) fn members(&mut self, number: usize) -> Result<Vec<Member<'v>>, EvaluationError> {
        let program = self.program;
        let Some(rule) = program.rules.get(number) else { return Ok(Vec::new()) };
        let is_set = rule.kind == RuleKind::Partial
            && rule
                .definitions
                .iter()
                .all(|definition| definition.keys.is_empty() && definition.member.is_some());
        if !is_set {
            let value = self.rule(number)?;
            let read = self.trail.clone();
            return Ok(value.map(|value| Member { value, read }).into_iter().collect());
        }
        let mut members: Vec<Member<'v>> = Vec::new();
        for definition in &rule.definitions {
            let Some(term) = &definition.member else { continue };
            // What one definition read is no part of the way through another.
            let mark = self.trail.len();
            self.in_frame(definition, |machine| {
                machine.run(&definition.body, &mut |machine| {
                    machine.pay(64)?;
                    if let Some(value) = machine.term(term)? {
                        machine.cover(definition);
                        let read = machine.trail.clone();
                        members.push(Member { value, read });
                    }
                    Ok(Flow::More)
                })
            })?;
            self.trail.truncate(mark);
        }
        members.sort_by(|left, right| left.value.cmp(&right.value));
        members.dedup_by(|later, kept| later.value == kept.value);
        Ok(members)
    }

    /// Evaluates a definition in a frame of its own.
    pub(super) fn in_frame<T>(
        &mut self,
        definition: &'v Definition,
        evaluate: impl FnOnce(&mut Self) -> Result<T, EvaluationError>,
    ) -> Result<T, EvaluationError> {
        let outer = (self.base, self.module, self.span);
        self.base = self.slots.len();
        self.frames += 1;
        self.module = definition.module;
        self.slots.resize(self.base + definition.frame, Value::Null);
        let found = evaluate(self)?;
        self.slots.truncate(self.base);
        self.frames -= 1;
        (self.base, self.module, self.span) = outer;
        Ok(found)
    }

    /// Notes that the head of a definition was reached.
    pub(super) fn cover(&mut self, definition: &Definition) {
        if let Some(covered) = &mut self.covered {
            covered.insert((definition.module, definition.head));
        }
    }

    fn complete(&mut self, rule: &'v Rule) -> Result<Option<Value<'v>>, EvaluationError> {
        let mut value = None;
        for definition in &rule.definitions {
            self.in_frame(definition, |machine| {
                machine.chain(
                    definition,
                    "complete rules must not produce multiple outputs",
                    &mut value,
                )
            })?;
        }
        if let (None, Some(default)) = (&value, &rule.default) {
            self.in_frame(default, |machine| machine.chain(default, "", &mut value))?;
        }
        Ok(value)
    }

    /// The value of a function.
    pub(super) fn function(
        &mut self,
        number: usize,
        arguments: &[Value<'v>],
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        let program = self.program;
        let Some(rule) = program.rules.get(number) else { return Ok(None) };
        let mut value = None;
        self.deeper(|machine| {
            for definition in rule.definitions.iter() {
                machine.in_frame(definition, |machine| {
                    if machine.parameters_fit(definition, arguments)? {
                        machine.chain(
                            definition,
                            "functions must not produce multiple outputs for same inputs",
                            &mut value,
                        )?;
                    }
                    Ok(())
                })?;
            }
            if let (None, Some(default)) = (&value, &rule.default) {
                machine.in_frame(default, |machine| {
                    match machine.parameters_fit(default, arguments)? {
                        true => machine.chain(default, "", &mut value),
                        false => Ok(()),
                    }
                })?;
            }
            Ok(())
        })?;
        Ok(value)
    }

    fn parameters_fit(
        &mut self,
        definition: &'v Definition,
        arguments: &[Value<'v>],
    ) -> Result<bool, EvaluationError> {
        for (pattern, argument) in definition.parameters.iter().zip(arguments) {
            if !self.fits(pattern, argument.clone())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The value of the first body that has a solution; all its solutions have to agree, and with
    /// what is known.
    fn chain(
        &mut self,
        definition: &'v Definition,
        conflict: &'static str,
        value: &mut Option<Value<'v>>,
    ) -> Result<(), EvaluationError> {
        let first = (&definition.value, &definition.body);
        let others = definition.otherwise.iter().map(|other| (&other.value, &other.body));
        for (term, body) in [first].into_iter().chain(others) {
            if self.alternative(term, body, (definition, conflict), value)? {
                break;
            }
        }
        Ok(())
    }

    fn alternative(
        &mut self,
        term: &'v Term,
        body: &'v [Step],
        (definition, conflict): (&'v Definition, &'static str),
        value: &mut Option<Value<'v>>,
    ) -> Result<bool, EvaluationError> {
        let mark = self.trail.len();
        let is_constant =
            matches!(term, Term::Null | Term::Bool(_) | Term::Int(_) | Term::String(_));
        let mut solved = false;
        self.run(body, &mut |machine| {
            let Some(found) = machine.term(term)? else { return Ok(Flow::More) };
            solved = true;
            machine.cover(definition);
            if value.as_ref().is_some_and(|known| *known != found) {
                machine.span = definition.span;
                return machine.error("eval_conflict_error", conflict);
            }
            *value = Some(found);
            // Another solution has the same value.
            Ok(if is_constant { Flow::Enough } else { Flow::More })
        })?;
        if !solved {
            self.trail.truncate(mark);
        }
        Ok(solved)
    }

    fn partial(&mut self, rule: &'v Rule) -> Result<Value<'v>, EvaluationError> {
        let is_set = rule.definitions.iter().any(|definition| definition.keys.is_empty());
        let mut collected =
            if is_set { Collected::Members(Vec::new()) } else { Collected::Entries(Vec::new()) };
        for definition in &rule.definitions {
            self.in_frame(definition, |machine| {
                machine.run(&definition.body, &mut |machine| {
                    machine.pay(64)?;
                    let Some(keys) = machine.terms(&definition.keys)? else {
                        return Ok(Flow::More);
                    };
                    let is_member = definition.member.is_some();
                    let term = definition.member.as_ref().unwrap_or(&definition.value);
                    if let Some(value) = machine.term(term)? {
                        machine.cover(definition);
                        machine.span = definition.span;
                        machine.collect(&mut collected, keys, value, is_member)?;
                    }
                    Ok(Flow::More)
                })
            })?;
        }
        if let Some(first) = rule.definitions.first() {
            (self.module, self.span) = (first.module, first.span);
        }
        self.finish(collected)
    }

    /// Adds a value under keys.
    fn collect(
        &self,
        collected: &mut Collected<'v>,
        keys: Vec<Value<'v>>,
        value: Value<'v>,
        is_member: bool,
    ) -> Result<(), EvaluationError> {
        let mut at = collected;
        let depth = keys.len();
        for (number, key) in keys.into_iter().enumerate() {
            let Collected::Entries(entries) = at else {
                return self.error("eval_conflict_error", "object keys must be unique");
            };
            // One level is collected as it comes and looked through in the end.
            let known = (depth > 1 || is_member)
                .then(|| entries.iter().position(|(known, _)| *known == key))
                .flatten();
            let place = match known {
                Some(place) => place,
                None => {
                    let is_last = number + 1 == depth;
                    let below = match (is_last, is_member) {
                        (true, false) => Collected::Value(value.clone()),
                        (true, true) => Collected::Members(Vec::new()),
                        (false, _) => Collected::Entries(Vec::new()),
                    };
                    entries.push((key, below));
                    entries.len() - 1
                }
            };
            match entries.get_mut(place) {
                Some((_, below)) => at = below,
                None => return Ok(()),
            }
        }
        match at {
            Collected::Members(members) if is_member => {
                members.push(value);
                Ok(())
            }
            Collected::Value(known) if !is_member && *known == value => Ok(()),
            _ => self.error("eval_conflict_error", "object keys must be unique"),
        }
    }

    fn finish(&self, collected: Collected<'v>) -> Result<Value<'v>, EvaluationError> {
        match collected {
            Collected::Value(value) => Ok(value),
            Collected::Members(members) => Ok(Value::set(members)),
            Collected::Entries(entries) => {
                let mut finished = Vec::with_capacity(entries.len());
                for (key, below) in entries {
                    finished.push((key, self.finish(below)?));
                }
                self.unique(finished)
            }
        }
    }
}
