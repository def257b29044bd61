//! Reads the text of a number into digits and an exponent, and compares such.

use std::cmp::Ordering;

/// A sign, digits without zeros around them, and the power of ten of the last digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    /// Empty for zero.
    pub(super) digits: String,
    pub(super) exponent: i64,
}

impl Decimal {
    /// Reads `-1.50e10`; none where the text is no number of JSON (leading zeros and a leading
    /// plus are let through).
    pub(super) fn of(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) || whole.len() + fraction.len() == 0 {
            return None;
        }
        let mut digits = String::with_capacity(whole.len() + fraction.len());
        digits.push_str(whole);
        digits.push_str(fraction);
        let kept = digits.trim_end_matches('0').len();
        let zeros = digits.len() - kept;
        digits.truncate(kept);
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self { negative, digits: String::new(), exponent: 0 });
        }
        let exponent = exponent.saturating_sub(fraction.len() as i64).saturating_add(zeros as i64);
        Some(Self { negative, digits: significant.to_owned(), exponent })
    }

    /// The order of two texts; what is no number counts as zero.
    pub(super) fn compare(left: &str, right: &str) -> Ordering {
        let zero = || Self { negative: false, digits: String::new(), exponent: 0 };
        let (left, right) =
            (Self::of(left).unwrap_or_else(zero), Self::of(right).unwrap_or_else(zero));
        match (left.sign(), right.sign()) {
            (1, 1) => left.compare_size(&right),
            (-1, -1) => right.compare_size(&left),
            (left, right) => left.cmp(&right),
        }
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// Both are not zero: the higher first digit counts, then digit by digit.
    fn compare_size(&self, other: &Self) -> Ordering {
        self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.cmp(&other.digits))
    }

    /// The power of ten behind the first digit.
    pub(super) fn magnitude(&self) -> i64 {
        self.exponent.saturating_add(self.digits.len() as i64)
    }
}

/// An exponent; what 64 bits do not hold is as far away.
fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX);
    Some(if negative { -size } else { size })
}
