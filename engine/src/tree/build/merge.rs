//! Merge keys of YAML: a map that takes over the entries of others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Builder, DuplicateKey, Open};
use crate::tree::Slot;

/// A key and its value with their places.
#[derive(Clone, Copy)]
struct Pair {
    slots: [Slot; 2],
    places: [(u32, u32); 2],
    is_own: bool,
}

/// A key of a map that a later merge gave another value.
pub(crate) struct Overridden {
    pub(crate) key: String,
    pub(crate) place: (u32, u32),
}

impl Builder {
    /// Whether the node completed last is a map, or a list of nothing but maps.
    pub(crate) fn can_merge_last(&self) -> bool {
        match self.last() {
            Some(Slot::Map(_)) => true,
            Some(Slot::List(items)) => {
                let start = items.start as usize;
                let items = self.slots.get(start..start + items.length as usize);
                items.unwrap_or_default().iter().all(|item| matches!(item, Slot::Map(_)))
            }
            _ => false,
        }
    }

    /// Ends the innermost map, in which the entries numbered `merges` stand for the entries of
    /// their values.
    ///
    /// As go-yaml v2 does (`decode.go`, `mapping` and `merge`), entries apply in the order they
    /// are written: a merge also wins over a key of the map itself that stands before it. Those
    /// keys are returned. Within a list of maps the first wins.
    pub(crate) fn close_merging(
        &mut self,
        merges: &[usize],
        end: u32,
    ) -> Result<Vec<Overridden>, DuplicateKey> {
        let Some(mut open) = self.open.pop() else { return Ok(Vec::new()) };
        open.place.1 = end;
        self.check_keys(open.start)?;
        let (pairs, overridden) = self.merged(&open, merges);
        self.pending.truncate(open.start);
        self.pending_places.truncate(open.start);
        for pair in pairs {
            for (slot, place) in pair.slots.into_iter().zip(pair.places) {
                self.push(slot, place);
            }
        }
        self.settle(&open);
        Ok(overridden)
    }

    fn merged(&self, open: &Open, merges: &[usize]) -> (Vec<Pair>, Vec<Overridden>) {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut positions: HashMap<&str, usize> = HashMap::new();
        let mut overridden = Vec::new();
        let written = self.pairs(&self.pending, &self.pending_places, open.start, usize::MAX);
        for (number, own) in written.enumerate() {
            let sources = match own.slots {
                [_, source] if merges.binary_search(&number).is_ok() => self.merge_sources(source),
                _ => vec![vec![own]],
            };
            for mut pair in sources.into_iter().flatten() {
                pair.is_own = merges.binary_search(&number).is_err();
                let key = pair.slots.first().and_then(|slot| self.text(*slot)).unwrap_or_default();
                match positions.entry(key) {
                    Entry::Vacant(entry) => {
                        entry.insert(pairs.len());
                        pairs.push(pair);
                    }
                    Entry::Occupied(entry) => {
                        let Some(before) = pairs.get_mut(*entry.get()) else { continue };
                        if before.is_own {
                            let [place, _] = before.places;
                            overridden.push(Overridden { key: key.to_owned(), place });
                        }
                        *before = pair;
                    }
                }
            }
        }
        (pairs, overridden)
    }

    /// The entries of the maps to merge, in the order in which they apply.
    fn merge_sources(&self, source: Slot) -> Vec<Vec<Pair>> {
        let maps = match source {
            Slot::List(items) => {
                let start = items.start as usize;
                let items = self.slots.get(start..start + items.length as usize);
                items.unwrap_or_default().to_vec()
            }
            other => vec![other],
        };
        maps.into_iter()
            .rev()
            .filter_map(|map| match map {
                Slot::Map(range) => Some(
                    self.pairs(
                        &self.slots,
                        &self.places,
                        range.start as usize,
                        range.length as usize,
                    )
                    .collect(),
                ),
                _ => None,
            })
            .collect()
    }

    fn pairs<'a>(
        &self,
        slots: &'a [Slot],
        places: &'a [(u32, u32)],
        start: usize,
        count: usize,
    ) -> impl Iterator<Item = Pair> + use<'a> {
        let (slots, _) = slots.get(start..).unwrap_or_default().as_chunks::<2>();
        let (places, _) = places.get(start..).unwrap_or_default().as_chunks::<2>();
        let places = places.iter().copied().chain(std::iter::repeat([(0, 0); 2]));
        slots.iter().zip(places).take(count).map(|(slots, places)| Pair {
            slots: *slots,
            places,
            is_own: false,
        })
    }
}
