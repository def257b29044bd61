//! Checks the signatures of tokens, and what they claim.

use sha2::{Sha256, Sha384, Sha512};

use super::keys::{self, Key, Material};
use super::{Answer, Header, Token, object, part};
use crate::rego::builtins::crypto::{hmac, same};
use crate::rego::builtins::encoding::base64url_bytes;
use crate::rego::builtins::operand::{failed, object as object_operand, operands, string};
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::signature::{Hash, Scheme};

/// About what checking a signature costs, in steps.
const CHECK: usize = 20_000;

fn hmac_by(hash: Hash, key: &[u8], text: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => hmac::<Sha256>(key, text, 64),
        Hash::Sha384 => hmac::<Sha384>(key, text, 128),
        Hash::Sha512 => hmac::<Sha512>(key, text, 128),
    }
}

/// The hash of `HS256` and its like, with the signature that a secret gives.
pub(super) fn keyed_hash(algorithm: &str, key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    hash(algorithm.strip_prefix("HS")?).map(|hash| hmac_by(hash, key, text))
}

fn hash(bits: &str) -> Option<Hash> {
    match bits {
        "256" => Some(Hash::Sha256),
        "384" => Some(Hash::Sha384),
        "512" => Some(Hash::Sha512),
        _ => None,
    }
}

fn scheme(algorithm: &str) -> Option<Scheme> {
    match algorithm.split_at_checked(2)? {
        ("RS", bits) => hash(bits).map(Scheme::Pkcs1),
        ("PS", bits) => hash(bits).map(Scheme::Pss),
        ("ES", bits) => hash(bits).map(Scheme::Ecdsa),
        ("Ed", "DSA") => Some(Scheme::EdDsa),
        _ => None,
    }
}

/// Whether one of the keys signed; a key with the token's own id is the only one that counts.
fn signed_by(
    host: &Host<'_, '_>,
    header: &Header,
    keys: &[Key],
    verifies: impl Fn(&Key) -> bool,
) -> Result<bool, BuiltinError> {
    let named = keys.iter().find(|key| !header.key.is_empty() && key.id == header.key);
    if let Some(key) = named {
        host.step(CHECK)?;
        return Ok(verifies(key));
    }
    for key in keys {
        if key.algorithm.is_empty() || key.algorithm == header.algorithm {
            host.step(CHECK)?;
            if verifies(key) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn by_key<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>], scheme: Scheme) -> Answer<'v> {
    let [token, key] = operands(arguments)?;
    let token = Token::read(string(token, 1)?)?;
    let keys = keys::read(host, string(key, 2)?)?;
    let signature = base64url_bytes(host, token.signature)?;
    let header = Header::of(&token.header(host)?)?;
    let text = token.signed();
    host.step(text.len() / 8)?;
    let verified = signed_by(host, &header, &keys, |key| match &key.material {
        Material::Public(key) => key.verifies(scheme, text.as_bytes(), &signature),
        Material::Secret(_) => false,
    })?;
    Ok(Value::from(verified))
}

fn by_secret<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>], hash: Hash) -> Answer<'v> {
    let [token, secret] = operands(arguments)?;
    let (token, secret) = (string(token, 1)?, string(secret, 2)?);
    let token = Token::read(token)?;
    let text = token.signed();
    host.step((text.len() + secret.len()) / 8)?;
    let expected = hmac_by(hash, secret.as_bytes(), text.as_bytes());
    let signature = base64url_bytes(host, token.signature)?;
    Ok(Value::from(same(&signature, &expected)))
}

macro_rules! checks {
    ($($name:ident: $check:ident($how:expr),)*) => {
        $(pub(in crate::rego::builtins) fn $name<'v>(
            host: &Host<'_, 'v>,
            arguments: &[Value<'v>],
        ) -> Answer<'v> {
            $check(host, arguments, $how)
        })*
    };
}

checks! {
    verify_hs256: by_secret(Hash::Sha256),
    verify_hs384: by_secret(Hash::Sha384),
    verify_hs512: by_secret(Hash::Sha512),
    verify_rs256: by_key(Scheme::Pkcs1(Hash::Sha256)),
    verify_rs384: by_key(Scheme::Pkcs1(Hash::Sha384)),
    verify_rs512: by_key(Scheme::Pkcs1(Hash::Sha512)),
    verify_ps256: by_key(Scheme::Pss(Hash::Sha256)),
    verify_ps384: by_key(Scheme::Pss(Hash::Sha384)),
    verify_ps512: by_key(Scheme::Pss(Hash::Sha512)),
    verify_es256: by_key(Scheme::Ecdsa(Hash::Sha256)),
    verify_es384: by_key(Scheme::Ecdsa(Hash::Sha384)),
    verify_es512: by_key(Scheme::Ecdsa(Hash::Sha512)),
    verify_eddsa: by_key(Scheme::EdDsa),
}

