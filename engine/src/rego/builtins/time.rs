//! Points in time and durations (`v1/topdown/time.go`).

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::operand::{failed, integer, number, operands, string, wrong_type};
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::duration;
use crate::scalar::number::parse_float;
use crate::scalar::quote::quoted;
use crate::scalar::time::{Civil, RFC3339, Time};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Layouts that have a name.
const LAYOUTS: [(&str, &str); 10] = [
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", RFC3339),
    ("RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"),
];

fn layout(text: &str) -> &str {
    LAYOUTS.iter().find(|(name, _)| *name == text).map_or(text, |(_, layout)| layout)
}

/// Nanoseconds since 1970, as long as 64 bits hold them.
fn nanoseconds<'v>(time: Time) -> Answer<'v> {
    match i64::try_from(time.nanoseconds()) {
        Ok(nanoseconds) => Ok(Value::from(nanoseconds)),
        Err(_) => Err(failed("time outside of valid range")),
    }
}

pub(super) fn now_ns<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [] = operands(arguments)?;
    nanoseconds(Time::from_nanoseconds(host.now.as_nanosecond()))
}

pub(super) fn parse_ns<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [format, value] = operands(arguments)?;
    let (format, value) = (string(format, 1)?, string(value, 2)?);
    host.step((format.len() + value.len()) / 4)?;
    nanoseconds(Time::parse(layout(format), value).map_err(failed)?)
}

pub(super) fn parse_rfc3339_ns<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let value = string(value, 1)?;
    host.step(value.len() / 4)?;
    nanoseconds(Time::parse(RFC3339, value).map_err(failed)?)
}

/// A duration of Go; days, weeks and years are hours.
pub(super) fn parse_duration_ns<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len().saturating_mul(4))?;
    let extended = text.contains(['d', 'w', 'y']);
    let plain = if extended { in_hours(text) } else { Some(text.to_owned()) };
    match plain.and_then(|plain| duration::parse(&plain)) {
        Some(nanoseconds) => Ok(Value::from(nanoseconds)),
        None => Err(failed(format!("time: invalid duration {}", quoted(text)))),
    }
}

fn in_hours(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['+', '-']);
    let mut out = text.get(..text.len() - unsigned.unwrap_or(text).len())?.to_owned();
    let mut rest = unsigned.unwrap_or(text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, behind) =
            rest.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?;
        let unit = ["ms", "us", "µs", "ns"].into_iter().find(|unit| behind.starts_with(unit));
        let length = unit.map_or_else(|| behind.chars().next().map_or(0, char::len_utf8), str::len);
        let (unit, behind) = behind.split_at_checked(length)?;
        let hours = match unit {
            "d" => Some(24.0),
            "w" => Some(7.0 * 24.0),
            "y" => Some(365.0 * 24.0),
            _ => None,
        };
        match hours {
            Some(hours) => out.push_str(&format!("{}h", parse_float(digits)? * hours)),
            None => out.push_str(&format!("{digits}{unit}")),
        }
        rest = behind;
    }
    Some(out)
}

/// A point in time as a zone shows it.
struct Zoned {
    time: Time,
    zone: TimeZone,
    /// The name of the zone at that time, such as `CET`.
    name: String,
    layout: String,
}

/// Seconds east of UTC at a time, and what the zone is called then.
fn offset(zone: &TimeZone, nanoseconds: i128) -> Result<(i32, String), BuiltinError> {
    let timestamp = jiff::Timestamp::from_nanosecond(nanoseconds)
        .map_err(|_| failed("time outside of valid range"))?;
    let info = zone.to_offset_info(timestamp);
    Ok((info.offset().seconds(), info.abbreviation().to_owned()))
}

fn zone(name: &str) -> Result<TimeZone, BuiltinError> {
    // There is no local time but UTC.
    if matches!(name, "" | "UTC" | "Local") {
        return Ok(TimeZone::UTC);
    }
    // Never the machine's own zones. The case counts, as it does for file names.
    let zone = TimeZoneDatabase::bundled().get(name).ok();
    let zone = zone.filter(|zone| zone.iana_name() == Some(name));
    zone.ok_or_else(|| failed(format!("unknown time zone {name}")))
}

fn shown(nanoseconds: i128, zone: TimeZone, layout: String) -> Result<Zoned, BuiltinError> {
    let (seconds, name) = offset(&zone, nanoseconds)?;
    let time = Time::from_nanoseconds(nanoseconds).shown_at(seconds);
    Ok(Zoned { time, zone, name, layout })
}

