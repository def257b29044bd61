//! Reads a text by a layout of Go, element by element (Go `time/format.go`).

use super::{NANOSECONDS, Time, days_in, days_to, is_leap};

/// An element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    /// `1`, or `01` where fixed.
    NumericMonth {
        fixed: bool,
    },
    LongWeekday,
    Weekday,
    /// `2`, or `02` where fixed, or `_2` where padded.
    Day {
        fixed: bool,
        padded: bool,
    },
    /// `002`, or `__2` where padded.
    YearDay {
        padded: bool,
    },
    Hour,
    Hour12 {
        fixed: bool,
    },
    Minute {
        fixed: bool,
    },
    Second {
        fixed: bool,
    },
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    ZoneName,
    /// `-0700` and its like; `zulu` where the layout has `Z`.
    Zone {
        zulu: bool,
        shape: ZoneShape,
    },
    /// `.000`: exactly so many digits.
    Fraction(usize),
    /// `.999`: any digits, or none.
    AnyFraction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneShape {
    Hours,
    Minutes,
    ColonMinutes,
    Seconds,
    ColonSeconds,
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The text before the next element, the element, its text and what follows.
pub(super) fn next_element(layout: &str) -> (&str, Option<(Element, &str)>, &str) {
    for (start, _) in layout.char_indices() {
        let Some((before, rest)) = layout.split_at_checked(start) else { continue };
        let Some((element, skip, length)) = element_at(rest) else { continue };
        let before = layout.get(..before.len() + skip).unwrap_or_default();
        let text = rest.get(skip..length).unwrap_or_default();
        return (before, Some((element, text)), rest.get(length..).unwrap_or_default());
    }
    (layout, None, "")
}

/// The element that `rest` begins with: how many bytes before it are no part of it, and its end.
fn element_at(rest: &str) -> Option<(Element, usize, usize)> {
    let no_lower = |length: usize| {
        !rest.get(length..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let table: &[(&str, Element)] = &[
        ("January", Element::LongMonth),
        ("Jan", Element::Month),
        ("Monday", Element::LongWeekday),
        ("Mon", Element::Weekday),
        ("MST", Element::ZoneName),
        ("002", Element::YearDay { padded: false }),
        ("01", Element::NumericMonth { fixed: true }),
        ("02", Element::Day { fixed: true, padded: false }),
        ("03", Element::Hour12 { fixed: true }),
        ("04", Element::Minute { fixed: true }),
        ("05", Element::Second { fixed: true }),
        ("06", Element::Year),
        ("15", Element::Hour),
        ("1", Element::NumericMonth { fixed: false }),
        ("2006", Element::LongYear),
        ("2", Element::Day { fixed: false, padded: false }),
        ("__2", Element::YearDay { padded: true }),
        ("_2006", Element::LongYear),
        ("_2", Element::Day { fixed: false, padded: true }),
        ("3", Element::Hour12 { fixed: false }),
        ("4", Element::Minute { fixed: false }),
        ("5", Element::Second { fixed: false }),
        ("PM", Element::UpperHalf),
        ("pm", Element::LowerHalf),
    ];
    for (text, element) in table {
        if !rest.starts_with(text) {
            continue;
        }
        if matches!(element, Element::Month | Element::Weekday) && !no_lower(text.len()) {
            return None;
        }
        let skip = usize::from(*text == "_2006");
        return Some((*element, skip, text.len()));
    }
    let zones: &[(&str, ZoneShape)] = &[
        ("070000", ZoneShape::Seconds),
        ("07:00:00", ZoneShape::ColonSeconds),
        ("0700", ZoneShape::Minutes),
        ("07:00", ZoneShape::ColonMinutes),
        ("07", ZoneShape::Hours),
    ];
    let zulu = rest.starts_with('Z');
    if zulu || rest.starts_with('-') {
        let after = rest.get(1..).unwrap_or_default();
        let (text, shape) = zones.iter().find(|(text, _)| after.starts_with(text))?;
        return Some((Element::Zone { zulu, shape: *shape }, 0, 1 + text.len()));
    }
    let digits = rest.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let count = digits.len() - digits.trim_start_matches(digit).len();
    if digits.get(count..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        return None;
    }
    let element = if digit == '0' { Element::Fraction(count) } else { Element::AnyFraction };
    Some((element, 0, 1 + count))
}

/// Why an element cannot be read.
enum Wrong {
    Bad,
    Range(&'static str),
}

/// What was read so far.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    afternoon: Option<bool>,
    zone: Zone,
}

#[derive(Default)]
enum Zone {
    #[default]
    None,
    Offset(i64),
    /// A name, with an offset that says only how the time is shown.
    Name(i64),
}

pub(super) fn parse(whole_layout: &str, text: &str) -> Result<Time, String> {
    let failed = |message: &str| format!("parsing time {}{message}", quoted(text));
    let cannot = |element: &str, rest: &str| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quoted(text),
            quoted(whole_layout),
            quoted(rest),
            quoted(element)
        )
    };
    let mut fields = Fields::default();
    let mut layout = whole_layout;
    let mut value = text;
    loop {
        let (before, element, after) = next_element(layout);
        let skipped = skip(value, before);
        value = skipped.map_err(|(prefix, rest)| cannot(prefix, rest))?;
        let Some((element, written)) = element else {
            if !value.is_empty() {
                return Err(failed(&format!(": extra text: {}", quoted(value))));
            }
            break;
        };
        layout = after;
        let held = value;
        match fields.read(element, &mut value, layout) {
            Ok(()) => {}
            Err(Wrong::Bad) => return Err(cannot(written, held)),
            Err(Wrong::Range(what)) => return Err(failed(&format!(": {what} out of range"))),
        }
    }
    fields.time().map_err(failed)
}

/// Takes the fixed text `prefix` off `value`; any run of spaces stands for any other.
fn skip<'a, 'b>(mut value: &'a str, mut prefix: &'b str) -> Result<&'a str, (&'b str, &'a str)> {
    let whole = prefix;
    while let Some(first) = prefix.chars().next() {
        if first == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err((whole, value));
            }
            prefix = prefix.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
            continue;
        }
        let Some(rest) = value.strip_prefix(first) else { return Err((whole, value)) };
        value = rest;
        prefix = prefix.get(first.len_utf8()..).unwrap_or_default();
    }
    Ok(value)
}

