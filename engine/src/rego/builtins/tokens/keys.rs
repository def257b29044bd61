//! Keys of certificates, of PEM and of JSON (`getKeysFromCertOrJWK`).

use num_bigint::BigUint;

use crate::certificate::{LIMIT, pem};
use crate::rego::builtins::encoding::{base64url_bytes, json_value};
use crate::rego::builtins::operand::failed;
use crate::rego::{BuiltinError, Host, Value};
use crate::signature::{Curve, PublicKey};

/// A key with what it is for.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) algorithm: String,
    pub(super) id: String,
    pub(super) material: Material,
}

#[derive(Debug)]
pub(super) enum Material {
    Public(PublicKey),
    /// The bytes of a key that both sides have.
    Secret(Vec<u8>),
}

const ALGORITHMS: [&str; 13] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256",
    "HS384", "HS512", "EdDSA",
];

pub(super) fn is_known(algorithm: &str) -> bool {
    ALGORITHMS.contains(&algorithm)
}

/// The keys of a PEM block, of a JSON key or of a set of such.
pub(super) fn read(host: &Host<'_, '_>, text: &str) -> Result<Vec<Key>, BuiltinError> {
    host.step(text.len() / 8)?;
    if text.len() > LIMIT {
        return Err(failed("the key is too long"));
    }
    if let Some((kind, bytes)) = pem(text) {
        let behind = text.rsplit_once("-----").map_or("", |(_, behind)| behind);
        if !behind.trim_start_matches(['\r', '\n']).is_empty() {
            return Err(failed("extra data after a PEM certificate block"));
        }
        let (key, what) = match kind {
            "CERTIFICATE" => (PublicKey::from_certificate(&bytes), "certificate"),
            "PUBLIC KEY" => (PublicKey::from_der(&bytes), "public key"),
            _ => return Err(failed("failed to extract a Key from the PEM certificate")),
        };
        let key = key.ok_or_else(|| {
            failed(format!("failed to parse a PEM {what}: malformed, or of a kind not supported"))
        })?;
        let material = Material::Public(key);
        return Ok(vec![Key { algorithm: String::new(), id: String::new(), material }]);
    }
    let wrong = |what: String| failed(format!("failed to parse a JWK key (set): {what}"));
    let value = json_value(host, text).map_err(|error| match error {
        BuiltinError::Failed(message) => wrong(message),
        other => other,
    })?;
    let items: Vec<Value<'_>> = match value.get(&Value::from("keys")) {
        Some(keys) => {
            let keys = keys.as_array().ok_or_else(|| wrong("`keys` is no list".to_owned()))?;
            keys.iter().collect()
        }
        None => vec![value],
    };
    let mut keys = Vec::new();
    for item in items {
        let key = key(host, &item)?;
        if key.algorithm.is_empty() || is_known(&key.algorithm) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn key(host: &Host<'_, '_>, value: &Value<'_>) -> Result<Key, BuiltinError> {
    let wrong = |what: String| failed(format!("failed to parse a JWK key (set): {what}"));
    let text = |name: &'static str| {
        let found = value.get(&Value::from(name));
        found.and_then(|found| found.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let bytes = |name: &'static str| {
        let bytes = base64url_bytes(host, &text(name))?;
        match bytes.is_empty() {
            true => Err(wrong(format!("`{name}` is missing"))),
            false => Ok(bytes),
        }
    };
    let number = |name| bytes(name).map(|bytes| BigUint::from_bytes_be(&bytes));
    let curve = text("crv");
    let material = match (text("kty").as_str(), curve.as_str()) {
        ("RSA", _) => {
            Material::Public(PublicKey::Rsa { modulus: number("n")?, exponent: number("e")? })
        }
        ("oct", _) => Material::Secret(bytes("k")?),
        ("EC", name) => {
            let curve = Curve::by_name(name);
            let curve = curve.ok_or_else(|| wrong(format!("invalid elliptic curve {name}")))?;
            let point = curve.on_curve(number("x")?, number("y")?);
            let (x, y) = point.ok_or_else(|| wrong("invalid point".to_owned()))?;
            Material::Public(PublicKey::Elliptic { curve, x, y })
        }
        ("OKP", "Ed25519") => {
            let key = bytes("x")?.try_into();
            Material::Public(PublicKey::Ed25519(key.map_err(|_| wrong("invalid key".to_owned()))?))
        }
        (kind, _) => return Err(wrong(format!("key type {kind:?} is not supported"))),
    };
    Ok(Key { algorithm: text("alg"), id: text("kid"), material })
}
