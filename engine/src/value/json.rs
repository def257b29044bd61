//! Writes values as `encoding/json` of Go does: keys sorted, `<`, `>` and `&` escaped.

use super::{Text, Value};
use crate::tree::{Node, Tree};

enum Step<'t> {
    Value(Value<'t>),
    Key(Text<'t>, Value<'t>),
    Comma,
    Close(char),
}

impl Value<'_> {
    /// The JSON text. Depth costs heap, not stack.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut steps = vec![Step::Value(self.clone())];
        while let Some(step) = steps.pop() {
            let value = match step {
                Step::Comma => {
                    out.push(',');
                    continue;
                }
                Step::Close(bracket) => {
                    out.push(bracket);
                    continue;
                }
                Step::Key(key, value) => {
                    write_string(&key, &mut out);
                    out.push(':');
                    value
                }
                Step::Value(value) => value,
            };
            write_or_open(&value, &mut out, &mut steps);
        }
        out
    }
}

impl Node<'_> {
    /// The JSON text, keys sorted, as `encoding/json` of Go writes it.
    pub fn to_json(self) -> String {
        Value::from(self).to_json()
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.to_json())
    }
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.root().fmt(formatter)
    }
}

fn write_or_open<'t>(value: &Value<'t>, out: &mut String, steps: &mut Vec<Step<'t>>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&number(*value)),
        Value::String(text) => write_string(text, out),
        Value::List(_) | Value::Map(_) | Value::Node(_) => {
            if let Some(items) = value.items() {
                out.push('[');
                steps.push(Step::Close(']'));
                for (position, item) in items.into_iter().enumerate().rev() {
                    steps.push(Step::Value(item));
                    if position > 0 {
                        steps.push(Step::Comma);
                    }
                }
            } else if let Some(entries) = value.entries() {
                out.push('{');
                steps.push(Step::Close('}'));
                for (position, (key, value)) in entries.into_iter().enumerate().rev() {
                    steps.push(Step::Key(key, value));
                    if position > 0 {
                        steps.push(Step::Comma);
                    }
                }
            }
        }
    }
}

/// A float as `encoding/json` writes it: no exponent between 1e-6 and 1e21.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    format!("{value}")
}

/// A text as JSON.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}

pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", character as u32));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
