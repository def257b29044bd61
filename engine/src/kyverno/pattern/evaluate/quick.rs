//! The bare outcome of a pattern over a place in a tree: no words, no memory.
//!
//! Most objects pass most patterns, and this is how that is found out. It decides as [`super::Run`]
//! does, which debug builds hold it to, and leaves the rare cases to it.

use std::cell::Cell;

use super::super::anchor::Anchor;
use super::super::leaf::Leaf;
use super::super::words::as_context;
use super::super::{Body, Element, Entry, Existence, ListPattern, ListShape, MapPattern, Pattern};
use super::lookup::SORT_FROM;
use crate::tree::{Entries, Items, Node};
use crate::value::Value;

/// What comes of asking a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Pass,
    /// A conditional or global anchor does not hold.
    Mismatch,
    /// Everything that could say something was skipped.
    AllSkipped,
    Failure,
}

/// None where only the thorough way can say.
pub(super) fn check(pattern: &Pattern, node: Node<'_>) -> Option<Outcome> {
    let walk = Walk::default();
    let outcome = walk.element(&pattern.root, Some(node));
    (!walk.gave_up.get()).then_some(outcome)
}

#[derive(Default)]
struct Walk {
    gave_up: Cell<bool>,
}

impl Walk {
    fn element(&self, element: &Element, node: Option<Node<'_>>) -> Outcome {
        match element {
            Element::Map(pattern) => self.map_or_other(pattern, node),
            Element::List(pattern) => match node.and_then(Node::as_list) {
                Some(items) => self.list(pattern, items),
                None => Outcome::Failure,
            },
            Element::Leaf(leaf) => pass_if(matches(leaf, node)),
        }
    }

    fn map_or_other(&self, pattern: &MapPattern, node: Option<Node<'_>>) -> Outcome {
        let Some(entries) = node.and_then(Node::as_map) else { return Outcome::Failure };
        match &pattern.expansion {
            // That its keys are no others was seen one map further up.
            Some(expansion) => self.map(expansion.unexpanded(), entries),
            None => self.map(pattern, entries),
        }
    }

    fn map(&self, pattern: &MapPattern, map: Entries<'_>) -> Outcome {
        if pattern.entries.len() >= SORT_FROM || expands(pattern, map) {
            self.gave_up.set(true);
            return Outcome::Failure;
        }
        let (first, others) = pattern.entries.split_at_checked(pattern.first).unwrap_or_default();
        let mut skips = Skips::default();
        let mut mismatched = false;
        for entry in first {
            match self.entry(entry, map) {
                // What fails after a mismatch does not count.
                Outcome::Failure if mismatched => {}
                Outcome::Failure => return Outcome::Failure,
                outcome => {
                    mismatched |= outcome == Outcome::Mismatch;
                    skips.count(outcome);
                }
            }
        }
        if mismatched || skips.all() {
            return Outcome::AllSkipped;
        }
        let mut outcomes = others.iter().map(|entry| self.entry(entry, map));
        outcomes.find(|outcome| *outcome != Outcome::Pass).unwrap_or(Outcome::Pass)
    }

    fn entry(&self, entry: &Entry, map: Entries<'_>) -> Outcome {
        let value = map.get(&entry.key);
        match (entry.anchor, value) {
            (Anchor::None | Anchor::AddIfNotPresent, value) => self.body(&entry.body, value),
            (Anchor::Condition, None) => Outcome::Mismatch,
            (Anchor::Condition | Anchor::Global, Some(_)) => match self.body(&entry.body, value) {
                Outcome::Pass => Outcome::Pass,
                _ => Outcome::Mismatch,
            },
            (Anchor::Equality | Anchor::Existence, Some(_)) => self.body(&entry.body, value),
            (Anchor::Negation, Some(_)) => Outcome::Failure,
            (Anchor::Global | Anchor::Equality | Anchor::Negation | Anchor::Existence, None) => {
                Outcome::Pass
            }
        }
    }

    fn body(&self, body: &Body, value: Option<Node<'_>>) -> Outcome {
        match body {
            Body::Element(element) => self.element(element, value),
            Body::Something => pass_if(value.is_some_and(|value| !value.is_null())),
            Body::Existence(Existence::NoList(_)) => Outcome::Failure,
            Body::Existence(Existence::Items(wanted)) => {
                let Some(items) = value.and_then(Node::as_list) else { return Outcome::Failure };
                let is_there = |wanted: &Element| {
                    items.iter().any(|item| self.element(wanted, Some(item)) == Outcome::Pass)
                };
                pass_if(wanted.iter().all(|wanted| wanted.as_ref().is_some_and(is_there)))
            }
        }
    }

    fn list(&self, pattern: &ListPattern, items: Items<'_>) -> Outcome {
        let mut skips = Skips::default();
        match &pattern.shape {
            ListShape::Empty => return Outcome::Failure,
            ListShape::Scalars(leaf) => return pass_if(matches_all(leaf, items)),
            ListShape::Maps(pattern) => {
                for item in items.iter() {
                    match self.map_or_other(pattern, Some(item)) {
                        Outcome::Failure => return Outcome::Failure,
                        outcome => skips.count(outcome),
                    }
                }
            }
            ListShape::Positions(positions) => {
                if items.len() < positions.len() {
                    return Outcome::Failure;
                }
                for (item, wanted) in items.iter().zip(positions) {
                    match self.element(wanted, Some(item)) {
                        Outcome::Failure => return Outcome::Failure,
                        outcome => skips.count(outcome),
                    }
                }
            }
        }
        if skips.all() { Outcome::AllSkipped } else { Outcome::Pass }
    }
}

fn pass_if(holds: bool) -> Outcome {
    if holds { Outcome::Pass } else { Outcome::Failure }
}

fn matches(leaf: &Leaf, node: Option<Node<'_>>) -> bool {
    match node {
        None => leaf.matches(&Value::Null),
        Some(node) => match node.as_list() {
            Some(items) => matches_all(leaf, items),
            None => leaf.matches(&as_context(Value::from(node))),
        },
    }
}

fn matches_all(leaf: &Leaf, items: Items<'_>) -> bool {
    items.iter().all(|item| leaf.matches(&as_context(Value::from(item))))
}

/// Whether labels or annotations of the map change what is wanted of them.
fn expands(pattern: &MapPattern, map: Entries<'_>) -> bool {
    pattern.metadata.iter().any(|(tag, expansion)| {
        let metadata = map.get("metadata").and_then(Node::as_map);
        let labels = metadata.and_then(|metadata| metadata.get(tag)).and_then(Node::as_map);
        labels.is_some_and(|labels| expansion.changes_for(labels))
    })
}

/// What was skipped so far of a list or map.
#[derive(Default)]
struct Skips {
    applied: bool,
    any: bool,
}

impl Skips {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.applied = true,
            _ => self.any = true,
        }
    }

    fn all(&self) -> bool {
        self.any && !self.applied
    }
}
