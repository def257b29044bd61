//! UUIDs, semantic versions and random numbers (`internal/uuid`, `internal/semver`,
//! `v1/topdown/numbers.go`).

use std::cmp::Ordering;

use sha2::{Digest, Sha256};

use super::operand::{failed, integer, operands, string};
use crate::rego::value::Notation;
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::quote::quoted;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Bytes that follow from the seed of the evaluation and a key: the same for the same key.
fn random(host: &Host<'_, '_>, purpose: &str, key: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(host.seed.to_be_bytes());
    hash.update(purpose);
    hash.update(key);
    hash.finalize().into()
}

/// A number from 0 on and below another, the same for the same text and number.
pub(super) fn rand_intn<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [key, limit] = operands(arguments)?;
    let (key, limit) = (string(key, 1)?, integer(limit, 2)?.unsigned_abs());
    host.step(key.len() / 16)?;
    let [a, b, c, d, e, f, g, h, ..] = random(host, "rand.intn", &format!("{key}-{limit}"));
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let below = number.checked_rem(limit).unwrap_or_default();
    Ok(Value::from(crate::rego::Number::from(below)))
}

pub(super) fn uuid_rfc4122<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [key] = operands(arguments)?;
    let bytes = random(host, "uuid.rfc4122", &key.write(Notation::Rego, host)?);
    let mut uuid = [0; 16];
    uuid.copy_from_slice(bytes.get(..16).unwrap_or(&[0; 16]));
    let value = u128::from_be_bytes(uuid) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{value:032x}");
    let mut out = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(digit);
    }
    host.text(out)
}

/// The 128 bits of a UUID in one of the forms that `google/uuid` reads.
fn uuid_bits(text: &str) -> Option<u128> {
    let plain = match text.len() {
        32 => return bits(text),
        36 => text,
        38 => text.strip_prefix('{')?.strip_suffix('}')?,
        45 => {
            let (scheme, rest) = text.split_at_checked(9)?;
            scheme.eq_ignore_ascii_case("urn:uuid:").then_some(rest)?
        }
        _ => return None,
    };
    let parts: Vec<&str> = plain.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    (lengths == [8, 4, 4, 4, 12]).then(|| bits(&parts.concat()))?
}

fn bits(digits: &str) -> Option<u128> {
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| u128::from_str_radix(digits, 16).ok())?
}

/// The parts of a UUID; of one that is none, nothing.
pub(super) fn uuid_parse<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let bits = uuid_bits(string(value, 1)?).ok_or(BuiltinError::Undefined)?;
    host.make_values(16)?;
    let version = (bits >> 76 & 0xf) as i64;
    let variant = match bits >> 61 & 0x7 {
        0b100 | 0b101 => "RFC4122",
        0b110 => "Microsoft",
        0b111 => "Future",
        _ => "Reserved",
    };
    let mut parts = vec![
        (Value::from("version"), Value::from(version)),
        (Value::from("variant"), Value::from(variant)),
    ];
    if matches!(version, 1 | 2) {
        let low = (bits >> 96) as i64;
        let (middle, high) = ((bits >> 80 & 0xffff) as i64, (bits >> 64 & 0xfff) as i64);
        // Tenths of microseconds since 1582.
        let time = low | middle << 32 | high << 48;
        let nanoseconds = (time - 0x01b2_1dd2_1381_4000).wrapping_mul(100);
        let node = (bits & 0xffff_ffff_ffff) as u64;
        let bytes = node.to_be_bytes();
        let mac: Vec<String> = bytes.iter().skip(2).map(|byte| format!("{byte:02x}")).collect();
        let kind = match node >> 40 & 0b11 {
            0b11 => "local:multicast",
            0b01 => "global:multicast",
            0b10 => "local:unicast",
            _ => "global:unicast",
        };
        parts.push((Value::from("time"), Value::from(nanoseconds)));
        parts.push((Value::from("nodeid"), Value::from(mac.join("-"))));
        parts.push((Value::from("macvariables"), Value::from(kind)));
        parts.push((Value::from("clocksequence"), Value::from((bits >> 48 & 0x3fff) as i64)));
        if version == 2 {
            let domain = match bits >> 48 & 0xff {
                0 => "Person".to_owned(),
                1 => "Group".to_owned(),
                2 => "Org".to_owned(),
                other => format!("Domain{other}"),
            };
            parts.push((Value::from("id"), Value::from(low)));
            parts.push((Value::from("domain"), Value::from(domain)));
        }
    }
    Ok(Value::object(parts))
}

/// A version as OPA reads it: a leading `v` and leading zeros are let through.
struct Version<'t> {
    numbers: [i64; 3],
    prerelease: &'t str,
}

fn version(text: &str) -> Option<Version<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let is_identifiers = |text: &str| {
        text.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    };
    let (text, build) = text.split_once('+').unwrap_or((text, ""));
    let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
    if [build, prerelease].iter().any(|part| !part.is_empty() && !is_identifiers(part)) {
        return None;
    }
    let mut numbers = core.split('.').map(|number| number.parse().ok());
    let version =
        Version { numbers: [numbers.next()??, numbers.next()??, numbers.next()??], prerelease };
    numbers.next().is_none().then_some(version)
}

impl Version<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (self.prerelease, other.prerelease) {
            (left, right) if left == right => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (left, right) => compare_identifiers(left, right),
        })
    }
}

fn compare_identifiers(left: &str, right: &str) -> Ordering {
    let (mut ones, mut others) = (left.split('.'), right.split('.'));
    loop {
        let (one, other) = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => (one, other),
        };
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            // What is too large is the greatest there is, as `Atoi` answers.
            digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX))
        };
        let ordering = match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => one.cmp(other),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

pub(super) fn semver_compare<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (string(left, 1)?, string(right, 2)?);
    host.step((left.len() + right.len()) / 16)?;
    let read = |text, position: usize| {
        version(text).ok_or_else(|| {
            let text = quoted(text);
            failed(format!("operand {position}: string {text} is not a valid SemVer"))
        })
    };
    Ok(Value::from(read(left, 1)?.compare(&read(right, 2)?) as i64))
}

pub(super) fn semver_is_valid<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    host.step(value.as_str().map_or(0, |text| text.len() / 16))?;
    Ok(Value::from(value.as_str().is_some_and(|text| version(text).is_some())))
}
