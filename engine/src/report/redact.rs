//! Keeps the values of Secrets out of every output.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::pointer::escape_step;
use crate::tree::{Kind, Node};
use crate::value::Value;

/// What is shown instead.
const MASK: &str = "***";

/// Texts shorter than this are only masked where they stand alone, or no message could be read.
const SHORT: usize = 4;

/// What is never shown of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// JSON pointers of the values.
    pub(super) paths: Vec<String>,
    /// The values as they may appear in a text, longest first.
    texts: Vec<String>,
}

impl Redaction {
    /// The values of a Secret: data, also decoded, and annotations, which may repeat them.
    pub(super) fn of_secret(root: Node<'_>) -> Self {
        let mut paths = Vec::new();
        let mut texts = BTreeSet::new();
        for keys in [&["data"][..], &["stringData"], &["metadata", "annotations"]] {
            let prefix: String = keys.iter().map(|key| format!("/{key}")).collect();
            let mut pending: Vec<_> =
                root.at(keys).map(|node| (prefix, node)).into_iter().collect();
            while let Some((path, node)) = pending.pop() {
                match node.kind() {
                    Kind::Map(entries) => pending.extend(
                        entries
                            .iter()
                            .rev()
                            .map(|(key, value)| (format!("{path}/{}", escape_step(key)), value)),
                    ),
                    Kind::List(items) => pending.extend(
                        items
                            .iter()
                            .enumerate()
                            .map(|(index, item)| (format!("{path}/{index}"), item)),
                    ),
                    _ => {
                        paths.push(path);
                        collect(node, &mut texts);
                    }
                }
            }
        }
        let mut texts: Vec<String> = texts.into_iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { paths, texts }
    }

    /// The same, but names that the text is known to hold stay: they are not the object's.
    pub(super) fn apply_beside(&self, text: String, names: &[&str]) -> String {
        if self.texts.is_empty() {
            return text;
        }
        let mut masked = String::with_capacity(text.len());
        let mut rest = text.as_str();
        loop {
            let places = names.iter().filter(|name| !name.is_empty());
            let next = places.filter_map(|name| Some((rest.find(name)?, name.len()))).min();
            let (start, length) = next.unwrap_or((rest.len(), 0));
            let (before, found) = rest.split_at(start);
            masked.push_str(&self.apply(before.to_owned()));
            if found.is_empty() {
                return masked;
            }
            let (name, after) = found.split_at(length);
            masked.push_str(name);
            rest = after;
        }
    }

    /// The text with every hidden value masked.
    pub fn apply(&self, mut text: String) -> String {
        for hidden in &self.texts {
            if text.contains(hidden.as_str()) {
                text = mask(&text, hidden);
            }
        }
        text
    }
}

/// Every form of a scalar that a message could hold.
fn collect(node: Node<'_>, texts: &mut BTreeSet<String>) {
    match node.kind() {
        Kind::String(text) => {
            add(text, texts);
            if let Some(decoded) = decode(text) {
                add(&decoded, texts);
            }
        }
        Kind::Int(_) | Kind::Float(_) | Kind::BigInt(_) => add(&node.to_json(), texts),
        Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Map(_) => (),
    }
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}

fn add(text: &str, texts: &mut BTreeSet<String>) {
    let quoted = Value::from(text).to_json();
    let escaped = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    // A message may hold one line of a text of many.
    let forms = [Some(text), escaped].into_iter().flatten().chain(text.lines());
    texts.extend(forms.map(str::trim).filter(|form| !form.is_empty()).map(str::to_owned));
}

fn mask(text: &str, hidden: &str) -> String {
    let is_short = hidden.chars().count() < SHORT;
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find(hidden) {
        let (before, found) = rest.split_at(position);
        let after = found.get(hidden.len()..).unwrap_or_default();
        let inside_word = before.ends_with(char::is_alphanumeric)
            || (before.is_empty() && masked.ends_with(char::is_alphanumeric))
            || after.starts_with(char::is_alphanumeric);
        masked.push_str(before);
        masked.push_str(if is_short && inside_word { hidden } else { MASK });
        rest = after;
    }
    masked.push_str(rest);
    masked
}
