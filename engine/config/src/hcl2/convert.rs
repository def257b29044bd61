//! From expressions to JSON (`convert/convert.go`).

use std::ops::Range;

use serde_json::{Map, Value};

use super::expression::{Expression, Shape};
use super::template::{Part, as_literal};

/// What an expression becomes. How deep it goes was bounded when it was read.
pub(super) fn value(expression: &Expression, source: &str) -> Value {
    match &expression.shape {
        Shape::Literal(value) | Shape::Signed(value) => value.clone(),
        Shape::Template(parts) => Value::String(template(parts, source)),
        Shape::Wrapped(inner) => value(inner, source),
        Shape::Tuple(items) => items.iter().map(|item| value(item, source)).collect(),
        Shape::Object(items) => {
            let mut map = Map::new();
            for (key, item) in items {
                map.insert(key_text(key, source), value(item, source));
            }
            Value::Object(map)
        }
        _ => Value::String(wrapped(&expression.range, source)),
    }
}

fn key_text(key: &Expression, source: &str) -> String {
    match &key.shape {
        Shape::Traversal => written(&key.range, source).to_owned(),
        _ => text(key, source),
    }
}

/// What an expression becomes in a template.
fn text(expression: &Expression, source: &str) -> String {
    match &expression.shape {
        Shape::Literal(Value::String(text)) => escaped(text),
        Shape::Literal(value) => value.to_string(),
        Shape::Template(parts) => template(parts, source),
        Shape::Wrapped(inner) => text(inner, source),
        Shape::Conditional { condition, yes, no } => {
            let condition = written(condition, source);
            let (yes, no) = (text(yes, source), text(no, source));
            let otherwise = if no.is_empty() { "" } else { "%{else}" };
            format!("%{{if {condition}}}{yes}{otherwise}{no}%{{endif}}")
        }
        Shape::Repeated { names, collection, each } => {
            let collection = written(collection, source);
            format!("%{{for {names} in {collection}}}{}%{{endfor}}", text(each, source))
        }
        _ => wrapped(&expression.range, source),
    }
}

fn template(parts: &[Part], source: &str) -> String {
    if let Some(literal) = as_literal(parts) {
        return escaped(&literal);
    }
    let parts = parts.iter().map(|part| match part {
        Part::Text(text) => escaped(text),
        Part::Interpolation(expression) => text(expression, source),
    });
    parts.collect()
}

/// A text in which nothing reads as `${ }` or `%{ }`.
fn escaped(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

fn wrapped(range: &Range<usize>, source: &str) -> String {
    format!("${{{}}}", written(range, source))
}

/// The source of a range, and a `)` right behind it, as upstream has it.
fn written<'s>(range: &Range<usize>, source: &'s str) -> &'s str {
    let has_more = source.as_bytes().get(range.end) == Some(&b')');
    source.get(range.start..range.end + usize::from(has_more)).unwrap_or_default()
}
