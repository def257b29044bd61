//! Patterns that are texts: alternatives, operators, ranges and wildcards.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;

use crate::scalar::number;
use crate::scalar::quantity::{Format, Quantity};
use crate::scalar::{duration, wildcard::Wildcard};
use crate::value::Value;

/// `a | b & c`: one of the alternatives must hold, with all that it joins by `&`.
#[derive(Clone, Debug)]
pub(in crate::kyverno::pattern) struct TextPattern {
    text: Box<str>,
    alternatives: Vec<Vec<Test>>,
}

#[derive(Clone, Debug)]
enum Test {
    Compare(Operator, Operand),
    /// `1-10`
    Inside(Operand, Operand),
    /// `1!-10`
    Outside(Operand, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    More,
    MoreEqual,
    Less,
    LessEqual,
}

/// The right side, in each way that it can be read.
#[derive(Clone, Debug)]
struct Operand {
    duration: Option<i64>,
    quantity: Option<Quantity>,
    wildcard: Wildcard,
}

impl TextPattern {
    pub(super) fn compile(text: &str) -> Self {
        // Only spaces are taken off here; more is below, around the operand.
        let alternative = |part: &str| {
            part.trim_matches(' ').split('&').map(|part| test(part.trim_matches(' '))).collect()
        };
        Self { text: text.into(), alternatives: text.split('|').map(alternative).collect() }
    }

    /// The pattern as it is written.
    pub(in crate::kyverno::pattern) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, value: &Value<'_>) -> bool {
        if value.as_str() == Some(&self.text) {
            return true;
        }
        let value = Readings::of(value);
        self.alternatives.iter().any(|tests| tests.iter().all(|test| test.holds(&value)))
    }

    /// Whether something looks like a range but for spaces around the dash.
    pub(in crate::kyverno::pattern) fn has_spaced_range(&self) -> bool {
        self.text
            .split(['|', '&'])
            .map(str::trim)
            .any(|part| part.contains(' ') && split_range(&part.replace(' ', "")).is_some())
    }

    /// Whether a comparison by size has an operand without size, so that it never holds.
    pub(in crate::kyverno::pattern) fn compares_without_size(&self) -> bool {
        self.alternatives.iter().flatten().any(|test| match test {
            Test::Compare(Operator::Equal | Operator::NotEqual, _) => false,
            Test::Compare(_, operand) => !operand.has_size(),
            Test::Inside(low, high) | Test::Outside(low, high) => {
                !low.has_size() || !high.has_size()
            }
        })
    }
}

/// Reads one test: an operator and its operand, a range, or a plain operand.
fn test(text: &str) -> Test {
    // Upstream: `GetOperatorFromStringPattern`; a single character is never an operator.
    if text.len() >= 2 {
        for (sign, operator) in [
            (">=", Operator::MoreEqual),
            ("<=", Operator::LessEqual),
            (">", Operator::More),
            ("<", Operator::Less),
            ("!", Operator::NotEqual),
        ] {
            if let Some(operand) = text.strip_prefix(sign) {
                return Test::Compare(operator, Operand::new(operand));
            }
        }
        if let Some((low, high, inside)) = split_range(text) {
            let (low, high) = (Operand::new(low), Operand::new(high));
            return if inside { Test::Inside(low, high) } else { Test::Outside(low, high) };
        }
    }
    Test::Compare(Operator::Equal, Operand::new(text))
}

/// Tells whether a text is `low-high`.
pub(super) fn is_range(text: &str) -> bool {
    split_range(text).is_some_and(|(_, _, inside)| inside)
}

/// Splits `low-high` (`true`) or `low!-high` (`false`), where both ends are numbers with a unit.
fn split_range(text: &str) -> Option<(&str, &str, bool)> {
    let (low, rest) = text.split_at_checked(end_length(text)?)?;
    let (inside, high) = match rest.strip_prefix("!-") {
        Some(high) => (false, high),
        None => (true, rest.strip_prefix('-')?),
    };
    (end_length(high)? == high.len()).then_some((low, high, inside))
}

