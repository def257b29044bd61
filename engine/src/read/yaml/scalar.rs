//! What a YAML scalar without quotes means to Kubernetes.
//!
//! `kubectl` reads with sigs.k8s.io/yaml, which resolves scalars as go-yaml v2 does (`resolve.go`),
//! writes JSON, and lets the API server read that. So `1.0` arrives as the integer 1.

use std::borrow::Cow;

use crate::tree::Builder;

/// A resolved scalar, before it becomes JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Decimal digits of an integer that no `i64` holds.
    BigInt(Cow<'a, str>),
    Float(f64),
    /// The text as it stands.
    Text,
    /// `<<`
    Merge,
}

/// Resolves a plain scalar.
pub(crate) fn resolve(text: &str) -> Scalar<'_> {
    let Some(first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'0'..=b'9' | b'+' | b'-' => number(text),
        b'.' => {
            special_float(text).or_else(|| decimal_float(text)).map_or(Scalar::Text, Scalar::Float)
        }
        b'<' if text == "<<" => Scalar::Merge,
        _ => Scalar::Text,
    }
}

fn word(text: &str) -> Scalar<'static> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn number(text: &str) -> Scalar<'_> {
    // Most texts that begin as numbers do are dates, addresses, versions and quantities.
    let is_number_byte = |byte: u8| {
        byte.is_ascii_hexdigit()
            || matches!(byte, b'_' | b'.' | b'+' | b'-' | b'x' | b'X')
            || matches!(byte, b'o' | b'O' | b'i' | b'I' | b'n' | b'N')
    };
    if !text.bytes().all(is_number_byte) {
        return Scalar::Text;
    }
    if let Some(value) = special_float(text) {
        return Scalar::Float(value);
    }
    let plain = match text.contains('_') {
        true => Cow::Owned(text.replace('_', "")),
        false => Cow::Borrowed(text),
    };
    if let Some(integer) = integer(&plain) {
        return match i64::try_from(integer) {
            Ok(value) => Scalar::Int(value),
            Err(_) => Scalar::BigInt(Cow::Owned(integer.to_string())),
        };
    }
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too large, or with a digit that octal has not: read as a decimal number.
        let digits = unsigned.trim_start_matches('0');
        return match (plain.starts_with('-'), digits.parse::<i64>()) {
            (_, _) if digits.is_empty() => Scalar::Int(0),
            (false, Ok(value)) => Scalar::Int(value),
            (true, Ok(value)) => Scalar::Int(-value),
            (false, Err(_)) if digits.len() <= 308 => Scalar::BigInt(Cow::Owned(digits.to_owned())),
            (true, Err(_)) if digits.len() <= 308 => {
                Scalar::BigInt(Cow::Owned(format!("-{digits}")))
            }
            _ => decimal_float(&plain).map_or(Scalar::Text, Scalar::Float),
        };
    }
    decimal_float(&plain).map_or(Scalar::Text, Scalar::Float)
}

/// An integer as Go's `strconv.ParseInt` and `ParseUint` read it with base 0.
fn integer(text: &str) -> Option<i128> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.as_bytes().first()?.is_ascii_hexdigit() {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, base).ok()?);
    if is_negative {
        Some(-magnitude).filter(|value| *value >= i128::from(i64::MIN))
    } else if text.starts_with('+') && magnitude > i128::from(i64::MAX) {
        // `ParseUint` takes no sign.
        None
    } else {
        Some(magnitude)
    }
}

/// A float in go-yaml's form; none where it is too large, which then stays a text.
fn decimal_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(position) => (unsigned.get(..position)?, unsigned.get(position + 1..)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !all_digits(digits) {
            return None;
        }
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Why a scalar cannot stand where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// JSON has no infinity and no "not a number".
    NotFinite,
    /// A key that sigs.k8s.io/yaml refuses.
    Key(&'static str),
}

/// Adds a resolved scalar; `text` is added by the caller where it stays one.
pub(crate) fn add_value(
    builder: &mut Builder,
    scalar: &Scalar<'_>,
    place: (u32, u32),
) -> Result<(), Unfit> {
    match scalar {
        Scalar::Null => builder.null(place),
        Scalar::Bool(value) => builder.bool(*value, place),
        Scalar::Int(value) => builder.int(*value, place),
        Scalar::BigInt(digits) => builder.big_int(digits, place),
        Scalar::Float(value) if !value.is_finite() => return Err(Unfit::NotFinite),
        Scalar::Float(value) => match as_written_integer(*value) {
            Some(integer) => builder.int(integer, place),
            None => builder.float(*value, place),
        },
        Scalar::Text => {}
        Scalar::Merge => builder.string("<<", place),
    }
    Ok(())
}

/// The integer that `encoding/json` of Go writes for a float, where it writes one.
fn as_written_integer(value: f64) -> Option<i64> {
    if value.fract() != 0.0 || value.abs() >= 1e19 {
        return None;
    }
    value.to_string().parse().ok()
}

/// The text that sigs.k8s.io/yaml makes of a key (`yaml.go`, `convertToJSONableObject`).
pub(crate) fn key(scalar: &Scalar<'_>) -> Result<Option<String>, Unfit> {
    Ok(Some(match scalar {
        Scalar::Text => return Ok(None),
        Scalar::Merge => "<<".to_owned(),
        Scalar::Null => return Err(Unfit::Key("null")),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::BigInt(digits) if digits.parse::<u64>().is_ok() => {
            return Err(Unfit::Key("an integer of 64 bits without a sign"));
        }
        Scalar::BigInt(digits) => float_key(digits.parse().unwrap_or(f64::INFINITY)),
        Scalar::Float(value) => float_key(*value),
    }))
}

/// `strconv.FormatFloat(value, 'g', -1, 32)` of Go.
fn float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    value.to_string()
}
