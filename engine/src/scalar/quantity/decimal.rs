//! Decimal numbers of any size.
//!
//! Numbers that were read can be as long as their text, and their exponent costs nothing; numbers
//! that are computed are limited to [`MAXIMUM_DIGITS`].

use std::cmp::Ordering;

/// No computed number has more digits: an exponent in a text must not cost memory.
const MAXIMUM_DIGITS: i64 = 4_096;

/// A whole number of any length times a power of ten.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    // Invariant: zero is not negative and has exponent 0.
    negative: bool,
    /// From the greatest to the least, as numbers.
    // Invariant: neither the first nor the last is zero; zero has none.
    digits: Vec<u8>,
    exponent: i64,
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        let mut digits = Vec::with_capacity(20);
        let mut rest = number.unsigned_abs();
        while rest > 0 {
            digits.push((rest % 10) as u8);
            rest /= 10;
        }
        digits.reverse();
        Self { negative: number < 0, digits, exponent: 0 }.normalized()
    }
}

impl Decimal {
    /// A whole number, written in two parts.
    pub(super) fn new(negative: bool, parts: [&str; 2]) -> Self {
        let mut digits = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            digits.extend(part.bytes().map(|byte| byte.wrapping_sub(b'0')));
        }
        Self { negative, digits, exponent: 0 }.normalized()
    }

    fn normalized(mut self) -> Self {
        let last = self.digits.iter().rposition(|digit| *digit != 0);
        let length = last.map_or(0, |last| last + 1);
        self.exponent += (self.digits.len() - length) as i64;
        self.digits.truncate(length);
        if self.digits.first() == Some(&0) {
            let first = self.digits.iter().position(|digit| *digit != 0).unwrap_or(length);
            self.digits.drain(..first);
        }
        if self.digits.is_empty() {
            self.exponent = 0;
            self.negative = false;
        }
        self
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(super) fn is_negative(&self) -> bool {
        self.negative
    }

    pub(super) fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    pub(super) fn negated(self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..self }
    }

    /// Multiplies by a power of ten.
    pub(super) fn shift(&mut self, places: i64) {
        if !self.is_zero() {
            self.exponent += places;
        }
    }

    /// The power of ten above the first digit.
    fn top(&self) -> i64 {
        self.digits.len() as i64 + self.exponent
    }

    /// Orders without regard to signs.
    pub(super) fn compare_size(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.top().cmp(&other.top()).then_with(|| self.digits.cmp(&other.digits))
            }
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }

    /// Rounds away from zero to `places` behind the point.
    pub(super) fn round_away(&mut self, places: i32) {
        let unit = -i64::from(places);
        if self.is_zero() || self.exponent >= unit {
            return;
        }
        let dropped = usize::try_from(unit - self.exponent).unwrap_or(usize::MAX);
        self.digits.truncate(self.digits.len().saturating_sub(dropped));
        self.exponent = unit;
        // What was dropped is never zero.
        let mut carry = true;
        for digit in self.digits.iter_mut().rev() {
            if !carry {
                break;
            }
            carry = *digit == 9;
            *digit = if carry { 0 } else { *digit + 1 };
        }
        if carry {
            self.digits.insert(0, 1);
        }
        let rounded =
            std::mem::replace(self, Self { negative: false, digits: vec![], exponent: 0 });
        *self = rounded.normalized();
    }

    pub(super) fn multiply_by(self, factor: u64) -> Self {
        let mut carry = 0u128;
        let mut digits: Vec<u8> = Vec::with_capacity(self.digits.len() + 20);
        for digit in self.digits.iter().rev() {
            carry += u128::from(*digit) * u128::from(factor);
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        digits.reverse();
        Self { digits, ..self }.normalized()
    }

    pub(super) fn add(&self, other: &Self) -> Option<Self> {
        if self.is_zero() {
            return Some(other.clone());
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        let exponent = self.exponent.min(other.exponent);
        let length = self.top().max(other.top()).checked_sub(exponent)?;
        if length > MAXIMUM_DIGITS {
            return None;
        }
        let (larger, smaller) = match self.compare_size(other) {
            Ordering::Less => (other, self),
            _ => (self, other),
        };
        let subtract = self.negative != other.negative;
        let mut digits = Vec::with_capacity(usize::try_from(length).ok()? + 1);
        let mut carry = 0i8;
        for (upper, lower) in
            larger.places(exponent, length + 1).zip(smaller.places(exponent, length + 1))
        {
            let sum = if subtract { upper - lower + carry } else { upper + lower + carry };
            carry = sum.div_euclid(10);
            digits.push(sum.rem_euclid(10) as u8);
        }
        digits.reverse();
        Some(Self { negative: larger.negative, digits, exponent }.normalized())
    }

    /// The digits from the power of ten `lowest` upwards.
    fn places(&self, lowest: i64, count: i64) -> impl Iterator<Item = i8> {
        (lowest..lowest + count).map(|place| {
            let from_first = self.top() - 1 - place;
            let digit = usize::try_from(from_first).ok().and_then(|index| self.digits.get(index));
            digit.map_or(0, |digit| *digit as i8)
        })
    }

    pub(super) fn multiply(&self, other: &Self) -> Option<Self> {
        if (self.digits.len() + other.digits.len()) as i64 > MAXIMUM_DIGITS {
            return None;
        }
        let mut sums = vec![0u32; self.digits.len() + other.digits.len()];
        for (place, digit) in self.digits.iter().rev().enumerate() {
            for (sum, factor) in sums.iter_mut().skip(place).zip(other.digits.iter().rev()) {
                *sum += u32::from(*digit) * u32::from(*factor);
            }
        }
        let mut carry = 0;
        let mut digits: Vec<u8> = Vec::with_capacity(sums.len());
        for sum in sums {
            carry += sum;
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
        digits.reverse();
        let negative = self.negative != other.negative;
        Some(Self { negative, digits, exponent: self.exponent + other.exponent }.normalized())
    }

    /// The quotient, cut off after `places` behind the point.
    pub(super) fn divide(&self, other: &Self, places: i32) -> Option<Self> {
        if other.is_zero() || other.digits.len() > 36 {
            return None;
        }
        let divisor = other.digits.iter().fold(0u128, |sum, digit| sum * 10 + u128::from(*digit));
        // What is wanted is a whole number of units of the last place.
        let shift = self.exponent - other.exponent + i64::from(places);
        let length = self.digits.len() as i64 + shift;
        if length > MAXIMUM_DIGITS {
            return None;
        }
        let mut rest = 0u128;
        let mut digits = Vec::new();
        let padded = self.digits.iter().copied().chain(std::iter::repeat(0));
        for digit in padded.take(usize::try_from(length).unwrap_or(0)) {
            rest = rest * 10 + u128::from(digit);
            digits.push((rest / divisor) as u8);
            rest %= divisor;
        }
        let negative = self.negative != other.negative;
        Some(Self { negative, digits, exponent: -i64::from(places) }.normalized())
    }

    /// The number times a power of ten, as the nearest float.
    pub(super) fn scaled_to_f64(&self, places: i64) -> f64 {
        let digits = if self.is_zero() { "0".to_owned() } else { self.written(0) };
        format!("{digits}e{}", self.exponent + places).parse().unwrap_or(f64::INFINITY)
    }

    /// A whole number and the power of 1000 behind it, as great as can be, as a power of ten.
    pub(super) fn in_thousands(&self) -> (String, i64) {
        let zeros = self.exponent.rem_euclid(3);
        (self.written(zeros), self.exponent - zeros)
    }

    /// A whole number and the power of 1024 behind it, at most 6; none for one that is not whole
    /// or too long.
    pub(super) fn divide_by_1024(&self) -> Option<(String, usize)> {
        if self.exponent < 0 || self.top() > MAXIMUM_DIGITS {
            return None;
        }
        let zeros = std::iter::repeat_n(0, usize::try_from(self.exponent).ok()?);
        let mut digits: Vec<u8> = self.digits.iter().copied().chain(zeros).collect();
        let mut power = 0;
        while power < 6 {
            let mut rest = 0u32;
            let quotient: Vec<u8> = digits
                .iter()
                .map(|digit| {
                    rest = rest * 10 + u32::from(*digit);
                    let quotient = rest / 1024;
                    rest %= 1024;
                    quotient as u8
                })
                .collect();
            if rest != 0 {
                break;
            }
            let leading = quotient.iter().take_while(|digit| **digit == 0).count();
            digits = quotient.into_iter().skip(leading).collect();
            power += 1;
        }
        let whole = Self { negative: self.negative, digits, exponent: 0 };
        Some((whole.written(0), power))
    }

    fn written(&self, zeros: i64) -> String {
        let sign = self.negative.then_some('-');
        let digits = self.digits.iter().map(|digit| char::from(b'0' + digit));
        sign.into_iter().chain(digits).chain((0..zeros).map(|_| '0')).collect()
    }
}