/// The length of the end of a range that `text` starts with.
fn end_length(text: &str) -> Option<usize> {
    let count =
        |from: usize, wanted: fn(&u8) -> bool| text.bytes().skip(from).take_while(wanted).count();
    let sign = usize::from(text.starts_with(['-', '|', '+']));
    let whole = count(sign, u8::is_ascii_digit);
    if whole == 0 {
        return None;
    }
    let mut length = sign + whole;
    if text.as_bytes().get(length) == Some(&b'.') {
        let fraction = count(length + 1, u8::is_ascii_digit);
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    Some(length + count(length, u8::is_ascii_alphabetic))
}

impl Operand {
    fn new(text: &str) -> Self {
        let text = text.trim();
        let (duration, quantity) = (duration::parse(text), Quantity::parse(text));
        Self { duration, quantity, wildcard: Wildcard::new(text) }
    }

    fn has_size(&self) -> bool {
        self.duration.is_some() || self.quantity.is_some()
    }
}

impl Test {
    fn holds(&self, value: &Readings<'_, '_>) -> bool {
        match self {
            Self::Compare(operator, operand) => operator.holds(value, operand),
            Self::Inside(low, high) => {
                Operator::MoreEqual.holds(value, low) && Operator::LessEqual.holds(value, high)
            }
            Self::Outside(low, high) => {
                Operator::Less.holds(value, low) || Operator::More.holds(value, high)
            }
        }
    }
}

impl Operator {
    /// Compares as durations if both sides are, else as amounts if both are, else as texts.
    fn holds(self, value: &Readings<'_, '_>, operand: &Operand) -> bool {
        if let Some(right) = operand.duration
            && let Some(left) = value.duration()
        {
            return self.accepts(left.cmp(&right));
        }
        if let Some(right) = &operand.quantity
            && let Some(left) = value.quantity()
        {
            return self.accepts(left.compare(right));
        }
        match self {
            Self::Equal => value.text().is_some_and(|text| operand.wildcard.matches(text)),
            Self::NotEqual => value.text().is_some_and(|text| !operand.wildcard.matches(text)),
            Self::More | Self::MoreEqual | Self::Less | Self::LessEqual => false,
        }
    }

    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::More => ordering.is_gt(),
            Self::MoreEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessEqual => ordering.is_le(),
        }
    }
}

/// The left side, in each way that it can be read; each is worked out when it is first needed.
struct Readings<'v, 't> {
    value: &'v Value<'t>,
    text: OnceCell<Option<Cow<'v, str>>>,
    number: OnceCell<Option<Cow<'v, str>>>,
    duration: OnceCell<Option<i64>>,
    quantity: OnceCell<Option<Quantity>>,
}

impl<'v, 't> Readings<'v, 't> {
    fn of(value: &'v Value<'t>) -> Self {
        Self {
            value,
            text: OnceCell::new(),
            number: OnceCell::new(),
            duration: OnceCell::new(),
            quantity: OnceCell::new(),
        }
    }

    /// What wildcards see.
    fn text(&self) -> Option<&str> {
        let text = self.text.get_or_init(|| match self.value {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Value::Int(value) => Some(Cow::Owned(value.to_string())),
            Value::Float(value) => Some(Cow::Owned(number::format_exponent(*value))),
            Value::Null | Value::Node(_) | Value::List(_) | Value::Map(_) => None,
        });
        text.as_deref()
    }

    /// What is read as a duration or amount where that is not a whole number: null counts as zero, a
    /// float has six places.
    fn number(&self) -> Option<&str> {
        let number = self.number.get_or_init(|| match self.value {
            Value::Null => Some(Cow::Borrowed("0")),
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Float(value) => Some(Cow::Owned(number::format_fixed(*value))),
            Value::Int(_) | Value::Bool(_) | Value::Node(_) | Value::List(_) | Value::Map(_) => {
                None
            }
        });
        number.as_deref()
    }

    fn duration(&self) -> Option<i64> {
        *self.duration.get_or_init(|| match self.value {
            // A number without unit is no duration, except zero.
            Value::Int(value) => (*value == 0).then_some(0),
            _ => duration::parse(self.number()?),
        })
    }

    fn quantity(&self) -> Option<&Quantity> {
        let read = || match self.value {
            Value::Int(value) => Some(Quantity::from_int(*value, Format::DecimalSi)),
            _ => Quantity::parse(self.number()?),
        };
        self.quantity.get_or_init(read).as_ref()
    }
}
