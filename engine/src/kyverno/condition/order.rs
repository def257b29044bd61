//! Upstream: `numeric.go` and `duration.go`.

use std::cmp::Ordering;

use super::{as_durations, in_seconds, seconds};
use crate::scalar::duration;
use crate::scalar::number::parse_float;
use crate::scalar::quantity::Quantity;
use crate::scalar::semver::Version;
use crate::value::Value;

/// Where the key must be, seen from the value.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    AtLeast,
    More,
    AtMost,
    Less,
}

impl Wanted {
    /// None is the order of what is no number.
    fn accepts(self, order: Option<Ordering>) -> bool {
        order.is_some_and(|order| match self {
            Self::AtLeast => order != Ordering::Less,
            Self::More => order == Ordering::Greater,
            Self::AtMost => order != Ordering::Greater,
            Self::Less => order == Ordering::Less,
        })
    }
}

/// Compares durations, quantities, numbers or versions; what is none of them fits nothing.
pub(super) fn compare(wanted: Wanted, key: &Value<'_>, value: &Value<'_>) -> bool {
    if let Some((key, value)) = as_durations(key, value) {
        return wanted.accepts(in_seconds(key).partial_cmp(&in_seconds(value)));
    }
    let key = match key {
        Value::String(text) => {
            let quantities = Quantity::parse(text).zip(value.as_str().and_then(Quantity::parse));
            if let Some((key, value)) = quantities {
                return wanted.accepts(Some(key.compare(&value)));
            }
            match parse_float(text) {
                Some(number) => number,
                None => return compare_versions(wanted, text, value),
            }
        }
        _ => match key.as_f64() {
            Some(number) => number,
            None => return false,
        },
    };
    // A key that is a text can still be a number of seconds.
    if let Some((key, value)) = as_durations(&Value::Float(key), value) {
        return wanted.accepts(in_seconds(key).partial_cmp(&in_seconds(value)));
    }
    let value = match value {
        Value::String(text) => parse_float(text),
        _ => value.as_f64(),
    };
    wanted.accepts(value.and_then(|value| key.partial_cmp(&value)))
}

fn compare_versions(wanted: Wanted, key: &str, value: &Value<'_>) -> bool {
    let versions = Version::parse(key).zip(value.as_str().and_then(Version::parse));
    wanted.accepts(versions.map(|(key, value)| key.compare(&value)))
}

/// Compares durations; numbers are seconds.
pub(super) fn compare_durations(wanted: Wanted, key: &Value<'_>, value: &Value<'_>) -> bool {
    let nanoseconds = |side: &Value<'_>| match side {
        Value::String(text) => duration::parse(text),
        _ => seconds(side),
    };
    wanted.accepts(nanoseconds(key).zip(nanoseconds(value)).map(|(key, value)| key.cmp(&value)))
}
