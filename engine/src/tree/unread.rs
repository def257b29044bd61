//! Parts of a tree that were looked through when it was read, and are read when something asks.

use std::sync::{Arc, OnceLock};

use super::{Node, Range, Slot, Tree};

/// A list or map that stands in the source and is known to be sound.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    /// Where it stands in the source.
    pub(super) range: Range,
    /// How many nodes there are below it.
    pub(super) nodes: u32,
    /// The slot that stands for it.
    pub(super) slot: u32,
    tree: OnceLock<Tree>,
}

impl Unread {
    pub(super) fn new(range: Range, nodes: u32) -> Self {
        Self { range, nodes, slot: 0, tree: OnceLock::new() }
    }
}

impl Tree {
    /// The root of a part that is read now, if it was not before.
    pub(super) fn unread(&self, number: u32) -> Option<Node<'_>> {
        let part = self.unread.get(number as usize)?;
        let read = || crate::read::read_part(&self.source, part.range.bytes());
        Some(part.tree.get_or_init(read).root())
    }

    /// How many nodes there are in unread parts between two slots, without those that stand for them.
    pub(super) fn unread_nodes(&self, slots: std::ops::Range<u32>) -> usize {
        let inside = self.unread.iter().filter(|part| slots.contains(&part.slot));
        inside.map(|part| part.nodes as usize).sum()
    }
}

/// The parts of a finished tree, each with its slot.
pub(super) fn settled(mut parts: Vec<Unread>, slots: &[Slot]) -> Arc<[Unread]> {
    if parts.is_empty() {
        return Arc::default();
    }
    for (slot, index) in slots.iter().zip(0..) {
        if let Slot::Unread(number) = slot
            && let Some(part) = parts.get_mut(*number as usize)
        {
            part.slot = index;
        }
    }
    parts.into()
}
