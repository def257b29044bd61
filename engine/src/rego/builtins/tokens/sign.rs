//! Makes tokens with a secret. Private keys are not signed with: how long that takes must tell
//! nothing about the key, and the numbers here do not see to it.

use super::keys::{self, Material};
use super::verify::keyed_hash;
use super::{Answer, failed};
use crate::rego::builtins::encoding::{json_text, json_value, to_base64url};
use crate::rego::builtins::operand::{operands, string};
use crate::rego::{BuiltinError, Host, Value};

fn signed<'v>(host: &Host<'_, 'v>, header: &str, payload: &str, key: &str) -> Answer<'v> {
    let keys = keys::read(host, key)?;
    let Some(key) = keys.first() else { return Err(failed("no keys found in JWK set")) };
    let read = json_value(host, header);
    let read = read.map_err(|error| match error {
        BuiltinError::Failed(message) => {
            failed(format!("missing or invalid 'alg' header: {message}"))
        }
        other => other,
    })?;
    let field = |name: &'static str| {
        read.get(&Value::from(name)).and_then(|value| value.as_str().map(str::to_owned))
    };
    let algorithm = field("alg").ok_or_else(|| {
        failed("missing or invalid 'alg' header: jwsbb: header \"alg\" not found")
    })?;
    if !keys::is_known(&algorithm) {
        return Err(failed(format!("unknown JWS algorithm: {algorithm}")));
    }
    if field("typ").is_none_or(|kind| kind == "JWT") {
        match json_value(host, payload) {
            Ok(_) => {}
            Err(halt @ BuiltinError::Halt(_)) => return Err(halt),
            Err(_) => return Err(failed("type is JWT but payload is not JSON")),
        }
    }
    host.make((header.len() + payload.len()).saturating_mul(2))?;
    let text = format!("{}.{}", to_base64url(header.as_bytes()), to_base64url(payload.as_bytes()));
    let Material::Secret(secret) = &key.material else {
        return Err(BuiltinError::Halt(format!(
            "signing by {algorithm} with a private key is not supported by ajj"
        )));
    };
    let signature = keyed_hash(&algorithm, secret, text.as_bytes())
        .ok_or_else(|| failed(format!("invalid key for {algorithm}: a secret")))?;
    host.text(format!("{text}.{}", to_base64url(&signature)))
}

pub(in crate::rego::builtins) fn encode_sign<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [header, payload, key] = operands(arguments)?;
    let (header, payload) = (json_text(host, header)?, json_text(host, payload)?);
    signed(host, &header, &payload, &json_text(host, key)?)
}

pub(in crate::rego::builtins) fn encode_sign_raw<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [header, payload, key] = operands(arguments)?;
    let key = string(key, 3)?;
    signed(host, string(header, 1)?, string(payload, 2)?, key)
}
