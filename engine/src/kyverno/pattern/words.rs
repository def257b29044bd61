//! How values are written in messages.
//!
//! Upstream asks the object as it stands in the JSON context, where every number is a float.

use crate::scalar::number::format_object_value;
use crate::value::Value;

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
        Some(value) => format_object_value(value),
    };
    match text.char_indices().nth(LIMIT).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("`{start}…`"),
        None => format!("`{text}`"),
    }
}