/// Nanoseconds, or an array of them with a zone and a layout (`tzTime`).
fn zoned(host: &Host<'_, '_>, value: &Value<'_>) -> Result<Zoned, BuiltinError> {
    let wanted = ["either number (ns) or [number (ns), string (tz)]"];
    let (first, second, third) = match value.as_array() {
        Some(items) if items.len() > 0 => (items.get(0), items.get(1), items.get(2)),
        None if value.as_number().is_some() => (Some(value.clone()), None, None),
        _ => return Err(wrong_type(1, value, &wanted)),
    };
    let first = first.unwrap_or(Value::Null);
    let first = number(&first, 1)?.clone();
    // Reading a zone is the most of it.
    host.step(first.cost() + 200)?;
    let zone = zone(second.as_ref().map(|zone| string(zone, 1)).transpose()?.unwrap_or_default())?;
    let layout = third.as_ref().map(|layout| string(layout, 1)).transpose()?.unwrap_or_default();
    let whole = first.whole().ok().flatten().and_then(|whole| i64::try_from(&whole).ok());
    let nanoseconds = whole.ok_or_else(|| failed("timestamp too big"))?;
    shown(i128::from(nanoseconds), zone, layout.to_owned())
}

pub(super) fn format<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let zoned = zoned(host, value)?;
    let wanted = if zoned.layout.is_empty() { "RFC3339Nano" } else { zoned.layout.as_str() };
    host.make(wanted.len().saturating_mul(8))?;
    Ok(Value::from(zoned.time.format(layout(wanted), &zoned.name)))
}

fn numbers<'v>(numbers: &[i64]) -> Answer<'v> {
    Ok(Value::from(numbers.iter().map(|number| Value::from(*number)).collect::<Vec<_>>()))
}

pub(super) fn date<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Civil { year, month, day, .. } = zoned(host, value)?.time.civil();
    numbers(&[year, month.into(), day.into()])
}

pub(super) fn clock<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Civil { hour, minute, second, .. } = zoned(host, value)?.time.civil();
    numbers(&[hour.into(), minute.into(), second.into()])
}

pub(super) fn weekday<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let time = zoned(host, value)?.time;
    host.text(time.format("Monday", ""))
}

/// The same time of day so many years, months and days later.
pub(super) fn add_date<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    /// More years than 64 bits of nanoseconds hold, whichever way they are counted.
    const FURTHEST: i64 = 1_000_000;
    let [value, years, months, days] = operands(arguments)?;
    let Zoned { time, zone, .. } = zoned(host, value)?;
    let (years, months, days) = (integer(years, 2)?, integer(months, 3)?, integer(days, 4)?);
    if [years, months / 12, days / 366].iter().any(|years| years.abs() > FURTHEST) {
        return Err(failed("time outside of valid range"));
    }
    let wall = time.wall_clock_later(years, months, days);
    // The offset at that time, guessed and then looked up (`time.Date`).
    let guessed = match i64::try_from(wall) {
        Ok(_) => offset(&zone, wall)?.0,
        Err(_) => 0,
    };
    let second = |seconds: i32| i128::from(seconds) * 1_000_000_000;
    let mut utc = wall - second(guessed);
    if guessed != 0 && i64::try_from(utc).is_ok() {
        utc = wall - second(offset(&zone, utc)?.0);
    }
    nanoseconds(Time::from_nanoseconds(utc))
}

/// The years, months, days, hours, minutes and seconds between two times.
pub(super) fn diff<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (zoned(host, left)?, zoned(host, right)?);
    let right = shown(right.time.nanoseconds(), left.zone.clone(), String::new())?;
    let (earlier, later) = match left.time.compare(right.time) {
        std::cmp::Ordering::Greater => (right.time.civil(), left.time.civil()),
        _ => (left.time.civil(), right.time.civil()),
    };
    let between = |get: fn(&Civil) -> i64| get(&later) - get(&earlier);
    let mut parts = [
        between(|civil| civil.year),
        between(|civil| civil.month.into()),
        between(|civil| civil.day.into()),
        between(|civil| civil.hour.into()),
        between(|civil| civil.minute.into()),
        between(|civil| civil.second.into()),
    ];
    let [years, months, days, hours, minutes, seconds] = &mut parts;
    let borrow = |part: &mut i64, length: i64, from: &mut i64| {
        if *part < 0 {
            *part += length;
            *from -= 1;
        }
    };
    borrow(seconds, 60, minutes);
    borrow(minutes, 60, hours);
    borrow(hours, 24, days);
    borrow(days, earlier.days_in_month(), months);
    borrow(months, 12, years);
    numbers(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_their_names() {
        for (name, known) in
            [("Europe/Berlin", true), ("europe/berlin", false), ("EST", true), ("Nowhere", false)]
        {
            assert_eq!(zone(name).is_ok(), known, "{name}");
        }
    }
}
