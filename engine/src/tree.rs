//! The engine's object: one flat tree over one text, parsed once and read in place.
//!
//! A [`Tree`] is a vector of 16-byte slots. The children of a list or map stand side by side,
//! so an index is one addition, a lookup is one scan over neighbours, and neither building,
//! reading nor dropping recurses: a document 10,000 levels deep is as safe as a flat one.

mod build;
mod copy;
mod edit;
mod unread;

pub(crate) use build::{Builder, DuplicateKey};

use std::sync::Arc;

use unread::Unread;

/// An immutable tree of nulls, booleans, numbers, strings, lists and maps.
///
/// What it holds is shared: a clone and a part of it as a tree of its own ([`Node::to_tree`]) cost
/// no copy.
#[derive(Clone)]
pub struct Tree {
    /// The text it was read from; plain strings are slices of it.
    source: Arc<str>,
    /// Strings that stand differently in the source: escaped, folded, or made by the engine.
    decoded: Arc<str>,
    slots: Arc<[Slot]>,
    /// What is read when something asks for it.
    unread: Arc<[Unread]>,
    root: u32,
    /// The first of the slots below the root, which stand side by side.
    first: u32,
}

/// A byte range of one of the tree's two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) length: u32,
}

impl Range {
    fn bytes(self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// An integer that no `i64` holds, in its decimal digits, in the decoded text.
    BigInt(Range),
    /// A string in the source text.
    String(Range),
    /// A string in the decoded text.
    Decoded(Range),
    /// `length` slots from `start`.
    List(Range),
    /// `length` pairs of slots from `start`: key, value, key, value.
    Map(Range),
    /// A list or map by its number among the parts that are read when something asks for them.
    Unread(u32),
}

impl Slot {
    /// The bytes of the text, where this is a string.
    fn text_length(self) -> Option<usize> {
        match self {
            Self::String(range) | Self::Decoded(range) => Some(range.length as usize),
            _ => None,
        }
    }
}

/// A place in a [`Tree`]: what rules read.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    index: u32,
}

