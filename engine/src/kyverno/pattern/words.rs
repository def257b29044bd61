//! How values are written in messages.
//!
//! Upstream asks the object as it stands in the JSON context, where every number is a float.

use crate::scalar::number::format_float;
use crate::value::{Text, Value};

/// The value as patterns see it: a whole number is a float.
pub(super) fn as_context<'t>(value: Value<'t>) -> Value<'t> {
    match value {
        Value::Int(number) => Value::Float(number as f64),
        value => value,
    }
}

/// The type of a value of a pattern, as `%T` of Go writes it.
pub(super) fn pattern_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Int(_) => "int64",
        value => object_type(value),
    }
}

/// The type of a value of the object, as `%T` of Go writes it.
pub(super) fn object_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::Node(_) | Value::List(_) | Value::Map(_) if value.is_map() => {
            "map[string]interface {}"
        }
        Value::Node(_) | Value::List(_) | Value::Map(_) => "[]interface {}",
    }
}

enum Step<'t> {
    Value(Value<'t>),
    Key(Text<'t>),
    Mark(&'static str),
}

/// A value of the object as `%v` of Go writes it: `map[a:1 b:<nil>]`, `[x y]`, `1e+06`.
///
/// Depth costs heap, not stack.
pub(super) fn object_text(value: &Value<'_>) -> String {
    let mut out = String::new();
    let mut steps = vec![Step::Value(value.clone())];
    while let Some(step) = steps.pop() {
        match step {
            Step::Mark(mark) => out.push_str(mark),
            Step::Key(key) => {
                out.push_str(&key);
                out.push(':');
            }
            Step::Value(value) => write_or_open(&value, &mut out, &mut steps),
        }
    }
    out
}

fn write_or_open<'t>(value: &Value<'t>, out: &mut String, steps: &mut Vec<Step<'t>>) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&format_float(*value as f64)),
        Value::Float(value) => out.push_str(&format_float(*value)),
        Value::String(text) => out.push_str(text),
        Value::List(_) | Value::Map(_) | Value::Node(_) => {
            steps.push(Step::Mark("]"));
            out.push_str(if value.is_map() { "map[" } else { "[" });
            let items = value.items().into_iter().flatten().map(|item| (None, item));
            let entries = value.entries().into_iter().flatten();
            let children: Vec<_> =
                items.chain(entries.map(|(key, value)| (Some(key), value))).collect();
            for (position, (key, value)) in children.into_iter().enumerate().rev() {
                steps.push(Step::Value(value));
                steps.extend(key.map(Step::Key));
                if position > 0 {
                    steps.push(Step::Mark(" "));
                }
            }
        }
    }
}

/// A value in a few words, for our own messages.
pub(super) fn describe(value: Option<&Value<'_>>) -> String {
    /// Longer texts are cut off.
    const LIMIT: usize = 200;
    let text = match value {
        None => return "nothing".to_owned(),
        Some(value) if value.is_map() => return "a map".to_owned(),
        Some(value) if value.is_list() => return "a list".to_owned(),
        Some(Value::Null) => return "null".to_owned(),
        Some(Value::String(text)) if text.is_empty() => return "an empty text".to_owned(),
        Some(Value::Int(number)) => number.to_string(),
        Some(value) => object_text(value),
    };
    match text.char_indices().nth(LIMIT).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("`{start}…`"),
        None => format!("`{text}`"),
    }
}
