//! Label selectors of Kubernetes, with Kyverno's wildcards in `matchLabels`.
//!
//! Upstream: `CheckSelector` in `pkg/utils/match/labels.go`, `ReplaceInSelector` in
//! `pkg/engine/wildcards` and `LabelSelectorAsSelector` of apimachinery. Upstream puts a label
//! that matches, at random, in the place of one with wildcards; it is enough that there is one.

use super::filter::{LabelSelector, SelectorOperator, SelectorRequirement};
use super::subject::Labels;
use crate::scalar::wildcard::{Wildcard, contains_wildcard};

/// A label selector, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    labels: Vec<(Box<str>, Box<str>)>,
    wildcards: Vec<(Wildcard, Wildcard)>,
    expressions: Vec<SelectorRequirement>,
}

/// Says what no label selector can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SelectorError {
    /// Not a key of a label.
    Key(String),
    /// Not a value of a label.
    Value(String),
    /// `In` or `NotIn` without values.
    NoValues(String),
    /// `Exists` or `DoesNotExist` with values.
    Values(String),
}

impl std::fmt::Display for SelectorError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "`{key}` is no key of a label"),
            Self::Value(value) => write!(formatter, "`{value}` is no value of a label"),
            Self::NoValues(key) => write!(formatter, "`In` and `NotIn` of `{key}` need values"),
            Self::Values(key) => {
                write!(formatter, "`Exists` and `DoesNotExist` of `{key}` take no values")
            }
        }
    }
}

impl std::error::Error for SelectorError {}

impl Selector {
    pub(crate) fn compile(selector: &LabelSelector) -> Result<Self, SelectorError> {
        let (mut labels, mut wildcards) = (Vec::new(), Vec::new());
        for (key, value) in &selector.match_labels {
            // Where nothing matches, upstream goes on with a zero for each wildcard.
            check_label(&key.replace(['*', '?'], "0"), &value.replace(['*', '?'], "0"))?;
            if contains_wildcard(key) || contains_wildcard(value) {
                wildcards.push((Wildcard::new(key), Wildcard::new(value)));
            } else {
                labels.push((key.as_str().into(), value.as_str().into()));
            }
        }
        for SelectorRequirement { key, operator, values } in &selector.match_expressions {
            check_label(key, "")?;
            values.iter().try_for_each(|value| check_label(key, value))?;
            match operator {
                SelectorOperator::In | SelectorOperator::NotIn if values.is_empty() => {
                    return Err(SelectorError::NoValues(key.clone()));
                }
                SelectorOperator::Exists | SelectorOperator::DoesNotExist if !values.is_empty() => {
                    return Err(SelectorError::Values(key.clone()));
                }
                _ => {}
            }
        }
        Ok(Self { labels, wildcards, expressions: selector.match_expressions.clone() })
    }

    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.wildcards.is_empty() && self.expressions.is_empty()
    }

    /// Asks labels; an error is one that matches but that no selector can name.
    pub(crate) fn matches(&self, labels: Labels<'_>) -> Result<bool, SelectorError> {
        if !self.labels.iter().all(|(key, value)| labels.get(key) == Some(value)) {
            return Ok(false);
        }
        for (key, value) in &self.wildcards {
            let mut matching = labels
                .iter()
                .filter(|(found, text)| key.matches(found) && value.matches(text))
                .peekable();
            if matching.peek().is_none() {
                return Ok(false);
            }
            let mut error = None;
            if !matching.any(|(found, text)| match check_label(found, text) {
                Ok(()) => true,
                Err(found) => {
                    error = Some(found);
                    false
                }
            }) {
                return error.map_or(Ok(false), Err);
            }
        }
        Ok(self.expressions.iter().all(|expression| expression.holds(labels)))
    }
}

impl SelectorRequirement {
    fn holds(&self, labels: Labels<'_>) -> bool {
        let value = labels.get(&self.key);
        let listed = || value.is_some_and(|value| self.values.iter().any(|known| known == value));
        match self.operator {
            SelectorOperator::In => listed(),
            SelectorOperator::NotIn => !listed(),
            SelectorOperator::Exists => value.is_some(),
            SelectorOperator::DoesNotExist => value.is_none(),
        }
    }
}

/// Whether both can stand in a selector; upstream: `IsQualifiedName` and `IsValidLabelValue`.
fn check_label(key: &str, value: &str) -> Result<(), SelectorError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if !is_name(name) || prefix.is_some_and(|prefix| !is_domain(prefix)) {
        return Err(SelectorError::Key(key.to_owned()));
    }
    if !value.is_empty() && !is_name(value) {
        return Err(SelectorError::Value(value.to_owned()));
    }
    Ok(())
}

/// Letters and digits, with `-`, `_` and `.` between them, at most 63.
fn is_name(text: &str) -> bool {
    let outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.len() <= 63
        && outer(text.bytes().next())
        && outer(text.bytes().next_back())
        && text.bytes().all(inner)
}

/// Lower-case parts between dots, at most 253 characters.
fn is_domain(text: &str) -> bool {
    let outer = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 253
        && text.split('.').all(|part| {
            outer(part.bytes().next()) && outer(part.bytes().next_back()) && part.bytes().all(inner)
        })
}
