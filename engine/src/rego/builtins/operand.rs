//! Takes operands apart, with OPA's words where one is wrong (`v1/topdown/builtins/builtins.go`).

use num_bigint::BigInt;

use crate::rego::number::NumberError;
use crate::rego::value::{ArrayView, ObjectView};
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::value::Text;

/// All operands of a call.
pub(super) fn operands<'a, 'v, const COUNT: usize>(
    arguments: &'a [Value<'v>],
) -> Result<&'a [Value<'v>; COUNT], BuiltinError> {
    arguments.try_into().map_err(|_| {
        BuiltinError::Failed(format!("expected {COUNT} arguments, found {}", arguments.len()))
    })
}

/// An operand of a type that is not wanted.
pub(super) fn wrong_type(position: usize, got: &Value<'_>, wanted: &[&str]) -> BuiltinError {
    let got = got.type_name();
    BuiltinError::Type(match wanted {
        [wanted] => format!("operand {position} must be {wanted} but got {got}"),
        _ => format!("operand {position} must be one of {{{}}} but got {got}", wanted.join(", ")),
    })
}

/// An item of an operand that is of a type that is not wanted.
pub(super) fn wrong_element(
    position: usize,
    whole: &Value<'_>,
    got: &Value<'_>,
    wanted: &str,
) -> BuiltinError {
    let (whole, got) = (whole.type_name(), got.type_name());
    BuiltinError::Type(format!(
        "operand {position} must be {whole} of {wanted}s but got {whole} containing {got}"
    ))
}

pub(super) fn failed(message: impl Into<String>) -> BuiltinError {
    BuiltinError::Failed(message.into())
}

pub(super) fn string<'a>(value: &'a Value<'_>, position: usize) -> Result<&'a str, BuiltinError> {
    value.as_str().ok_or_else(|| wrong_type(position, value, &["string"]))
}

/// A text that may be cut into parts without a copy.
pub(super) fn text<'a, 'v>(
    value: &'a Value<'v>,
    position: usize,
) -> Result<&'a Text<'v>, BuiltinError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong_type(position, value, &["string"])),
    }
}

/// A part of a text: in place where the text is, else a copy.
pub(super) fn part<'v>(
    host: &Host<'_, 'v>,
    whole: &Text<'v>,
    part: &str,
) -> Result<Value<'v>, BuiltinError> {
    if part.len() == whole.len() {
        return Ok(Value::String(whole.clone()));
    }
    if let Text::Borrowed(whole) = whole {
        let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        if let Some(part) = whole.get(start..start.wrapping_add(part.len())) {
            return Ok(Value::from(part));
        }
    }
    host.text(part.to_owned())
}

pub(super) fn number<'a>(
    value: &'a Value<'_>,
    position: usize,
) -> Result<&'a Number, BuiltinError> {
    value.as_number().ok_or_else(|| wrong_type(position, value, &["number"]))
}

/// A number that may be long, once it is paid for.
pub(super) fn paid_number<'a>(
    host: &Host<'_, '_>,
    value: &'a Value<'_>,
    position: usize,
) -> Result<&'a Number, BuiltinError> {
    let number = number(value, position)?;
    host.step(number.cost())?;
    Ok(number)
}

const NO_INTEGER: &str = "must be integer number but got floating-point number";

/// A whole number that 64 bits hold, written as one.
pub(super) fn integer(value: &Value<'_>, position: usize) -> Result<i64, BuiltinError> {
    let number = number(value, position)?;
    number.as_i64().ok_or_else(|| BuiltinError::Type(format!("operand {position} {NO_INTEGER}")))
}

/// A whole number of any size.
pub(super) fn whole(value: &Value<'_>, position: usize) -> Result<BigInt, BuiltinError> {
    let number = value.as_number().ok_or_else(|| wrong_type(position, value, &["integer"]))?;
    let whole = number.whole().map_err(|error| wrong_number(error, position))?;
    whole.ok_or_else(|| wrong_number(NumberError::Fraction, position))
}

/// An error of an operation on numbers, in OPA's words.
pub(super) fn wrong_number(error: NumberError, position: usize) -> BuiltinError {
    match error {
        NumberError::DivideByZero => failed("divide by zero"),
        NumberError::ModuloByZero => failed("modulo by zero"),
        NumberError::ModuloOfFraction => failed("modulo on floating-point number"),
        NumberError::Fraction => BuiltinError::Type(format!("operand {position} {NO_INTEGER}")),
        NumberError::NegativeShift => BuiltinError::Type(
            "operand 2 must be an unsigned integer number but got a negative integer".to_owned(),
        ),
        NumberError::TooLarge => BuiltinError::Halt(
            "a number has too many digits to be computed with (5000 at most)".to_owned(),
        ),
    }
}

pub(super) fn array<'a, 'v>(
    value: &'a Value<'v>,
    position: usize,
) -> Result<ArrayView<'a, 'v>, BuiltinError> {
    value.as_array().ok_or_else(|| wrong_type(position, value, &["array"]))
}

pub(super) fn object<'a, 'v>(
    value: &'a Value<'v>,
    position: usize,
) -> Result<ObjectView<'a, 'v>, BuiltinError> {
    value.as_object().ok_or_else(|| wrong_type(position, value, &["object"]))
}

pub(super) fn set<'a, 'v>(
    value: &'a Value<'v>,
    position: usize,
) -> Result<&'a [Value<'v>], BuiltinError> {
    value.as_set().ok_or_else(|| wrong_type(position, value, &["set"]))
}

/// What is in an array or a set; none of anything else.
pub(super) fn members<'v>(value: &Value<'v>) -> Option<Vec<Value<'v>>> {
    match value.as_array() {
        Some(ArrayView::Made(items)) => Some(items.to_vec()),
        Some(items) => Some(items.iter().collect()),
        None => value.as_set().map(<[Value<'v>]>::to_vec),
    }
}

/// The texts in an array or a set.
pub(super) fn strings<'v>(
    host: &Host<'_, 'v>,
    value: &Value<'v>,
    position: usize,
    wanted: &[&str],
) -> Result<Vec<Text<'v>>, BuiltinError> {
    let Some(members) = members(value) else {
        return Err(wrong_type(position, value, wanted));
    };
    host.step(members.len())?;
    members
        .into_iter()
        .map(|member| match member {
            Value::String(text) => Ok(text),
            other => Err(wrong_element(position, value, &other, "string")),
        })
        .collect()
}

/// How deep functions that build anew what is nested go.
const DEEPEST: usize = 256;

pub(super) fn too_deep(depth: usize) -> Result<(), BuiltinError> {
    match depth < DEEPEST {
        true => Ok(()),
        false => Err(BuiltinError::Halt(format!("values are nested deeper than {DEEPEST} levels"))),
    }
}
