//! Lists of texts about a user, which stay where they were read.

use crate::tree::{Builder, Node, Tree};
use crate::value::Value;

/// A list of texts, such as the groups of a user; one that was read shares the tree it stands in.
#[derive(Clone, Default)]
pub struct Texts(Option<Tree>);

/// Lists of texts by key: what an authenticator adds to a user.
#[derive(Clone, Default)]
pub struct Extra(Option<Tree>);

impl Texts {
    /// The list at a place; `None` where something else stands there.
    pub fn at(list: Node<'_>) -> Option<Self> {
        is_texts(list).then(|| Self(Some(list.to_tree())))
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        texts(self.0.as_ref().map(Tree::root))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Where they stand, if there are any.
    pub(crate) fn node(&self) -> Option<Node<'_>> {
        self.0.as_ref().map(Tree::root).filter(|_| !self.is_empty())
    }
}

impl Extra {
    /// The map at a place; `None` where it is no map of lists of texts.
    pub fn at(map: Node<'_>) -> Option<Self> {
        let is_sound = map.as_map()?.iter().all(|(_, list)| is_texts(list));
        is_sound.then(|| Self(Some(map.to_tree())))
    }

    /// The texts of a map's lists; what is neither is left out.
    pub(crate) fn gather(map: Option<Node<'_>>) -> Self {
        let entries = map.and_then(|map| map.as_map());
        entries
            .into_iter()
            .flat_map(|map| map.iter())
            .map(|(key, list)| (key, texts(Some(list))))
            .collect()
    }

    /// Keys and texts in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        let map = self.0.as_ref().and_then(|tree| tree.root().as_map());
        map.into_iter().flat_map(|map| map.iter()).map(|(key, list)| (key, texts(Some(list))))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Where they stand, if there are any.
    pub(crate) fn node(&self) -> Option<Node<'_>> {
        self.0.as_ref().map(Tree::root).filter(|_| !self.is_empty())
    }
}

fn is_texts(list: Node<'_>) -> bool {
    list.as_list().is_some_and(|items| items.iter().all(|item| item.as_str().is_some()))
}

fn texts(list: Option<Node<'_>>) -> impl Iterator<Item = &str> {
    let items = list.and_then(|list| list.as_list());
    items.into_iter().flat_map(|items| items.iter()).filter_map(|item| item.as_str())
}

fn write<'a>(texts: impl IntoIterator<Item = &'a str>, builder: &mut Builder) {
    builder.open_list((0, 0));
    texts.into_iter().for_each(|text| builder.string(text, (0, 0)));
    // A list has no keys that could be equal.
    let _ = builder.close();
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut builder = Builder::new("".into(), false);
        write(texts, &mut builder);
        Self(builder.finish().ok().map(|(tree, _)| tree))
    }
}

impl<'a, T: IntoIterator<Item = &'a str>> FromIterator<(&'a str, T)> for Extra {
    /// Of equal keys all are left out.
    fn from_iter<I: IntoIterator<Item = (&'a str, T)>>(entries: I) -> Self {
        let mut builder = Builder::new("".into(), false);
        builder.open_map((0, 0));
        for (key, texts) in entries {
            builder.string(key, (0, 0));
            write(texts, &mut builder);
        }
        Self(builder.finish().ok().map(|(tree, _)| tree))
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Texts {}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        match (self.node(), other.node()) {
            (Some(left), Some(right)) => Value::from(left).equals(&Value::from(right)),
            (left, right) => left.is_none() && right.is_none(),
        }
    }
}

impl Eq for Extra {}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl std::fmt::Debug for Extra {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.iter().map(|(key, texts)| (key, texts.collect::<Vec<_>>()));
        formatter.debug_map().entries(entries).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Extra, Texts};
    use crate::read::{Limits, parse_json};

    #[test]
    fn what_is_read_equals_what_is_made() {
        let text = r#"{"groups":["b","a"],"extra":{"k":["x","y"],"l":[]},"wrong":["a",1],"more":{"k":"x"}}"#;
        let tree = parse_json(text, &Limits::default()).unwrap();
        let at = |key: &str| tree.root().get(key).unwrap();
        let groups = Texts::at(at("groups")).unwrap();
        assert_eq!(groups, ["b", "a"].into_iter().collect());
        assert_ne!(groups, ["a", "b"].into_iter().collect());
        assert_eq!(format!("{groups:?}"), r#"["b", "a"]"#);
        let extra = Extra::at(at("extra")).unwrap();
        assert_eq!(extra, [("l", vec![]), ("k", vec!["x", "y"])].into_iter().collect());
        assert_ne!(extra, Extra::default());
        assert_eq!(format!("{extra:?}"), r#"{"k": ["x", "y"], "l": []}"#);
        assert_eq!((Texts::at(at("wrong")), Texts::at(at("extra"))), (None, None));
        assert_eq!((Extra::at(at("more")), Extra::at(at("groups"))), (None, None));
        assert_eq!(Texts::default(), [].into_iter().collect());
        assert!(Texts::default().node().is_none() && Extra::default().node().is_none());
    }
}
