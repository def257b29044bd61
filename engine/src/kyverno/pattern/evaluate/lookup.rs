//! Finds keys of a map.

use crate::tree::Node;
use crate::value::Value;

/// A map of the object, prepared for the number of keys that are asked for.
pub(super) enum Lookup<'v, 't> {
    /// Looks at one key after the other.
    Scan(&'v Value<'t>),
    /// Sorted by key.
    Sorted(Vec<(&'t str, Node<'t>)>),
}

/// From here on sorting pays.
pub(super) const SORT_FROM: usize = 32;

impl<'v, 't> Lookup<'v, 't> {
    /// `keys` is how many keys will be asked for.
    pub(super) fn new(map: &'v Value<'t>, keys: usize) -> Self {
        match map {
            Value::Node(node) if keys >= SORT_FROM => match node.as_map() {
                Some(entries) if entries.len() >= SORT_FROM => {
                    let mut entries: Vec<_> = entries.iter().collect();
                    entries.sort_unstable_by_key(|(key, _)| *key);
                    Self::Sorted(entries)
                }
                _ => Self::Scan(map),
            },
            _ => Self::Scan(map),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'t>> {
        match self {
            Self::Scan(map) => map.get(key),
            Self::Sorted(entries) => {
                let found = entries.binary_search_by_key(&key, |(key, _)| key).ok()?;
                entries.get(found).map(|(_, node)| Value::from(*node))
            }
        }
    }
}
