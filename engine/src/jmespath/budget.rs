//! Bounds the work of an evaluation.

use std::cell::Cell;

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
    pub fn weigh(&self, value: &Value<'_>) -> bool {
        let mut rest = Vec::new();
        let mut next = Some(value.clone());
        while let Some(value) = next.take().or_else(|| rest.pop()) {
            let inside = value.len().unwrap_or_default();
            let bytes = match &value {
                Value::String(text) => text.len(),
                _ => 1,
            };
            // Before they are copied out.
            if !self.step(1) || self.steps.get() < inside || bytes > self.bytes.get() {
                return self.step(usize::MAX);
            }
            if inside == 0 {
                continue;
            }
            if let Some(entries) = value.entries() {
                if !self.step(entries.iter().map(|(key, _)| key.len() / 64).sum()) {
                    return false;
                }
                rest.extend(entries.into_iter().map(|(_, value)| value));
            } else if let Some(items) = value.items() {
                rest.extend(items);
            }
        }
        true
    }
}
