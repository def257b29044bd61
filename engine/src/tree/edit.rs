//! Copies of trees in which something differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::copy::{NO_PLACE, Texts, copy, finish};
use super::{Builder, Entries, Node, Range, Slot, Tree};

impl Tree {
    /// A map of maps that leads along `keys` to a copy of a value; to an empty map without one.
    pub(crate) fn wrap(keys: &[&str], value: Option<Node<'_>>) -> Self {
        let source = value.map_or_else(|| "".into(), |value| value.tree.source.clone());
        let mut builder = Builder::new(source, false);
        for key in keys {
            builder.open_map(NO_PLACE);
            builder.string(key, NO_PLACE);
        }
        match value {
            Some(value) => copy(value, Texts::Shared, &mut builder),
            None => {
                builder.open_map(NO_PLACE);
                // Invariant: an empty map has no equal keys.
                let _ = builder.close();
            }
        }
        finish(builder)
    }

    /// A list of copies of values.
    pub(crate) fn list_of(values: &[Node<'_>]) -> Self {
        let Some(first) = values.first() else { return finish(empty_list("".into())) };
        let mut builder = empty_list(first.tree.source.clone());
        for value in values {
            // Texts of other sources must come along.
            let is_same = std::ptr::eq(value.tree, first.tree);
            let texts = if is_same { Texts::Shared } else { Texts::Taken };
            copy(*value, texts, &mut builder);
        }
        finish(builder)
    }

    /// Maps of maps that lead along keys to copies of values; no path is the beginning of another.
    pub(crate) fn nested(values: &BTreeMap<Vec<&str>, Node<'_>>) -> Self {
        let mut builder = Builder::new("".into(), false);
        builder.open_map(NO_PLACE);
        let mut open: &[&str] = &[];
        for (path, value) in values {
            let Some((last, maps)) = path.split_last() else { continue };
            let shared = open.iter().zip(maps).take_while(|(left, right)| left == right).count();
            for _ in shared..open.len() {
                // Invariant: paths are sorted, so equal keys of one map stand together.
                let _ = builder.close();
            }
            for key in maps.iter().skip(shared) {
                builder.string(key, NO_PLACE);
                builder.open_map(NO_PLACE);
            }
            builder.string(last, NO_PLACE);
            copy(*value, Texts::Taken, &mut builder);
            open = maps;
        }
        for _ in 0..=open.len() {
            let _ = builder.close();
        }
        finish(builder)
    }

    /// The same with every whole number as a float.
    pub(crate) fn with_floats(mut self: Arc<Self>) -> Arc<Self> {
        if !self.unread.is_empty() {
            // Numbers may stand in what is not read yet.
            let mut builder = Builder::new(self.source.clone(), false);
            copy(self.root(), Texts::Shared, &mut builder);
            self = Arc::new(finish(builder));
        }
        let is_whole = |slot: &Slot| matches!(slot, Slot::Int(_) | Slot::BigInt(_));
        if !self.below().iter().chain([&self.slot(self.root)]).any(is_whole) {
            return self;
        }
        let Self { decoded, slots, .. } = Arc::make_mut(&mut self);
        // Slots that are shared with other trees are copied before they change.
        for slot in Arc::make_mut(slots) {
            match *slot {
                Slot::Int(value) => *slot = Slot::Float(value as f64),
                Slot::BigInt(range) => {
                    let digits = decoded.get(range.bytes()).unwrap_or_default();
                    *slot = Slot::Float(digits.parse().unwrap_or(f64::MAX));
                }
                _ => {}
            }
        }
        self
    }

    /// The same with whole numbers of seven digits and more as floats: Go writes them with an
    /// exponent (`1e+06`) where JSON was read into `any`; the smaller ones look the same both ways.
    pub(crate) fn with_large_floats(self: &Arc<Self>) -> Arc<Self> {
        let is_large = |slot: &Slot| match slot {
            Slot::Int(value) => value.unsigned_abs() >= 1_000_000,
            Slot::BigInt(_) => true,
            _ => false,
        };
        match self.below().iter().chain([&self.slot(self.root)]).any(is_large) {
            true => Arc::clone(self).with_floats(),
            false => Arc::clone(self),
        }
    }

    /// The same with `metadata.namespace` set, where this is a map.
    ///
    /// Slots are copied as they are; the two maps that change are written anew behind them.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Self {
        let Some(entries) = self.root().as_map() else { return self.clone() };
        let metadata = entries.get("metadata").and_then(|metadata| metadata.as_map());
        let added = 2 * (entries.len() + metadata.map_or(0, |metadata| metadata.len()) + 2);
        let mut copy = Copy {
            decoded: self.decoded.to_string(),
            slots: Vec::with_capacity(self.slots.len() + added),
        };
        copy.slots.extend_from_slice(&self.slots);
        let metadata = copy.map(metadata, "namespace", |copy| copy.string(namespace));
        let root = copy.map(Some(entries), "metadata", |_| metadata);
        // Invariant: the root is a map, so there is a slot for it.
        if let Some(slot) = copy.slots.get_mut(self.root as usize) {
            *slot = root;
        }
        Self {
            source: self.source.clone(),
            decoded: copy.decoded.into(),
            slots: copy.slots.into(),
            unread: Arc::clone(&self.unread),
            root: self.root,
            first: self.first,
        }
    }
}

