//! Arithmetic on numbers, Kubernetes quantities and Go durations (Kyverno `arithmetic.go`).

use super::Arguments;
use crate::jmespath::evaluate::{Failure, Result};
use crate::scalar::duration;
use crate::scalar::number::format_float;
use crate::scalar::quantity::Quantity;
use crate::value::Value;

/// What can be computed with. A text that could be either, such as `5m`, is a quantity.
enum Operand {
    Number(f64),
    Quantity(Quantity),
    /// Nanoseconds.
    Duration(i64),
}

fn operand<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    value: &Value<'t>,
) -> std::result::Result<Operand, Failure<'t>> {
    let operand = match value {
        Value::Int(_) | Value::Float(_) => value.as_f64().map(Operand::Number),
        Value::String(text) => {
            arguments.read(text.len())?;
            Quantity::parse(text)
                .map(Operand::Quantity)
                .or_else(|| duration::parse(text).map(Operand::Duration))
        }
        _ => None,
    };
    operand.ok_or_else(|| arguments.error("invalid operand"))
}

fn operands<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
) -> std::result::Result<(Operand, Operand), Failure<'t>> {
    Ok((operand(arguments, &arguments.value(0))?, operand(arguments, &arguments.value(1))?))
}

fn mismatch<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Err(arguments.error("Types mismatch"))
}

fn quantity<'t>(arguments: &Arguments<'_, 't, '_, '_>, quantity: Option<Quantity>) -> Result<'t> {
    match quantity {
        Some(quantity) => arguments.made(quantity.to_string()),
        None => Err(arguments.error("the result has too many digits")),
    }
}

fn duration_text<'t>(arguments: &Arguments<'_, 't, '_, '_>, nanoseconds: i64) -> Result<'t> {
    arguments.made(duration::format(nanoseconds))
}

fn seconds(nanoseconds: i64) -> f64 {
    (nanoseconds / 1_000_000_000) as f64 + (nanoseconds % 1_000_000_000) as f64 / 1e9
}

/// Seconds as nanoseconds, as Go converts: what does not fit is the least number.
fn from_seconds(seconds: f64) -> i64 {
    let nanoseconds = seconds * 1e9;
    if (i64::MIN as f64..-(i64::MIN as f64)).contains(&nanoseconds) {
        nanoseconds as i64
    } else {
        i64::MIN
    }
}

fn zero_divisor<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Failure<'t> {
    arguments.error("Zero divisor passed")
}

pub(super) fn add<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    add_two(arguments, &arguments.value(0), &arguments.value(1))
}

fn add_two<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    left: &Value<'t>,
    right: &Value<'t>,
) -> Result<'t> {
    match (operand(arguments, left)?, operand(arguments, right)?) {
        (Operand::Number(left), Operand::Number(right)) => Ok(Value::Float(left + right)),
        (Operand::Quantity(left), Operand::Quantity(right)) => {
            quantity(arguments, left.add(&right))
        }
        (Operand::Duration(left), Operand::Duration(right)) => {
            duration_text(arguments, left.wrapping_add(right))
        }
        _ => mismatch(arguments),
    }
}

/// A list of one item gives that item, whatever it is.
pub(super) fn sum<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let mut items = arguments.items(0)?.into_iter();
    let Some(mut sum) = items.next() else {
        return Err(arguments.error("at least one element in the array is required"));
    };
    for item in items {
        sum = add_two(arguments, &sum, &item)?;
    }
    Ok(sum)
}

pub(super) fn subtract<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    match operands(arguments)? {
        (Operand::Number(left), Operand::Number(right)) => Ok(Value::Float(left - right)),
        (Operand::Quantity(left), Operand::Quantity(right)) => {
            quantity(arguments, left.subtract(&right))
        }
        (Operand::Duration(left), Operand::Duration(right)) => {
            duration_text(arguments, left.wrapping_sub(right))
        }
        _ => mismatch(arguments),
    }
}

pub(super) fn multiply<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    match operands(arguments)? {
        (Operand::Number(left), Operand::Number(right)) => Ok(Value::Float(left * right)),
        (Operand::Quantity(amount), Operand::Number(factor))
        | (Operand::Number(factor), Operand::Quantity(amount)) => {
            let factor = as_quantity(factor)?;
            quantity(arguments, amount.multiply(&factor))
        }
        (Operand::Duration(length), Operand::Number(factor))
        | (Operand::Number(factor), Operand::Duration(length)) => {
            duration_text(arguments, from_seconds(seconds(length) * factor))
        }
        _ => mismatch(arguments),
    }
}

fn as_quantity<'t>(number: f64) -> std::result::Result<Quantity, Failure<'t>> {
    Quantity::parse(&format_float(number)).ok_or_else(|| {
        Failure::failed(
            "quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )
    })
}

pub(super) fn divide<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    match operands(arguments)? {
        (
            Operand::Number(_) | Operand::Quantity(_) | Operand::Duration(_),
            Operand::Number(0.0),
        ) => Err(zero_divisor(arguments)),
        (Operand::Number(left), Operand::Number(right)) => Ok(Value::Float(left / right)),
        (Operand::Quantity(left), Operand::Quantity(right)) => {
            let divisor = right.to_f64();
            if divisor == 0.0 {
                return Err(zero_divisor(arguments));
            }
            Ok(Value::Float(left.to_f64() / divisor))
        }
        (Operand::Quantity(left), Operand::Number(right)) => {
            let divisor = as_quantity(right)?;
            quantity(arguments, left.divide(&divisor))
        }
        (Operand::Duration(left), Operand::Duration(right)) => {
            if right == 0 {
                return Err(zero_divisor(arguments));
            }
            Ok(Value::Float(seconds(left) / seconds(right)))
        }
        (Operand::Duration(left), Operand::Number(right)) => {
            duration_text(arguments, from_seconds(seconds(left) / right))
        }
        _ => mismatch(arguments),
    }
}

pub(super) fn modulo<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    match operands(arguments)? {
        (Operand::Number(left), Operand::Number(right)) => {
            Ok(Value::Float(whole_modulo(arguments, left, right)? as f64))
        }
        (Operand::Quantity(left), Operand::Quantity(right)) => {
            let rest = whole_modulo(arguments, left.to_f64(), right.to_f64())?;
            quantity(arguments, Some(Quantity::from_int(rest, left.format())))
        }
        (Operand::Duration(left), Operand::Duration(right)) => {
            if right == 0 {
                return Err(zero_divisor(arguments));
            }
            duration_text(arguments, left.wrapping_rem(right))
        }
        _ => mismatch(arguments),
    }
}

fn whole_modulo<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    left: f64,
    right: f64,
) -> std::result::Result<i64, Failure<'t>> {
    let (Ok(left), Ok(right)) = (super::numbers::whole(left), super::numbers::whole(right)) else {
        return Err(arguments.error("Non-integer argument(s) passed for modulo"));
    };
    if right == 0 {
        return Err(zero_divisor(arguments));
    }
    Ok(left.wrapping_rem(right))
}
