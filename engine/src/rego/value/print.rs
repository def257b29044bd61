//! Writes values: as Rego, as `String()` of OPA's values does, and as JSON.

use crate::rego::host::{BuiltinError, Host};
use crate::scalar::quote::write_quoted;
use crate::value::write_json_string;

use super::Value;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// `{"a": 1, "b": {2}}`, as OPA prints values.
    Rego,
    /// JSON as `encoding/json` of Go writes it; sets are lists.
    Json,
}

enum Step<'v> {
    Value(Value<'v>),
    /// A key of an object in JSON: always a text.
    Key(Value<'v>),
    Text(&'static str),
}

impl<'v> Value<'v> {
    /// Writes this, as long as the budget has the bytes.
    pub(crate) fn write(
        &self,
        notation: Notation,
        host: &Host<'_, '_>,
    ) -> Result<String, BuiltinError> {
        let mut out = String::new();
        let mut steps = vec![Step::Value(self.clone())];
        let mut paid = 0;
        while let Some(step) = steps.pop() {
            match step {
                Step::Text(text) => out.push_str(text),
                Step::Key(Value::String(text)) => write_json_string(&text, &mut out),
                Step::Key(key) => write_json_string(&key.write(Notation::Json, host)?, &mut out),
                Step::Value(value) => write_or_open(&value, notation, &mut out, &mut steps),
            }
            if out.len() > paid + 4096 {
                host.make(out.len() - paid)?;
                paid = out.len();
            }
        }
        host.make(out.len() - paid)?;
        Ok(out)
    }
}

fn write_or_open<'v>(
    value: &Value<'v>,
    notation: Notation,
    out: &mut String,
    steps: &mut Vec<Step<'v>>,
) {
    let comma = if notation == Notation::Rego { ", " } else { "," };
    let colon = if notation == Notation::Rego { ": " } else { ":" };
    let mut list = |items: Vec<Value<'v>>, open: char, close: &'static str| {
        out.push(open);
        steps.push(Step::Text(close));
        for (position, item) in items.into_iter().enumerate().rev() {
            steps.push(Step::Value(item));
            if position > 0 {
                steps.push(Step::Text(comma));
            }
        }
    };
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => number.write(out),
        Value::String(text) if notation == Notation::Json => write_json_string(text, out),
        Value::String(text) => write_quoted(text, '"', false, out),
        Value::Set(set) => match notation {
            Notation::Rego if set.items().is_empty() => out.push_str("set()"),
            Notation::Rego => list(set.items().to_vec(), '{', "}"),
            Notation::Json => list(set.items().to_vec(), '[', "]"),
        },
        Value::Node(_) | Value::Array(_) | Value::Object(_) => {
            if let Some(items) = value.as_array() {
                list(items.iter().collect(), '[', "]");
            } else if let Some(entries) = value.as_object() {
                out.push('{');
                steps.push(Step::Text("}"));
                for (position, (key, value)) in entries.sorted().into_iter().enumerate().rev() {
                    steps.push(Step::Value(value));
                    steps.push(Step::Text(colon));
                    steps.push(match notation {
                        Notation::Rego => Step::Value(key),
                        Notation::Json => Step::Key(key),
                    });
                    if position > 0 {
                        steps.push(Step::Text(comma));
                    }
                }
            }
        }
    }
}
