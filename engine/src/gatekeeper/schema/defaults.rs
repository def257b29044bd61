//! Fills in what a schema gives where the parameters say nothing.
//!
//! Upstream: apiextensions-apiserver, pkg/apiserver/schema/defaulting.

use std::sync::Arc;

use super::{MAX_DEPTH, Schema, flag};
use crate::read::{Limits, parse_json};
use crate::tree::{Kind, Node, Tree};
use crate::value::write_json_string;

/// No more text is made of parameters with their defaults.
const MAX_BYTES: usize = 4 << 20;

impl Schema<'_> {
    /// The parameters with what the schema gives; `None` where that is too much or too deep.
    ///
    /// Without parameters there are only those that the schema gives as a whole.
    pub(in crate::gatekeeper) fn filled(&self, value: Option<Node<'_>>) -> Option<Arc<Tree>> {
        let given = value.filter(|value| !value.is_null() || flag(self.node, "nullable"));
        let Some(value) = given.or(self.node.get("default")) else {
            return parse("{}");
        };
        if !has_defaults(self.node) {
            return Some(Arc::new(value.to_tree()));
        }
        let mut text = String::new();
        write(self.node, value, &mut text, MAX_DEPTH)?;
        parse(&text)
    }
}

pub(in crate::gatekeeper) fn parse(text: &str) -> Option<Arc<Tree>> {
    parse_json(text, &Limits::default()).ok().map(Arc::new)
}

/// Whether anything is to be filled in: mostly nothing is.
fn has_defaults(schema: Node<'_>) -> bool {
    schema.to_json().contains("\"default\"")
}

fn write(schema: Node<'_>, value: Node<'_>, out: &mut String, depth: usize) -> Option<()> {
    if depth == 0 || out.len() > MAX_BYTES {
        return None;
    }
    match value.kind() {
        Kind::Map(entries) => {
            let properties = schema.get("properties").and_then(Node::as_map);
            let additional =
                schema.get("additionalProperties").filter(|schema| schema.as_map().is_some());
            let mut comma = "";
            out.push('{');
            let mut entry = |key: &str, schema: Option<Node<'_>>, value: Node<'_>| {
                out.push_str(std::mem::replace(&mut comma, ","));
                write_json_string(key, out);
                out.push(':');
                match schema {
                    Some(schema) => write(schema, value, out, depth - 1),
                    None => {
                        out.push_str(&value.to_json());
                        Some(())
                    }
                }
            };
            for (key, value) in entries.iter() {
                let schema = properties.and_then(|properties| properties.get(key)).or(additional);
                // A null that may not be one is as good as nothing, where something is given.
                let given = schema
                    .filter(|schema| value.is_null() && !flag(*schema, "nullable"))
                    .and_then(|schema| schema.get("default"));
                entry(key, schema, given.unwrap_or(value))?;
            }
            for (key, schema) in properties.iter().flat_map(|properties| properties.iter()) {
                if let (None, Some(given)) = (entries.get(key), schema.get("default")) {
                    entry(key, Some(schema), given)?;
                }
            }
            out.push('}');
        }
        Kind::List(items) => {
            let schema = schema.get("items");
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                match schema {
                    Some(schema) => write(schema, item, out, depth - 1)?,
                    None => out.push_str(&item.to_json()),
                }
            }
            out.push(']');
        }
        _ => out.push_str(&value.to_json()),
    }
    Some(())
}
