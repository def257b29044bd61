//! References: from a document or variable along keys, known ones and all that fit.

use super::super::Value;
use super::super::program::{Key, Reference, Start};
use super::step::entries;
use super::{EvaluationError, Flow, Found, Machine, ThenValue};

impl<'h, 'v> Machine<'h, 'v> {
    /// The value of a reference all of whose keys are known.
    pub(super) fn reference(
        &mut self,
        reference: &'v Reference,
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        if let Start::Branch(branch) = reference.start {
            let mut found = None;
            self.each_in_branch(branch, &reference.keys, &mut |_, value| {
                found = Some(value);
                Ok(Flow::Enough)
            })?;
            return Ok(found);
        }
        let Some(mut value) = self.start(reference.start)? else { return Ok(None) };
        for key in &reference.keys {
            match self.step_into(&value, key)? {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// Calls `then` for each value of a reference.
    pub(super) fn each(&mut self, reference: &'v Reference, then: ThenValue<'_, 'h, 'v>) -> Found {
        if let Start::Branch(branch) = reference.start {
            return self.each_in_branch(branch, &reference.keys, then);
        }
        match self.start(reference.start)? {
            Some(value) => self.descend(value, &reference.keys, then),
            None => Ok(Flow::More),
        }
    }

    fn start(&mut self, start: Start) -> Result<Option<Value<'v>>, EvaluationError> {
        match start {
            Start::Input => Ok(self.context.input.clone()),
            Start::Base => Ok(Some(self.context.data.clone())),
            Start::Rule(rule) => self.rule(rule),
            Start::Variable(variable) => Ok(Some(self.slot(variable))),
            Start::Branch(branch) => self.branch(branch),
        }
    }

    /// Calls `then` for each value that keys lead to.
    pub(super) fn descend(
        &mut self,
        mut value: Value<'v>,
        mut keys: &'v [Key],
        then: ThenValue<'_, 'h, 'v>,
    ) -> Found {
        while let Some((key, rest)) = keys.split_first() {
            let Key::Each(pattern) = key else {
                match self.step_into(&value, key)? {
                    Some(next) => value = next,
                    None => return Ok(Flow::More),
                }
                keys = rest;
                continue;
            };
            return self.deeper(|machine| {
                let mark = machine.trail.len();
                for (key, item) in entries(&value) {
                    machine.tick()?;
                    machine.trail.truncate(mark);
                    machine.note(&value, &key);
                    if machine.fits(pattern, key)?
                        && machine.descend(item, rest, then)? == Flow::Enough
                    {
                        return Ok(Flow::Enough);
                    }
                }
                machine.trail.truncate(mark);
                Ok(Flow::More)
            });
        }
        then(self, value)
    }

    /// Follows one key that is known.
    pub(super) fn step_into(
        &mut self,
        value: &Value<'v>,
        key: &'v Key,
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        match key {
            Key::Field(name) => {
                if let Value::Node(node) = value {
                    let Some(next) = node.get(name) else { return Ok(None) };
                    self.trail.push(next);
                    return Ok(Some(Value::from(next)));
                }
                Ok(value.get(&Value::from(&**name)))
            }
            Key::Bound(term) => {
                let Some(key) = self.term(term)? else { return Ok(None) };
                self.note(value, &key);
                Ok(value.get(&key))
            }
            Key::Each(_) => Ok(None),
        }
    }

    /// Remembers that the place under a key was read.
    fn note(&mut self, value: &Value<'v>, key: &Value<'v>) {
        let Value::Node(node) = value else { return };
        let read = match key {
            Value::String(name) => node.get(name),
            Value::Number(index) => index.as_index().and_then(|index| node.as_list()?.get(index)),
            _ => None,
        };
        self.trail.extend(read);
    }
}