/// What a token has to be.
#[derive(Debug, Default)]
struct Constraints {
    keys: Option<Vec<Key>>,
    secret: String,
    algorithm: String,
    issuer: String,
    audience: String,
    /// Nanoseconds since 1970.
    time: f64,
}

impl Constraints {
    fn read(host: &Host<'_, '_>, value: &Value<'_>) -> Result<Self, BuiltinError> {
        let mut read = Self { time: host.now.as_nanosecond() as f64, ..Self::default() };
        for (key, value) in object_operand(value, 2)?.sorted() {
            let name = key.as_str().unwrap_or_default();
            let text = || {
                let text = value.as_str().map(str::to_owned);
                text.ok_or_else(|| failed(format!("{name} constraint: must be a string")))
            };
            match name {
                "cert" => read.keys = Some(keys::read(host, &text()?)?),
                "secret" => read.secret = text()?,
                "alg" => read.algorithm = text()?,
                "iss" => read.issuer = text()?,
                "aud" => read.audience = text()?,
                "time" => {
                    let Some(time) = value.as_number() else {
                        return Err(failed("token time constraint: must be a number"));
                    };
                    read.time = time.as_f64();
                    if !read.time.is_finite() {
                        return Err(failed("token time constraint: unvalid float64"));
                    }
                    if read.time < 0.0 {
                        return Err(failed("token time constraint: must not be negative"));
                    }
                }
                _ => return Err(failed(format!("unknown token validation constraint: {name}"))),
            }
        }
        match (read.keys.is_some(), !read.secret.is_empty()) {
            (true, true) => Err(failed("duplicate key constraints")),
            (false, false) => Err(failed("no key constraint")),
            _ => Ok(read),
        }
    }

    fn is_signed(
        &self,
        host: &Host<'_, '_>,
        header: &Header,
        text: &str,
        signature: &[u8],
    ) -> Result<bool, BuiltinError> {
        host.step(text.len() / 8)?;
        let by_bytes = |secret: &[u8]| {
            keyed_hash(&header.algorithm, secret, text.as_bytes())
                .is_some_and(|expected| same(&expected, signature))
        };
        let Some(keys) = &self.keys else { return Ok(by_bytes(self.secret.as_bytes())) };
        signed_by(host, header, keys, |key| match &key.material {
            Material::Public(key) => scheme(&header.algorithm)
                .is_some_and(|scheme| key.verifies(scheme, text.as_bytes(), signature)),
            Material::Secret(secret) => by_bytes(secret),
        })
    }

    fn allows(&self, payload: &Value<'_>) -> Result<bool, BuiltinError> {
        let claim = |name: &'static str| payload.get(&Value::from(name));
        let is = |value: &Value<'_>, wanted: &str| value.as_str() == Some(wanted);
        if !self.issuer.is_empty() && !claim("iss").is_some_and(|found| is(&found, &self.issuer)) {
            return Ok(false);
        }
        let audience = match claim("aud") {
            None => self.audience.is_empty(),
            Some(found) => match found.as_array() {
                Some(all) => all.iter().any(|one| is(&one, &self.audience)),
                None => is(&found, &self.audience),
            },
        };
        if !audience {
            return Ok(false);
        }
        let now = Number::from(self.time / 1e9);
        let time = |name: &'static str| match claim(name) {
            None => Ok(None),
            Some(Value::Number(time)) => Ok(Some(now.compare(&time))),
            Some(_) => Err(failed(format!("{name} value must be a number"))),
        };
        Ok(time("exp")?.is_none_or(std::cmp::Ordering::is_lt)
            && time("nbf")?.is_none_or(std::cmp::Ordering::is_ge))
    }
}

/// Whether a token is signed and fulfils all constraints, with its header and payload if so.
pub(in crate::rego::builtins) fn decode_verify<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [token, constraints] = operands(arguments)?;
    let unverified = || {
        let empty = || Value::object(Vec::new());
        Ok(Value::from(vec![Value::from(false), empty(), empty()]))
    };
    let constraints = Constraints::read(host, constraints)?;
    let mut text = string(token, 1)?.to_owned();
    let (header, payload) = loop {
        let token = Token::read(&text)?;
        let header_value = token.header(host)?;
        let header = Header::of(&header_value)?;
        let other = !constraints.algorithm.is_empty() && constraints.algorithm != header.algorithm;
        if !header.is_valid() || other {
            return unverified();
        }
        let signature = base64url_bytes(host, token.signature)?;
        if !constraints.is_signed(host, &header, &token.signed(), &signature)? {
            return unverified();
        }
        let payload = part(host, token.payload, "payload")?;
        if !header.content_type.eq_ignore_ascii_case("JWT") {
            break (header_value, payload);
        }
        text = payload.as_str().unwrap_or_default().to_owned();
    };
    let payload = object(host, &payload)?;
    match constraints.allows(&payload)? {
        true => Ok(Value::from(vec![Value::from(true), header, payload])),
        false => unverified(),
    }
}
