//! Steps: what has one outcome in a loop, what has several by calling what follows.

use super::super::Value;
use super::super::program::{Pattern, Step, StepKind};
use super::{EvaluationError, Flow, Found, Machine, Then};

impl<'h, 'v> Machine<'h, 'v> {
    /// Goes through `steps` and calls `then` for each solution.
    pub(super) fn run(&mut self, mut steps: &'v [Step], then: Then<'_, 'h, 'v>) -> Found {
        while let Some((step, rest)) = steps.split_first() {
            self.tick()?;
            self.enter(step);
            let holds = match &step.kind {
                StepKind::Test(term) => self.term(term)?.is_some_and(|value| value.holds()),
                StepKind::Match(pattern, term) => match self.term(term)? {
                    Some(value) => self.fits(pattern, value)?,
                    None => false,
                },
                StepKind::TestEach(reference) => {
                    return self.each(reference, &mut |machine, value| match value.holds() {
                        true => machine.run(rest, then),
                        false => Ok(Flow::More),
                    });
                }
                StepKind::MatchEach(pattern, reference) => {
                    return self.each(reference, &mut |machine, value| match machine
                        .fits(pattern, value)?
                    {
                        true => machine.run(rest, then),
                        false => Ok(Flow::More),
                    });
                }
                StepKind::Call { callee, arguments, output } => match self.terms(arguments)? {
                    Some(arguments) => {
                        if let Some(pairs) = self.walked(*callee, &arguments)? {
                            return self.run_walk(pairs, output.as_ref(), rest, then);
                        }
                        match (self.call(*callee, &arguments)?, output) {
                            (Some(value), Some(pattern)) => self.fits(pattern, value)?,
                            (Some(value), None) => value.holds(),
                            (None, _) => false,
                        }
                    }
                    None => false,
                },
                StepKind::Not(body) => !self.holds(body)?,
                StepKind::Every { key, value, domain, body } => match self.term(domain)? {
                    Some(domain) => self.every((*key, *value), &domain, body)?,
                    None => false,
                },
                StepKind::With { changes, body } => {
                    return self.with(changes, body, &mut |machine| machine.run(rest, then));
                }
                StepKind::Never => false,
            };
            if !holds {
                return Ok(Flow::More);
            }
            steps = rest;
        }
        then(self)
    }

    fn enter(&mut self, step: &Step) {
        self.span = step.span;
        if let Some(covered) = &mut self.covered {
            covered.insert((self.module, step.span));
        }
        if let Some((frame, last)) = &mut self.watched
            && *frame == self.frames
        {
            *last = step.span;
        }
    }

    /// Whether there is a solution.
    pub(super) fn holds(&mut self, steps: &'v [Step]) -> Result<bool, EvaluationError> {
        let mark = self.trail.len();
        let found = self.deeper(|machine| machine.run(steps, &mut |_| Ok(Flow::Enough)))?;
        self.trail.truncate(mark);
        Ok(found == Flow::Enough)
    }

    fn every(
        &mut self,
        (key, item): (u32, u32),
        domain: &Value<'v>,
        body: &'v [Step],
    ) -> Result<bool, EvaluationError> {
        if domain.len().is_none() {
            return Ok(false);
        }
        for (found, value) in entries(domain) {
            self.bind(key, found);
            self.bind(item, value);
            if !self.holds(body)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn run_walk(
        &mut self,
        pairs: Vec<Value<'v>>,
        output: Option<&'v Pattern>,
        rest: &'v [Step],
        then: Then<'_, 'h, 'v>,
    ) -> Found {
        let mark = self.trail.len();
        for pair in pairs {
            self.tick()?;
            let fits = match output {
                Some(pattern) => self.fits(pattern, pair)?,
                None => true,
            };
            if fits && self.deeper(|machine| machine.run(rest, then))? == Flow::Enough {
                return Ok(Flow::Enough);
            }
            self.trail.truncate(mark);
        }
        Ok(Flow::More)
    }

    /// Whether a value fits a pattern; what the pattern binds is bound.
    pub(super) fn fits(
        &mut self,
        pattern: &'v Pattern,
        value: Value<'v>,
    ) -> Result<bool, EvaluationError> {
        match pattern {
            Pattern::Bind(variable) => {
                self.bind(*variable, value);
                Ok(true)
            }
            Pattern::Same(term) => Ok(self.term(term)?.is_some_and(|known| known == value)),
            Pattern::Array(patterns) => {
                let Some(items) = value.as_array().filter(|items| items.len() == patterns.len())
                else {
                    return Ok(false);
                };
                for (pattern, item) in patterns.iter().zip(items.iter()) {
                    if !self.fits(pattern, item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Pattern::Object(patterns) => {
                let Some(entries) = value.as_object().filter(|all| all.len() == patterns.len())
                else {
                    return Ok(false);
                };
                for (key, pattern) in patterns {
                    let Some(key) = self.term(key)? else { return Ok(false) };
                    let Some(value) = entries.get(&key) else { return Ok(false) };
                    if !self.fits(pattern, value)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }
}

/// The keys and values of a collection; a member of a set is its own key.
pub(super) fn entries<'v>(collection: &Value<'v>) -> Vec<(Value<'v>, Value<'v>)> {
    if let Some(items) = collection.as_array() {
        return items.iter().enumerate().map(|(index, item)| (Value::from(index), item)).collect();
    }
    if let Some(entries) = collection.as_object() {
        return entries.sorted();
    }
    let members = collection.as_set().unwrap_or_default();
    members.iter().map(|member| (member.clone(), member.clone())).collect()
}
