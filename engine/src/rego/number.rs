//! Numbers as OPA keeps them: decimal texts, of which small integers are held as such.
//!
//! Arithmetic is that of `v1/topdown/arithmetic.go`: integers exactly, whatever their size, and
//! all else by Go's `big.Float` with a mantissa of 64 bits.

mod arithmetic;
mod bits;
mod decimal;
mod float;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::rc::Rc;

use crate::scalar::number::format_float;
use decimal::Decimal;

/// A number with the text that it was written with.
#[derive(Clone, Debug)]
pub(crate) enum Number {
    Int(i64),
    /// Any other: a fraction, an exponent, or more digits than 64 bits hold.
    Text(Rc<str>),
}

/// Why an operation has no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    DivideByZero,
    ModuloByZero,
    /// The remainder of what is no whole number.
    ModuloOfFraction,
    /// Bits of what is no whole number.
    Fraction,
    NegativeShift,
    /// More digits than may be computed with.
    TooLarge,
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(value) => Self::Int(value),
            Err(_) => Self::Text(value.to_string().into()),
        }
    }
}

impl From<f64> for Number {
    /// As Go writes a `float64` (`strconv.FormatFloat(value, 'g', -1, 64)`).
    fn from(value: f64) -> Self {
        Self::from_digits(&format_float(value))
    }
}

impl Number {
    /// A number with its text, which is known to be one: of Rego, of JSON, or computed.
    pub(crate) fn from_digits(digits: &str) -> Self {
        let canonical = matches!(digits.as_bytes(), [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..])
            || digits == "0";
        match digits.parse() {
            Ok(value) if canonical => Self::Int(value),
            _ => Self::Text(digits.into()),
        }
    }

    /// A number as JSON and Rego write it: `1`, `-1.50`, `2e10`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Decimal::of(text)?;
        Some(Self::from_digits(text))
    }

    /// A position in an array; a fraction is none.
    pub(crate) fn as_index(&self) -> Option<usize> {
        usize::try_from(self.as_i64()?).ok()
    }

    /// The integer, where the text is one that 64 bits hold: `1.0` and `1e3` are none, as
    /// `Number.Int` of OPA has it.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Text(text) if text.len() <= 20 => text.parse().ok(),
            Self::Text(_) => None,
        }
    }

    /// The order of numbers, whatever their texts.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) if left == right => Ordering::Equal,
            _ => self.with_text(|left| other.with_text(|right| Decimal::compare(left, right))),
        }
    }

    /// The nearest float; what is beyond all floats is infinite.
    pub(crate) fn as_f64(&self) -> f64 {
        match self {
            Self::Int(value) => *value as f64,
            Self::Text(text) => text.parse().unwrap_or_default(),
        }
    }

    /// What the text costs to compute with, in steps of a budget.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Self::Int(_) => 1,
            Self::Text(text) => 4 + text.len() / 16 * (1 + text.len() / 64),
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Text(text) => out.push_str(text),
        }
    }

    fn with_text<T>(&self, use_text: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Int(value) => use_text(&value.to_string()),
            Self::Text(text) => use_text(text),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(value) => value.fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}
