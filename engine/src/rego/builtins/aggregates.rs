//! Counts, sums and orders what is in a collection (`v1/topdown/aggregates.go`).

use super::operand::{members, operands, wrong_element, wrong_number, wrong_type};
use crate::rego::number::NumberError;
use crate::rego::{BuiltinError, Host, Number, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

pub(super) fn count<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    if let Some(text) = whole.as_str() {
        host.step(text.len() / 16)?;
        return Ok(Value::from(text.chars().count()));
    }
    match whole.len() {
        Some(length) => Ok(Value::from(length)),
        None => Err(wrong_type(1, whole, &["array", "object", "set", "string"])),
    }
}

pub(super) fn sum<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    fold(host, arguments, 0, Number::plus)
}

pub(super) fn product<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    fold(host, arguments, 1, Number::times)
}

/// Folds numbers: exactly where all are whole, else all of them as floats.
fn fold<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    start: i64,
    operation: fn(&Number, &Number) -> Result<Number, NumberError>,
) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let numbers = collection(host, whole)?;
    let mut result = Number::from(start);
    for value in &numbers {
        let Value::Number(number) = value else {
            return Err(wrong_element(1, whole, value, "number"));
        };
        host.step(number.cost() + result.cost())?;
        result = operation(&result, number).map_err(|error| wrong_number(error, 1))?;
    }
    Ok(Value::from(result))
}

pub(super) fn max<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    collection(host, whole)?.into_iter().max().ok_or(BuiltinError::Undefined)
}

pub(super) fn min<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut members = collection(host, whole)?;
    // In a set `null` is not the least, unless there is nothing else: the fold begins with it.
    if matches!(whole, Value::Set(_)) && members.len() > 1 {
        members.retain(|member| !matches!(member, Value::Null));
    }
    members.into_iter().min().ok_or(BuiltinError::Undefined)
}

pub(super) fn sort<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut members = collection(host, whole)?;
    host.make_values(members.len())?;
    host.step(members.len().saturating_mul(members.len().max(1).ilog2() as usize))?;
    members.sort();
    Ok(Value::from(members))
}

pub(super) fn all<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let members = truths(host, arguments)?;
    Ok(Value::from(members.iter().all(|member| member.as_bool() == Some(true))))
}

pub(super) fn any<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let members = truths(host, arguments)?;
    Ok(Value::from(members.iter().any(|member| member.as_bool() == Some(true))))
}

fn truths<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Result<Vec<Value<'v>>, BuiltinError> {
    let [whole] = operands(arguments)?;
    host.step(whole.len().unwrap_or_default())?;
    members(whole).ok_or_else(|| wrong_type(1, whole, &["array", "set"]))
}

fn collection<'v>(host: &Host<'_, 'v>, whole: &Value<'v>) -> Result<Vec<Value<'v>>, BuiltinError> {
    host.step(whole.len().unwrap_or_default())?;
    members(whole).ok_or_else(|| wrong_type(1, whole, &["set", "array"]))
}
