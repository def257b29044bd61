//! Anchors, and how much of a document aliases may repeat.

use std::collections::BTreeMap;

use crate::read::yaml::scalar::Unfit;
use crate::read::{Limits, ReadError};
use crate::tree::Slot;

/// The anchored nodes that are complete.
#[derive(Default)]
pub(super) struct Anchors(BTreeMap<usize, Anchor>);

pub(super) struct Anchor {
    pub(super) node: Slot,
    pub(super) size: Size,
    /// What it is as a key, where it is a scalar: none if it is itself a text.
    pub(super) key: Option<Result<Option<String>, Unfit>>,
}

/// Nodes and bytes of text, with every alias written out.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    nodes: usize,
    bytes: usize,
}

/// What has been read of a document, and what may be.
#[derive(Clone, Copy, Default)]
pub(super) struct Budget {
    all: Size,
    repeated: Size,
    max_nodes: usize,
    max_alias_nodes: usize,
    max_alias_bytes: usize,
}

/// A limit that was reached.
pub(super) struct Exceeded {
    code: &'static str,
    message: String,
}

impl Exceeded {
    pub(super) fn at(self, place: (u32, u32)) -> ReadError {
        ReadError::new(self.code, self.message, place)
    }
}

impl Anchors {
    pub(super) fn define(
        &mut self,
        id: usize,
        node: Slot,
        size: Size,
        key: Option<Result<Option<String>, Unfit>>,
    ) {
        self.0.insert(id, Anchor { node, size, key });
    }

    pub(super) fn get(&self, id: usize) -> Option<&Anchor> {
        self.0.get(&id)
    }
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max_nodes: limits.max_nodes,
            max_alias_nodes: limits.max_alias_nodes,
            max_alias_bytes: limits.max_alias_bytes,
            ..Self::default()
        }
    }

    /// Counts one node with `bytes` of text.
    pub(super) fn node(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.all.nodes += 1;
        self.all.bytes += bytes;
        if self.all.nodes - self.repeated.nodes > self.max_nodes {
            let message = format!("expected at most {} values in one document", self.max_nodes);
            return Err(Exceeded { code: "too-large", message });
        }
        Ok(())
    }

    /// Counts what an alias stands for.
    pub(super) fn repeat(&mut self, size: &Size) -> Result<(), Exceeded> {
        for total in [&mut self.all, &mut self.repeated] {
            total.nodes = total.nodes.saturating_add(size.nodes);
            total.bytes = total.bytes.saturating_add(size.bytes);
        }
        if self.repeated.nodes > self.max_alias_nodes {
            let message = format!(
                "aliases repeat more than {} values in this document",
                self.max_alias_nodes
            );
            return Err(Exceeded { code: "alias-limit", message });
        }
        if self.repeated.bytes > self.max_alias_bytes {
            let message =
                format!("aliases repeat more than {} bytes in this document", self.max_alias_bytes);
            return Err(Exceeded { code: "alias-limit", message });
        }
        Ok(())
    }

    /// How much was read since `before`.
    pub(super) fn since(&self, before: &Self) -> Size {
        Size { nodes: self.all.nodes - before.all.nodes, bytes: self.all.bytes - before.all.bytes }
    }
}