fn digit(value: &str, position: usize) -> Option<i64> {
    let byte = *value.as_bytes().get(position)?;
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Takes a number of at least one and at most `most` digits; exactly `most` where fixed.
fn number(value: &mut &str, most: usize, fixed: bool) -> Result<i64, Wrong> {
    let count = (0..most).take_while(|position| digit(value, *position).is_some()).count();
    if count == 0 || fixed && count != most {
        return Err(Wrong::Bad);
    }
    take(value, count)?.parse().map_err(|_| Wrong::Bad)
}

fn take<'a>(value: &mut &'a str, count: usize) -> Result<&'a str, Wrong> {
    let (taken, rest) = value.split_at_checked(count).ok_or(Wrong::Bad)?;
    *value = rest;
    Ok(taken)
}

/// The number of a name, of which `letters` count, in any case.
fn name(value: &mut &str, names: &[&str], letters: Option<usize>) -> Result<usize, Wrong> {
    for (position, name) in names.iter().enumerate() {
        let name = letters.map_or(*name, |count| name.get(..count).unwrap_or(name));
        if value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            take(value, name.len())?;
            return Ok(position);
        }
    }
    Err(Wrong::Bad)
}

fn within(number: i64, least: i64, most: i64, what: &'static str) -> Result<i64, Wrong> {
    if (least..=most).contains(&number) { Ok(number) } else { Err(Wrong::Range(what)) }
}

/// A point or comma and `count` digits after it, as nanoseconds.
fn fraction(value: &mut &str, count: usize) -> Result<i64, Wrong> {
    if !value.starts_with(['.', ',']) {
        return Err(Wrong::Bad);
    }
    let digits = take(value, 1 + count)?.get(1..).unwrap_or_default();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::Bad);
    }
    format!("{digits:0<9}").get(..9).and_then(|digits| digits.parse().ok()).ok_or(Wrong::Bad)
}

