//! Certificates and requests in the shape that Go's `encoding/json` gives `x509.Certificate` and
//! `x509.CertificateRequest`.
//!
//! Name constraints, policy constraints and policy mappings are not taken apart; they are in
//! `Extensions`, as everything is.

pub(crate) mod der;
mod extensions;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::der::{BIT_STRING, Element, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE, SET};
use crate::scalar::time::Time;
use crate::signature::PublicKey;
use crate::value::{Text, Value};

/// More bytes than any certificate has; big numbers cost the square of their length.
pub(crate) const LIMIT: usize = 64 * 1024;
/// The longest modulus that Go itself would use, in bytes.
const MODULUS_LIMIT: usize = 2048;
/// The number of RSA among Go's `x509.PublicKeyAlgorithm`.
pub(crate) const RSA: i64 = 1;

pub(crate) type Map<'t> = BTreeMap<Text<'t>, Value<'t>>;

/// The label and the bytes of the first PEM block.
pub(crate) fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (label, after) = after.split_once("-----")?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    // Headers, if any, end with an empty line.
    let body = if body.contains(':') { body.split_once("\n\n")?.1 } else { body };
    let body: String = body.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    Some((label, STANDARD.decode(body).ok()?))
}

/// The fields of a certificate: none where it is no DER. `SerialNumber` is a text of digits.
pub(crate) fn certificate<'t>(bytes: &[u8]) -> Option<Map<'t>> {
    let mut outer = Reader(bytes);
    let whole = outer.expect(SEQUENCE).filter(|_| outer.is_empty())?;
    let mut parts = whole.inside();
    let signed = parts.expect(SEQUENCE)?;
    let algorithm = signature_algorithm(parts.expect(SEQUENCE)?)?;
    let signature = parts.expect(BIT_STRING)?;

    let mut fields = signed.inside();
    let version = match fields.expect(0xa0) {
        Some(version) => version.inside().expect(INTEGER)?.small()? + 1,
        None => 1,
    };
    let serial = fields.expect(INTEGER)?;
    fields.expect(SEQUENCE)?;
    let issuer = fields.expect(SEQUENCE)?;
    let mut validity = fields.expect(SEQUENCE)?.inside();
    let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
    let subject = fields.expect(SEQUENCE)?;
    let key = fields.expect(SEQUENCE)?;
    fields.expect(0x81);
    fields.expect(0x82);
    let list = match fields.expect(0xa3) {
        Some(tagged) => Some(tagged.inside().expect(SEQUENCE)?),
        None => None,
    };
    let mut map = public_key(key)?;
    extensions::certificate(list, &mut map)?;
    put(&mut map, "Raw", base64(whole.raw));
    put(&mut map, "RawTBSCertificate", base64(signed.raw));
    put(&mut map, "RawSubject", base64(subject.raw));
    put(&mut map, "RawIssuer", base64(issuer.raw));
    put(&mut map, "Signature", base64(signature.bits()?));
    put(&mut map, "SignatureAlgorithm", Value::Int(algorithm));
    put(&mut map, "Version", Value::Int(version));
    put(&mut map, "SerialNumber", Value::from(decimal(serial.content)?));
    put(&mut map, "Issuer", name(issuer)?);
    put(&mut map, "Subject", name(subject)?);
    put(&mut map, "NotBefore", Value::from(not_before));
    put(&mut map, "NotAfter", Value::from(not_after));
    Some(map)
}

/// The fields of a request.
pub(crate) fn request<'t>(bytes: &[u8]) -> Option<Map<'t>> {
    let mut outer = Reader(bytes);
    let whole = outer.expect(SEQUENCE).filter(|_| outer.is_empty())?;
    let mut parts = whole.inside();
    let signed = parts.expect(SEQUENCE)?;
    let algorithm = signature_algorithm(parts.expect(SEQUENCE)?)?;
    let signature = parts.expect(BIT_STRING)?;

    let mut fields = signed.inside();
    let version = fields.expect(INTEGER)?.small()?;
    let subject = fields.expect(SEQUENCE)?;
    let key = fields.expect(SEQUENCE)?;
    let attributes = fields.expect(0xa0);
    let mut map = public_key(key)?;
    extensions::request(attributes, &mut map)?;
    put(&mut map, "Raw", base64(whole.raw));
    put(&mut map, "RawTBSCertificateRequest", base64(signed.raw));
    put(&mut map, "RawSubject", base64(subject.raw));
    put(&mut map, "Signature", base64(signature.bits()?));
    put(&mut map, "SignatureAlgorithm", Value::Int(algorithm));
    put(&mut map, "Version", Value::Int(version));
    put(&mut map, "Subject", name(subject)?);
    Some(map)
}

fn put<'t>(map: &mut Map<'t>, key: &'static str, value: Value<'t>) {
    map.insert(Text::Borrowed(key), value);
}

fn base64<'t>(bytes: &[u8]) -> Value<'t> {
    Value::from(STANDARD.encode(bytes))
}

fn numbers<'t>(numbers: &[i64]) -> Value<'t> {
    Value::from(numbers.iter().map(|number| Value::Int(*number)).collect::<Vec<_>>())
}

/// A list, or null where it is empty, as Go writes a list that was never begun.
fn list<'t>(items: Vec<Value<'t>>) -> Value<'t> {
    if items.is_empty() { Value::Null } else { Value::from(items) }
}