/// What a [`Node`] is.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A whole number beyond 64 bits, as its decimal digits.
    BigInt(&'t str),
    /// A text.
    String(&'t str),
    /// A list.
    List(Items<'t>),
    /// A map, in the order it was written.
    Map(Entries<'t>),
}

impl Tree {
    /// The node that holds everything else.
    pub fn root(&self) -> Node<'_> {
        Node { tree: self, index: self.root }
    }

    /// The node at a position that [`Node::index`] gave.
    pub fn node(&self, index: u32) -> Node<'_> {
        Node { tree: self, index }
    }

    /// A tree that is one string.
    pub(crate) fn from_text(text: &str) -> Self {
        let range = Range { start: 0, length: text.len() as u32 };
        Self {
            source: Arc::default(),
            decoded: text.into(),
            slots: Arc::new([Slot::Decoded(range)]),
            unread: Arc::default(),
            root: 0,
            first: 0,
        }
    }

    /// A tree that is `null`.
    pub(crate) fn null() -> Self {
        Self {
            source: Arc::default(),
            decoded: Arc::default(),
            slots: Arc::new([Slot::Null]),
            unread: Arc::default(),
            root: 0,
            first: 0,
        }
    }

    /// The text the tree was read from; empty if the engine made it.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// How many nodes there are, keys included.
    ///
    /// What stands behind an alias of YAML counts once, and in a part of such a tree perhaps more
    /// than belongs to it.
    pub fn len(&self) -> usize {
        let below = self.below().len();
        below + self.unread_nodes(self.first..self.first + below as u32) + 1
    }

    /// Whether there is no node at all; never true of a tree that was read.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The slots of all nodes but the root.
    fn below(&self) -> &[Slot] {
        let end = match self.slot(self.root) {
            Slot::List(range) => range.start + range.length,
            Slot::Map(range) => range.start + 2 * range.length,
            _ => self.first,
        };
        self.slots.get(self.first as usize..end as usize).unwrap_or_default()
    }

    /// The first of the slots below a place: where the list or map begins that was closed first.
    fn first_below(&self, index: u32) -> u32 {
        let mut slot = self.slot(index);
        loop {
            let (start, length) = match slot {
                Slot::List(range) => (range.start, range.length),
                Slot::Map(range) => (range.start, 2 * range.length),
                _ => return index,
            };
            let children = start as usize..start as usize + length as usize;
            let mut children = self.slots.get(children).unwrap_or_default().iter();
            let inner = children.find(|child| matches!(child, Slot::List(_) | Slot::Map(_)));
            match inner {
                Some(inner) => slot = *inner,
                None => return start,
            }
        }
    }

    fn slot(&self, index: u32) -> Slot {
        self.slots.get(index as usize).copied().unwrap_or(Slot::Null)
    }

    fn text(&self, slot: Slot) -> Option<&str> {
        let (text, range) = match slot {
            Slot::String(range) => (&*self.source, range),
            Slot::Decoded(range) | Slot::BigInt(range) => (&*self.decoded, range),
            _ => return None,
        };
        // Invariant: ranges are made by `Builder`, on character boundaries of their text.
        Some(text.get(range.bytes()).unwrap_or_default())
    }
}

impl<'t> Node<'t> {
    /// What this is, with its content.
    pub fn kind(self) -> Kind<'t> {
        let slot = self.tree.slot(self.index);
        match slot {
            Slot::Null => Kind::Null,
            Slot::Bool(value) => Kind::Bool(value),
            Slot::Int(value) => Kind::Int(value),
            Slot::Float(value) => Kind::Float(value),
            Slot::BigInt(_) => Kind::BigInt(self.tree.text(slot).unwrap_or_default()),
            Slot::String(_) | Slot::Decoded(_) => {
                Kind::String(self.tree.text(slot).unwrap_or_default())
            }
            Slot::List(range) => Kind::List(Items { tree: self.tree, range }),
            Slot::Map(range) => Kind::Map(Entries { tree: self.tree, range }),
            Slot::Unread(part) => self.tree.unread(part).map_or(Kind::Null, Self::kind),
        }
    }

    /// The text, where this is a string.
    pub fn as_str(self) -> Option<&'t str> {
        match self.tree.slot(self.index) {
            slot @ (Slot::String(_) | Slot::Decoded(_)) => self.tree.text(slot),
            _ => None,
        }
    }

    /// The truth value, where this is a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.tree.slot(self.index) {
            Slot::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The items, where this is a list.
    pub fn as_list(self) -> Option<Items<'t>> {
        match self.tree.slot(self.index) {
            Slot::List(range) => Some(Items { tree: self.tree, range }),
            Slot::Unread(part) => self.tree.unread(part)?.as_list(),
            _ => None,
        }
    }

    /// The entries, where this is a map.
    pub fn as_map(self) -> Option<Entries<'t>> {
        match self.tree.slot(self.index) {
            Slot::Map(range) => Some(Entries { tree: self.tree, range }),
            Slot::Unread(part) => self.tree.unread(part)?.as_map(),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.tree.slot(self.index), Slot::Null)
    }

    /// The value under `key`, where this is a map that has it.
    pub fn get(self, key: &str) -> Option<Self> {
        self.as_map()?.get(key)
    }

    /// Follows keys downwards.
    pub fn at(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The tree this is a place of.
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// The position in its tree: equal for equal places of one tree.
    ///
    /// What stands behind an alias of YAML shares the positions of what the alias stands for.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The steps that lead from an ancestor to this node, as a JSON pointer has them.
    pub fn steps_from(self, ancestor: Self) -> Option<Vec<String>> {
        // A part that was read later is a tree of its own.
        if !std::ptr::eq(self.tree, ancestor.tree) && ancestor.tree.unread.is_empty() {
            return None;
        }
        // Each entry: a node, the number of its parent's entry, and the step that leads to it.
        let mut seen: Vec<(Self, usize, String)> = vec![(ancestor, 0, String::new())];
        let mut next = 0;
        while let Some((node, ..)) = seen.get(next) {
            let node = *node;
            if node.same_place(self) {
                return Some(path_to(&seen, next));
            }
            match node.kind() {
                Kind::List(items) => {
                    let items = items.iter().enumerate();
                    seen.extend(items.map(|(position, item)| (item, next, position.to_string())));
                }
                Kind::Map(entries) => {
                    seen.extend(entries.iter().map(|(key, value)| (value, next, key.to_owned())));
                }
                _ => {}
            }
            next += 1;
        }
        None
    }

    /// Whether both are the same place of the same tree.
    pub fn same_place(self, other: Node<'_>) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.index == other.index
    }

    /// The node at the steps of a JSON pointer, or the nearest ancestor that exists and how many
    /// steps lead there.
    pub fn nearest<S: AsRef<str>>(self, steps: &[S]) -> (Self, usize) {
        let mut node = self;
        for (count, step) in steps.iter().enumerate() {
            let step = step.as_ref();
            let next = match node.kind() {
                Kind::Map(entries) => entries.get(step),
                Kind::List(items) => step.parse().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => return (node, count),
            }
        }
        (node, steps.len())
    }
}

