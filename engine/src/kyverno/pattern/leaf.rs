//! Scalars of a pattern: `?*`, `>=1Gi`, `10-20`, `a* | !b & ?c`.
//!
//! Upstream: `pkg/engine/pattern/pattern.go` and `pkg/engine/operator/operator.go`.

mod text;

use self::text::TextPattern;
use crate::scalar::number;
use crate::value::Value;

/// Tells whether a text is a range with both ends, such as `1-10` or `100Mi-1Gi`.
pub(crate) fn is_range(text: &str) -> bool {
    text::is_range(text)
}

/// A scalar of a pattern, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Leaf(Shape);

#[derive(Clone, Debug)]
enum Shape {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Box<TextPattern>),
    /// Matches every map.
    Map,
    /// Matches nothing.
    List,
}

impl Leaf {
    /// Reads a pattern; every text is one.
    pub(crate) fn compile(pattern: &Value<'_>) -> Self {
        Self(match pattern {
            Value::Null => Shape::Null,
            Value::Bool(value) => Shape::Bool(*value),
            Value::Int(value) => Shape::Int(*value),
            Value::Float(value) => Shape::Float(*value),
            Value::String(text) => Shape::Text(Box::new(TextPattern::compile(text))),
            Value::Node(_) | Value::List(_) | Value::Map(_) if pattern.is_map() => Shape::Map,
            Value::Node(_) | Value::List(_) | Value::Map(_) => Shape::List,
        })
    }

    /// Tells whether `value` matches.
    pub(crate) fn matches(&self, value: &Value<'_>) -> bool {
        match &self.0 {
            Shape::Null => matches_null(value),
            Shape::Bool(pattern) => value.as_bool() == Some(*pattern),
            Shape::Int(pattern) => matches_int(value, *pattern),
            Shape::Float(pattern) => matches_float(value, *pattern),
            Shape::Text(pattern) => pattern.matches(value),
            Shape::Map => value.is_map(),
            Shape::List => false,
        }
    }

    /// The pattern, where it is a text.
    pub(super) fn text(&self) -> Option<&TextPattern> {
        match &self.0 {
            Shape::Text(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// The pattern, where it is a whole number.
    pub(super) fn as_int(&self) -> Option<i64> {
        match self.0 {
            Shape::Int(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the pattern is `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.0, Shape::Null)
    }
}

impl std::fmt::Display for Leaf {
    /// Writes the pattern as `%v` of Go does.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Shape::Null => formatter.write_str("<nil>"),
            Shape::Bool(value) => write!(formatter, "{value}"),
            Shape::Int(value) => write!(formatter, "{value}"),
            Shape::Float(value) => formatter.write_str(&number::format_float(*value)),
            Shape::Text(pattern) => formatter.write_str(pattern.text()),
            Shape::Map => formatter.write_str("map[]"),
            Shape::List => formatter.write_str("[]"),
        }
    }
}

/// What stands for nothing: null, false, zero and the empty text.
fn matches_null(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Float(value) => *value == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Node(_) | Value::List(_) | Value::Map(_) => false,
    }
}

fn matches_int(value: &Value<'_>, pattern: i64) -> bool {
    match value {
        Value::Int(value) => *value == pattern,
        Value::Float(value) => *value == value.trunc() && to_int(*value) == pattern,
        Value::String(text) => number::parse_int(text) == Some(pattern),
        _ => false,
    }
}

fn matches_float(value: &Value<'_>, pattern: f64) -> bool {
    match value {
        Value::Int(value) => pattern == pattern.trunc() && to_int(pattern) == *value,
        Value::Float(value) => *value == pattern,
        Value::String(text) => number::parse_float(text) == Some(pattern),
        _ => false,
    }
}

/// Converts as Go does on amd64, where everything beyond 64 bits becomes the least number.
fn to_int(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

#[cfg(test)]
mod tests;
