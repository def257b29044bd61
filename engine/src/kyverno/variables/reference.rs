//! References `$(…)` from one value of a document to another.

use std::borrow::Cow;

use crate::scalar::number;
use crate::tree::{Kind, Node};
use crate::value::Value;

/// Replaces the references in `text`, which stands at `path` in `document`.
///
/// Upstream: `substituteReferencesIfAny` and `resolveReference` in pkg/engine/variables/vars.go.
pub(super) fn resolve<'t>(
    text: &'t str,
    document: Node<'_>,
    path: &[String],
) -> Result<Cow<'t, str>, String> {
    if !text.contains("$(") {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(offset) = rest.find("$(") {
        let (before, reference) = rest.split_at(offset);
        if let Some(kept) = before.strip_suffix('\\') {
            // `\$(…)` reads `$(…)`.
            out.push_str(kept);
            out.push_str("$(");
            rest = reference.get(2..).unwrap_or_default();
            continue;
        }
        // The reference ends with the last `)` before a space.
        let word = reference.split(' ').next().unwrap_or_default();
        let Some(end) = word.rfind(')').filter(|end| *end > 3) else {
            out.push_str(before);
            out.push_str("$(");
            rest = reference.get(2..).unwrap_or_default();
            continue;
        };
        out.push_str(before);
        let whole = reference.get(..=end).unwrap_or_default();
        out.push_str(&resolve_one(whole, document, path)?);
        rest = reference.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

const OPERATORS: [&str; 5] = [">=", "<=", ">", "<", "!"];

fn resolve_one(whole: &str, document: Node<'_>, path: &[String]) -> Result<String, String> {
    let at = format!("/{}", path.join("/"));
    let inner = whole.trim_matches(['$', '(', ')']);
    let operator = OPERATORS.iter().find(|operator| inner.starts_with(**operator));
    let target = inner.strip_prefix(operator.copied().unwrap_or_default()).unwrap_or(inner);
    if target.is_empty() {
        return Err(format!(
            "failed to resolve {whole} at path {at}: expected path, found empty reference"
        ));
    }
    let steps = absolute(target, path);
    let Some(value) = find(document, &steps) else {
        return Err(format!("got nil resolved variable {whole} at path {at}: <nil>"));
    };
    match (Value::from(value), operator) {
        (Value::String(text), operator) => {
            Ok(format!("{}{text}", operator.copied().unwrap_or_default()))
        }
        (Value::Int(number), Some(operator)) => {
            Ok(format!("{operator}{}", number::format_fixed(number as f64)))
        }
        (Value::Float(number), Some(operator)) => {
            Ok(format!("{operator}{}", number::format_fixed(number)))
        }
        (other, Some(operator)) => Err(format!(
            "failed to resolve {whole} at path {at}: incorrect expression: operator {operator} \
             does not match with value {}",
            number::format_value(&other)
        )),
        (_, None) => {
            Err(format!("NotResolvedReferenceErr,reference {whole} not resolved at path {at}"))
        }
    }
}

/// Joins a reference with the path it stands at, `.` and `..` taken away.
fn absolute(target: &str, path: &[String]) -> Vec<String> {
    let mut steps = if target.starts_with('/') { Vec::new() } else { path.to_vec() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step.to_owned()),
        }
    }
    steps
}

/// The scalar at a path in which keys are written without their anchors.
fn find<'t>(document: Node<'t>, steps: &[String]) -> Option<Node<'t>> {
    let Some((first, rest)) = steps.split_first() else {
        let scalar = !matches!(document.kind(), Kind::List(_) | Kind::Map(_));
        return scalar.then_some(document);
    };
    match document.kind() {
        Kind::Map(entries) => entries
            .iter()
            .filter(|(key, _)| without_anchor(key) == first)
            .find_map(|(_, value)| find(value, rest)),
        Kind::List(items) => find(items.get(first.parse().ok()?)?, rest),
        _ => None,
    }
}

fn without_anchor(key: &str) -> &str {
    let inner = key.strip_prefix(['+', '<', '=', 'X', '^']).unwrap_or(key);
    match inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => inner,
        None => key,
    }
}
