//! Conditions of preconditions and deny rules: a key, an operator, a value.
//!
//! Upstream: `pkg/engine/variables/operator`. There, whole numbers written in a policy are integers
//! and all numbers that come out of an expression are floats, and that can be seen: a map with
//! integers never equals one with floats, and a float of 10,000,000 is the text `1e+07`. So
//! [`Value::Int`] is an integer here and [`Value::Float`] a float, and [`from_expression`] makes the
//! result of an expression what it is upstream.

mod equality;
mod json_strings;
mod membership;
mod order;
mod range;

use std::collections::BTreeMap;
use std::fmt;

use crate::scalar::{duration, number, wildcard};
use crate::tree::{Kind, Node};
use crate::value::{Text, Value};

/// How a condition compares its key with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
    In,
    AnyIn,
    AllIn,
    NotIn,
    AnyNotIn,
    AllNotIn,
    GreaterThanOrEquals,
    GreaterThan,
    LessThanOrEquals,
    LessThan,
    DurationGreaterThanOrEquals,
    DurationGreaterThan,
    DurationLessThanOrEquals,
    DurationLessThan,
}

/// Decides whether a condition holds; an error where upstream crashes, and where the answer would
/// take too long.
pub(crate) fn holds<'t>(
    operator: Operator,
    key: &Value<'t>,
    value: &Value<'t>,
) -> Result<bool, ConditionError> {
    let effort = &mut Effort::new(operator);
    match operator {
        Operator::Equals => Ok(equality::equal(key, value, effort)? == Some(true)),
        Operator::NotEquals => Ok(equality::equal(key, value, effort)? == Some(false)),
        Operator::In => membership::is_in(key, value, effort),
        Operator::NotIn => membership::is_not_in(key, value, effort),
        Operator::AnyIn => membership::any_in(key, value, effort),
        Operator::AnyNotIn => membership::any_not_in(key, value, effort),
        Operator::AllIn => membership::all_in(key, value, effort),
        Operator::AllNotIn => membership::all_not_in(key, value, effort),
        Operator::GreaterThanOrEquals => Ok(order::compare(order::Wanted::AtLeast, key, value)),
        Operator::GreaterThan => Ok(order::compare(order::Wanted::More, key, value)),
        Operator::LessThanOrEquals => Ok(order::compare(order::Wanted::AtMost, key, value)),
        Operator::LessThan => Ok(order::compare(order::Wanted::Less, key, value)),
        Operator::DurationGreaterThanOrEquals => {
            Ok(order::compare_durations(order::Wanted::AtLeast, key, value))
        }
        Operator::DurationGreaterThan => {
            Ok(order::compare_durations(order::Wanted::More, key, value))
        }
        Operator::DurationLessThanOrEquals => {
            Ok(order::compare_durations(order::Wanted::AtMost, key, value))
        }
        Operator::DurationLessThan => Ok(order::compare_durations(order::Wanted::Less, key, value)),
    }
}

/// Makes every number in the result of an expression a float, as it is upstream.
///
/// A value without whole numbers is given back as it is.
pub(crate) fn from_expression<'t>(value: &Value<'t>) -> Value<'t> {
    if !holds_integer(value) {
        return value.clone();
    }
    enum Step<'t> {
        Visit(Value<'t>),
        List(usize),
        Map(Vec<Text<'t>>),
    }
    // Depth costs heap, not stack.
    let mut steps = vec![Step::Visit(value.clone())];
    let mut made: Vec<Value<'t>> = Vec::new();
    while let Some(step) = steps.pop() {
        match step {
            Step::Visit(Value::Int(number)) => made.push(Value::Float(number as f64)),
            Step::Visit(value) => {
                if let Some(items) = value.items() {
                    steps.push(Step::List(items.len()));
                    steps.extend(items.into_iter().rev().map(Step::Visit));
                } else if let Some(entries) = value.entries() {
                    let (keys, values): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
                    steps.push(Step::Map(keys));
                    steps.extend(values.into_iter().rev().map(Step::Visit));
                } else {
                    made.push(value);
                }
            }
            Step::List(length) => {
                let items = made.split_off(made.len().saturating_sub(length));
                made.push(Value::from(items));
            }
            Step::Map(keys) => {
                let values = made.split_off(made.len().saturating_sub(keys.len()));
                made.push(Value::from(keys.into_iter().zip(values).collect::<BTreeMap<_, _>>()));
            }
        }
    }
    made.pop().unwrap_or_default()
}

fn holds_integer(value: &Value<'_>) -> bool {
    // Most values are scalars, or lists of them.
    match value {
        Value::Int(_) => return true,
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::String(_) => return false,
        Value::Node(node) => return node_holds_integer(*node),
        Value::List(items) if items.iter().all(is_other_scalar) => return false,
        Value::List(_) | Value::Map(_) => {}
    }
    let mut rest = vec![value.clone()];
    while let Some(value) = rest.pop() {
        if matches!(value, Value::Int(_)) {
            return true;
        }
        if let Some(items) = value.items() {
            rest.extend(items);
        } else if let Some(entries) = value.entries() {
            rest.extend(entries.into_iter().map(|(_, value)| value));
        }
    }
    false
}

fn is_other_scalar(value: &Value<'_>) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Float(_) | Value::String(_))
}

