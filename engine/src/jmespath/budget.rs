//! Bounds the work of an evaluation.

use std::cell::Cell;

use crate::tree::Kind;
use crate::value::Value;

/// How much an evaluation may still do.
#[derive(Debug)]
pub struct Budget {
    steps: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Budget {
    /// A million steps and 4 MiB of made values.
    fn default() -> Self {
        Self::new(1_000_000, 4 * 1024 * 1024)
    }
}

impl Budget {
    /// So many parts to evaluate and so many bytes of texts, lists and maps to make.
    pub fn new(steps: usize, bytes: usize) -> Self {
        Self { steps: Cell::new(steps), bytes: Cell::new(bytes) }
    }

    /// Takes `count` steps; false where they are not left, and from then on.
    pub fn step(&self, count: usize) -> bool {
        take(&self.steps, count)
    }

    /// Takes `count` bytes; false where they are not left, and from then on.
    pub fn make(&self, count: usize) -> bool {
        take(&self.bytes, count)
    }

    /// The bytes that may still be made.
    pub fn bytes_left(&self) -> usize {
        self.bytes.get()
    }
}

fn take(cell: &Cell<usize>, count: usize) -> bool {
    match cell.get().checked_sub(count) {
        Some(left) => {
            cell.set(left);
            true
        }
        None => {
            cell.set(0);
            false
        }
    }
}

impl Budget {
    /// Takes a step for each value inside `value` and a byte for each byte of its JSON, roughly;
    /// false where they are not left.
    ///
    /// Made values can hold one value many times over, and be astronomical when written out:
    /// whoever walks through or writes one asks here first.
    pub fn weigh<'t>(&self, value: &Value<'t>) -> bool {
        // Scalars are weighed where they stand: most lists and maps hold nothing else.
        let mut rest = Vec::new();
        let mut next = Some(value.clone());
        let mut is_light = self.weigh_alone(value);
        while let Some(value) = next.take_if(|_| is_light) {
            let mut visit = |inner: &Value<'t>| {
                if inner.len().is_some_and(|length| length > 0) {
                    rest.push(inner.clone());
                }
                self.weigh_alone(inner)
            };
            is_light = match &value {
                Value::List(items) => items.iter().all(visit),
                Value::Map(entries) => {
                    entries.iter().all(|(key, value)| self.weigh_key(key) && visit(value))
                }
                Value::Node(node) => match node.kind() {
                    Kind::List(items) => items.iter().all(|item| visit(&Value::from(item))),
                    Kind::Map(entries) => entries
                        .iter()
                        .all(|(key, node)| self.weigh_key(key) && visit(&Value::from(node))),
                    _ => true,
                },
                _ => true,
            };
            next = rest.pop();
        }
        is_light || self.step(usize::MAX)
    }

    /// Weighs a value without what is inside, for which there have to be steps left.
    fn weigh_alone(&self, value: &Value<'_>) -> bool {
        let inside = value.len().unwrap_or_default();
        let bytes = value.as_str().map_or(1, str::len);
        self.step(1) && self.steps.get() >= inside && self.bytes.get() >= bytes
    }

    fn weigh_key(&self, key: &str) -> bool {
        self.step(key.len() / 64)
    }
}
