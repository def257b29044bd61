//! What the author of a pattern may not expect of it.

use super::anchor::Anchor;
use super::leaf::Leaf;
use super::{
    Body, DEPTH_LIMIT, Element, Entry, Existence, ListPattern, ListShape, MapPattern, Pattern,
};
use crate::scalar::wildcard::contains_wildcard;
use crate::value::Value;

/// Something odd at a place of a pattern; done all the same, as upstream does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oddity {
    /// The steps of the JSON pointer within the pattern, keys with their anchors.
    pub(crate) steps: Vec<String>,
    /// What is odd: lower case, no full stop.
    pub(crate) message: String,
}

pub(super) fn of_pattern(pattern: &Pattern) -> Vec<Oddity> {
    let mut walk = Walk { steps: Vec::new(), found: Vec::new() };
    walk.element(&pattern.root, false);
    walk.found
}

/// What upstream refuses when a policy is loaded, in its words; the first such place.
///
/// Upstream: `pkg/policy/common/validate_pattern.go`.
pub(super) fn refusal(pattern: &Value<'_>, depth: usize) -> Option<Oddity> {
    if depth >= DEPTH_LIMIT {
        return None;
    }
    for (key, value) in pattern.entries().into_iter().flatten() {
        let message = match Anchor::parse(&key).0 {
            Anchor::AddIfNotPresent => Some(format!("unsupported anchor {key}")),
            Anchor::Existence if !value.is_list() => {
                Some("existence anchor should have value of type list".to_owned())
            }
            Anchor::Existence if value.len() == Some(0) => {
                Some("existence anchor: should have at least one value".to_owned())
            }
            _ => None,
        };
        if let Some(message) = message {
            return Some(Oddity { steps: vec![key.to_string()], message });
        }
        if let Some(mut oddity) = refusal(&value, depth + 1) {
            oddity.steps.insert(0, key.to_string());
            return Some(oddity);
        }
    }
    for (index, item) in pattern.items().into_iter().flatten().enumerate() {
        if let Some(mut oddity) = refusal(&item, depth + 1) {
            oddity.steps.insert(0, index.to_string());
            return Some(oddity);
        }
    }
    None
}

struct Walk {
    steps: Vec<String>,
    found: Vec<Oddity>,
}

impl Walk {
    fn note(&mut self, message: impl Into<String>) {
        self.found.push(Oddity { steps: self.steps.clone(), message: message.into() });
    }

    fn at(&mut self, step: impl Into<String>, walk: impl FnOnce(&mut Self)) {
        self.steps.push(step.into());
        walk(self);
        self.steps.pop();
    }

    /// `in_list` is whether this is asked for more than one item.
    fn element(&mut self, element: &Element, in_list: bool) {
        match element {
            Element::Map(pattern) => self.map(pattern, in_list),
            Element::List(pattern) => self.list(pattern),
            Element::Leaf(leaf) => self.leaf(leaf),
        }
    }

    fn map(&mut self, pattern: &MapPattern, in_list: bool) {
        let mut entries: Vec<_> = pattern.entries.iter().collect();
        entries.sort_by(|left, right| left.written.cmp(&right.written));
        for entry in entries {
            self.at(&*entry.written, |walk| walk.entry(pattern, entry, in_list));
        }
    }

