//! Terms that have one value or none.

use super::super::program::{Comprehension, Term};
use super::super::{Number, Value};
use super::{EvaluationError, Flow, Machine};

impl<'v> Machine<'_, 'v> {
    /// The value of a term; none where a part of it is undefined.
    pub(super) fn term(&mut self, term: &'v Term) -> Result<Option<Value<'v>>, EvaluationError> {
        Ok(Some(match term {
            Term::Null => Value::Null,
            Term::Bool(value) => Value::Bool(*value),
            Term::Int(value) => Value::from(*value),
            Term::Number(digits) => Value::Number(Number::from_digits(digits)),
            Term::String(text) => Value::from(&**text),
            Term::Constant(tree) => Value::from(tree.root()),
            Term::Variable(variable) => self.slot(*variable),
            Term::Reference(reference) => return self.reference(reference),
            Term::Array(items) => match self.terms(items)? {
                Some(items) => Value::from(items),
                None => return Ok(None),
            },
            Term::Set(items) => match self.terms(items)? {
                Some(items) => Value::set(items),
                None => return Ok(None),
            },
            Term::Object(entries) => {
                self.pay(64 * entries.len())?;
                let mut found = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let Some(key) = self.term(key)? else { return Ok(None) };
                    let Some(value) = self.term(value)? else { return Ok(None) };
                    found.push((key, value));
                }
                Value::object(found)
            }
            Term::Comprehension(comprehension) => self.comprehension(comprehension)?,
        }))
    }

    /// The values of terms; none where one is undefined.
    pub(super) fn terms(
        &mut self,
        terms: &'v [Term],
    ) -> Result<Option<Vec<Value<'v>>>, EvaluationError> {
        self.pay(32 * terms.len())?;
        let mut values = Vec::with_capacity(terms.len());
        for term in terms {
            let Some(value) = self.term(term)? else { return Ok(None) };
            values.push(value);
        }
        Ok(Some(values))
    }

    fn comprehension(
        &mut self,
        comprehension: &'v Comprehension,
    ) -> Result<Value<'v>, EvaluationError> {
        match comprehension {
            Comprehension::Array(term, body) | Comprehension::Set(term, body) => {
                let mut items = Vec::new();
                self.deeper(|machine| {
                    machine.run(body, &mut |machine| {
                        machine.pay(32)?;
                        items.extend(machine.term(term)?);
                        Ok(Flow::More)
                    })
                })?;
                Ok(match comprehension {
                    Comprehension::Set(..) => Value::set(items),
                    _ => Value::from(items),
                })
            }
            Comprehension::Object(key, value, body) => {
                let mut entries = Vec::new();
                self.deeper(|machine| {
                    machine.run(body, &mut |machine| {
                        machine.pay(64)?;
                        if let (Some(key), Some(value)) = (machine.term(key)?, machine.term(value)?)
                        {
                            entries.push((key, value));
                        }
                        Ok(Flow::More)
                    })
                })?;
                self.unique(entries)
            }
        }
    }

    /// An object whose equal keys have equal values.
    pub(super) fn unique(
        &self,
        mut entries: Vec<(Value<'v>, Value<'v>)>,
    ) -> Result<Value<'v>, EvaluationError> {
        entries.sort();
        entries.dedup();
        let same = |pair: &[(Value<'v>, Value<'v>)]| match pair {
            [first, second] => first.0 == second.0,
            _ => false,
        };
        if entries.windows(2).any(same) {
            return self.error("eval_conflict_error", "object keys must be unique");
        }
        Ok(Value::object(entries))
    }
}
