//! Functions on time (Kyverno `time.go`): RFC 3339 unless a layout is given, Go's durations.

use std::cmp::Ordering;

use super::Arguments;
use crate::jmespath::evaluate::{Failure, Result};
use crate::scalar::time::{RFC3339, Time};
use crate::scalar::{duration, number};
use crate::value::Value;

type Outcome<'t, T> = std::result::Result<T, Failure<'t>>;

fn time_by<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    layout: &str,
    position: usize,
) -> Outcome<'t, Time> {
    let text = arguments.text(position);
    arguments.steps(layout.len().saturating_mul(layout.len()) / 64 + text.len() / 64)?;
    Time::parse(layout, &text).map_err(Failure::failed)
}

fn time<'t>(arguments: &Arguments<'_, 't, '_, '_>, position: usize) -> Outcome<'t, Time> {
    time_by(arguments, RFC3339, position)
}

fn nanoseconds<'t>(arguments: &Arguments<'_, 't, '_, '_>, position: usize) -> Outcome<'t, i64> {
    let text = arguments.text(position);
    arguments.read(text.len())?;
    duration::parse(&text).ok_or_else(|| Failure::failed(wrong_duration(&text)))
}

/// What Go's `time.ParseDuration` says against a text.
fn wrong_duration(text: &str) -> String {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(number_end);
        let points = digits.matches('.').count();
        if points > 1 || digits.len() == points {
            break;
        }
        let unit_end =
            behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        if unit.is_empty() {
            return format!("time: missing unit in duration {text:?}");
        }
        if !matches!(unit, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h") {
            return format!("time: unknown unit {unit:?} in duration {text:?}");
        }
        rest = behind;
    }
    format!("time: invalid duration {text:?}")
}

fn current(arguments: &Arguments<'_, '_, '_, '_>) -> Time {
    Time::from_nanoseconds(arguments.evaluation.scope.now.as_nanosecond())
}

/// Both `time_now()` and `time_now_utc()`: there is no local time here but UTC.
pub(super) fn now<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    arguments.made(current(arguments).to_rfc3339())
}

pub(super) fn since<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let layout = arguments.text(0);
    let layout = if layout.is_empty() { RFC3339 } else { &*layout };
    let start = time_by(arguments, layout, 1)?;
    let end = if arguments.text(2).is_empty() {
        current(arguments)
    } else {
        time_by(arguments, layout, 2)?
    };
    arguments.made(duration::format(end.since(start)))
}

pub(super) fn diff<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let start = time(arguments, 0)?;
    let end = time(arguments, 1)?;
    arguments.made(duration::format(end.since(start)))
}

pub(super) fn add<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let start = time(arguments, 0)?;
    arguments.made(start.later(nanoseconds(arguments, 1)?).to_rfc3339())
}

pub(super) fn truncate<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let start = time(arguments, 0)?;
    arguments.made(start.truncate(nanoseconds(arguments, 1)?).to_rfc3339())
}

/// A layout of digits only means that the text counts seconds since 1970.
pub(super) fn parse<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let layout = arguments.text(0);
    if number::parse_int(&layout).is_none() {
        return arguments.made(time_by(arguments, &layout, 1)?.to_rfc3339());
    }
    let text = arguments.text(1);
    match number::parse_int(&text) {
        Some(seconds) => arguments.made(Time::from_unix(seconds).to_rfc3339()),
        None => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
            let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let reason = if number { "value out of range" } else { "invalid syntax" };
            Err(Failure::failed(format!("strconv.ParseInt: parsing {:?}: {reason}", &*text)))
        }
    }
}

pub(super) fn utc<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    arguments.made(time(arguments, 0)?.utc().to_rfc3339())
}

pub(super) fn to_cron<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let civil = time(arguments, 0)?.civil();
    arguments.made(format!(
        "{} {} {} {} {}",
        civil.minute, civil.hour, civil.day, civil.month, civil.weekday
    ))
}

pub(super) fn before<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let order = time(arguments, 0)?.compare(time(arguments, 1)?);
    Ok(Value::Bool(order == Ordering::Less))
}

pub(super) fn after<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let order = time(arguments, 0)?.compare(time(arguments, 1)?);
    Ok(Value::Bool(order == Ordering::Greater))
}

/// Neither end counts.
pub(super) fn between<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let point = time(arguments, 0)?;
    let start = time(arguments, 1)?;
    let end = time(arguments, 2)?;
    Ok(Value::Bool(
        point.compare(start) == Ordering::Greater && point.compare(end) == Ordering::Less,
    ))
}
