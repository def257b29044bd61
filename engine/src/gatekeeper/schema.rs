//! Holds the parameters of a constraint against its template's schema, as an API server does.
//!
//! Upstream: `ValidateCR` in constraint/pkg/client/crds/validate.go, over the structural schemas of
//! apiextensions-apiserver.

mod defaults;
mod structure;

pub(super) use defaults::parse;

use std::cell::Cell;

use crate::decode::{Problems, describe, expected};
use crate::diagnostic::{Diagnostic, nearest};
use crate::scalar::regex::Regex;
use crate::tree::{Kind, Node};

/// The schema of `spec.parameters`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schema<'t> {
    pub(super) node: Node<'t>,
    /// Whether fields that are not named are kept everywhere: `legacySchema`.
    pub(super) legacy: bool,
}

/// Schemas and values are followed so deep.
const MAX_DEPTH: usize = 64;

/// So many pairs of a schema and a value are looked at: behind aliases of YAML, a small text can
/// stand for any number.
const MAX_STEPS: usize = 200_000;

/// The code of what contradicts the schema; upstream's `ErrSchema`.
pub(crate) const AGAINST_SCHEMA: &str = "against-schema";

/// The code of a field that the schema does not name.
const UNKNOWN: &str = "unknown-field";

/// Who is told what is wrong, and where.
type Sink<'s> = &'s mut dyn FnMut(Node<'_>, Diagnostic);

struct Checking {
    legacy: bool,
    steps: Cell<usize>,
}

impl Schema<'_> {
    /// Notes everything in `value` that the schema does not allow, at its place.
    pub(super) fn check(&self, value: Node<'_>, problems: &Problems<'_>) {
        let checking = Checking { legacy: self.legacy, steps: Cell::new(MAX_STEPS) };
        checking.check(self.node, value, "parameters", MAX_DEPTH, &mut |node, diagnostic| {
            problems.at(node, diagnostic);
        });
    }
}

/// The text that a schema has under a word, if any.
fn word<'t>(schema: Node<'t>, name: &str) -> &'t str {
    schema.get(name).and_then(Node::as_str).unwrap_or_default()
}

fn flag(schema: Node<'_>, name: &str) -> bool {
    schema.get(name).and_then(Node::as_bool).unwrap_or_default()
}

