//! Remembers which part of the object an expression read first.

use std::cell::Cell;

use crate::tree::{Kind, Node, Tree};

/// Follows reads inside an object: the first one, and each next one that goes further down from
/// there, until one does not.
#[derive(Debug)]
pub struct Trace<'e> {
    object: Node<'e>,
    last: Cell<Option<Place>>,
    ended: Cell<bool>,
}

/// A tree and a position in it: parts that are read later are trees of their own.
type Place = (*const Tree, u32);

fn place(node: Node<'_>) -> Place {
    (std::ptr::from_ref(node.tree()), node.index())
}

impl<'e> Trace<'e> {
    /// Follows reads inside the object with this root.
    pub fn new(object: Node<'e>) -> Self {
        Self { object, last: Cell::new(None), ended: Cell::new(false) }
    }

    /// Is told that `child` was read out of `parent`.
    pub(super) fn read(&self, parent: Node<'_>, child: Node<'_>) {
        let last = self.last.get();
        let is_inside = std::ptr::eq(parent.tree(), self.object.tree())
            || last.is_some_and(|(tree, _)| std::ptr::eq(parent.tree(), tree));
        if self.ended.get() || !is_inside {
            return;
        }
        let continues = match last {
            Some(last) => last == place(parent),
            None => {
                let whole_tree = self.object.same_place(self.object.tree().root());
                if !whole_tree && !parent.same_place(self.object) {
                    return;
                }
                true
            }
        };
        if continues {
            self.last.set(Some(place(child)));
        } else {
            self.ended.set(true);
        }
    }

    /// The keys and indices that lead from the object's root to what was read; none where nothing
    /// of it was.
    pub fn pointer_steps(&self) -> Option<Vec<String>> {
        let wanted = self.last.get()?;
        let mut path: Vec<Level<'e>> = vec![Level::new(self.object)];
        loop {
            let level = path.last_mut()?;
            let Some(child) = level.next() else {
                path.pop();
                continue;
            };
            if place(child) == wanted {
                return Some(path.iter().filter_map(Level::step).collect());
            }
            if matches!(child.kind(), Kind::List(_) | Kind::Map(_)) {
                path.push(Level::new(child));
            }
        }
    }
}

/// A list or map on the way down, and which of its children is looked at.
struct Level<'e> {
    node: Node<'e>,
    taken: usize,
}

impl<'e> Level<'e> {
    fn new(node: Node<'e>) -> Self {
        Self { node, taken: 0 }
    }

    fn next(&mut self) -> Option<Node<'e>> {
        let child = match self.node.kind() {
            Kind::List(items) => items.get(self.taken),
            Kind::Map(entries) => entries.nodes().nth(self.taken).map(|(_, value)| value),
            _ => None,
        }?;
        self.taken += 1;
        Some(child)
    }

    fn step(&self) -> Option<String> {
        let position = self.taken.checked_sub(1)?;
        match self.node.kind() {
            Kind::Map(entries) => entries.iter().nth(position).map(|(key, _)| key.to_owned()),
            _ => Some(position.to_string()),
        }
    }
}
