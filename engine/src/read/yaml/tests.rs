use std::sync::Arc;

use super::{check_characters, parse_fast, parse_fully};
use crate::read::{Chunk, Limits, split};
use crate::tree::Tree;

/// What both readers have to agree on: content and places.
fn shape(tree: &Tree, places: &[(u32, u32)]) -> Vec<String> {
    let mut shape = Vec::new();
    let mut nodes = vec![tree.root()];
    while let Some(node) = nodes.pop() {
        let place = places.get(node.index() as usize);
        let kind = match node.kind() {
            crate::Kind::List(items) => {
                nodes.extend(items.iter().rev());
                format!("list of {}", items.len())
            }
            crate::Kind::Map(entries) => {
                nodes.extend(entries.nodes().rev().flat_map(|(key, value)| [value, key]));
                format!("map of {}", entries.len())
            }
            scalar => format!("{scalar:?}"),
        };
        shape.push(format!("{kind} at {place:?}"));
    }
    shape
}

/// Checks that both readers read a chunk alike; says whether the fast one took it.
fn agree(text: &Arc<str>, chunk: &Chunk) -> bool {
    let limits = Limits::default();
    if check_characters(text, chunk).is_err() {
        return false;
    }
    let Some(fast) = parse_fast(text, chunk, &limits, true) else { return false };
    let full = parse_fully(text, chunk, &limits, true);
    let document = &text[chunk.start..chunk.end];
    let full =
        full.unwrap_or_else(|error| panic!("only the fast reader takes {document:?}: {error:?}"));
    let (fast, full) = (shape(&fast.tree, &fast.places), shape(&full.tree, &full.places));
    for (line, (fast, full)) in fast.iter().zip(&full).enumerate() {
        assert_eq!(fast, full, "node {line} of {document}");
    }
    assert_eq!(fast.len(), full.len(), "{document}");
    true
}

fn check_agreement(text: &str, expect_fast: bool) {
    let text: Arc<str> = text.into();
    for chunk in split::chunks(&text).filter(|chunk| chunk.content.is_some()) {
        assert_eq!(agree(&text, &chunk), expect_fast, "{text:?}");
    }
}

#[test]
fn both_readers_read_alike() {
    for text in [
        "a: 1\n",
        "a:\n- b\n- c: d\n  e:\n  - f\ng: h\n",
        "a:\n  - - 1\n    - 2\n  -\n    - 3\n  -   b: 1\n      c:\n  -\n",
        "\"a b\": 'c''d' # comment\n'e' : \"f\\n\\\"\" \nyes: 0o17\n",
        "a: |\n  b\n   c\n\n  d\ne: >-\n\n  f\n  g\n\n\n  h\n    i\n  j\nk: |+ # keep\n  l\n\nm: |2x\n",
        "a: {b: [c, 'd', {}], \"e\":1, f: http://g:80/}\nh: [\n  1, 2\n  ]\n",
        "a: b\n  c\n\n  d\n\ne: 'f\n  g'\nh: \"i \\\n  j\n\n   k\"\n",
        "a:\n  # comment\n  b # c\nd: -1\ne: --f\n# end",
        "a: |\n  no line break at the end",
        "a: >+\n  no line break\n  at the end",
        "ä: ü # ö\nb: [\u{1f600}]\n",
        "a:    \nb:   c   \n",
    ] {
        let fast = !text.contains("|2x");
        if fast {
            check_agreement(text, true);
        }
    }
}

#[test]
fn what_is_unusual_goes_to_the_complete_reader() {
    for text in [
        "a: &x b\n",
        "a: !t b\n",
        "? a\n",
        "<<: {a: 1}\n",
        "a:\tb\n",
        "a: 1\r\n",
        "--- a\n",
        "a\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: {b}\n",
        "a: [b: c]\n",
        "a: \"\\x41\"\n",
        "a: |2\n   b\n",
        "{a: b}\n",
    ] {
        check_agreement(text, false);
    }
}

#[test]
fn what_is_broken_is_taken_by_neither() {
    for text in [
        "a: b: c\n",
        "a: 1\na: 2\n",
        "a: 'b' c\n",
        "a:\n  b: 1\n c: 2\n",
        "- a\nb: c\n",
        "a: [b\n",
        "a: {b: c]\n",
        "a: @b\n",
        "a: 'b\n",
        "~: 1\n",
        "a: .inf\n",
        "a: 1\n  b: 2\n",
        "a: - b\n",
        "\"a\nb\": c\n",
        "a: b\n# c\n  d\n",
        "a:\n  - b: c\n d\n",
        "a: \"b\\q\"\n",
        "a: [1, 2] 3\n",
        "a: \"b\"c: d\n",
        "a: |\n   b\n  c\n",
        "a\nb: c\n",
    ] {
        let shared: Arc<str> = text.into();
        check_agreement(text, false);
        for chunk in split::chunks(&shared) {
            let outcome = super::parse(&shared, &chunk, &Limits::default(), false);
            assert!(outcome.is_err(), "{text:?}: {outcome:?}");
        }
    }
}

mod properties;
mod scalars;
