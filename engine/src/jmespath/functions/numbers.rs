//! Functions on numbers; all of them compute with floats, as Go does.

use super::Arguments;
use crate::jmespath::evaluate::Result;
use crate::scalar::number;
use crate::value::Value;

pub(super) fn abs<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::Float(arguments.number(0).abs()))
}

pub(super) fn ceil<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::Float(arguments.number(0).ceil()))
}

pub(super) fn floor<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::Float(arguments.number(0).floor()))
}

/// Of an empty list it is not a number.
pub(super) fn avg<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let items = arguments.items(0)?;
    let sum: f64 = items.iter().filter_map(Value::as_f64).fold(0.0, |sum, item| sum + item);
    Ok(Value::Float(sum / items.len() as f64))
}

pub(super) fn round<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let places = arguments.number(1);
    if whole(places).is_err() {
        return Err(arguments.error("Non-integer argument(s) passed for round off"));
    }
    if places < 0.0 {
        // Upstream's own slip: the format has two numbers and gets none.
        return Err(arguments.error("%!d(MISSING) argument is out of bounds (%!d(MISSING))"));
    }
    let shift = 10_f64.powf(places);
    Ok(Value::Float((arguments.number(0) * shift).round() / shift))
}

pub(super) fn to_number<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(match arguments.value(0) {
        value @ (Value::Int(_) | Value::Float(_)) => value,
        Value::String(text) => {
            arguments.read(text.len())?;
            number::parse_float(&text).map_or(Value::Null, Value::Float)
        }
        _ => Value::Null,
    })
}

/// A whole number of 64 bits, or why it is none (Kyverno `utils.go`).
pub(super) fn whole(value: f64) -> std::result::Result<i64, String> {
    if !value.is_finite() || value.trunc() != value {
        let value = number::format_float(value);
        return Err(format!("expected an integer number but got: {value}"));
    }
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        let value = number::format_float(value);
        return Err(format!("number is outside the range of integer numbers: {value}"));
    }
    Ok(value as i64)
}
