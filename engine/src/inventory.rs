//! The objects that are there, as `data.inventory` of Gatekeeper holds them.
//!
//! Upstream: `processUnstructured` in pkg/target/target.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::tree::{Node, Tree};

/// The answer to [`FactKey::Inventory`](crate::FactKey::Inventory): the objects under `cluster`,
/// version, kind and name, or under `namespace`, namespace, version, kind and name.
///
/// Of two with one name, the last counts.
///
/// ```
/// # use ajj_engine::{Limits, inventory, parse_json};
/// let text = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}"#;
/// let node = parse_json(text, &Limits::default())?;
/// let inventory = inventory([&node]);
/// assert_eq!(inventory.root().to_json(), format!(r#"{{"cluster":{{"v1":{{"Node":{{"n":{text}}}}}}}}}"#));
/// # Ok::<(), ajj_engine::ReadError>(())
/// ```
pub fn inventory<'o>(objects: impl IntoIterator<Item = &'o Tree>) -> Arc<Tree> {
    let mut places: BTreeMap<Vec<&str>, Node<'_>> = BTreeMap::new();
    for object in objects {
        let root = object.root();
        let text = |keys: &[&str]| root.at(keys).and_then(Node::as_str).unwrap_or_default();
        let tail = [text(&["apiVersion"]), text(&["kind"]), text(&["metadata", "name"])];
        let head = match text(&["metadata", "namespace"]) {
            "" => vec!["cluster"],
            namespace => vec!["namespace", namespace],
        };
        places.insert([head.as_slice(), &tail].concat(), root);
    }
    Arc::new(Tree::nested(&places)).with_large_floats()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Limits, parse_yaml};
    use crate::tree::Kind;

    #[test]
    fn objects_stand_where_upstream_puts_them() {
        let object = |text: &str| parse_yaml(text, &Limits::default()).unwrap();
        let objects = [
            "{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: x}, size: 1}",
            "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}, size: 1000000}",
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: x}}",
            "{apiVersion: v1, kind: Node, metadata: {name: one}}",
            "{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: x}, size: 2}",
        ]
        .map(object);
        let found = inventory(&objects);
        let at = |keys: &[&str]| found.root().at(keys).map(|node| node.to_json());
        let pods = ["namespace", "x", "v1", "Pod"];
        for (keys, expected) in [
            (&["cluster", "v1", "Node", "one", "kind"][..], Some("\"Node\"")),
            (&[&pods[..], &["b", "size"]].concat(), Some("2")),
            (&[&pods[..], &["a", "size"]].concat(), Some("1000000")),
            (&["namespace", "x", "apps/v1", "Deployment", "a", "kind"], Some("\"Deployment\"")),
            (&["cluster", "apps/v1"], None),
        ] {
            assert_eq!(at(keys).as_deref(), expected, "{keys:?}");
        }
        let large = found.root().at(&[&pods[..], &["a", "size"]].concat());
        assert!(matches!(large.map(Node::kind), Some(Kind::Float(_))), "as Go reads it");
        assert_eq!(inventory([]).root().to_json(), "{}");
    }
}
