//! Answers as rows, ours and upstream's, and how they are compared.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::golden::text;
use crate::ledger::Failure;

/// Which rule answered for which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) policy: String,
    pub(crate) rule: String,
    /// `apiVersion/kind/namespace/name`.
    pub(crate) object: String,
}

/// What it answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) result: String,
    pub(crate) message: String,
}

/// How upstream's message is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Exactly(String),
    /// The order of its parts is random upstream.
    Unordered(String),
    /// One of these.
    AnyOf(Vec<String>),
    /// Not recorded, as it says nothing.
    Left,
}

/// A recorded answer.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) result: String,
    pub(crate) message: Message,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, rule, object } = self;
        write!(formatter, "{policy} {rule} {object}")
    }
}

pub(crate) fn object(value: &Value) -> String {
    let part = |key| text(value, key);
    format!("{}/{}/{}/{}", part("apiVersion"), part("kind"), part("namespace"), part("name"))
}

impl Message {
    pub(crate) fn of(row: &Value) -> Self {
        let variants = row["messageUnstable"].as_array();
        match (variants, row["message"].as_str(), row["messageUnordered"].as_bool()) {
            (Some(variants), ..) => {
                let variants = variants.iter().filter_map(Value::as_str);
                Self::AnyOf(variants.map(str::to_owned).collect())
            }
            (None, Some(message), Some(true)) => Self::Unordered(message.to_owned()),
            (None, Some(message), _) => Self::Exactly(message.to_owned()),
            (None, None, _) => Self::Left,
        }
    }

    fn holds(&self, ours: &str) -> bool {
        match self {
            Self::Exactly(message) => message == ours,
            Self::Unordered(message) => parts(message) == parts(ours),
            Self::AnyOf(messages) => messages.iter().any(|message| message == ours),
            Self::Left => true,
        }
    }
}

/// A message's words, as a bag.
fn parts(message: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = message.split(|letter: char| ",;:()[] ".contains(letter)).collect();
    parts.sort_unstable();
    parts
}

/// Compares the answers to one key. Of ours, a skip that upstream gives no row for is as it should.
pub(crate) fn compare(ours: &[Answer], expected: &[Expected]) -> Result<(), Failure> {
    let mut open: Vec<&Answer> = ours.iter().collect();
    for row in expected {
        let fits = |answer: &&Answer| answer.result == row.result;
        let exact =
            open.iter().position(|answer| fits(answer) && row.message.holds(&answer.message));
        let near = open.iter().position(fits);
        let Some(position) = exact.or(near).or((!open.is_empty()).then_some(0)) else {
            return Err(Failure::new(format!("upstream {}, ours no row", row.result), said(row)));
        };
        let answer = open.remove(position);
        let detail = || format!("upstream: {}\nours:     {}", said(row), answer.message);
        if answer.result != row.result {
            let what = format!("upstream {}, ours {}", row.result, answer.result);
            return Err(Failure::new(what, detail()));
        }
        if !row.message.holds(&answer.message) {
            return Err(Failure::new(format!("message of {}", row.result), detail()));
        }
    }
    match open.iter().find(|answer| answer.result != "skip") {
        Some(answer) => {
            let what = format!("upstream no row, ours {}", answer.result);
            Err(Failure::new(what, answer.message.clone()))
        }
        None => Ok(()),
    }
}

fn said(row: &Expected) -> String {
    match &row.message {
        Message::Exactly(message) => message.clone(),
        Message::Unordered(message) => format!("{message} (in any order)"),
        Message::AnyOf(messages) => messages.join("\n      or: "),
        Message::Left => String::new(),
    }
}

/// Groups by key, in order.
pub(crate) fn grouped<T>(rows: impl IntoIterator<Item = (Key, T)>) -> BTreeMap<Key, Vec<T>> {
    let mut groups: BTreeMap<Key, Vec<T>> = BTreeMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}
