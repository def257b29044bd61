//! Ranges such as `1-10` or `100Mi-1Gi` where a list could stand.

use std::cmp::Ordering;

use crate::scalar::{duration, quantity::Quantity};

/// A range, both ends included.
pub(super) struct Range<'a> {
    from: &'a str,
    to: &'a str,
}

impl<'a> Range<'a> {
    /// Reads a range; both ends are a number with an optional sign and an optional unit.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let from = end_of_number(text)?;
        let (from, rest) = text.split_at_checked(from)?;
        let to = rest.strip_prefix('-')?;
        (end_of_number(to)? == to.len()).then_some(Self { from, to })
    }

    /// Whether `text` is in the range; never where it cannot be compared.
    pub(super) fn contains(&self, text: &str) -> bool {
        compare(text, self.from).is_some_and(Ordering::is_ge)
            && compare(text, self.to).is_some_and(Ordering::is_le)
    }

    /// Whether `text` is outside of the range; never where it cannot be compared.
    ///
    /// Upstream turns the first `-` into `!-`: where that is the sign of the first number, the
    /// pattern becomes "not equal to this text".
    pub(super) fn excludes(&self, text: &str) -> bool {
        if self.from.starts_with('-') {
            return text
                .strip_prefix('-')
                .and_then(|text| text.strip_prefix(self.from))
                .and_then(|text| text.strip_prefix('-'))
                != Some(self.to);
        }
        compare(text, self.from).is_some_and(Ordering::is_lt)
            || compare(text, self.to).is_some_and(Ordering::is_gt)
    }
}

fn end_of_number(text: &str) -> Option<usize> {
    let unsigned = text.strip_prefix(['-', '+', '|']).unwrap_or(text);
    let mut rest = unsigned.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == unsigned.len() {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let behind = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if behind.len() < fraction.len() {
            rest = behind;
        }
    }
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    Some(text.len() - rest.len())
}

fn compare(text: &str, end: &str) -> Option<Ordering> {
    if let Some((text, end)) = duration::parse(text).zip(duration::parse(end)) {
        return Some(text.cmp(&end));
    }
    Quantity::parse(text).zip(Quantity::parse(end)).map(|(text, end)| text.compare(&end))
}
