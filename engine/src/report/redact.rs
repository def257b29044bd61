//! Keeps the values of Secrets out of every output.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::decision::Details;
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
    pub(crate) fn of_secret(root: Node<'_>) -> Self {
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

    /// Whether there is anything to mask.
    pub(super) fn hides(&self) -> bool {
        !self.texts.is_empty()
    }

    /// The text with every hidden value masked.
    pub fn apply(&self, text: String) -> String {
        self.apply_beside(text, &[])
    }

    /// What a policy attached, with every hidden value masked.
    pub(super) fn details(&self, details: Details) -> Details {
        match self.hides() {
            true => Details::of_json(self.apply(details.as_json().to_owned())),
            false => details,
        }
    }

    /// The same, but a value that is only a part of one of these names stays: the name is not the
    /// object's.
    pub(super) fn apply_beside(&self, mut text: String, names: &[&str]) -> String {
        for hidden in &self.texts {
            if text.contains(hidden.as_str()) {
                text = mask(&text, hidden, names);
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

fn mask(text: &str, hidden: &str, names: &[&str]) -> String {
    let is_short = hidden.chars().count() < SHORT;
    let names: Vec<_> = names
        .iter()
        .filter(|name| name.len() > hidden.len() && name.contains(hidden))
        .flat_map(|name| text.match_indices(name))
        .filter(|(start, name)| stands_alone(text, *start, start + name.len(), &['-']))
        .map(|(start, name)| start..start + name.len())
        .collect();
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (start, _) in text.match_indices(hidden) {
        let stop = start + hidden.len();
        let is_named = names.iter().any(|name| name.start <= start && stop <= name.end);
        if is_named || (is_short && !stands_alone(text, start, stop, &[])) {
            continue;
        }
        masked.push_str(text.get(end..start).unwrap_or_default());
        masked.push_str(MASK);
        end = stop;
    }
    masked.push_str(text.get(end..).unwrap_or_default());
    masked
}

/// Whether a part of a text is no part of a longer word, of which `joints` are also a part.
fn stands_alone(text: &str, start: usize, end: usize, joints: &[char]) -> bool {
    let joins = |character: char| character.is_alphanumeric() || joints.contains(&character);
    let before = text.get(..start).unwrap_or_default().ends_with(joins);
    let after = text.get(end..).unwrap_or_default().starts_with(joins);
    !before && !after
}
