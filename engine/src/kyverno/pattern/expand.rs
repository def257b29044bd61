//! Wildcards in the keys of labels and annotations.
//!
//! Upstream: `ExpandInMetadata` in `pkg/engine/wildcards/wildcards.go`. Before labels are asked,
//! each key with a wildcard is replaced by a key of the object that it matches. What is not a
//! text is dropped on the way, on both sides and with or without wildcards. Upstream writes the
//! result into the pattern, so that below a list all items see what the first one led to.

use std::sync::Arc;

use super::anchor::Anchor;
use super::compile::{Unordered, arrange};
use super::{Body, Entry, MapPattern};
use crate::scalar::wildcard::{self, Wildcard};
use crate::value::{Text, Value};

/// How the keys of one map of labels or annotations are expanded.
#[derive(Clone, Debug)]
pub(super) struct Expansion {
    /// The number of the map among all that are expanded.
    pub(super) slot: usize,
    pattern: Expanded,
}

/// A map of labels or annotations as one object sees it.
#[derive(Clone, Debug)]
pub(super) struct Expanded {
    keys: Vec<Key>,
    pub(super) map: Arc<MapPattern>,
}

#[derive(Clone, Debug)]
struct Key {
    anchor: Anchor,
    key: Box<str>,
    /// Where the key has wildcards.
    wildcard: Option<Wildcard>,
    written: Box<str>,
    body: Arc<Body>,
}

impl Expansion {
    /// None where expanding would change nothing.
    pub(super) fn new(
        written: &[(Text<'_>, Value<'_>)],
        entries: &[Unordered],
        slot: usize,
    ) -> Option<Self> {
        let texts = written.iter().zip(entries).filter(|((_, value), _)| value.as_str().is_some());
        let keys: Vec<_> = texts.map(|(_, (entry, _))| Key::new(entry)).collect();
        let changes = keys.len() < written.len() || keys.iter().any(|key| key.wildcard.is_some());
        changes.then(|| Self { slot, pattern: Expanded::new(keys) })
    }

    /// Whether an entry of the map is left out because its value is not a text.
    pub(super) fn drops(&self, entry: &Entry) -> bool {
        !self.pattern.keys.iter().any(|key| key.written == entry.written)
    }

    /// The map that `labels` of an object lead to, after what earlier objects led to.
    pub(super) fn apply(&self, before: Option<&Expanded>, labels: &Value<'_>) -> Expanded {
        let before = before.unwrap_or(&self.pattern);
        if before.keys.iter().all(|key| key.wildcard.is_none()) {
            return before.clone();
        }
        Expanded::new(before.keys.iter().map(|key| key.expand(labels)).collect())
    }
}

impl Expanded {
    fn new(mut keys: Vec<Key>) -> Self {
        keys.sort_by(|left, right| left.written.cmp(&right.written));
        let entry = |key: &Key| Entry {
            written: key.written.clone(),
            key: match key.anchor {
                Anchor::None | Anchor::AddIfNotPresent => key.written.clone(),
                _ => key.key.clone(),
            },
            anchor: match key.anchor {
                Anchor::AddIfNotPresent => Anchor::None,
                anchor => anchor,
            },
            body: Arc::clone(&key.body),
        };
        let map = arrange(keys.iter().map(|key| (entry(key), false)).collect());
        Self { keys, map: Arc::new(map) }
    }
}

impl Key {
    fn new(entry: &Entry) -> Self {
        let (anchor, key) = Anchor::parse(&entry.written);
        Self::with(anchor, key.into(), entry.written.clone(), &entry.body)
    }

    fn with(anchor: Anchor, key: Box<str>, written: Box<str>, body: &Arc<Body>) -> Self {
        let wildcard = wildcard::contains_wildcard(&written).then(|| Wildcard::new(&key));
        Self { anchor, key, wildcard, written, body: Arc::clone(body) }
    }

    /// Takes the first matching key in sorted order, where upstream takes one at random.
    fn expand(&self, labels: &Value<'_>) -> Self {
        let Some(wildcard) = &self.wildcard else { return self.clone() };
        let found = smallest_key(labels, |key| wildcard.matches(key));
        let key = found.map_or_else(|| self.key.clone(), |found| (&*found).into());
        let written = self.anchor.write(&key).into();
        Self::with(self.anchor, key, written, &self.body)
    }
}

/// The smallest key that is wanted and has a text.
fn smallest_key<'t>(labels: &Value<'t>, wanted: impl Fn(&str) -> bool) -> Option<Text<'t>> {
    match labels {
        Value::Node(node) => node
            .as_map()?
            .iter()
            .filter(|(key, value)| value.as_str().is_some() && wanted(key))
            .map(|(key, _)| Text::Borrowed(key))
            .min(),
        Value::Map(entries) => entries
            .iter()
            .find(|(key, value)| value.as_str().is_some() && wanted(key))
            .map(|(key, _)| key.clone()),
        _ => None,
    }
}
