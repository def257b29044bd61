//! What expressions compute with: places of trees, and what was made from them.

mod compare;
mod json;
mod made;

pub(crate) use json::{string as json_string, write_string as write_json_string};
pub use made::{List, Map};

use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use crate::tree::{Kind, Node};

/// A value during evaluation: cheap to copy, read in place where it stands in a [`crate::Tree`].
#[derive(Clone, Debug, Default)]
pub enum Value<'t> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    String(Text<'t>),
    /// A list or a map in a tree. Scalars are never held this way: see [`Value::from`].
    Node(Node<'t>),
    /// A list that was computed.
    List(Rc<List<'t>>),
    /// A map that was computed.
    Map(Rc<Map<'t>>),
}

/// A text that stands in a tree or was computed.
#[derive(Clone)]
pub enum Text<'t> {
    /// Stands in a tree, or in the program.
    Borrowed(&'t str),
    /// Was computed.
    Owned(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&**self, formatter)
    }
}

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text.into())
    }
}

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Self::Borrowed(text)
    }
}

impl<'t> From<Node<'t>> for Value<'t> {
    /// Scalars are taken out of the tree, lists and maps are read in place.
    ///
    /// An integer beyond 64 bits becomes a float, as `encoding/json` of Go reads it.
    fn from(node: Node<'t>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool(value) => Self::Bool(value),
            Kind::Int(value) => Self::Int(value),
            Kind::Float(value) => Self::Float(value),
            Kind::BigInt(digits) => Self::Float(digits.parse().unwrap_or(f64::MAX)),
            Kind::String(text) => Self::String(Text::Borrowed(text)),
            Kind::List(_) | Kind::Map(_) => Self::Node(node),
        }
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl<'t> From<&'t str> for Value<'t> {
    fn from(text: &'t str) -> Self {
        Self::String(Text::Borrowed(text))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'t> From<Vec<Self>> for Value<'t> {
    fn from(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items.into()))
    }
}

impl<'t> From<BTreeMap<Text<'t>, Self>> for Value<'t> {
    fn from(entries: BTreeMap<Text<'t>, Self>) -> Self {
        Self::Map(Rc::new(entries.into()))
    }
}

#[expect(clippy::len_without_is_empty, reason = "a scalar is neither empty nor not")]
impl<'t> Value<'t> {
    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, where this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, where this is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The place in a tree, where this is a list or map read in place.
    pub fn as_node(&self) -> Option<Node<'t>> {
        match self {
            Self::Node(node) => Some(*node),
            _ => None,
        }
    }

    /// Whether this is a list.
    pub fn is_list(&self) -> bool {
        match self {
            Self::List(_) => true,
            Self::Node(node) => node.as_list().is_some(),
            _ => false,
        }
    }

    /// Whether this is a map.
    pub fn is_map(&self) -> bool {
        match self {
            Self::Map(_) => true,
            Self::Node(node) => node.as_map().is_some(),
            _ => false,
        }
    }

    /// The number of items of a list or of entries of a map.
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::List(items) => Some(items.len()),
            Self::Map(entries) => Some(entries.len()),
            Self::Node(node) => {
                node.as_list().map(|items| items.len()).or(node.as_map().map(|map| map.len()))
            }
            _ => None,
        }
    }

    /// The value under `key`, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Map(entries) => entries.get(key).cloned(),
            Self::Node(node) => node.get(key).map(Self::from),
            _ => None,
        }
    }

    /// The item at `index`, where this is a list that has it.
    pub fn item(&self, index: usize) -> Option<Self> {
        match self {
            Self::List(items) => items.get(index).cloned(),
            Self::Node(node) => node.as_list()?.get(index).map(Self::from),
            _ => None,
        }
    }

    /// The items, where this is a list.
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.to_vec()),
            Self::Node(node) => Some(node.as_list()?.iter().map(Self::from).collect()),
            _ => None,
        }
    }

    /// Keys and values sorted by key, where this is a map.
    pub fn entries(&self) -> Option<Vec<(Text<'t>, Self)>> {
        match self {
            Self::Map(entries) => {
                Some(entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            Self::Node(node) => {
                let mut entries: Vec<_> = node
                    .as_map()?
                    .iter()
                    .map(|(key, value)| (Text::Borrowed(key), Self::from(value)))
                    .collect();
                entries.sort_by(|left, right| left.0.cmp(&right.0));
                Some(entries)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
