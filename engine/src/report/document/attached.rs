//! What a policy attached to a violation, as a part of a document.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::decision::Details;
use crate::read::{Limits, parse_json};
use crate::tree::{Kind, Node, Tree};

/// What a policy attached.
#[derive(Clone, Debug)]
pub struct Attached<'r> {
    text: &'r str,
    /// `None` where the text is none of JSON any more: a number of a Secret is masked in it.
    tree: Option<Tree>,
}

/// What is nested deeper is written as a text.
const MAX_DEPTH: usize = 64;

impl<'r> Attached<'r> {
    pub(super) fn new(details: &'r Details) -> Self {
        let text = details.as_json();
        Self { text, tree: parse_json(text, &Limits::default()).ok() }
    }
}

impl Serialize for Attached<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.tree {
            Some(tree) => Part { node: tree.root(), depth: MAX_DEPTH }.serialize(serializer),
            None => serializer.serialize_str(self.text),
        }
    }
}

struct Part<'t> {
    node: Node<'t>,
    depth: usize,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return serializer.serialize_str(&self.node.to_json());
        };
        match self.node.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(value) => serializer.serialize_bool(value),
            Kind::Int(value) => serializer.serialize_i64(value),
            Kind::Float(value) => serializer.serialize_f64(value),
            Kind::BigInt(digits) => match digits.parse::<u64>() {
                Ok(value) => serializer.serialize_u64(value),
                Err(_) => serializer.serialize_f64(digits.parse().unwrap_or(f64::MAX)),
            },
            Kind::String(text) => serializer.serialize_str(text),
            Kind::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for node in items.iter() {
                    list.serialize_element(&Part { node, depth })?;
                }
                list.end()
            }
            Kind::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, node) in entries.iter() {
                    map.serialize_entry(key, &Part { node, depth })?;
                }
                map.end()
            }
        }
    }
}
