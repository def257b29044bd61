//! `with`: other documents and functions while an expression is evaluated.

use super::super::Value;
use super::super::builtins::Builtin;
use super::super::program::{Callee, Change, ChangeTarget, Replacement, Step};
use super::{Context, EvaluationError, Found, Machine, Then};

/// A function that stands for another one.
#[derive(Clone, Debug)]
pub(super) struct Mock<'v> {
    mocked: Mocked,
    by: MockedBy<'v>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mocked {
    Builtin(&'static str),
    Function(usize),
}

#[derive(Clone, Debug)]
pub(super) enum MockedBy<'v> {
    Value(Value<'v>),
    Call(Callee),
}

impl<'h, 'v> Machine<'h, 'v> {
    /// Finds the solutions of `body` under changes, and calls `then` for each without them.
    pub(super) fn with(
        &mut self,
        changes: &'v [Change],
        body: &'v [Step],
        then: Then<'_, 'h, 'v>,
    ) -> Found {
        let Some(mut other) = self.changed(changes)? else { return Ok(super::Flow::More) };
        std::mem::swap(&mut self.context, &mut other);
        let found = self.deeper(|machine| {
            machine.run(body, &mut |machine| {
                std::mem::swap(&mut machine.context, &mut other);
                let found = then(machine);
                std::mem::swap(&mut machine.context, &mut other);
                found
            })
        });
        std::mem::swap(&mut self.context, &mut other);
        found
    }

    /// The documents after changes; none where a replacement is undefined.
    fn changed(&mut self, changes: &'v [Change]) -> Result<Option<Context<'v>>, EvaluationError> {
        let mut context = Context {
            input: self.context.input.clone(),
            data: self.context.data.clone(),
            replaced: self.context.replaced.clone(),
            mocks: self.context.mocks.clone(),
            cache: Vec::new(),
        };
        for change in changes {
            let by = match &change.value {
                Replacement::Call(callee) => MockedBy::Call(*callee),
                Replacement::Value(term) => match self.term(term)? {
                    Some(value) => MockedBy::Value(value),
                    None => return Ok(None),
                },
            };
            let mut mock = |mocked| context.mocks.push(Mock { mocked, by: by.clone() });
            match &change.target {
                ChangeTarget::Builtin(builtin) => mock(Mocked::Builtin(builtin.name)),
                ChangeTarget::Function(rule) => mock(Mocked::Function(*rule)),
                ChangeTarget::Input(path) => {
                    let MockedBy::Value(value) = by else { continue };
                    let base = context.input.take();
                    context.input = Some(self.placed(base, path, value)?);
                }
                ChangeTarget::Data(path) => {
                    let MockedBy::Value(value) = by else { continue };
                    let base = std::mem::replace(&mut context.data, Value::Null);
                    context.data = self.placed(Some(base), path, value)?;
                    context.replaced.push(path);
                }
            }
        }
        Ok(Some(context))
    }

    /// A document with another value at a path.
    fn placed(
        &self,
        base: Option<Value<'v>>,
        path: &'v [Box<str>],
        value: Value<'v>,
    ) -> Result<Value<'v>, EvaluationError> {
        let mut above = Vec::with_capacity(path.len());
        let mut at = base;
        for key in path {
            let key = Value::from(&**key);
            let next = at.as_ref().and_then(|value| value.get(&key));
            above.push((at, key));
            at = next;
        }
        let mut value = value;
        for (document, key) in above.into_iter().rev() {
            let mut entries = match document.as_ref().and_then(|document| document.as_object()) {
                Some(entries) => entries.sorted(),
                None => Vec::new(),
            };
            self.pay(64 * entries.len())?;
            entries.push((key, value));
            value = Value::object(entries);
        }
        Ok(value)
    }

    pub(super) fn mock_of_builtin(&self, builtin: &Builtin) -> Option<MockedBy<'v>> {
        self.mock_of(Mocked::Builtin(builtin.name))
    }

    pub(super) fn mock_of_function(&self, rule: usize) -> Option<MockedBy<'v>> {
        self.mock_of(Mocked::Function(rule))
    }

    fn mock_of(&self, mocked: Mocked) -> Option<MockedBy<'v>> {
        // Most evaluations have none.
        let found = self.context.mocks.iter().rev().find(|mock| mock.mocked == mocked);
        found.map(|mock| mock.by.clone())
    }

    /// Calls what stands for a function: that itself is not replaced.
    pub(super) fn call_mock(
        &mut self,
        mock: MockedBy<'v>,
        arguments: &[Value<'v>],
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        match mock {
            MockedBy::Value(value) => Ok(Some(value)),
            MockedBy::Call(Callee::Builtin(builtin)) => self.builtin(builtin, arguments),
            MockedBy::Call(Callee::Rule(rule)) => {
                // While the mock runs, the function it stands for is itself again.
                let mocks = std::mem::take(&mut self.context.mocks);
                let found = self.function(rule, arguments);
                self.context.mocks = mocks;
                found
            }
            MockedBy::Call(_) => Ok(None),
        }
    }
}
