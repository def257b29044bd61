//! Quantities with units (`v1/topdown/parse_units.go`, `parse_bytes.go`).

use num_bigint::BigInt;

use super::operand::{failed, operands, string, wrong_number};
use crate::rego::{BuiltinError, Host, Number, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Exponents with more digits are refused.
const EXPONENT_DIGITS: usize = 6;

/// Cuts a number off the unit behind it (`extractNumAndUnit`); none where the exponent is too long.
fn split(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let at = |place: usize| bytes.get(place).copied().unwrap_or_default();
    let mut place = 0;
    while place < bytes.len() {
        match at(place) {
            b'0'..=b'9' | b'.' | b'+' | b'-' => {}
            b'e' | b'E' => {
                if !matches!(at(place + 1), b'0'..=b'9' | b'+' | b'-') {
                    break;
                }
                if matches!(at(place + 1), b'+' | b'-') {
                    place += 1;
                }
                let exponent = bytes.get(place + 1..).unwrap_or_default();
                let digits = exponent.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if digits > EXPONENT_DIGITS {
                    return None;
                }
            }
            _ => break,
        }
        place += 1;
    }
    text.split_at_checked(place)
}

/// The power of a unit such as `k` or `mi`: of 1000, or of 1024.
fn factor(unit: &str) -> Option<BigInt> {
    let (prefix, base) = match unit.strip_suffix('i') {
        Some(prefix) if !prefix.is_empty() => (prefix, 1024),
        _ => (unit, 1000),
    };
    let power = match prefix {
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        "e" => 6,
        _ => return None,
    };
    Some(BigInt::from(base).pow(power))
}

/// A number with an SI or a binary unit; `m` is a thousandth, `M` a million.
pub(super) fn parse<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let wrong = |what: &str| failed(format!("units.parse: {what}"));
    let [value] = operands(arguments)?;
    let text = string(value, 1)?.replace('"', "");
    if text.contains(' ') {
        return Err(wrong("spaces not allowed in resource strings"));
    }
    host.step(text.len() / 16)?;
    let (number, unit) = split(&text).ok_or_else(|| wrong("exponent too large"))?;
    if number.is_empty() {
        return Err(wrong("no amount provided"));
    }
    let mut letters = unit.chars();
    let first = letters.next();
    // Only the first letter has a case that counts.
    let unit: String = first.into_iter().chain(letters.flat_map(char::to_lowercase)).collect();
    let factor = match unit.as_str() {
        "" | "m" => Some(BigInt::from(1)),
        "mi" | "Mi" | "M" => factor(&unit.to_lowercase()),
        _ if unit.starts_with(['m', 'M']) => None,
        _ => {
            let lower = unit.to_lowercase();
            // `kI` is none: what is behind the first letter was made small above.
            factor(&lower)
        }
    };
    let factor = factor.ok_or_else(|| wrong(&format!("unit {unit} not recognized")))?;
    let (digits, places) =
        rational(number)?.ok_or_else(|| wrong("could not parse amount to a number"))?;
    let digits = digits * factor;
    if unit == "m" {
        return milli(host, &digits, places);
    }
    ten_places(&digits, places)
}

/// The digits of a decimal number, and how many of them are behind the point.
fn rational(text: &str) -> Result<Option<(BigInt, u32)>, BuiltinError> {
    let Some(number) = Number::parse(text) else { return Ok(None) };
    // The point moved out of the number: `1.25e3` is 125 and two places less three.
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len()) as i64;
    let exponent: i64 = exponent.parse().unwrap_or_default();
    let places = fraction - exponent;
    if places.abs() > 5_000 || mantissa.len() > 5_000 {
        return Err(wrong_number(crate::rego::number::NumberError::TooLarge, 1));
    }
    drop(number);
    let digits: BigInt = mantissa.replace('.', "").parse().unwrap_or_default();
    Ok(Some(match u32::try_from(places) {
        Ok(places) => (digits, places),
        Err(_) => (digits * BigInt::from(10).pow(places.unsigned_abs() as u32), 0),
    }))
}

/// A thousandth is the float 0.001, whose exact value upstream multiplies with.
fn milli<'v>(host: &Host<'_, 'v>, digits: &BigInt, places: u32) -> Answer<'v> {
    host.step(places as usize)?;
    // 0.001 as a float is this many 2^-62.
    let milli = BigInt::from(0.001_f64.to_bits() & ((1 << 52) - 1) | 1 << 52);
    let power = 1023 + 52 - (0.001_f64.to_bits() >> 52) as u32;
    // Over 2^n is times 5^n over 10^n.
    ten_places(&(digits * milli * BigInt::from(5).pow(power)), places + power)
}

/// A whole number as it is, any other with ten places (`Rat.FloatString(10)` of Go).
fn ten_places<'v>(digits: &BigInt, places: u32) -> Answer<'v> {
    let divisor = BigInt::from(10).pow(places);
    let large = |error| wrong_number(error, 1);
    if (digits % &divisor) == BigInt::ZERO {
        return Number::from_bigint(&(digits / divisor)).map(Value::from).map_err(large);
    }
    let scaled = digits.magnitude() * BigInt::from(10_u64.pow(10)).magnitude();
    let divisor = divisor.magnitude();
    let rounded = (scaled + divisor / 2_u8) / divisor;
    let text = format!("{:0>11}", rounded.to_string());
    let (whole, fraction) = text.split_at_checked(text.len() - 10).unwrap_or((&text, ""));
    let sign = if *digits < BigInt::ZERO { "-" } else { "" };
    Ok(Value::from(Number::from_digits(&format!("{sign}{whole}.{fraction}"))))
}

/// A number of bytes; case does not count, and `m` is mega here.
pub(super) fn parse_bytes<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let wrong = |what: &str| failed(format!("units.parse_bytes: {what}"));
    let [value] = operands(arguments)?;
    let text = string(value, 1)?.to_lowercase().replace('"', "");
    if text.contains(' ') {
        return Err(wrong("spaces not allowed in resource strings"));
    }
    host.step(text.len() / 16)?;
    let (number, unit) = split(&text).ok_or_else(|| wrong("exponent too large"))?;
    if number.is_empty() {
        return Err(wrong("no byte amount provided"));
    }
    let factor = match unit {
        "" => Some(BigInt::from(1)),
        _ => factor(unit.strip_suffix('b').unwrap_or(unit)),
    };
    let factor = factor.ok_or_else(|| wrong(&format!("byte unit {unit} not recognized")))?;
    let amount =
        Number::parse(number).ok_or_else(|| wrong("could not parse byte amount to a number"))?;
    let large = |error| wrong_number(error, 1);
    let factor = Number::from_bigint(&factor).map_err(large)?;
    let total = amount.times_as_floats(&factor).map_err(large)?;
    Number::from_bigint(&total).map(Value::from).map_err(large)
}
