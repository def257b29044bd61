//! Asks for types, and casts (`v1/topdown/type.go`, `type_name.go`, `casts.go`).

use super::operand::{failed, members, operands, wrong_type};
use crate::rego::{BuiltinError, Host, Number, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

pub(super) fn type_name<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    Ok(Value::from(value.type_name()))
}

fn is<'v>(arguments: &[Value<'v>], name: &str) -> Answer<'v> {
    let [value] = operands(arguments)?;
    Ok(Value::from(value.type_name() == name))
}

pub(super) fn is_null<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "null")
}

pub(super) fn is_boolean<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "boolean")
}

pub(super) fn is_number<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "number")
}

pub(super) fn is_string<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "string")
}

pub(super) fn is_array<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "array")
}

pub(super) fn is_object<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "object")
}

pub(super) fn is_set<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    is(arguments, "set")
}

fn cast<'v>(arguments: &[Value<'v>], name: &str) -> Answer<'v> {
    let [value] = operands(arguments)?;
    match value.type_name() == name {
        true => Ok(value.clone()),
        false => Err(wrong_type(1, value, &[name])),
    }
}

pub(super) fn cast_null<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    cast(arguments, "null")
}

pub(super) fn cast_boolean<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    cast(arguments, "boolean")
}

pub(super) fn cast_string<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    cast(arguments, "string")
}

pub(super) fn cast_object<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    cast(arguments, "object")
}

pub(super) fn cast_array<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    host.make_values(value.len().unwrap_or_default())?;
    members(value).map(Value::from).ok_or_else(|| wrong_type(1, value, &["array", "set"]))
}

pub(super) fn cast_set<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    host.make_values(value.len().unwrap_or_default())?;
    members(value).map(Value::set).ok_or_else(|| wrong_type(1, value, &["array", "set"]))
}

/// A number of a text, a truth or nothing. The text stays as it is, where it is one of JSON.
pub(super) fn to_number<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = match value {
        Value::Null => return Ok(Value::from(0_i64)),
        Value::Bool(value) => return Ok(Value::from(i64::from(*value))),
        Value::Number(_) => return Ok(value.clone()),
        Value::String(text) => text,
        _ => return Err(wrong_type(1, value, &["null", "boolean", "number", "string"])),
    };
    let unsigned = text.trim_start_matches(['+', '-']);
    if ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return Err(wrong_type(1, value, &["valid number string"]));
    }
    host.step(text.len() / 16)?;
    let wrong = |why| {
        let text = crate::scalar::quote::quoted(text);
        failed(format!("strconv.ParseFloat: parsing {text}: {why}"))
    };
    let plain = Number::parse(text).filter(|number| number.as_f64().is_finite());
    // What Go reads and JSON does not know, such as `0x1p4`, is a number by its value.
    match plain.or_else(|| crate::scalar::number::parse_float(text).map(Number::from)) {
        Some(number) => Ok(Value::from(number)),
        None if Number::parse(text).is_some() => Err(wrong("value out of range")),
        None => Err(wrong("invalid syntax")),
    }
}
