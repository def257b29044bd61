//! Base64, hexadecimal, JSON and YAML (`v1/topdown/encoding.go`).
//!
//! Go's strings hold any bytes; here what is no UTF-8 is replaced, as OPA does when it writes its
//! answer.

mod json;
mod query;
mod yaml;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

use super::operand::{failed, operands, string};
use crate::rego::{BuiltinError, Host, Value};

pub(super) use json::{
    json_is_valid, json_marshal, json_marshal_with_options, json_text, json_unmarshal, json_value,
};
pub(super) use query::{
    percent_decoded, urlquery_decode, urlquery_decode_object, urlquery_encode,
    urlquery_encode_object,
};
pub(super) use yaml::{yaml_is_valid, yaml_marshal, yaml_unmarshal};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Go reads bits that are left over, and insists on padding.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

fn encoded<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    engine: &GeneralPurpose,
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len().saturating_mul(2))?;
    Ok(Value::from(engine.encode(text)))
}

pub(super) fn base64_encode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    encoded(host, arguments, &STANDARD)
}

pub(super) fn base64url_encode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    encoded(host, arguments, &URL_SAFE)
}

pub(super) fn base64url_encode_no_pad<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    encoded(host, arguments, &URL_SAFE_NO_PAD)
}

fn decoded(
    host: &Host<'_, '_>,
    text: &str,
    engine: &GeneralPurpose,
) -> Result<Vec<u8>, BuiltinError> {
    host.make(text.len())?;
    // Ends of lines do not count.
    let kept = text.replace(['\r', '\n'], "");
    engine.decode(&kept).map_err(|error| {
        let position = match error {
            base64::DecodeError::InvalidByte(position, _)
            | base64::DecodeError::InvalidLastSymbol { offset: position, .. } => position,
            _ => kept.len() / 4 * 4,
        };
        failed(format!("illegal base64 data at input byte {position}"))
    })
}

/// Bytes as a text.
pub(super) fn lossy<'v>(host: &Host<'_, 'v>, bytes: Vec<u8>) -> Answer<'v> {
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    host.text(text)
}

pub(super) fn base64_decode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let bytes = decoded(host, string(value, 1)?, &STANDARD)?;
    lossy(host, bytes)
}

pub(super) fn base64_is_valid<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Some(text) = value.as_str() else { return Ok(Value::from(false)) };
    match decoded(host, text, &STANDARD) {
        Err(halt @ BuiltinError::Halt(_)) => Err(halt),
        decoded => Ok(Value::from(decoded.is_ok())),
    }
}

/// Bytes of base64 for URLs, whose padding may be left out.
pub(super) fn base64url_bytes(host: &Host<'_, '_>, text: &str) -> Result<Vec<u8>, BuiltinError> {
    let padding = match (text.ends_with('='), text.len() % 4) {
        (true, _) | (false, 0) => "",
        (false, 2) => "==",
        (false, 3) => "=",
        _ => return Err(failed(format!("illegal base64url string: {text}"))),
    };
    host.make(text.len())?;
    decoded(host, &format!("{text}{padding}"), &URL_SAFE)
}

pub(super) fn base64url_decode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let bytes = base64url_bytes(host, string(value, 1)?)?;
    lossy(host, bytes)
}

/// Bytes of standard base64.
pub(super) fn base64_bytes(host: &Host<'_, '_>, text: &str) -> Result<Vec<u8>, BuiltinError> {
    decoded(host, text, &STANDARD)
}

/// Bytes as base64 for URLs, without padding.
pub(super) fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hex_encode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len().saturating_mul(2))?;
    Ok(Value::from(to_hex(text.as_bytes())))
}

pub(super) fn hex_decode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len())?;
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for (place, pair) in text.as_bytes().chunks(2).enumerate() {
        let (high, low) = match pair {
            [high, low] => (digit(*high), digit(*low)),
            [only] if digit(*only).is_some() => {
                return Err(failed("encoding/hex: odd length hex string"));
            }
            _ => (None, None),
        };
        let (Some(high), Some(low)) = (high, low) else {
            let at = place * 2 + usize::from(high.is_some());
            let shown = text.as_bytes().get(at).copied().unwrap_or_default();
            let mut character = String::new();
            character.push(char::from(shown));
            return Err(failed(format!("encoding/hex: invalid byte: U+{shown:04X} '{character}'")));
        };
        bytes.push(high << 4 | low);
    }
    lossy(host, bytes)
}
