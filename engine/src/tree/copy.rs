//! Copies a part of a tree into a tree of its own, without recursion.

use std::sync::Arc;

use super::{Builder, Node, Slot, Tree};

/// Places are not kept: the copy is read, not pointed into.
pub(super) const NO_PLACE: (u32, u32) = (0, 0);

/// Whether the copy is over the same text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    Shared,
    /// What stands in the source has to come along.
    Taken,
}

enum Step<'t> {
    Node(Node<'t>),
    Close,
}

impl<'t> Node<'t> {
    /// This place and what is below it, as a tree of its own.
    ///
    /// Nothing is copied: both trees share what they hold, for as long as one of them is there.
    ///
    /// ```
    /// # use ajj_engine::{Limits, parse_json};
    /// let review = parse_json(r#"{"request": {"object": {"kind": "Pod"}}}"#, &Limits::default())?;
    /// let object = review.root().at(&["request", "object"]).map(|object| object.to_tree());
    /// assert_eq!(object.unwrap().root().to_json(), r#"{"kind":"Pod"}"#);
    /// # Ok::<(), ajj_engine::ReadError>(())
    /// ```
    pub fn to_tree(self) -> Tree {
        if let Slot::Unread(part) = self.tree.slot(self.index) {
            return self.tree.unread(part).map_or_else(Tree::null, |root| root.tree.clone());
        }
        let first = self.tree.first_below(self.index);
        Tree { root: self.index, first, ..self.tree.clone() }
    }
}

pub(super) fn finish(builder: Builder) -> Tree {
    match builder.finish() {
        Ok((tree, _)) => tree,
        // Invariant: the keys of a tree are already known to differ.
        Err(_) => Tree {
            source: Arc::default(),
            decoded: Arc::default(),
            slots: Arc::default(),
            unread: Arc::default(),
            root: 0,
            first: 0,
        },
    }
}

pub(super) fn copy<'t>(node: Node<'t>, texts: Texts, builder: &mut Builder) {
    let mut steps = vec![Step::Node(node)];
    while let Some(step) = steps.pop() {
        let Step::Node(node) = step else {
            // Invariant: as above, so closing finds no equal keys.
            let _ = builder.close();
            continue;
        };
        let slot = node.tree.slot(node.index);
        match slot {
            Slot::Null => builder.null(NO_PLACE),
            Slot::Bool(value) => builder.bool(value, NO_PLACE),
            Slot::Int(value) => builder.int(value, NO_PLACE),
            Slot::Float(value) => builder.float(value, NO_PLACE),
            Slot::BigInt(_) => builder.big_int(node.tree.text(slot).unwrap_or_default(), NO_PLACE),
            Slot::String(_) if texts == Texts::Taken => {
                builder.string(node.tree.text(slot).unwrap_or_default(), NO_PLACE);
            }
            Slot::String(range) => builder.source_string(range.start, range.length, NO_PLACE),
            Slot::Decoded(_) => builder.string(node.tree.text(slot).unwrap_or_default(), NO_PLACE),
            Slot::Unread(part) => steps.extend(node.tree.unread(part).map(Step::Node)),
            Slot::List(_) => {
                builder.open_list(NO_PLACE);
                steps.push(Step::Close);
                steps.extend(
                    node.as_list().into_iter().flat_map(|items| items.iter().rev()).map(Step::Node),
                );
            }
            Slot::Map(_) => {
                builder.open_map(NO_PLACE);
                steps.push(Step::Close);
                for (key, value) in node.as_map().into_iter().flat_map(|map| map.nodes().rev()) {
                    steps.push(Step::Node(value));
                    steps.push(Step::Node(key));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Builder, NO_PLACE, Tree};
    use crate::read::{Limits, parse_json};

    /// `{"items": [{"kind": "Pod", "metadata": METADATA}], "n": 1}`.
    fn list(metadata: &[(&str, &str)]) -> Tree {
        let mut builder = Builder::new("Pod".into(), false);
        builder.open_map(NO_PLACE);
        builder.string("items", NO_PLACE);
        builder.open_list(NO_PLACE);
        builder.open_map(NO_PLACE);
        builder.string("kind", NO_PLACE);
        builder.source_string(0, 3, NO_PLACE);
        if !metadata.is_empty() {
            builder.string("metadata", NO_PLACE);
            builder.open_map(NO_PLACE);
            for (key, value) in metadata {
                builder.string(key, NO_PLACE);
                builder.string(value, NO_PLACE);
            }
            builder.close().unwrap();
        }
        builder.close().unwrap();
        builder.close().unwrap();
        builder.string("n", NO_PLACE);
        builder.int(1, NO_PLACE);
        builder.finish().unwrap().0
    }

    #[test]
    fn a_part_becomes_a_tree() {
        let tree = list(&[("name", "a")]);
        assert_eq!(tree.root().to_tree().root().to_json(), tree.root().to_json());
        let item = tree.root().get("items").unwrap().as_list().unwrap().get(0).unwrap();
        let copy = item.to_tree();
        assert_eq!(copy.root().to_json(), r#"{"kind":"Pod","metadata":{"name":"a"}}"#);
        assert_eq!((copy.len(), item.get("kind").unwrap().to_tree().len()), (7, 1));
        // A part of a part, and a copy of a part with another source.
        let inner = copy.root().get("metadata").unwrap().to_tree();
        assert_eq!((inner.root().to_json(), inner.len()), (r#"{"name":"a"}"#.to_owned(), 3));
        assert!(!inner.root().same_place(copy.root().get("metadata").unwrap()));
        let lists = Tree::list_of(&[inner.root(), tree.root().get("items").unwrap()]);
        assert_eq!(
            lists.root().to_json(),
            r#"[{"name":"a"},[{"kind":"Pod","metadata":{"name":"a"}}]]"#
        );
    }

    #[test]
    fn a_part_counts_its_own_nodes() {
        let limits = Limits::default();
        let text = r#"{"a":[],"b":[1,{"c":[{}],"d":{"e":[[],"x"]}},[2]],"f":{},"g":[[[3]],4]}"#;
        let tree = parse_json(text, &limits).unwrap();
        let mut open = vec![tree.root()];
        while let Some(node) = open.pop() {
            let part = node.to_tree();
            let alone = parse_json(node.to_json(), &limits).unwrap();
            assert_eq!(part.root().to_json(), alone.root().to_json());
            assert_eq!(part.len(), alone.len(), "{}", node.to_json());
            open.extend(node.as_list().into_iter().flat_map(|items| items.iter()));
            open.extend(node.as_map().into_iter().flat_map(|map| map.iter().map(|(_, node)| node)));
        }
    }
}