fn node_holds_integer<'t>(node: Node<'t>) -> bool {
    let mut rest = Vec::new();
    let mut next = Some(node);
    while let Some(node) = next {
        let mut found = false;
        let mut see = |child: Node<'t>| match child.kind() {
            Kind::Int(_) => found = true,
            Kind::List(items) if !items.is_empty() => rest.push(child),
            Kind::Map(entries) if !entries.is_empty() => rest.push(child),
            _ => {}
        };
        match node.kind() {
            Kind::List(items) => items.iter().for_each(&mut see),
            Kind::Map(entries) => entries.iter().for_each(|(_, value)| see(value)),
            Kind::Int(_) => return true,
            _ => {}
        }
        if found {
            return true;
        }
        next = rest.pop();
    }
    false
}

impl Operator {
    /// All operators, in the order of the documentation.
    pub(crate) const ALL: [Self; 16] = [
        Self::Equals,
        Self::NotEquals,
        Self::In,
        Self::AnyIn,
        Self::AllIn,
        Self::NotIn,
        Self::AnyNotIn,
        Self::AllNotIn,
        Self::GreaterThanOrEquals,
        Self::GreaterThan,
        Self::LessThanOrEquals,
        Self::LessThan,
        Self::DurationGreaterThanOrEquals,
        Self::DurationGreaterThan,
        Self::DurationLessThanOrEquals,
        Self::DurationLessThan,
    ];

    /// Reads an operator; case counts. `Equal` and `NotEqual` are accepted as upstream accepts them.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "Equal" => Some(Self::Equals),
            "NotEqual" => Some(Self::NotEquals),
            _ => Self::ALL.into_iter().find(|operator| operator.as_str() == word),
        }
    }

    /// The word in a policy.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "Equals",
            Self::NotEquals => "NotEquals",
            Self::In => "In",
            Self::AnyIn => "AnyIn",
            Self::AllIn => "AllIn",
            Self::NotIn => "NotIn",
            Self::AnyNotIn => "AnyNotIn",
            Self::AllNotIn => "AllNotIn",
            Self::GreaterThanOrEquals => "GreaterThanOrEquals",
            Self::GreaterThan => "GreaterThan",
            Self::LessThanOrEquals => "LessThanOrEquals",
            Self::LessThan => "LessThan",
            Self::DurationGreaterThanOrEquals => "DurationGreaterThanOrEquals",
            Self::DurationGreaterThan => "DurationGreaterThan",
            Self::DurationLessThanOrEquals => "DurationLessThanOrEquals",
            Self::DurationLessThan => "DurationLessThan",
        }
    }
}

/// Why a condition has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConditionError {
    /// `In` and `NotIn` take only lists of strings as keys; upstream crashes.
    KeyItemNotString { operator: Operator, found: String },
    /// The texts are so long or so many that matching them would take too long.
    TooCostly { operator: Operator },
}

impl fmt::Display for ConditionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyItemNotString { operator, found } => write!(
                formatter,
                "operator `{}` needs strings in the list of its key, found `{found}`",
                operator.as_str()
            ),
            Self::TooCostly { operator } => write!(
                formatter,
                "the texts of operator `{}` are too long or too many to match",
                operator.as_str()
            ),
        }
    }
}

impl std::error::Error for ConditionError {}

/// How many steps of matching one condition may take; some tens of milliseconds.
const MAXIMUM_STEPS: u64 = 20_000_000;

/// What is left to spend on one condition.
struct Effort {
    operator: Operator,
    steps: u64,
}

impl Effort {
    fn new(operator: Operator) -> Self {
        Self { operator, steps: MAXIMUM_STEPS }
    }

    fn matches(&mut self, pattern: &str, text: &str) -> Result<bool, ConditionError> {
        if !wildcard::contains_wildcard(pattern) {
            self.steps = self.steps.saturating_sub(1);
            return Ok(pattern == text);
        }
        wildcard::matches_within(pattern, text, &mut self.steps)
            .ok_or(ConditionError::TooCostly { operator: self.operator })
    }
}

/// A value as Go prints it with `%v`.
fn text_of<'t>(value: &Value<'t>) -> Text<'t> {
    match value {
        Value::String(text) => text.clone(),
        _ => Text::from(number::format_value(value)),
    }
}

/// Both sides as nanoseconds, where at least one is a duration other than `0` and the other one or
/// a number of seconds.
fn as_durations(key: &Value<'_>, value: &Value<'_>) -> Option<(i64, i64)> {
    let written =
        |side: &Value<'_>| side.as_str().filter(|text| *text != "0").and_then(duration::parse);
    match (written(key), written(value)) {
        (None, None) => None,
        (key_duration, value_duration) => Some((
            key_duration.or_else(|| seconds(key))?,
            value_duration.or_else(|| seconds(value))?,
        )),
    }
}

/// A number of whole seconds in nanoseconds; wraps around as in Go.
fn seconds(value: &Value<'_>) -> Option<i64> {
    let seconds = match value {
        Value::Int(number) => *number,
        Value::Float(number) => truncate(*number),
        _ => return None,
    };
    Some(seconds.wrapping_mul(duration::SECOND as i64))
}

/// Nanoseconds as the float of seconds that `Duration.Seconds` gives.
fn in_seconds(nanoseconds: i64) -> f64 {
    let second = duration::SECOND as i64;
    (nanoseconds / second) as f64 + (nanoseconds % second) as f64 / 1e9
}

/// Converts as Go does on amd64: what does not fit is the least integer.
fn truncate(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

#[cfg(test)]
mod tests;
