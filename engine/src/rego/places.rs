//! Which of the places that were read is to be shown.

use crate::pointer::pointer;
use crate::tree::Node;

/// So many of the places that were read last are looked for.
const MAX_PLACES: usize = 32;

/// The most specific place below `root` that was read; of several, the one that was read last.
/// As a JSON pointer, empty where nothing of it was read.
pub(crate) fn last_place(read: &[Node<'_>], root: Node<'_>) -> String {
    let mut deepest: Vec<String> = Vec::new();
    for node in read.iter().rev().take(MAX_PLACES).rev() {
        if let Some(steps) = node.steps_from(root)
            && steps.len() >= deepest.len()
        {
            deepest = steps;
        }
    }
    pointer(&deepest)
}
