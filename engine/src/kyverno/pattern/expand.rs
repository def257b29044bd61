//! Wildcards in the keys of labels and annotations.
//!
//! Upstream: `ExpandInMetadata` in `pkg/engine/wildcards/wildcards.go`. Before labels are asked,
//! each key with a wildcard is replaced by a key of the object that it matches. What is not a
//! text is dropped on the way, on both sides and with or without wildcards. Upstream writes the
//! result into the pattern, so that below a list all items see what the first one led to.
//!
//! Where several keys match, upstream takes one at random. Here a rule that could fail then does:
//! what is wanted is wanted of all of them, and a condition holds if it holds for one of them.

use std::sync::Arc;

use super::anchor::Anchor;
use super::compile::{Unordered, arrange};
use super::{Body, Element, Entry, MapPattern};
use crate::scalar::wildcard::{self, Wildcard};
use crate::tree::Entries;
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

    /// The map as it is wanted of labels that no wildcard matches.
    pub(super) fn unexpanded(&self) -> &MapPattern {
        &self.pattern.map
    }

    /// Whether `labels` lead to another map than [`Expansion::unexpanded`].
    pub(super) fn changes_for(&self, labels: Entries<'_>) -> bool {
        self.pattern.keys.iter().any(|key| {
            let Some(wildcard) = &key.wildcard else { return false };
            let mut texts = labels.iter().filter(|(_, value)| value.as_str().is_some());
            !key.is_written_plainly() || texts.any(|(found, _)| wildcard.matches(found))
        })
    }

    /// The map that `labels` of an object lead to, after what earlier objects led to.
    pub(super) fn apply(&self, before: Option<&Expanded>, labels: &Value<'_>) -> Expanded {
        let before = before.unwrap_or(&self.pattern);
        if before.keys.iter().all(|key| key.wildcard.is_none()) {
            return before.clone();
        }
        Expanded::new(before.keys.iter().flat_map(|key| key.expand(labels)).collect())
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
        let has_wildcard = wildcard::contains_wildcard(&entry.written);
        Self {
            anchor,
            key: key.into(),
            wildcard: has_wildcard.then(|| Wildcard::new(key)),
            written: entry.written.clone(),
            body: Arc::clone(&entry.body),
        }
    }

    /// Whether it is written as [`Anchor::write`] writes it, without spaces around.
    fn is_written_plainly(&self) -> bool {
        let (before, behind) = match self.anchor {
            Anchor::None => (0, 0),
            Anchor::Condition => (1, 1),
            _ => (2, 1),
        };
        self.written.len() == before + self.key.len() + behind
    }

    /// The same for each key of the object that it stands for; itself where there is none.
    fn expand(&self, labels: &Value<'_>) -> Vec<Self> {
        let Some(wildcard) = &self.wildcard else { return vec![self.clone()] };
        let mut found = texts(labels);
        found.retain(|(key, _)| wildcard.matches(key));
        if matches!(self.anchor, Anchor::Condition | Anchor::Global) {
            let holds = found.iter().position(|(_, text)| self.holds(text)).unwrap_or_default();
            found = found.into_iter().skip(holds).take(1).collect();
        }
        let key = |key: &str, wildcard| Self {
            anchor: self.anchor,
            key: key.into(),
            wildcard,
            written: self.anchor.write(key).into(),
            body: Arc::clone(&self.body),
        };
        if found.is_empty() {
            return vec![key(&self.key, Some(wildcard.clone()))];
        }
        found.into_iter().map(|(found, _)| key(&found, None)).collect()
    }

    fn holds(&self, text: &Value<'_>) -> bool {
        match &*self.body {
            Body::Element(Element::Leaf(leaf)) => leaf.matches(text),
            _ => true,
        }
    }
}

/// The keys that have texts, sorted.
fn texts<'t>(labels: &Value<'t>) -> Vec<(Text<'t>, Value<'t>)> {
    let mut entries = labels.entries().unwrap_or_default();
    entries.retain(|(_, value)| value.as_str().is_some());
    entries
}
