//! Copies of trees in which something differs.

use super::copy::{NO_PLACE, Numbers, copy, finish};
use super::{Builder, Node, Slot, Tree};

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
            Some(value) => copy(value, Numbers::Kept, &mut builder),
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
            let numbers = if is_same { Numbers::Kept } else { Numbers::KeptElsewhere };
            copy(*value, numbers, &mut builder);
        }
        finish(builder)
    }

    /// The same with every whole number as a float; `None` where there is none.
    pub(crate) fn with_floats(&self) -> Option<Self> {
        let is_whole = |slot: &Slot| matches!(slot, Slot::Int(_) | Slot::BigInt(_));
        if !self.below().iter().chain([&self.slot(self.root)]).any(is_whole) {
            return None;
        }
        let mut builder = Builder::new(self.source.clone(), false);
        copy(self.root(), Numbers::Floats, &mut builder);
        Some(finish(builder))
    }
}

fn empty_list(source: std::sync::Arc<str>) -> Builder {
    let mut builder = Builder::new(source, false);
    builder.open_list(NO_PLACE);
    builder
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use crate::read::{Limits, parse_yaml};

    fn tree(text: &str) -> Tree {
        parse_yaml(text, &Limits::default()).unwrap()
    }

    #[test]
    fn whole_numbers_become_floats() {
        let found = tree("{a: 1, b: [2, x, 3.5], c: 99999999999999999999}").with_floats().unwrap();
        assert_eq!(found.root().to_json(), r#"{"a":1,"b":[2,"x",3.5],"c":100000000000000000000}"#);
        assert!(matches!(found.root().get("a").unwrap().kind(), crate::tree::Kind::Float(1.0)));
        assert!(tree("{a: x, b: 1.5}").with_floats().is_none());
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
}
