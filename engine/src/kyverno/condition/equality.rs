//! Upstream: `equal.go` and `notequal.go`.

use std::cmp::Ordering;

use super::{ConditionError, Effort, as_durations, in_seconds, truncate};
use crate::scalar::number::{parse_float, parse_int};
use crate::scalar::quantity::Quantity;
use crate::value::Value;

/// Whether key and value are equal; none for a null key, for which neither `Equals` nor `NotEquals`
/// holds.
pub(super) fn equal(
    key: &Value<'_>,
    value: &Value<'_>,
    effort: &mut Effort,
) -> Result<Option<bool>, ConditionError> {
    Ok(Some(match (key, value) {
        (Value::Null, _) => return Ok(None),
        (Value::Bool(key), Value::Bool(value)) => key == value,
        (Value::Int(key), Value::Int(value)) => key == value,
        (Value::Int(key), Value::Float(value)) => {
            value.trunc() == *value && *key == truncate(*value)
        }
        (Value::Int(key), Value::String(value)) => parse_int(value) == Some(*key),
        (Value::Float(key), Value::Int(value)) => key.trunc() == *key && truncate(*key) == *value,
        (Value::Float(key), Value::Float(value)) => key == value,
        (Value::Float(key), Value::String(value)) => parse_float(value) == Some(*key),
        (Value::String(text), _) => equal_text(text, key, value, effort)?,
        (Value::Node(_) | Value::List(_) | Value::Map(_), _) => identical(key, value),
        _ => false,
    }))
}

fn equal_text(
    text: &str,
    key: &Value<'_>,
    value: &Value<'_>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    if let Some((key, value)) = as_durations(key, value) {
        return Ok(in_seconds(key) == in_seconds(value));
    }
    let Value::String(pattern) = value else { return Ok(false) };
    match (Quantity::parse(text), Quantity::parse(pattern)) {
        (Some(key), Some(value)) => Ok(key.compare(&value) == Ordering::Equal),
        // What is no quantity is no pattern for one either: `*` does not equal `5`.
        (Some(_), None) => Ok(false),
        (None, _) => effort.matches(pattern, text),
    }
}

/// Whether both are the same in kind and content; an integer is never a float.
fn identical(left: &Value<'_>, right: &Value<'_>) -> bool {
    let mut pairs = vec![(left.clone(), right.clone())];
    while let Some((left, right)) = pairs.pop() {
        let same = match (&left, &right) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Int(left), Value::Int(right)) => left == right,
            (Value::Float(left), Value::Float(right)) => left == right,
            (Value::String(left), Value::String(right)) => left == right,
            _ => {
                if left.len().is_none() || left.len() != right.len() {
                    return false;
                }
                if let (Some(left), Some(right)) = (left.items(), right.items()) {
                    pairs.extend(left.into_iter().zip(right));
                } else if let (Some(left), Some(right)) = (left.entries(), right.entries()) {
                    for ((left_key, left), (right_key, right)) in left.into_iter().zip(right) {
                        if left_key != right_key {
                            return false;
                        }
                        pairs.push((left, right));
                    }
                } else {
                    return false;
                }
                true
            }
        };
        if !same {
            return false;
        }
    }
    true
}
