//! Builds a [`Tree`] from events, bottom up, without recursion.

pub(crate) mod merge;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::unread::{self, Unread};
use super::{Range, Slot, Tree};

/// Two keys of one map that are equal; positions are slot numbers of the unfinished tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DuplicateKey {
    pub(crate) key: String,
    /// Byte ranges of both keys, where the builder records places.
    pub(crate) first: (u32, u32),
    pub(crate) second: (u32, u32),
}

/// Takes the events of one document and makes a [`Tree`] of them.
///
/// Inside a map, keys and values alternate; keys are strings. With `record_places`, each event's
/// byte range in the source is kept, and [`Builder::finish`] returns them by slot number.
pub(crate) struct Builder {
    source: Arc<str>,
    decoded: String,
    slots: Vec<Slot>,
    places: Vec<(u32, u32)>,
    pending: Vec<Slot>,
    pending_places: Vec<(u32, u32)>,
    open: Vec<Open>,
    unread: Vec<Unread>,
    unread_nodes: usize,
    record_places: bool,
}

struct Open {
    start: usize,
    is_map: bool,
    place: (u32, u32),
}

/// Beyond this many entries, keys are sorted to find equal ones.
const SCAN_LIMIT: usize = 32;

/// Up to so many entries, keys are compared with one another at once.
const FEW_KEYS: usize = 6;

impl Builder {
    pub(crate) fn new(source: Arc<str>, record_places: bool) -> Self {
        Self {
            source,
            decoded: String::new(),
            slots: Vec::new(),
            places: Vec::new(),
            pending: Vec::new(),
            pending_places: Vec::new(),
            open: Vec::new(),
            unread: Vec::new(),
            unread_nodes: 0,
            record_places,
        }
    }

    fn push(&mut self, slot: Slot, place: (u32, u32)) {
        self.pending.push(slot);
        if self.record_places {
            self.pending_places.push(place);
        }
    }

    pub(crate) fn null(&mut self, place: (u32, u32)) {
        self.push(Slot::Null, place);
    }

    pub(crate) fn bool(&mut self, value: bool, place: (u32, u32)) {
        self.push(Slot::Bool(value), place);
    }

    pub(crate) fn int(&mut self, value: i64, place: (u32, u32)) {
        self.push(Slot::Int(value), place);
    }

    pub(crate) fn float(&mut self, value: f64, place: (u32, u32)) {
        self.push(Slot::Float(value), place);
    }

    /// An integer beyond 64 bits, as decimal digits.
    pub(crate) fn big_int(&mut self, digits: &str, place: (u32, u32)) {
        let range = self.decode(digits);
        self.push(Slot::BigInt(range), place);
    }

    /// A string that stands in the source exactly as it reads, from `start`.
    pub(crate) fn source_string(&mut self, start: u32, length: u32, place: (u32, u32)) {
        self.push(Slot::String(Range { start, length }), place);
    }

    /// A string whose content differs from the source.
    pub(crate) fn string(&mut self, text: &str, place: (u32, u32)) {
        let range = self.decode(text);
        self.push(Slot::Decoded(range), place);
    }

    /// A list or map that is sound and has so many nodes below it, to be read when it is asked for.
    pub(crate) fn unread(&mut self, start: u32, length: u32, nodes: u32) {
        self.push(Slot::Unread(self.unread.len() as u32), (start, start + length));
        self.unread.push(Unread::new(Range { start, length }, nodes));
        self.unread_nodes += nodes as usize;
    }

    fn decode(&mut self, text: &str) -> Range {
        let start = self.decoded.len() as u32;
        self.decoded.push_str(text);
        Range { start, length: text.len() as u32 }
    }

    /// Adds to the string that is being decoded; [`Builder::decoded_string`] ends it.
    pub(crate) fn decode_more(&mut self, text: &str) {
        self.decoded.push_str(text);
    }

    /// Adds a character to the string that is being decoded.
    pub(crate) fn decode_character(&mut self, character: char) {
        self.decoded.push(character);
    }

    /// A string of all that was decoded from the byte `from` on.
    pub(crate) fn decoded_string(&mut self, from: usize, place: (u32, u32)) {
        let length = (self.decoded.len() - from) as u32;
        self.push(Slot::Decoded(Range { start: from as u32, length }), place);
    }

    /// Takes back the scalar that was added last.
    pub(crate) fn take_back(&mut self) {
        self.pending.pop();
        self.pending_places.pop();
    }

