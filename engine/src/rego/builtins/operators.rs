//! Arithmetic, bits, order, equality and membership.

use num_bigint::BigInt;

use super::operand::{number, operands, paid_number, set, whole, wrong_number, wrong_type};
use crate::rego::number::NumberError;
use crate::rego::{BuiltinError, Host, Number, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

fn unary<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    operation: fn(&Number) -> Result<Number, NumberError>,
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let result = operation(paid_number(host, value, 1)?);
    result.map(Value::from).map_err(|error| wrong_number(error, 1))
}

fn binary<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    operation: fn(&Number, &Number) -> Result<Number, NumberError>,
) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (paid_number(host, left, 1)?, paid_number(host, right, 2)?);
    operation(left, right).map(Value::from).map_err(|error| wrong_number(error, 1))
}

pub(super) fn plus<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    binary(host, arguments, Number::plus)
}

pub(super) fn mul<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    binary(host, arguments, Number::times)
}

pub(super) fn div<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    binary(host, arguments, Number::over)
}

pub(super) fn rem<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    binary(host, arguments, Number::remainder)
}

/// The difference of numbers or of sets.
pub(super) fn minus<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    match operands(arguments)? {
        [Value::Number(_), Value::Number(_)] => binary(host, arguments, Number::minus),
        [Value::Set(_), Value::Set(_)] => set_diff(host, arguments),
        [left @ (Value::Number(_) | Value::Set(_)), right] => {
            let wanted = if matches!(right, Value::Number(_)) { "set" } else { "number" };
            debug_assert_ne!(left.type_name(), right.type_name());
            Err(wrong_type(2, right, &[wanted]))
        }
        [left, _] => Err(wrong_type(1, left, &["number", "set"])),
    }
}

pub(super) fn abs<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    unary(host, arguments, Number::abs)
}

pub(super) fn round<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    unary(host, arguments, Number::round)
}

pub(super) fn ceil<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    unary(host, arguments, Number::ceil)
}

pub(super) fn floor<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    unary(host, arguments, Number::floor)
}

/// An operation on the bits of two whole numbers.
fn bitwise<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    operation: fn(&Number, &Number) -> Result<Number, NumberError>,
) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    for (operand, position) in [(left, 1), (right, 2)] {
        if let Some(number) = operand.as_number() {
            host.step(number.cost())?;
        }
        whole(operand, position)?;
    }
    let result = operation(number(left, 1)?, number(right, 2)?);
    result.map(Value::from).map_err(|error| wrong_number(error, 1))
}

pub(super) fn bits_and<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    bitwise(host, arguments, |left, right| left.bitwise(right, |left, right| left & right))
}

pub(super) fn bits_or<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    bitwise(host, arguments, |left, right| left.bitwise(right, |left, right| left | right))
}

pub(super) fn bits_xor<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    bitwise(host, arguments, |left, right| left.bitwise(right, |left, right| left ^ right))
}

pub(super) fn bits_lsh<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    bitwise(host, arguments, Number::shift_left)
}

pub(super) fn bits_rsh<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    bitwise(host, arguments, Number::shift_right)
}

pub(super) fn bits_negate<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    whole(value, 1)?;
    unary(host, arguments, Number::negate_bits)
}

pub(super) fn equal<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    Ok(Value::from(left == right))
}

pub(super) fn neq<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    Ok(Value::from(left != right))
}

pub(super) fn lt<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    Ok(Value::from(left < right))
}

pub(super) fn lte<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    Ok(Value::from(left <= right))
}

pub(super) fn gt<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    Ok(Value::from(left > right))
}

pub(super) fn gte<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    Ok(Value::from(left >= right))
}

/// What is in both sets.
pub(super) fn and<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    set(left, 1)?;
    set(right, 2)?;
    keep(host, left, right, true)
}

/// What is in either set.
pub(super) fn or<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (members, others) = (set(left, 1)?, set(right, 2)?);
    match (members, others) {
        ([], _) => Ok(right.clone()),
        (_, []) => Ok(left.clone()),
        _ => {
            host.make_values(members.len() + others.len())?;
            Ok(Value::set([members, others].concat()))
        }
    }
}

/// What is in the first set and not in the second.
pub(super) fn set_diff<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    set(left, 1)?;
    set(right, 2)?;
    keep(host, left, right, false)
}

/// The members of the first set that are, or are not, in the second.
pub(super) fn keep<'v>(
    host: &Host<'_, 'v>,
    left: &Value<'v>,
    right: &Value<'v>,
    in_both: bool,
) -> Answer<'v> {
    let members = left.as_set().unwrap_or_default();
    host.make_values(members.len())?;
    let kept = members.iter().filter(|member| right.get(member).is_some() == in_both);
    Ok(Value::set(kept.cloned().collect()))
}

/// `x in xs` (`builtinMember` of `v1/topdown/aggregates.go`).
pub(super) fn member<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [wanted, whole] = operands(arguments)?;
    if let Value::Set(_) = whole {
        return Ok(Value::from(whole.get(wanted).is_some()));
    }
    host.step(whole.len().unwrap_or_default())?;
    let found = match (whole.as_array(), whole.as_object()) {
        (Some(items), _) => items.iter().any(|item| item == *wanted),
        (_, Some(entries)) => entries.iter().any(|(_, value)| value == *wanted),
        _ => false,
    };
    Ok(Value::from(found))
}

/// `k, v in xs`.
pub(super) fn member_with_key<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [key, wanted, whole] = operands(arguments)?;
    let found = whole.get(key).is_some_and(|value| value == *wanted);
    Ok(Value::from(found))
}

/// The numbers from one to another, each `step` further.
fn range<'v>(host: &Host<'_, 'v>, from: &Value<'v>, to: &Value<'v>, step: &BigInt) -> Answer<'v> {
    let (from, to) = (whole(from, 1)?, whole(to, 2)?);
    let length = (if from <= to { &to - &from } else { &from - &to }) / step;
    let length = usize::try_from(&length).unwrap_or(usize::MAX).saturating_add(1);
    host.make_values(length)?;
    let step = if from <= to { step.clone() } else { -step };
    let mut numbers = Vec::with_capacity(length);
    let mut next = from;
    for _ in 0..length {
        let number = Number::from_bigint(&next).map_err(|error| wrong_number(error, 1))?;
        numbers.push(Value::from(number));
        next += &step;
    }
    Ok(Value::from(numbers))
}

pub(super) fn numbers_range<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [from, to] = operands(arguments)?;
    range(host, from, to, &BigInt::from(1))
}

pub(super) fn numbers_range_step<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [from, to, step] = operands(arguments)?;
    whole(from, 1)?;
    whole(to, 2)?;
    let step = whole(step, 3)?;
    if step <= BigInt::ZERO {
        return Err(super::operand::failed("numbers.range_step: step must be a positive integer"));
    }
    range(host, from, to, &step)
}
