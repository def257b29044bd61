//! Whether a text needs quotes to be read as one.

use super::scalar::{Scalar, resolve};
use crate::scalar::time::Time;

/// Whether a scalar without quotes is a text in go-yaml, and not a number, a truth or a time.
pub(crate) fn plain_is_text(text: &str) -> bool {
    let times = [
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    let year = text.split('-').next().unwrap_or_default();
    let may_be_time = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    matches!(resolve(text), Scalar::Text | Scalar::Merge)
        && !is_sexagesimal(text)
        && !(may_be_time && times.iter().any(|layout| Time::parse(layout, text).is_ok()))
}

/// `1:30` and `1:30.5`: numbers to the base of 60, as YAML 1.1 had them.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let first = parts
        .next()
        .is_some_and(|first| first.starts_with(|c: char| c.is_ascii_digit()) && digits(first));
    let minutes = |part: &str| {
        !part.is_empty() && part.len() <= 2 && part.parse::<u8>().is_ok_and(|part| part < 60)
    };
    first && whole.contains(':') && parts.all(minutes) && digits(fraction)
}
