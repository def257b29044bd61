//! Points in time as Go's `time` package reads and writes them.

mod layout;
mod write;

use std::cmp::Ordering;

/// The layout of RFC 3339, as Go writes layouts.
pub const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

const NANOSECONDS: i128 = 1_000_000_000;
/// From the year 1, where Go begins to count, to 1970.
const SECONDS_BEFORE_1970: i128 = 62_135_596_800;

/// A point in time with the offset it is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Nanoseconds since 1970 in UTC.
    nanoseconds: i128,
    /// Seconds east of UTC.
    offset: i32,
}

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year; may be negative.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 (Sunday) to 6.
    pub weekday: u8,
}

impl Time {
    /// Reads `text` as `time.Parse` does; the error is Go's.
    pub fn parse(layout: &str, text: &str) -> Result<Self, String> {
        layout::parse(layout, text)
    }

    /// Seconds since 1970, shown in UTC.
    pub fn from_unix(seconds: i64) -> Self {
        Self { nanoseconds: i128::from(seconds) * NANOSECONDS, offset: 0 }
    }

    /// Nanoseconds since 1970, shown in UTC.
    pub fn from_nanoseconds(nanoseconds: i128) -> Self {
        Self { nanoseconds, offset: 0 }
    }

    /// Nanoseconds since 1970.
    pub(crate) fn nanoseconds(self) -> i128 {
        self.nanoseconds
    }

    /// The same point shown so many seconds east of UTC.
    #[must_use]
    pub(crate) fn shown_at(self, offset: i32) -> Self {
        Self { offset, ..self }
    }

    /// What clocks that show this show so many years, months and days later, as nanoseconds as if
    /// it were in UTC; days that the month has not are of the next one (`Time.AddDate`).
    pub(crate) fn wall_clock_later(self, years: i64, months: i64, days: i64) -> i128 {
        let civil = self.civil();
        let month = i64::from(civil.month) - 1 + months;
        let year = civil.year + years + month.div_euclid(12);
        let first = days_to(year, month.rem_euclid(12) as u8 + 1, 1);
        let day = i128::from(first) + i128::from(civil.day) - 1 + i128::from(days);
        let shown = self.nanoseconds + i128::from(self.offset) * NANOSECONDS;
        day * 86_400 * NANOSECONDS + shown.rem_euclid(86_400 * NANOSECONDS)
    }

    /// The same point shown in UTC.
    #[must_use]
    pub fn utc(self) -> Self {
        Self { offset: 0, ..self }
    }

    /// The point so many nanoseconds later.
    #[must_use]
    pub fn later(self, nanoseconds: i64) -> Self {
        Self { nanoseconds: self.nanoseconds + i128::from(nanoseconds), ..self }
    }

    /// The nanoseconds from `earlier` to here; the greatest or least that 64 bits hold beyond that.
    pub fn since(self, earlier: Self) -> i64 {
        let difference = self.nanoseconds - earlier.nanoseconds;
        i64::try_from(difference).unwrap_or(if difference > 0 { i64::MAX } else { i64::MIN })
    }

    /// Rounds down to a multiple of `nanoseconds` since the beginning of the year 1; anything but
    /// a positive number changes nothing.
    #[must_use]
    pub fn truncate(self, nanoseconds: i64) -> Self {
        if nanoseconds <= 0 {
            return self;
        }
        let since_year_1 = self.nanoseconds + SECONDS_BEFORE_1970 * NANOSECONDS;
        let rest = since_year_1.rem_euclid(i128::from(nanoseconds));
        Self { nanoseconds: self.nanoseconds - rest, ..self }
    }

    /// Which of two points is earlier; how they are shown does not count.
    pub fn compare(self, other: Self) -> Ordering {
        self.nanoseconds.cmp(&other.nanoseconds)
    }

    /// The date and time of day, as shown.
    pub fn civil(self) -> Civil {
        let seconds = self.nanoseconds.div_euclid(NANOSECONDS) + i128::from(self.offset);
        let days = seconds.div_euclid(86_400) as i64;
        let rest = seconds.rem_euclid(86_400) as u32;
        let (year, month, day) = date_of(days);
        Civil {
            year,
            month,
            day,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
            weekday: (days + 4).rem_euclid(7) as u8,
        }
    }

    /// Writes RFC 3339 without fractions, as `Format(time.RFC3339)` does.
    pub fn to_rfc3339(self) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        let sign = if year < 0 { "-" } else { "" };
        let year = year.unsigned_abs();
        let zone = if self.offset == 0 {
            "Z".to_owned()
        } else {
            let minutes = self.offset / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.unsigned_abs();
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        };
        format!("{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
    }
}

impl Civil {
    /// How many days the month has.
    pub(crate) fn days_in_month(&self) -> i64 {
        i64::from(days_in(self.year, self.month))
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_to(year: i64, month: u8, day: u8) -> i64 {
    // Years begin in March here, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let month = i64::from(month + 9) % 12;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date so many days after 1970-01-01.
fn date_of(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u8, day as u8)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;