fn leading_digits(value: &str) -> usize {
    value.bytes().take_while(u8::is_ascii_digit).count()
}

impl Fields {
    fn read(&mut self, element: Element, value: &mut &str, layout: &str) -> Result<(), Wrong> {
        match element {
            Element::Year => {
                let digits = take(value, 2)?;
                let year: i64 = digits.parse().map_err(|_| Wrong::Bad)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Element::LongYear => self.year = number(value, 4, true)?,
            Element::Month => self.month = Some(name(value, &MONTHS, Some(3))? as i64 + 1),
            Element::LongMonth => self.month = Some(name(value, &MONTHS, None)? as i64 + 1),
            Element::NumericMonth { fixed } => {
                self.month = Some(within(number(value, 2, fixed)?, 1, 12, "month")?);
            }
            Element::Weekday => {
                name(value, &WEEKDAYS, Some(3))?;
            }
            Element::LongWeekday => {
                name(value, &WEEKDAYS, None)?;
            }
            Element::Day { fixed, padded } => {
                if padded {
                    *value = value.strip_prefix(' ').unwrap_or(value);
                }
                self.day = Some(number(value, 2, fixed)?);
            }
            Element::YearDay { padded } => {
                for _ in 0..2 {
                    if padded {
                        *value = value.strip_prefix(' ').unwrap_or(value);
                    }
                }
                self.year_day = Some(number(value, 3, !padded)?);
            }
            Element::Hour => self.hour = within(number(value, 2, false)?, 0, 23, "hour")?,
            Element::Hour12 { fixed } => {
                self.hour = within(number(value, 2, fixed)?, 0, 12, "hour")?;
            }
            Element::Minute { fixed } => {
                self.minute = within(number(value, 2, fixed)?, 0, 59, "minute")?;
            }
            Element::Second { fixed } => {
                self.second = within(number(value, 2, fixed)?, 0, 59, "second")?;
                let follows = next_element(layout).1.map(|(element, _)| element);
                let fraction_follows =
                    matches!(follows, Some(Element::Fraction(_) | Element::AnyFraction));
                if !fraction_follows {
                    self.any_fraction(value)?;
                }
            }
            Element::UpperHalf | Element::LowerHalf => {
                let upper = element == Element::UpperHalf;
                self.afternoon = match (upper, take(value, 2)?) {
                    (true, "PM") | (false, "pm") => Some(true),
                    (true, "AM") | (false, "am") => Some(false),
                    _ => return Err(Wrong::Bad),
                };
            }
            Element::Fraction(count) => self.nanosecond = fraction(value, count)?,
            Element::AnyFraction => self.any_fraction(value)?,
            Element::Zone { zulu: true, .. } if value.starts_with('Z') => {
                take(value, 1)?;
                self.zone = Zone::Offset(0);
            }
            Element::Zone { shape, .. } => self.zone = Zone::Offset(offset(value, shape)?),
            Element::ZoneName => self.zone = zone_name(value)?,
        }
        Ok(())
    }

    /// A fraction, if there is one.
    fn any_fraction(&mut self, value: &mut &str) -> Result<(), Wrong> {
        if value.starts_with(['.', ',']) && digit(value, 1).is_some() {
            let count = leading_digits(value.get(1..).unwrap_or_default());
            self.nanosecond = fraction(value, count)?;
        }
        Ok(())
    }

    fn time(mut self) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        if let Some(year_day) = self.year_day {
            let (month, day) =
                date_in_year(self.year, year_day).ok_or(": day-of-year out of range")?;
            if self.month.is_some_and(|seen| seen != month) {
                return Err(": day-of-year does not match month");
            }
            if self.day.is_some_and(|seen| seen != day) {
                return Err(": day-of-year does not match day");
            }
            (self.month, self.day) = (Some(month), Some(day));
        }
        let month = self.month.unwrap_or(1) as u8;
        let day = self.day.unwrap_or(1);
        if day < 1 || day > i64::from(days_in(self.year, month)) {
            return Err(": day out of range");
        }
        let days = days_to(self.year, month, day as u8);
        let seconds = days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second;
        let (seconds, offset) = match self.zone {
            Zone::None => (seconds, 0),
            Zone::Offset(offset) => (seconds - offset, offset),
            Zone::Name(offset) => (seconds, offset),
        };
        let nanoseconds = i128::from(seconds) * NANOSECONDS + i128::from(self.nanosecond);
        Ok(Time { nanoseconds, offset: offset as i32 })
    }
}