    fn entry(&mut self, pattern: &MapPattern, entry: &Entry, in_list: bool) {
        let written = &entry.written;
        if entry.anchor == Anchor::None {
            self.plain_key(entry);
        }
        match &pattern.expansion {
            Some(expansion) if expansion.drops(entry) => {
                self.note("the value is not a text, so this key is not checked at all");
            }
            Some(_) if in_list && contains_wildcard(written) => self.note(
                "the first item of the list settles which key the wildcard stands for in all items",
            ),
            Some(_) => {}
            None if contains_wildcard(written) => self.note(format!(
                "wildcards in keys count only in labels and annotations below `metadata`; this \
                 looks for a key named `{}`",
                entry.key
            )),
            None => {}
        }
        if self.can_skip_all(pattern, entry) {
            self.note(
                "where every item of this list is skipped, the keys beside it are not checked",
            );
        }
        match &*entry.body {
            Body::Something => {}
            Body::Element(element) => self.element(element, in_list),
            Body::Existence(Existence::NoList(_)) => self.note("never matches: not a list"),
            Body::Existence(Existence::Items(wanted)) => {
                for (index, wanted) in wanted.iter().enumerate() {
                    self.at(index.to_string(), |walk| match wanted {
                        Some(element) => walk.element(element, true),
                        None => walk.note("never matches: not a map"),
                    });
                }
            }
        }
    }

    fn plain_key(&mut self, entry: &Entry) {
        let written = &entry.written;
        if written.contains('(') && written.trim_end().ends_with(')') {
            self.note(format!("`{written}` is no anchor here, and taken as the name of a key"));
        }
        let Body::Element(Element::Leaf(leaf)) = &*entry.body else { return };
        if leaf.is_null() {
            self.note("`null` also matches `0`, `false`, an empty text and an empty list");
        } else if leaf.matches(&Value::Null) && !has_variables(leaf) {
            self.note(format!("`{leaf}` also matches where `{written}` is missing"));
        }
    }

    /// Whether the list under an entry can make the whole map be skipped, with keys that stand
    /// beside it.
    fn can_skip_all(&self, pattern: &MapPattern, entry: &Entry) -> bool {
        let skips = |entry: &Entry| match (&entry.anchor, &*entry.body) {
            (Anchor::Equality, Body::Element(Element::List(list))) => match &list.shape {
                ListShape::Maps(item) => {
                    item.entries.iter().any(|entry| entry.anchor == Anchor::Condition)
                }
                _ => false,
            },
            _ => false,
        };
        let Some((first, others)) = pattern.entries.split_at_checked(pattern.first) else {
            return false;
        };
        skips(entry) && !others.is_empty() && first.iter().all(skips)
    }

    fn list(&mut self, pattern: &ListPattern) {
        match &pattern.shape {
            ListShape::Empty => self.note("an empty list matches nothing"),
            ListShape::Maps(item) => {
                self.at("0", |walk| walk.map(item, true));
                self.ignored_items(pattern.length);
            }
            ListShape::Scalars(leaf) => {
                self.at("0", |walk| walk.leaf(leaf));
                self.ignored_items(pattern.length);
            }
            ListShape::Positions(positions) => {
                for (index, element) in positions.iter().enumerate() {
                    self.at(index.to_string(), |walk| walk.element(element, false));
                }
            }
        }
    }

    fn ignored_items(&mut self, length: usize) {
        if length > 1 {
            self.at("1", |walk| {
                walk.note("only the first item of the list counts; it must match every item");
            });
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        /// Up to here floats hold whole numbers exactly.
        const EXACT: u64 = 1 << 53;
        if leaf.as_int().is_some_and(|number| number.unsigned_abs() > EXACT) {
            self.note(
                "numbers of the object are floats, so so great a number may not match itself",
            );
        }
        let Some(text) = leaf.text().filter(|_| !has_variables(leaf)) else { return };
        if text.compares_without_size() {
            self.note(format!(
                "`{leaf}` compares with what is no number, amount or duration, which never holds"
            ));
        }
        if text.text().split(['|', '&']).any(|part| part.trim().starts_with('=')) {
            self.note(format!("`=` is no operator: `{leaf}` is compared as a text"));
        }
        if text.has_spaced_range() {
            self.note(format!("a range has no spaces: `{leaf}` is compared as a text"));
        }
    }
}

/// Whether variables are still to be filled in.
fn has_variables(leaf: &Leaf) -> bool {
    leaf.text().is_some_and(|text| text.text().contains("{{") || text.text().contains("$("))
}
