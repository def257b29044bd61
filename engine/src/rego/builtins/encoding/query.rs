//! The query of a URL, as `net/url` of Go writes and reads it.

use super::{Answer, failed, lossy};
use crate::rego::builtins::operand::{object, operands, string, wrong_type};
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::quote::quoted;

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// The bytes behind `%20` and its like; a plus is a space where asked for.
pub(in crate::rego::builtins) fn percent_decoded(
    text: &str,
    plus_is_space: bool,
) -> Result<Vec<u8>, BuiltinError> {
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().enumerate();
    while let Some((place, byte)) = bytes.next() {
        match byte {
            b'%' => {
                let mut ahead = bytes.clone();
                let (high, low) = (ahead.next(), ahead.next());
                let (high, low) =
                    (digit(high.map(|(_, byte)| byte)), digit(low.map(|(_, byte)| byte)));
                let (Some(high), Some(low)) = (high, low) else {
                    let rest = text.as_bytes().get(place..).unwrap_or_default();
                    let shown = String::from_utf8_lossy(rest.get(..3).unwrap_or(rest));
                    return Err(failed(format!("invalid URL escape {}", quoted(&shown))));
                };
                out.push((high << 4 | low) as u8);
                bytes = ahead;
            }
            b'+' if plus_is_space => out.push(b' '),
            _ => out.push(byte),
        }
    }
    Ok(out)
}

pub(in crate::rego::builtins) fn urlquery_encode<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len().saturating_mul(3))?;
    let mut out = String::new();
    escape(text, &mut out);
    Ok(Value::from(out))
}

pub(in crate::rego::builtins) fn urlquery_decode<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len())?;
    lossy(host, percent_decoded(text, true)?)
}

/// `a=1&a=2&b=3`, keys in order, of an object of texts or of collections of texts.
pub(in crate::rego::builtins) fn urlquery_encode_object<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let wrong = || {
        let message = "operand 1 values must be string, array[string], or set[string]";
        BuiltinError::Type(message.to_owned())
    };
    let mut out = String::new();
    for (key, value) in object(value, 1)?.sorted() {
        let key = match key.as_str() {
            Some(key) => key.to_owned(),
            None => super::json_text(host, &key)?,
        };
        let values = match value.as_str() {
            Some(_) => vec![value],
            None => crate::rego::builtins::operand::members(&value).ok_or_else(wrong)?,
        };
        for value in values {
            let value = value.as_str().ok_or_else(wrong)?;
            host.make((key.len() + value.len()).saturating_mul(3).saturating_add(2))?;
            if !out.is_empty() {
                out.push('&');
            }
            escape(&key, &mut out);
            out.push('=');
            escape(value, &mut out);
        }
    }
    Ok(Value::from(out))
}

/// An object of the keys, with the array of values that each has.
pub(in crate::rego::builtins) fn urlquery_decode_object<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Some(query) = value.as_str() else { return Err(wrong_type(1, value, &["string"])) };
    host.make(query.len())?;
    let mut found: Vec<(Value<'v>, Vec<Value<'v>>)> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            return Err(failed("invalid semicolon separator in query"));
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = lossy(host, percent_decoded(key, true)?)?;
        let value = lossy(host, percent_decoded(value, true)?)?;
        host.make_values(4)?;
        let place = *places.entry(key.clone()).or_insert_with(|| {
            found.push((key, Vec::new()));
            found.len() - 1
        });
        if let Some((_, values)) = found.get_mut(place) {
            values.push(value);
        }
    }
    Ok(Value::object(found.into_iter().map(|(key, values)| (key, Value::from(values))).collect()))
}