fn date_in_year(year: i64, year_day: i64) -> Option<(i64, i64)> {
    let length = if is_leap(year) { 366 } else { 365 };
    if !(1..=length).contains(&year_day) {
        return None;
    }
    let mut rest = year_day;
    for month in 1..=12 {
        let days = i64::from(days_in(year, month));
        if rest <= days {
            return Some((i64::from(month), rest));
        }
        rest -= days;
    }
    None
}

fn offset(value: &mut &str, shape: ZoneShape) -> Result<i64, Wrong> {
    let (colon, groups) = match shape {
        ZoneShape::Hours => (false, 1),
        ZoneShape::Minutes => (false, 2),
        ZoneShape::ColonMinutes => (true, 2),
        ZoneShape::Seconds => (false, 3),
        ZoneShape::ColonSeconds => (true, 3),
    };
    let sign = match take(value, 1)? {
        "+" => 1,
        "-" => -1,
        _ => return Err(Wrong::Bad),
    };
    let mut seconds = 0;
    let parts = [
        (24, 3600, "time zone offset hour"),
        (60, 60, "time zone offset minute"),
        (60, 1, "time zone offset second"),
    ];
    for (position, (most, unit, what)) in parts.into_iter().take(groups).enumerate() {
        if colon && position > 0 && take(value, 1)? != ":" {
            return Err(Wrong::Bad);
        }
        seconds += unit * within(number(value, 2, true)?, 0, most, what)?;
    }
    Ok(sign * seconds)
}

/// A name such as `CET` or `GMT+3`; only UTC has a known offset here, as on a machine in UTC.
fn zone_name(value: &mut &str) -> Result<Zone, Wrong> {
    if value.starts_with("UTC") {
        take(value, 3)?;
        return Ok(Zone::Offset(0));
    }
    if let Some(after) = value.strip_prefix("GMT") {
        let (length, hours) = signed_offset(after);
        take(value, 3 + length)?;
        return Ok(Zone::Name(hours * 3600));
    }
    if value.len() >= 3 && value.starts_with(['+', '-']) {
        let (length, _) = signed_offset(value);
        if length == 0 {
            return Err(Wrong::Bad);
        }
        take(value, length)?;
        return Ok(Zone::Name(0));
    }
    let capitals = value.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    let length = match capitals {
        _ if value.starts_with("ChST") || value.starts_with("MeST") => 4,
        3 => 3,
        4 if value.starts_with("WITA") || value.as_bytes().get(3) == Some(&b'T') => 4,
        5 if value.as_bytes().get(4) == Some(&b'T') => 5,
        _ => return Err(Wrong::Bad),
    };
    take(value, length)?;
    Ok(Zone::Name(0))
}

/// The length and the number of hours of `+3` or `-11`; 0 where there is no such thing.
fn signed_offset(value: &str) -> (usize, i64) {
    let sign = match value.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (0, 0),
    };
    let digits = value.get(1..).unwrap_or_default();
    let count = leading_digits(digits);
    match digits.get(..count).unwrap_or_default().parse::<i64>() {
        Ok(hours) if hours <= 23 => (1 + count, sign * hours),
        _ => (0, 0),
    }
}

/// A text in quotes, as Go's `time` package writes it in errors.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            ' '..='~' => out.push(character),
            _ => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
    }
    out.push('"');
    out
}