/// The numbers of Go's `x509.SignatureAlgorithm`; 0 is unknown.
fn signature_algorithm(algorithm: Element<'_>) -> Option<i64> {
    let identifier = algorithm.inside().expect(OBJECT_IDENTIFIER)?.identifier()?;
    Some(match identifier.as_slice() {
        [1, 2, 840, 113_549, 1, 1, 4] => 2,
        [1, 2, 840, 113_549, 1, 1, 5] => 3,
        [1, 2, 840, 113_549, 1, 1, 11] => 4,
        [1, 2, 840, 113_549, 1, 1, 12] => 5,
        [1, 2, 840, 113_549, 1, 1, 13] => 6,
        [1, 2, 840, 10_045, 4, 1] => 9,
        [1, 2, 840, 10_045, 4, 3, 2] => 10,
        [1, 2, 840, 10_045, 4, 3, 3] => 11,
        [1, 2, 840, 10_045, 4, 3, 4] => 12,
        [1, 3, 101, 112] => 16,
        _ => 0,
    })
}

/// The fields that tell about the key: numbers are texts of decimal digits.
fn public_key<'t>(key: Element<'_>) -> Option<Map<'t>> {
    let (number, public) = match PublicKey::from_der(key.raw) {
        Some(PublicKey::Rsa { modulus, exponent }) => {
            if modulus.bits() > MODULUS_LIMIT as u64 * 8 {
                return None;
            }
            let pair = BTreeMap::from([
                (Text::Borrowed("N"), Value::from(modulus.to_string())),
                (Text::Borrowed("E"), Value::Int(i64::try_from(exponent).ok()?)),
            ]);
            (RSA, Value::from(pair))
        }
        Some(PublicKey::Elliptic { x, y, .. }) => {
            let point = BTreeMap::from([
                (Text::Borrowed("Curve"), Value::from(Map::new())),
                (Text::Borrowed("X"), Value::from(x.to_string())),
                (Text::Borrowed("Y"), Value::from(y.to_string())),
            ]);
            (3, Value::from(point))
        }
        Some(PublicKey::Ed25519(key)) => (4, base64(&key)),
        // What is no key of a known kind is a certificate still.
        None => (0, Value::Null),
    };
    let mut map = Map::new();
    put(&mut map, "PublicKey", public);
    put(&mut map, "PublicKeyAlgorithm", Value::Int(number));
    put(&mut map, "RawSubjectPublicKeyInfo", base64(key.raw));
    Some(map)
}

/// The decimal digits of a number that is not negative.
fn decimal(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MODULUS_LIMIT || bytes.first()? & 0x80 != 0 {
        return None;
    }
    // Groups of nine digits, the last one first.
    let mut groups = vec![0_u64];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let sum = *group * 256 + carry;
            *group = sum % 1_000_000_000;
            carry = sum / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut groups = groups.into_iter().rev();
    let mut digits = groups.next()?.to_string();
    for group in groups {
        digits.push_str(&format!("{group:09}"));
    }
    Some(digits)
}

fn time(element: Element<'_>) -> Option<String> {
    let text = std::str::from_utf8(element.content).ok()?;
    let full = match element.tag {
        der::UTC_TIME => {
            let century = if text.get(..2)?.parse::<u8>().ok()? >= 50 { "19" } else { "20" };
            format!("{century}{text}")
        }
        der::GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let layout = "20060102150405Z0700";
    Time::parse(layout, &full).ok().map(Time::to_rfc3339)
}

/// A distinguished name as `pkix.Name`.
fn name<'t>(name: Element<'_>) -> Option<Value<'t>> {
    const LISTS: [(i64, &str); 7] = [
        (6, "Country"),
        (7, "Locality"),
        (8, "Province"),
        (9, "StreetAddress"),
        (10, "Organization"),
        (11, "OrganizationalUnit"),
        (17, "PostalCode"),
    ];
    let mut lists: BTreeMap<i64, Vec<Value<'t>>> = BTreeMap::new();
    let mut map = Map::new();
    put(&mut map, "CommonName", Value::from(""));
    put(&mut map, "SerialNumber", Value::from(""));
    put(&mut map, "ExtraNames", Value::Null);
    let mut names = Vec::new();
    for set in name.elements() {
        for pair in set.elements().filter(|_| set.tag == SET) {
            let mut parts = pair.inside();
            let kind = parts.expect(OBJECT_IDENTIFIER)?.identifier()?;
            let value = Value::from(text(parts.next()?));
            if let [2, 5, 4, number] = kind.as_slice() {
                match number {
                    3 => put(&mut map, "CommonName", value.clone()),
                    5 => put(&mut map, "SerialNumber", value.clone()),
                    _ => lists.entry(*number).or_default().push(value.clone()),
                }
            }
            names.push(Value::from(BTreeMap::from([
                (Text::Borrowed("Type"), numbers(&kind)),
                (Text::Borrowed("Value"), value),
            ])));
        }
    }
    for (number, field) in LISTS {
        put(&mut map, field, list(lists.remove(&number).unwrap_or_default()));
    }
    put(&mut map, "Names", list(names));
    Some(Value::from(map))
}

/// A text in one of the forms of ASN.1.
fn text(element: Element<'_>) -> String {
    match element.tag {
        // UTF-16, most significant byte first.
        0x1e => {
            let units: Vec<u16> = element
                .content
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte)))
                .collect();
            String::from_utf16_lossy(&units)
        }
        // ISO 8859-1.
        0x14 => element.content.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(element.content).into_owned(),
    }
}
