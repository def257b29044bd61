//! Whether a template's schema is one that an API server takes.
//!
//! Upstream: `ValidateCRD` in constraint/pkg/client/crds/validate.go; what makes a schema
//! structural is in apiextensions-apiserver, pkg/apiserver/schema/validation.go.

use super::{MAX_DEPTH, MAX_STEPS, Schema, flag};
use crate::decode::{Problems, describe, expected, unknown_word};
use crate::diagnostic::{Diagnostic, nearest};
use crate::scalar::regex::Regex;
use crate::tree::Node;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// The words of a schema (`JSONSchemaProps`).
const WORDS: &[&str] = &[
    "$ref",
    "$schema",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "definitions",
    "dependencies",
    "description",
    "enum",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "id",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// A part of a schema that is still to be looked at.
struct Part<'t> {
    schema: Node<'t>,
    /// How it is called in messages.
    name: String,
    /// Whether it is a branch of `anyOf` and the like, which needs no type.
    is_branch: bool,
    depth: usize,
}

impl<'t> Schema<'t> {
    /// Notes what is wrong with the schema itself.
    pub(in crate::gatekeeper) fn check_structure(&self, problems: &Problems<'_>) {
        let first = Part {
            schema: self.node,
            name: "openAPIV3Schema".to_owned(),
            is_branch: false,
            depth: MAX_DEPTH,
        };
        let mut open = vec![first];
        let mut steps = MAX_STEPS;
        while let Some(part) = open.pop() {
            steps = steps.saturating_sub(1);
            if part.depth == 0 || steps == 0 {
                let message = "the schema is too large or too deep";
                problems.at(self.node, Diagnostic::error("too-large", message));
                return;
            }
            self.check_part(&part, problems, &mut open);
        }
    }

    fn check_part(&self, part: &Part<'t>, problems: &Problems<'_>, open: &mut Vec<Part<'t>>) {
        let (schema, name) = (part.schema, part.name.as_str());
        let Some(entries) = schema.as_map() else {
            problems.at(schema, expected(name, "a schema", schema));
            return;
        };
        for (key, _) in entries.nodes() {
            let word = key.as_str().unwrap_or_default();
            if !WORDS.contains(&word) {
                let message = format!("`{word}` is no word of a schema: it says nothing");
                let odd = Diagnostic::warning("unknown-field", message);
                problems.at(
                    key,
                    match nearest(word, WORDS.iter().copied()) {
                        Some(near) => odd.help(format!("did you mean `{near}`?")),
                        None => odd,
                    },
                );
            }
        }
        self.check_type(part, problems);
        if let Some(pattern) = schema.get("pattern")
            && let Err(error) = Regex::compile(pattern.as_str().unwrap_or_default())
        {
            let message = format!("`pattern` of `{name}` is no regular expression: {error}");
            problems.at(pattern, Diagnostic::error("pattern", message));
        }
        if let Some(rules) = schema.get("x-kubernetes-validations") {
            let message = format!("the CEL rules of `{name}` are not evaluated");
            problems.at(rules, Diagnostic::warning("not-evaluated", message));
        }
        let mut add = |schema: Node<'t>, name: String, is_branch: bool| {
            open.push(Part { schema, name, is_branch, depth: part.depth - 1 });
        };
        if let Some(properties) = schema.get("properties") {
            match properties.as_map() {
                Some(entries) => entries
                    .iter()
                    .for_each(|(key, schema)| add(schema, key.to_owned(), part.is_branch)),
                None => problems.at(properties, expected("properties", "a map", properties)),
            }
        }
        match schema.get("items") {
            Some(items) => add(items, format!("{name}.items"), part.is_branch),
            None if super::word(schema, "type") == "array" && !self.legacy && !part.is_branch => {
                let message = format!("`{name}` is a list and needs `items`");
                problems.at(schema, Diagnostic::error("missing-field", message));
            }
            None => {}
        }
        if let Some(additional) = schema.get("additionalProperties")
            && additional.as_bool().is_none()
        {
            add(additional, format!("{name}.additionalProperties"), part.is_branch);
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            let branches = schema.get(word).and_then(Node::as_list);
            for branch in branches.into_iter().flat_map(|branches| branches.iter()) {
                add(branch, format!("{name}.{word}"), true);
            }
        }
        if let Some(not) = schema.get("not") {
            add(not, format!("{name}.not"), true);
        }
    }

    fn check_type(&self, part: &Part<'_>, problems: &Problems<'_>) {
        let schema = part.schema;
        match schema.get("type") {
            Some(word) if word.as_str().is_some_and(|word| TYPES.contains(&word)) => {}
            Some(word) if word.as_str().is_some_and(|word| !word.is_empty()) => {
                problems.at(word, unknown_word("type", word, TYPES));
            }
            Some(word) if word.as_str().is_none() && !word.is_null() => {
                let message = format!("`type` cannot be {}", describe(word));
                problems.at(word, Diagnostic::error("wrong-type", message));
            }
            _ => {
                let is_free = flag(schema, "x-kubernetes-int-or-string")
                    || flag(schema, "x-kubernetes-preserve-unknown-fields");
                if !self.legacy && !is_free && !part.is_branch {
                    let message = format!("the schema of `{}` needs a `type`", part.name);
                    let help = format!("one of: {}", TYPES.join(", "));
                    problems.at(schema, Diagnostic::error("missing-field", message).help(help));
                }
            }
        }
    }
}
