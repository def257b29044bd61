//! The places of the keys and values of one document.

use std::ops::Range;
use std::sync::Arc;

use crate::source::Span;
use crate::tree::{Kind, Node, Tree};

/// The byte range of every key and value of one document.
#[derive(Clone, Debug)]
pub struct Places {
    tree: Arc<Tree>,
    ranges: Vec<(u32, u32)>,
    source: Arc<str>,
    document: Range<usize>,
}

impl Places {
    pub(super) fn new(
        tree: Arc<Tree>,
        ranges: Vec<(u32, u32)>,
        source: Arc<str>,
        document: Range<usize>,
    ) -> Self {
        Self { tree, ranges, source, document }
    }

    /// The place of what a JSON pointer with these steps names.
    ///
    /// A scalar's own; for a list or map, the key that holds it; for an item of a list, where the
    /// item begins; for what is not there, that of the nearest ancestor; for the whole document,
    /// its first key.
    pub fn span<S: AsRef<str>>(&self, steps: &[S]) -> Span {
        let root = self.tree.root();
        let (node, count) = root.nearest(steps);
        let is_scalar = !matches!(node.kind(), Kind::List(_) | Kind::Map(_));
        let own = self.range(node);
        if is_scalar && own.start < own.end {
            return self.at(own);
        }
        match self.key(steps, count) {
            Some(key) => self.at(self.range(key)),
            None if is_scalar => self.at(own),
            None => self.at(self.beginning(node)),
        }
    }

    /// The place of the key that a JSON pointer ends with, if it is there.
    pub fn key_span<S: AsRef<str>>(&self, steps: &[S]) -> Option<Span> {
        let (_, count) = self.tree.root().nearest(steps);
        let key = (count == steps.len()).then(|| self.key(steps, count))??;
        Some(self.at(self.range(key)))
    }

    /// The place of a key or value of the document's tree, as far as it reaches.
    pub fn node_span(&self, node: Node<'_>) -> Span {
        self.at(self.range(node))
    }

    /// The key of the node that `count` steps lead to, where a map holds it.
    fn key<S: AsRef<str>>(&self, steps: &[S], count: usize) -> Option<Node<'_>> {
        let last = steps.get(..count)?.last()?.as_ref();
        let (parent, _) = self.tree.root().nearest(steps.get(..count - 1)?);
        parent.as_map()?.entry(last).map(|(key, _)| key)
    }

    /// Where a list or map begins: its first key or value if that stands right there, else one
    /// character.
    fn beginning(&self, node: Node<'_>) -> Range<usize> {
        let mut is_root = node.index() == self.tree.root().index();
        let mut inner = node;
        let mut start = self.range(inner).start;
        loop {
            let first = match inner.kind() {
                Kind::Map(entries) => entries.nodes().next().map(|(key, _)| key),
                Kind::List(items) => items.get(0),
                _ => return self.range(inner),
            };
            let Some(first) = first else { return self.range(inner) };
            match self.range(first).start {
                // What stands before belongs to the anchor of an alias or merge.
                before if before < start => return self.range(inner),
                here if here == start || is_root => {
                    start = here;
                    inner = first;
                    is_root = false;
                }
                _ => return start..start + 1,
            }
        }
    }

    fn range(&self, node: Node<'_>) -> Range<usize> {
        match self.ranges.get(node.index() as usize) {
            Some(&(start, end)) => start as usize..end as usize,
            None => self.document.start..self.document.start,
        }
    }

    fn at(&self, range: Range<usize>) -> Span {
        Span { source: Arc::clone(&self.source), start: range.start, end: range.end }
    }
}
