//! Functions that write and read texts in other forms, and hashes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;

use super::{Argument, Arguments};
use crate::jmespath::evaluate::{Failure, Result};
use crate::jmespath::json;
use crate::read::Limits;
use crate::scalar::number::format_float;
use crate::value::Value;

pub(super) fn to_string<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    if let Some(Argument::Expression(_)) = arguments.values.first() {
        return arguments.made("{}".to_owned());
    }
    let value = arguments.value(0);
    match value {
        Value::String(_) => return Ok(value),
        // As the float it is in Go.
        Value::Int(number) => return arguments.made(Value::Float(number as f64).to_json()),
        _ => arguments.evaluation.weigh(&value)?,
    }
    if let Some(number) = not_finite(&value) {
        return Err(Failure::failed(format!("json: unsupported value: {}", format_float(number))));
    }
    arguments.made(value.to_json())
}

/// A number in `value` that JSON cannot write.
fn not_finite(value: &Value<'_>) -> Option<f64> {
    let mut rest = vec![value.clone()];
    while let Some(value) = rest.pop() {
        match value {
            Value::Float(number) if !number.is_finite() => return Some(number),
            Value::List(_) | Value::Map(_) | Value::Node(_) => {
                rest.extend(value.items().into_iter().flatten());
                rest.extend(value.entries().into_iter().flatten().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    None
}

pub(super) fn parse_json<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.read(text.len())?;
    arguments.evaluation.made(text.len().saturating_mul(16))?;
    let tree = json::tree(&text).map_err(Failure::failed)?;
    Ok(arguments.evaluation.scope.arena.tree(tree).root().into())
}

pub(super) fn parse_yaml<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.steps(text.len() / 8)?;
    arguments.evaluation.made(text.len().saturating_mul(16))?;
    let tree = crate::read::parse_yaml(&*text, &Limits::default())
        .map_err(|error| Failure::failed(format!("yaml: {}", error.message)))?;
    arguments.evaluation.made(tree.len().saturating_mul(16))?;
    Ok(arguments.evaluation.scope.arena.tree(tree).root().into())
}

pub(super) fn base64_encode<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.may_make(text.len().checked_mul(2))?;
    arguments.made(STANDARD.encode(text.as_bytes()))
}

pub(super) fn base64_decode<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.may_make(Some(text.len()))?;
    match decode_base64(text.as_bytes()) {
        // Bytes that are no UTF-8 stay in Go's strings and are replaced when they are written.
        Ok(bytes) => arguments.made(String::from_utf8_lossy(&bytes).into_owned()),
        Err(position) => {
            Err(Failure::failed(format!("illegal base64 data at input byte {position}")))
        }
    }
}

/// Decodes as Go's `base64.StdEncoding`: line ends do not count, bits that are left over are not
/// looked at; the error is where Go notices it.
fn decode_base64(text: &[u8]) -> std::result::Result<Vec<u8>, usize> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0_u32;
    let mut count = 0;
    let line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let mut position = 0;
    while let Some(byte) = text.get(position).copied() {
        position += 1;
        if line_end(&byte) {
            continue;
        }
        if let Some(digit) = digit(byte) {
            bits = bits << 6 | u32::from(digit);
            count += 1;
            if count == 4 {
                decoded.extend(bits.to_be_bytes().get(1..).unwrap_or_default());
                (bits, count) = (0, 0);
            }
            continue;
        }
        if byte != b'=' || count < 2 {
            return Err(position - 1);
        }
        let skip = |from: usize| {
            from + text
                .get(from..)
                .unwrap_or_default()
                .iter()
                .take_while(|byte| line_end(byte))
                .count()
        };
        if count == 2 {
            position = skip(position);
            if text.get(position) != Some(&b'=') {
                return Err(position);
            }
            position += 1;
        }
        position = skip(position);
        if position < text.len() {
            return Err(position);
        }
        let whole = (bits << (6 * (4 - count))).to_be_bytes();
        decoded.extend(whole.get(1..count).unwrap_or_default());
        return Ok(decoded);
    }
    if count > 0 { Err(position.saturating_sub(count)) } else { Ok(decoded) }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn sha256<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.read(text.len())?;
    arguments.made(hexadecimal(&sha2::Sha256::digest(text.as_bytes())))
}

pub(super) fn sha1<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.read(text.len())?;
    arguments.made(hexadecimal(&sha1::Sha1::digest(text.as_bytes())))
}

pub(super) fn md5<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.read(text.len())?;
    arguments.made(hexadecimal(&md5::Md5::digest(text.as_bytes())))
}
