//! Which of the places that were read is to be shown.

use std::collections::HashMap;

use crate::pointer::pointer;
use crate::tree::{Kind, Node};

/// So many of the places that were read last are looked for.
const MAX_PLACES: usize = 32;

/// Finds the paths of places of one document, which it goes through once.
#[derive(Debug)]
pub(crate) struct ReadPlaces<'v> {
    root: Node<'v>,
    /// The place above each place, and the step from there.
    above: HashMap<u32, (u32, Step<'v>)>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'v> {
    Key(&'v str),
    Item(usize),
}

impl<'v> ReadPlaces<'v> {
    pub(crate) fn of(root: Node<'v>) -> Self {
        let mut above = HashMap::new();
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            let index = node.index();
            match node.kind() {
                Kind::List(items) => {
                    for (number, item) in items.iter().enumerate() {
                        above.insert(item.index(), (index, Step::Item(number)));
                        open.push(item);
                    }
                }
                Kind::Map(entries) => {
                    for (key, value) in entries.iter() {
                        above.insert(value.index(), (index, Step::Key(key)));
                        open.push(value);
                    }
                }
                _ => {}
            }
        }
        Self { root, above }
    }

    /// The most specific place that was read; of several, the one that was read last. As a JSON
    /// pointer, empty where nothing of the document was read.
    pub(crate) fn last(&self, read: &[Node<'_>]) -> String {
        let mut deepest = Vec::new();
        for node in read.iter().rev().take(MAX_PLACES).rev() {
            let steps = self.steps(*node).unwrap_or_default();
            if steps.len() >= deepest.len() {
                deepest = steps;
            }
        }
        deepest.reverse();
        pointer(&deepest)
    }

    /// The steps that lead to a place, the last first.
    fn steps(&self, node: Node<'_>) -> Option<Vec<String>> {
        if !std::ptr::eq(node.tree(), self.root.tree()) {
            return None;
        }
        let mut steps = Vec::new();
        let mut at = node.index();
        while at != self.root.index() {
            let (above, step) = self.above.get(&at)?;
            steps.push(match step {
                Step::Key(key) => (*key).to_owned(),
                Step::Item(number) => number.to_string(),
            });
            at = *above;
        }
        Some(steps)
    }
}