fn number(node: Node<'_>) -> Option<f64> {
    match node.kind() {
        Kind::Int(value) => Some(value as f64),
        Kind::Float(value) => Some(value),
        Kind::BigInt(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn against(message: String) -> Diagnostic {
    Diagnostic::error(AGAINST_SCHEMA, message)
}

impl Checking {
    fn check(&self, schema: Node<'_>, value: Node<'_>, name: &str, depth: usize, sink: Sink<'_>) {
        let Some(left) = self.steps.get().checked_sub(1) else { return };
        self.steps.set(left);
        if depth == 0 || left == 0 {
            let message = "the parameters are too large or too deep to be held against the schema";
            sink(value, Diagnostic::error("too-large", message));
            return;
        }
        if value.is_null() && flag(schema, "nullable") {
            return;
        }
        if !self.check_type(schema, value, name, sink) {
            return;
        }
        check_value(schema, value, name, sink);
        match value.kind() {
            Kind::Map(_) => self.check_map(schema, value, name, depth, sink),
            Kind::List(items) => {
                if let Some(schema) = schema.get("items") {
                    for item in items.iter() {
                        self.check(schema, item, name, depth - 1, sink);
                    }
                }
            }
            _ => {}
        }
        self.check_branches(schema, value, name, depth, sink);
    }

    /// Whether the value is of the schema's type, so that there is more to say.
    fn check_type(&self, schema: Node<'_>, value: Node<'_>, name: &str, sink: Sink<'_>) -> bool {
        let is_whole = || match value.kind() {
            Kind::Int(_) | Kind::BigInt(_) => true,
            Kind::Float(value) => value.fract() == 0.0,
            _ => false,
        };
        if flag(schema, "x-kubernetes-int-or-string") {
            let fits = value.as_str().is_some() || is_whole();
            if !fits {
                sink(value, mistyped(name, "a whole number or a string", value));
            }
            return fits;
        }
        let (wanted, fits) = match word(schema, "type") {
            "object" => ("a map", value.as_map().is_some()),
            "array" => ("a list", value.as_list().is_some()),
            "string" => ("a string", value.as_str().is_some()),
            "boolean" => ("true or false", value.as_bool().is_some()),
            "integer" => ("a whole number", is_whole()),
            "number" => ("a number", number(value).is_some()),
            // No type, or one that is wrong, which is said of the template.
            _ => return true,
        };
        if !fits {
            sink(value, mistyped(name, wanted, value));
        }
        fits
    }

    fn check_map(
        &self,
        schema: Node<'_>,
        value: Node<'_>,
        name: &str,
        depth: usize,
        sink: Sink<'_>,
    ) {
        let Some(entries) = value.as_map() else { return };
        let required = schema.get("required").and_then(Node::as_list);
        for key in required.into_iter().flat_map(|keys| keys.iter()).filter_map(Node::as_str) {
            if entries.get(key).is_none() {
                sink(value, against(format!("`{name}` needs `{key}`")));
            }
        }
        let properties = schema.get("properties").and_then(Node::as_map);
        let additional = schema.get("additionalProperties");
        let keeps_unknown = self.legacy
            || flag(schema, "x-kubernetes-preserve-unknown-fields")
            || additional.and_then(Node::as_bool).unwrap_or_default();
        let is_object = flag(schema, "x-kubernetes-embedded-resource");
        for (key_node, item) in entries.nodes() {
            let key = key_node.as_str().unwrap_or_default();
            let own = properties.and_then(|properties| properties.get(key));
            let additional = additional.filter(|schema| schema.as_map().is_some());
            if let Some(schema) = own.or(additional) {
                self.check(schema, item, key, depth - 1, sink);
                continue;
            }
            let is_known = is_object && ["apiVersion", "kind", "metadata"].contains(&key);
            if !keeps_unknown && !is_known {
                sink(key_node, unknown(key, name, properties));
            }
        }
    }

    fn check_branches(
        &self,
        schema: Node<'_>,
        value: Node<'_>,
        name: &str,
        depth: usize,
        sink: Sink<'_>,
    ) {
        let branches = |word: &str| {
            let list = schema.get(word).and_then(Node::as_list);
            list.into_iter().flat_map(|list| list.iter()).collect::<Vec<_>>()
        };
        // Of a branch nothing is unknown: the schema beside it names the fields.
        for branch in branches("allOf") {
            self.check(branch, value, name, depth - 1, &mut |node, diagnostic| {
                if diagnostic.code != UNKNOWN {
                    sink(node, diagnostic);
                }
            });
        }
        let fitting = |branches: &[Node<'_>]| {
            let fits = |branch: &&Node<'_>| self.holds(**branch, value, name, depth - 1);
            branches.iter().filter(fits).count()
        };
        let any = branches("anyOf");
        if !any.is_empty() && fitting(&any) == 0 {
            sink(value, against(format!("`{name}` fits none of the schema's `anyOf`")));
        }
        let one = branches("oneOf");
        let found = fitting(&one);
        if !one.is_empty() && found != 1 {
            let message =
                format!("`{name}` fits {found} of the schema's `oneOf`, it has to fit one");
            sink(value, against(message));
        }
        if let Some(not) = schema.get("not")
            && self.holds(not, value, name, depth - 1)
        {
            sink(value, against(format!("`{name}` fits what the schema's `not` excludes")));
        }
    }

    fn holds(&self, schema: Node<'_>, value: Node<'_>, name: &str, depth: usize) -> bool {
        let mut holds = true;
        self.check(schema, value, name, depth, &mut |_, diagnostic| {
            holds &= diagnostic.code == UNKNOWN;
        });
        holds
    }
}

fn mistyped(name: &str, wanted: &str, found: Node<'_>) -> Diagnostic {
    Diagnostic { code: AGAINST_SCHEMA, ..expected(name, wanted, found) }
}

fn unknown(key: &str, name: &str, known: Option<crate::tree::Entries<'_>>) -> Diagnostic {
    let message = format!("unknown field `{key}` in `{name}`");
    let diagnostic = Diagnostic::error(UNKNOWN, message);
    let names: Vec<_> = known.iter().flat_map(|known| known.iter()).map(|(key, _)| key).collect();
    match nearest(key, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => diagnostic.help("the template's schema has no such field"),
        None => diagnostic.help(format!("the template's schema has: {}", names.join(", "))),
    }
}

/// What a schema says of a value beside its type.
fn check_value(schema: Node<'_>, value: Node<'_>, name: &str, sink: Sink<'_>) {
    if let Some(allowed) = schema.get("enum").and_then(Node::as_list)
        && !allowed.iter().any(|one| one.to_json() == value.to_json())
    {
        let words: Vec<_> = allowed.iter().map(|one| one.to_json()).collect();
        let message = format!("`{name}` cannot be {}", describe(value));
        sink(value, against(message).help(format!("one of: {}", words.join(", "))));
    }
    if let Some(found) = number(value) {
        let strict = |name: &str| flag(schema, name);
        let bound = |name: &str| schema.get(name).and_then(number);
        let low = bound("minimum").filter(|low| match strict("exclusiveMinimum") {
            true => found <= *low,
            false => found < *low,
        });
        let high = bound("maximum").filter(|high| match strict("exclusiveMaximum") {
            true => found >= *high,
            false => found > *high,
        });
        for (limit, side) in [(low, "below"), (high, "above")] {
            if let Some(limit) = limit {
                sink(value, against(format!("`{name}` is {found}, {side} the limit of {limit}")));
            }
        }
        if let Some(factor) = bound("multipleOf").filter(|factor| *factor > 0.0)
            && (found / factor).fract() != 0.0
        {
            sink(value, against(format!("`{name}` is {found}, no multiple of {factor}")));
        }
    }
    if let (Some(text), Some(pattern)) = (value.as_str(), schema.get("pattern"))
        && let Ok(regex) = Regex::compile(pattern.as_str().unwrap_or_default())
        && !regex.is_match(text)
    {
        let message = format!("`{name}` is {}, which does not match", describe(value));
        let pattern = pattern.as_str().unwrap_or_default();
        sink(value, against(message).help(format!("the pattern is `{pattern}`")));
    }
    let (size, words) = match value.kind() {
        Kind::String(text) => (text.chars().count(), ["minLength", "maxLength"]),
        Kind::List(items) => (items.len(), ["minItems", "maxItems"]),
        Kind::Map(entries) => (entries.len(), ["minProperties", "maxProperties"]),
        _ => return,
    };
    let [low, high] = words.map(|word| schema.get(word).and_then(number));
    for (is_wrong, word, limit) in [
        (low.is_some_and(|low| (size as f64) < low), words[0], low),
        (high.is_some_and(|high| (size as f64) > high), words[1], high),
    ] {
        if let (true, Some(limit)) = (is_wrong, limit) {
            sink(value, against(format!("`{name}` has the length {size}, `{word}` is {limit}")));
        }
    }
}

#[cfg(test)]
mod tests;
