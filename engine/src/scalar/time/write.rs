//! Writes a time by a layout of Go (`appendFormat` of Go's `time/format.go`).

use super::layout::{Element, MONTHS, WEEKDAYS, ZoneShape, next_element};
use super::{Civil, NANOSECONDS, Time, days_to};

impl Time {
    /// Writes this by a layout; `zone` is what the zone is called, where it has a name.
    pub(crate) fn format(self, mut layout: &str, zone: &str) -> String {
        let mut out = String::new();
        loop {
            let (before, element, after) = next_element(layout);
            out.push_str(before);
            let Some((element, text)) = element else { return out };
            self.write(element, text, zone, &mut out);
            layout = after;
        }
    }

    fn write(self, element: Element, text: &str, zone: &str, out: &mut String) {
        let Civil { year, month, day, hour, minute, second, weekday } = self.civil();
        let name = |names: &'static [&'static str], index: u8| {
            names.get(usize::from(index)).copied().unwrap_or_default()
        };
        let short = |name: &'static str| name.get(..3).unwrap_or(name);
        let sign = if year < 0 { "-" } else { "" };
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let written = match element {
            Element::LongMonth => name(&MONTHS, month - 1).to_owned(),
            Element::Month => short(name(&MONTHS, month - 1)).to_owned(),
            Element::NumericMonth { fixed: true } => format!("{month:02}"),
            Element::NumericMonth { fixed: false } => month.to_string(),
            Element::LongWeekday => name(&WEEKDAYS, weekday).to_owned(),
            Element::Weekday => short(name(&WEEKDAYS, weekday)).to_owned(),
            Element::Day { fixed: true, .. } => format!("{day:02}"),
            Element::Day { padded: true, .. } => format!("{day:2}"),
            Element::Day { .. } => day.to_string(),
            Element::YearDay { padded } => {
                let number = days_to(year, month, day) - days_to(year, 1, 1) + 1;
                if padded { format!("{number:3}") } else { format!("{number:03}") }
            }
            Element::Hour => format!("{hour:02}"),
            Element::Hour12 { fixed: true } => format!("{twelve:02}"),
            Element::Hour12 { fixed: false } => twelve.to_string(),
            Element::Minute { fixed: true } => format!("{minute:02}"),
            Element::Minute { fixed: false } => minute.to_string(),
            Element::Second { fixed: true } => format!("{second:02}"),
            Element::Second { fixed: false } => second.to_string(),
            Element::LongYear => format!("{sign}{:04}", year.unsigned_abs()),
            Element::Year => format!("{:02}", year.unsigned_abs() % 100),
            Element::UpperHalf => (if hour >= 12 { "PM" } else { "AM" }).to_owned(),
            Element::LowerHalf => (if hour >= 12 { "pm" } else { "am" }).to_owned(),
            Element::ZoneName if !zone.is_empty() => zone.to_owned(),
            Element::ZoneName => self.offset_text(ZoneShape::Minutes),
            Element::Zone { zulu: true, .. } if self.offset == 0 => "Z".to_owned(),
            Element::Zone { shape, .. } => self.offset_text(shape),
            Element::Fraction(count) => {
                format!("{}{}", separator(text), self.fraction(count))
            }
            Element::AnyFraction => match self.fraction(text.len() - 1).trim_end_matches('0') {
                "" => String::new(),
                digits => format!("{}{digits}", separator(text)),
            },
        };
        out.push_str(&written);
    }

    fn offset_text(self, shape: ZoneShape) -> String {
        let minutes = self.offset / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.unsigned_abs();
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let seconds = self.offset.unsigned_abs() % 60;
        match shape {
            ZoneShape::Hours => format!("{sign}{hours:02}"),
            ZoneShape::Minutes => format!("{sign}{hours:02}{minutes:02}"),
            ZoneShape::ColonMinutes => format!("{sign}{hours:02}:{minutes:02}"),
            ZoneShape::Seconds => format!("{sign}{hours:02}{minutes:02}{seconds:02}"),
            ZoneShape::ColonSeconds => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
        }
    }

    /// So many digits of the second, nine at most and zeros behind.
    fn fraction(self, count: usize) -> String {
        let digits = format!("{:09}", self.nanoseconds.rem_euclid(NANOSECONDS));
        format!("{digits:0<count$}").chars().take(count).collect()
    }
}

/// The point or comma that a fraction begins with.
fn separator(text: &str) -> char {
    text.chars().next().unwrap_or('.')
}
