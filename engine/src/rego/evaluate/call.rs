//! Calls of built-in functions, of `print` and of template strings.

use super::super::builtins::Builtin;
use super::super::host::Note;
use super::super::program::Callee;
use super::super::value::Notation;
use super::super::{BuiltinError, Value, outside};
use super::{EvaluationError, Machine};

impl<'v> Machine<'_, 'v> {
    /// The value of a call; none where it is undefined.
    pub(super) fn call(
        &mut self,
        callee: Callee,
        arguments: &[Value<'v>],
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        match callee {
            Callee::Builtin(builtin) => match self.mock_of_builtin(builtin) {
                Some(mock) => self.call_mock(mock, arguments),
                None => self.builtin(builtin, arguments),
            },
            Callee::Rule(rule) => match self.mock_of_function(rule) {
                Some(mock) => self.call_mock(mock, arguments),
                None => self.function(rule, arguments),
            },
            Callee::Print => self.print(arguments).map(Some),
            Callee::Template => self.template(arguments).map(Some),
        }
    }

    pub(super) fn builtin(
        &mut self,
        builtin: &'static Builtin,
        arguments: &[Value<'v>],
    ) -> Result<Option<Value<'v>>, EvaluationError> {
        match self.answer(builtin, arguments) {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.refused(builtin, error),
        }
    }

    /// The answer of the caller, where it is asked for one, or of the function.
    fn answer(
        &self,
        builtin: &'static Builtin,
        arguments: &[Value<'v>],
    ) -> Result<Value<'v>, BuiltinError> {
        if let Some(outside) = self.program.outside.as_deref()
            && outside.knows(builtin.name)
        {
            let policy = self.program.sources.get(self.module).map_or("", |source| &source.name);
            return outside::ask(outside, builtin.name, policy, &self.host, arguments);
        }
        (builtin.function)(&self.host, arguments)
    }

    fn refused<T>(
        &self,
        builtin: &Builtin,
        error: BuiltinError,
    ) -> Result<Option<T>, EvaluationError> {
        let (code, message) = match error {
            BuiltinError::Halt(message) => {
                return self.error("eval_cancel_error", format!("{}: {message}", builtin.name));
            }
            BuiltinError::Undefined => return Ok(None),
            BuiltinError::Type(message) => ("eval_type_error", message),
            BuiltinError::Failed(message) => ("eval_builtin_error", message),
        };
        match self.strict {
            true => self.error(code, format!("{}: {message}", builtin.name)),
            false => Ok(None),
        }
    }

    /// The pairs of `walk`, which has one value for each.
    pub(super) fn walked(
        &mut self,
        callee: Callee,
        arguments: &[Value<'v>],
    ) -> Result<Option<Vec<Value<'v>>>, EvaluationError> {
        let Callee::Builtin(builtin) = callee else { return Ok(None) };
        if builtin.name != "walk" || self.mock_of_builtin(builtin).is_some() {
            return Ok(None);
        }
        let pairs = self.builtin(builtin, arguments)?;
        let pairs = pairs.as_ref().and_then(|pairs| pairs.as_array());
        Ok(Some(pairs.map(|pairs| pairs.iter().collect()).unwrap_or_default()))
    }

    /// Notes what is printed: a line for each combination of values.
    fn print(&mut self, arguments: &[Value<'v>]) -> Result<Value<'v>, EvaluationError> {
        let mut lines = vec![String::new()];
        let operands = arguments.first().and_then(|operands| operands.as_array());
        for operand in operands.into_iter().flat_map(|operands| operands.iter().collect::<Vec<_>>())
        {
            let mut texts = Vec::new();
            for value in operand.as_set().unwrap_or_default() {
                texts.push(self.printed(value)?);
            }
            if texts.is_empty() {
                texts.push("<undefined>".to_owned());
            }
            let mut longer = Vec::with_capacity(lines.len() * texts.len());
            for line in &lines {
                for text in &texts {
                    self.pay(line.len() + text.len() + 1)?;
                    let space = if line.is_empty() { "" } else { " " };
                    longer.push(format!("{line}{space}{text}"));
                }
            }
            lines = longer;
        }
        let at = Some((self.module, self.span));
        let notes = lines.into_iter().map(|text| Note { text, at });
        self.host.notes.borrow_mut().extend(notes);
        Ok(Value::Bool(true))
    }

    /// A value as people read it: a text without quotes.
    fn printed(&self, value: &Value<'v>) -> Result<String, EvaluationError> {
        match value {
            Value::String(text) => Ok(text.to_string()),
            value => match value.write(Notation::Rego, &self.host) {
                Ok(text) => Ok(text),
                Err(_) => self.error("eval_cancel_error", "the evaluation makes too much data"),
            },
        }
    }

    fn template(&mut self, arguments: &[Value<'v>]) -> Result<Value<'v>, EvaluationError> {
        let mut text = String::new();
        let parts = arguments.first().and_then(|parts| parts.as_array());
        for part in parts.into_iter().flat_map(|parts| parts.iter().collect::<Vec<_>>()) {
            let piece = match part.as_set() {
                None => self.printed(&part)?,
                Some([]) => "<undefined>".to_owned(),
                Some([value]) => self.printed(value)?,
                Some(_) => {
                    return self.error(
                        "eval_conflict_error",
                        "template-strings must not produce multiple outputs",
                    );
                }
            };
            self.pay(piece.len())?;
            text.push_str(&piece);
        }
        Ok(Value::from(text))
    }
}