    /// Makes room for about this many nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.slots.reserve(nodes);
        self.pending.reserve(128.min(nodes));
        self.open.reserve(16.min(nodes));
    }

    /// Whether the innermost list or map has nothing in it yet.
    pub(crate) fn is_open_empty(&self) -> bool {
        self.open.last().is_some_and(|open| open.start == self.pending.len())
    }

    /// Begins a list or map.
    pub(crate) fn open(&mut self, is_map: bool, place: (u32, u32)) {
        self.open.push(Open { start: self.pending.len(), is_map, place });
    }

    /// A list or map without anything in it.
    pub(crate) fn empty(&mut self, is_map: bool, place: (u32, u32)) {
        let range = Range { start: self.slots.len() as u32, length: 0 };
        self.push(if is_map { Slot::Map(range) } else { Slot::List(range) }, place);
    }

    pub(crate) fn open_list(&mut self, place: (u32, u32)) {
        self.open(false, place);
    }

    pub(crate) fn open_map(&mut self, place: (u32, u32)) {
        self.open(true, place);
    }

    /// How many lists and maps are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the innermost that is open is a map; none where nothing is open.
    pub(crate) fn is_in_map(&self) -> Option<bool> {
        self.open.last().map(|open| open.is_map)
    }

    /// How many nodes there are so far.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() + self.pending.len() + self.unread_nodes
    }

    /// Whether the next event stands for a key.
    pub(crate) fn expects_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.is_map && (self.pending.len() - open.start).is_multiple_of(2))
    }

    /// Whether the next event stands for the value of a key.
    pub(crate) fn expects_value(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.is_map && !(self.pending.len() - open.start).is_multiple_of(2))
    }

    /// The bytes of strings that were decoded so far.
    pub(crate) fn decoded_len(&self) -> usize {
        self.decoded.len()
    }

    /// Takes the entries with these numbers, in rising order, out of the innermost map.
    pub(crate) fn drop_entries(&mut self, numbers: &[usize]) {
        let Some(start) = self.open.last().map(|open| open.start) else { return };
        for number in numbers.iter().rev() {
            let entry = start + 2 * number..start + 2 * number + 2;
            if entry.end <= self.pending.len() {
                self.pending.drain(entry.clone());
            }
            if entry.end <= self.pending_places.len() {
                self.pending_places.drain(entry);
            }
        }
    }

    /// Ends the innermost list or map, whose last byte stands before `end`.
    pub(crate) fn close_at(&mut self, end: u32) -> Result<(), DuplicateKey> {
        if let Some(open) = self.open.last_mut() {
            open.place.1 = end;
        }
        self.close()
    }

    /// Ends the innermost list or map.
    pub(crate) fn close(&mut self) -> Result<(), DuplicateKey> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        // A map of one entry has no two keys that could be equal.
        if open.is_map && self.pending.len() - open.start > 2 {
            self.check_keys(open.start)?;
        }
        self.settle(&open);
        Ok(())
    }

    /// Moves the children of `open` to their final place and leaves the list or map pending.
    fn settle(&mut self, open: &Open) {
        let start = self.slots.len() as u32;
        let count = (self.pending.len() - open.start) as u32;
        match self.pending.get(open.start..) {
            // Most maps are this small, for which a call to copy costs more than copying.
            Some(&[key, value]) => self.slots.extend([key, value]),
            children => self.slots.extend_from_slice(children.unwrap_or_default()),
        }
        self.pending.truncate(open.start);
        if self.record_places {
            self.places.extend(self.pending_places.drain(open.start..));
        }
        let slot = if open.is_map {
            Slot::Map(Range { start, length: count / 2 })
        } else {
            Slot::List(Range { start, length: count })
        };
        self.push(slot, open.place);
    }

    /// The node that was completed last, to be used again with [`Builder::repeat`].
    pub(crate) fn last(&self) -> Option<Slot> {
        self.pending.last().copied()
    }

    /// Uses a completed node a second time; its children are shared, not copied.
    pub(crate) fn repeat(&mut self, node: Slot, place: (u32, u32)) {
        self.push(node, place);
    }

    /// Refuses equal keys. Keys that are no strings stand for merges and are left out.
    fn check_keys(&self, start: usize) -> Result<(), DuplicateKey> {
        let (pairs, _) = self.pending.get(start..).unwrap_or_default().as_chunks::<2>();
        if pairs.len() <= SCAN_LIMIT {
            return match self.first_equal_keys(pairs) {
                Some((first, second)) => Err(self.duplicate(start, first, second)),
                None => Ok(()),
            };
        }
        if let Some((first, second)) = self.first_equal_of_many(pairs) {
            return Err(self.duplicate(start, first, second));
        }
        Ok(())
    }

    /// Sorts by hashes that nobody can foresee: a table of all keys would take thrice the memory.
    fn first_equal_of_many(&self, pairs: &[[Slot; 2]]) -> Option<(usize, usize)> {
        let state = RandomState::new();
        let hashed = pairs.iter().zip(0_u32..).filter_map(|([key, _], number)| {
            Some((state.hash_one(self.text_bytes(*key)?), number))
        });
        let mut hashes: Vec<(u64, u32)> = hashed.collect();
        hashes.sort_unstable();
        let text = |number: u32| {
            let [key, _] = pairs.get(number as usize)?;
            self.text_bytes(*key)
        };
        let equal = hashes.chunk_by(|(left, _), (right, _)| left == right).filter_map(|group| {
            group.iter().enumerate().skip(1).find_map(|(position, (_, second))| {
                let mut before = group.iter().take(position);
                let (_, first) = before.find(|(_, first)| text(*first) == text(*second))?;
                Some((*first as usize, *second as usize))
            })
        });
        equal.min_by_key(|(_, second)| *second)
    }

    fn first_equal_keys(&self, pairs: &[[Slot; 2]]) -> Option<(usize, usize)> {
        let before = |second: usize, text: &[u8]| {
            let mut before = pairs.iter().take(second);
            before.position(|[key, _]| {
                key.text_length() == Some(text.len()) && self.text_bytes(*key) == Some(text)
            })
        };
        if pairs.len() <= FEW_KEYS {
            // Most keys differ in length: their texts need not be looked at.
            let is_repeated = |(second, [key, _]): &(usize, &[Slot; 2])| {
                let length = key.text_length();
                pairs.iter().take(*second).any(|[key, _]| key.text_length() == length)
            };
            let candidates = pairs.iter().enumerate().skip(1).filter(is_repeated);
            let mut found = candidates.filter_map(|(second, [key, _])| {
                Some((before(second, self.text_bytes(*key)?)?, second))
            });
            return found.next();
        }
        // Keys are compared only where a small set of hashes says that they may be equal.
        let mut hashes = [0_u64; 8];
        for (second, [key, _]) in pairs.iter().enumerate() {
            let Some(text) = self.text_bytes(*key) else { continue };
            let hash = hash(text);
            let bit = 1 << (hash & 63);
            let Some(word) = hashes.get_mut((hash >> 6) as usize & 7) else { continue };
            if *word & bit == 0 {
                *word |= bit;
                continue;
            }
            if let Some(first) = before(second, text) {
                return Some((first, second));
            }
        }
        None
    }

    fn duplicate(&self, start: usize, first: usize, second: usize) -> DuplicateKey {
        let place = |position: usize| {
            self.pending_places.get(start + 2 * position).copied().unwrap_or_default()
        };
        let key = self.pending.get(start + 2 * first).and_then(|slot| self.text(*slot));
        DuplicateKey {
            key: key.unwrap_or_default().to_owned(),
            first: place(first),
            second: place(second),
        }
    }

    fn text(&self, slot: Slot) -> Option<&str> {
        let (text, range) = match slot {
            Slot::String(range) => (&*self.source, range),
            Slot::Decoded(range) => (self.decoded.as_str(), range),
            _ => return None,
        };
        text.get(range.start as usize..(range.start + range.length) as usize)
    }

    fn text_bytes(&self, slot: Slot) -> Option<&[u8]> {
        let (text, range) = match slot {
            Slot::String(range) => (self.source.as_bytes(), range),
            Slot::Decoded(range) => (self.decoded.as_bytes(), range),
            _ => return None,
        };
        text.get(range.start as usize..range.start as usize + range.length as usize)
    }

    /// The tree, and the byte range of each slot where they were recorded.
    ///
    /// What is still open is closed; a document without content is `null`.
    pub(crate) fn finish(mut self) -> Result<(Tree, Vec<(u32, u32)>), DuplicateKey> {
        while !self.open.is_empty() {
            self.close()?;
        }
        let root = self.slots.len() as u32;
        self.slots.push(self.pending.pop().unwrap_or(Slot::Null));
        if self.record_places {
            self.places.push(self.pending_places.pop().unwrap_or_default());
        }
        let tree = Tree {
            source: self.source,
            decoded: if self.decoded.is_empty() { Arc::default() } else { self.decoded.into() },
            unread: unread::settled(self.unread, &self.slots),
            slots: self.slots.into(),
            root,
            first: 0,
        };
        Ok((tree, self.places))
    }
}

/// Few bits of a key: of its length, its first and its last bytes.
fn hash(text: &[u8]) -> u64 {
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
    let mixed = match (word(text.first_chunk()), word(text.last_chunk())) {
        (Some(first), Some(last)) => first ^ last.rotate_left(29),
        _ => text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    (mixed ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55
}