/// A copy of a tree that is being changed.
struct Copy {
    decoded: String,
    slots: Vec<Slot>,
}

impl Copy {
    fn string(&mut self, text: &str) -> Slot {
        let range = Range { start: self.decoded.len() as u32, length: text.len() as u32 };
        self.decoded.push_str(text);
        Slot::Decoded(range)
    }

    /// Writes the entries of a map without `key`, and then `key` with another value.
    fn map(
        &mut self,
        entries: Option<Entries<'_>>,
        key: &str,
        value: impl FnOnce(&mut Self) -> Slot,
    ) -> Slot {
        let (key_slot, value) = (self.string(key), value(self));
        let start = self.slots.len();
        for (old_key, old_value) in entries.iter().flat_map(|entries| entries.nodes()) {
            if old_key.as_str() != Some(key) {
                self.slots.push(old_key.tree.slot(old_key.index));
                self.slots.push(old_value.tree.slot(old_value.index));
            }
        }
        self.slots.extend([key_slot, value]);
        let length = (self.slots.len() - start) as u32 / 2;
        Slot::Map(Range { start: start as u32, length })
    }
}

fn empty_list(source: std::sync::Arc<str>) -> Builder {
    let mut builder = Builder::new(source, false);
    builder.open_list(NO_PLACE);
    builder
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Tree;
    use crate::read::{Limits, parse_yaml};

    fn tree(text: &str) -> Tree {
        parse_yaml(text, &Limits::default()).unwrap()
    }

    #[test]
    fn whole_numbers_become_floats() {
        let floats = |text: &str| Arc::new(tree(text)).with_floats();
        let found = floats("{a: 1, b: [2, x, 3.5], c: 99999999999999999999}");
        assert_eq!(found.root().to_json(), r#"{"a":1,"b":[2,"x",3.5],"c":100000000000000000000}"#);
        assert!(matches!(found.root().get("a").unwrap().kind(), crate::tree::Kind::Float(1.0)));
        assert_eq!(floats("{a: x, b: 1.5}").root().to_json(), r#"{"a":"x","b":1.5}"#);
    }

    #[test]
    fn values_are_wrapped_and_listed() {
        let one = tree("{x: \"a\\tb\"}");
        let other = tree("{z: c}");
        let wrapped = Tree::wrap(&["metadata", "labels"], Some(one.root()));
        assert_eq!(wrapped.root().to_json(), r#"{"metadata":{"labels":{"x":"a\tb"}}}"#);
        assert_eq!(Tree::wrap(&["a"], None).root().to_json(), r#"{"a":{}}"#);
        let list = Tree::list_of(&[one.root(), other.root()]);
        assert_eq!(list.root().to_json(), r#"[{"x":"a\tb"},{"z":"c"}]"#);
        assert_eq!(Tree::list_of(&[]).root().to_json(), "[]");
    }

    #[test]
    fn a_namespace_is_set() {
        for (text, expected) in [
            ("{kind: Pod}", r#"{"kind":"Pod","metadata":{"namespace":"x"}}"#),
            ("{metadata: 5, kind: Pod}", r#"{"kind":"Pod","metadata":{"namespace":"x"}}"#),
            (
                "{metadata: {name: a}, kind: Pod}",
                r#"{"kind":"Pod","metadata":{"name":"a","namespace":"x"}}"#,
            ),
            (
                "{kind: Pod, metadata: {namespace: '', name: a}, spec: {a: [1, \"\\t\"]}}",
                r#"{"kind":"Pod","metadata":{"name":"a","namespace":"x"},"spec":{"a":[1,"\t"]}}"#,
            ),
            ("[1]", "[1]"),
        ] {
            assert_eq!(tree(text).in_namespace("x").root().to_json(), expected, "{text}");
        }
    }
}