fn path_to(seen: &[(Node<'_>, usize, String)], mut at: usize) -> Vec<String> {
    let mut steps = Vec::new();
    while let Some((_, parent, step)) = seen.get(at).filter(|_| at != 0) {
        steps.push(step.clone());
        at = *parent;
    }
    steps.reverse();
    steps
}

/// The items of a list.
#[derive(Clone, Copy, Debug)]
pub struct Items<'t> {
    tree: &'t Tree,
    range: Range,
}

impl<'t> Items<'t> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.range.length as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.length == 0
    }

    /// The item at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<Node<'t>> {
        let index = u32::try_from(index).ok().filter(|index| *index < self.range.length)?;
        Some(Node { tree: self.tree, index: self.range.start + index })
    }

    /// The items in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Node<'t>> + ExactSizeIterator + use<'t> {
        let tree = self.tree;
        let start = self.range.start;
        (0..self.range.length as usize)
            .map(move |offset| Node { tree, index: start + offset as u32 })
    }
}

/// Whether two texts of one length are the same: most keys are short, and a call costs more than
/// comparing them.
fn are_same(left: &[u8], right: &[u8]) -> bool {
    let ends = |text: &[u8]| -> Option<[u64; 2]> {
        Some([u64::from_ne_bytes(*text.first_chunk()?), u64::from_ne_bytes(*text.last_chunk()?)])
    };
    match (ends(left), ends(right)) {
        (Some(left_ends), Some(right_ends)) => {
            left_ends == right_ends && (left.len() <= 16 || left == right)
        }
        _ => left.iter().zip(right).all(|(left, right)| left == right),
    }
}

/// The entries of a map.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'t> {
    tree: &'t Tree,
    range: Range,
}

impl<'t> Entries<'t> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.range.length as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.length == 0
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<Node<'t>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key's own node and the value under `key`.
    pub fn entry(&self, key: &str) -> Option<(Node<'t>, Node<'t>)> {
        self.entry_that(key.len(), |text| are_same(text, key.as_bytes()))
    }

    /// The same, whatever the case of the key's ASCII letters.
    pub(crate) fn entry_of_any_case(&self, key: &str) -> Option<(Node<'t>, Node<'t>)> {
        self.entry_that(key.len(), |text| text.eq_ignore_ascii_case(key.as_bytes()))
    }

    /// The first entry whose key has a length and meets a condition.
    #[inline]
    fn entry_that(
        &self,
        key_length: usize,
        meets: impl Fn(&[u8]) -> bool,
    ) -> Option<(Node<'t>, Node<'t>)> {
        let Range { start, length } = self.range;
        let tree = self.tree;
        let slots = tree.slots.get(start as usize..start as usize + 2 * length as usize)?;
        let (pairs, _) = slots.as_chunks::<2>();
        let number = pairs.iter().position(|[slot, _]| {
            let (text, range) = match slot {
                Slot::String(range) => (tree.source.as_bytes(), range),
                Slot::Decoded(range) => (tree.decoded.as_bytes(), range),
                _ => return false,
            };
            // Most keys differ in length: their text need not be looked at.
            range.length as usize == key_length && text.get(range.bytes()).is_some_and(&meets)
        })?;
        let index = start + 2 * number as u32;
        Some((Node { tree, index }, Node { tree, index: index + 1 }))
    }

    /// Keys and values in the order they were written.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&'t str, Node<'t>)> + ExactSizeIterator + use<'t> {
        self.nodes().map(|(key, value)| (key.as_str().unwrap_or_default(), value))
    }

    /// The nodes of keys and values in the order they were written.
    pub fn nodes(
        &self,
    ) -> impl DoubleEndedIterator<Item = (Node<'t>, Node<'t>)> + ExactSizeIterator + use<'t> {
        let tree = self.tree;
        let start = self.range.start;
        (0..self.range.length as usize).map(move |offset| {
            let index = start + 2 * offset as u32;
            (Node { tree, index }, Node { tree, index: index + 1 })
        })
    }
}

#[cfg(test)]
mod tests;
