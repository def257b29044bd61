//! JSON web tokens (`v1/topdown/tokens.go`).

mod keys;
mod sign;
mod verify;

use super::encoding::{base64url_bytes, json_value, lossy, to_hex};
use super::operand::{failed, operands, string};
use crate::rego::{BuiltinError, Host, Value};

pub(super) use sign::{encode_sign, encode_sign_raw};
pub(super) use verify::*;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// The three parts of a token, as they are written.
#[derive(Clone, Copy, Debug)]
struct Token<'t> {
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
}

/// What the header of a token says.
#[derive(Debug, Default)]
struct Header {
    algorithm: String,
    key: String,
    content_type: String,
    critical: Vec<String>,
    unknown: Vec<String>,
}

impl<'t> Token<'t> {
    fn read(text: &'t str) -> Result<Self, BuiltinError> {
        let parts: Vec<&str> = text.split('.').take(1_000).collect();
        match parts.as_slice() {
            [header, payload, signature] => Ok(Self { header, payload, signature }),
            [_] => Err(failed("encoded JWT had no period separators")),
            _ => Err(failed(format!(
                "encoded JWT must have 3 sections, found {}",
                text.split('.').count()
            ))),
        }
    }

    fn header<'v>(&self, host: &Host<'_, 'v>) -> Answer<'v> {
        let text = part(host, self.header, "header")?;
        let header = object(host, &text)
            .map_err(|error| reworded(error, |message| format!("bad JWT header: {message}")))?;
        match header.get(&Value::from("enc")) {
            Some(_) => Err(failed("JWT is a JWE object, which is not supported")),
            None => Ok(header),
        }
    }

    /// What is signed.
    fn signed(&self) -> String {
        format!("{}.{}", self.header, self.payload)
    }
}

impl Header {
    fn of(header: &Value<'_>) -> Result<Self, BuiltinError> {
        let mut read = Self::default();
        let entries = header.as_object().map(|entries| entries.sorted()).unwrap_or_default();
        for (key, value) in entries {
            let key = key.as_str().unwrap_or_default();
            let text = || {
                let text = value.as_str().map(str::to_owned);
                text.ok_or_else(|| failed(format!("{key}: must be a string")))
            };
            match key {
                "alg" => read.algorithm = text()?,
                "kid" => read.key = text()?,
                "cty" => read.content_type = text()?,
                "typ" => drop(text()?),
                "crit" => {
                    let names = value.as_array().ok_or_else(|| failed("crit: must be a list"))?;
                    let names = names.iter().map_while(|name| name.as_str().map(str::to_owned));
                    read.critical = names.collect();
                    if read.critical.is_empty() {
                        return Err(failed("crit: must be a nonempty list"));
                    }
                }
                _ => read.unknown.push(key.to_owned()),
            }
        }
        Ok(read)
    }

    /// Whether there is an algorithm, and nothing critical that is not known.
    fn is_valid(&self) -> bool {
        !self.algorithm.is_empty()
            && !self.unknown.iter().any(|unknown| self.critical.contains(unknown))
    }
}

fn reworded(error: BuiltinError, word: impl FnOnce(String) -> String) -> BuiltinError {
    match error {
        BuiltinError::Failed(message) => BuiltinError::Failed(word(message)),
        other => other,
    }
}

/// A part of a token as a text.
fn part<'v>(host: &Host<'_, 'v>, text: &str, name: &str) -> Result<Value<'v>, BuiltinError> {
    let bytes = base64url_bytes(host, text).map_err(|error| {
        reworded(error, |message| format!("JWT {name} had invalid encoding: {message}"))
    })?;
    lossy(host, bytes)
}

fn object<'v>(host: &Host<'_, 'v>, text: &Value<'v>) -> Answer<'v> {
    let value = json_value(host, text.as_str().unwrap_or_default())
        .map_err(|error| reworded(error, |message| format!("invalid JSON: {message}")))?;
    match value.as_object() {
        Some(_) => Ok(value),
        None => Err(failed("decoded JSON type was not an Object")),
    }
}

/// Header, payload and signature of a token, or of the token in it, without checking anything.
pub(super) fn decode<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let mut text = string(value, 1)?.to_owned();
    loop {
        let token = Token::read(&text)?;
        let header = token.header(host)?;
        let payload = part(host, token.payload, "payload")?;
        let content_type = header.get(&Value::from("cty"));
        if content_type.as_ref().and_then(|kind| kind.as_str()) == Some("JWT") {
            // What is in it is quoted, and is shorter than what it is in.
            text = payload.as_str().unwrap_or_default().trim_matches(['"', '\'']).to_owned();
            continue;
        }
        let payload = object(host, &payload)?;
        let signature = base64url_bytes(host, token.signature).map_err(|error| {
            reworded(error, |message| format!("JWT signature had invalid encoding: {message}"))
        })?;
        let signature = host.text(to_hex(&signature))?;
        return Ok(Value::from(vec![header, payload, signature]));
    }
}
