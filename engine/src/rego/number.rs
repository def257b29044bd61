//! Numbers as OPA keeps them: decimal texts, of which small integers are held as such.

use std::cmp::Ordering;
use std::rc::Rc;

/// A number with the text that it was written with.
#[derive(Clone, Debug)]
pub(crate) enum Number {
    Int(i64),
    /// Any other: a fraction, an exponent, or more digits than 64 bits hold.
    Text(Rc<str>),
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Number {
    /// As Go writes a `float64` (`strconv.FormatFloat(value, 'g', -1, 64)`).
    fn from(value: f64) -> Self {
        Self::Text(value.to_string().into())
    }
}

impl Number {
    /// An integer of any size.
    pub(crate) fn from_digits(digits: &str) -> Self {
        match digits.parse() {
            Ok(value) => Self::Int(value),
            Err(_) => Self::Text(digits.into()),
        }
    }

    /// A number as it is written.
    pub(crate) fn from_literal(text: &str) -> Self {
        match text.parse() {
            Ok(value) if i64::to_string(&value) == text => Self::Int(value),
            _ => Self::Text(text.into()),
        }
    }

    /// A position in an array; a fraction is none.
    pub(crate) fn as_index(&self) -> Option<usize> {
        match self {
            Self::Int(value) => usize::try_from(*value).ok(),
            Self::Text(_) => None,
        }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            _ => self.as_f64().total_cmp(&other.as_f64()),
        }
    }

    pub(crate) fn as_f64(&self) -> f64 {
        match self {
            Self::Int(value) => *value as f64,
            Self::Text(text) => text.parse().unwrap_or_default(),
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Text(text) => out.push_str(text),
        }
    }
}
