//! Reads `spec.match` of a constraint.
//!
//! Upstream: pkg/mutation/match/match_types.go, whose schema every constraint is held against, and
//! `ValidateConstraint` in pkg/target/target.go.

use super::{Glob, Kinds, Match, Scope};
use crate::decode::{Fields, Problems, describe, expected, unknown_word};
use crate::diagnostic::{Diagnostic, nearest};
use crate::gatekeeper::AGAINST_SCHEMA;
use crate::matcher::{LabelSelector, Selector};
use crate::tree::Node;

const SCOPES: [&str; 3] = ["*", "Cluster", "Namespaced"];
const SOURCES: &[(&str, bool)] = &[("All", false), ("Original", false), ("Generated", true)];

/// What is wrong is noted; what is odd is done as upstream does it.
pub(in crate::gatekeeper) fn decode(node: Node<'_>, problems: &Problems<'_>) -> Option<Match> {
    let mut fields = Fields::of(node, "match", problems)?;
    let kinds = fields.list("kinds").unwrap_or_default();
    let mut matching = Match {
        kinds: kinds.into_iter().filter_map(|node| decode_kinds(node, problems)).collect(),
        namespaces: globs(&mut fields, "namespaces", problems),
        excluded_namespaces: globs(&mut fields, "excludedNamespaces", problems),
        labels: selector(&mut fields, "labelSelector", problems),
        namespace_labels: selector(&mut fields, "namespaceSelector", problems),
        only_generated: source(&mut fields, problems),
        ..Match::default()
    };
    if let (true, Some(source)) = (matching.only_generated, fields.get("source")) {
        let message = "no object is ever generated here, so this constraint matches nothing";
        let help = "ExpansionTemplates are not supported";
        problems.at(source, Diagnostic::warning("never-matches", message).help(help));
    }
    if fields.text("scope").is_some()
        && let Some(node) = fields.get("scope")
    {
        matching.scope = scope(node, problems);
    }
    if let Some(name) = fields.text("name").filter(|name| !name.is_empty()) {
        if let Some(node) = fields.get("name") {
            check_glob("name", node, problems);
        }
        matching.name = Some(Glob::new(name));
    }
    fields.finish();
    Some(matching)
}

/// Whether only generated objects match; the words stand in the schema.
fn source(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> bool {
    let Some(node) = fields.get("source") else { return false };
    let written = node.as_str().unwrap_or_default();
    let known = SOURCES.iter().find(|(word, _)| *word == written);
    if known.is_none() {
        let words = SOURCES.iter().map(|(word, _)| *word);
        let unknown = unknown_word("source", node, words);
        problems.at(node, Diagnostic { code: AGAINST_SCHEMA, ..unknown });
    }
    known.is_some_and(|(_, only_generated)| *only_generated)
}

fn decode_kinds(node: Node<'_>, problems: &Problems<'_>) -> Option<Kinds> {
    let mut fields = Fields::of(node, "kinds", problems)?;
    let kinds = Kinds {
        groups: fields.texts("apiGroups").unwrap_or_default(),
        kinds: fields.texts("kinds").unwrap_or_default(),
    };
    for (name, texts) in [("apiGroups", &kinds.groups), ("kinds", &kinds.kinds)] {
        let odd = texts.iter().position(|text| text.len() > 1 && text.contains('*'));
        let odd = odd.and_then(|index| fields.get(name)?.as_list()?.get(index));
        if let Some(node) = odd {
            let message = format!("{} in `{name}` matches only what is named so", describe(node));
            let help = "`*` stands for all only where it stands alone";
            problems.at(node, Diagnostic::warning("no-wildcard", message).help(help));
        }
    }
    // A version in a group is a mistake that matches nothing, in silence.
    let versioned = kinds.groups.iter().position(|group| group.contains('/'));
    let versioned = versioned.and_then(|index| fields.get("apiGroups")?.as_list()?.get(index));
    if let Some(node) = versioned {
        let message = format!("{} is no group: it matches nothing", describe(node));
        let group = node.as_str().and_then(|text| text.split('/').next()).unwrap_or_default();
        let help = format!("write `{group}`: constraints match any version");
        problems.at(node, Diagnostic::warning("never-matches", message).help(help));
    }
    fields.finish();
    Some(kinds)
}

/// Any other scope is all scopes to upstream (`scopeMatch`).
fn scope(node: Node<'_>, problems: &Problems<'_>) -> Scope {
    let written = node.as_str().unwrap_or_default();
    match written {
        "Cluster" => Scope::Cluster,
        "Namespaced" => Scope::Namespaced,
        "*" | "" => Scope::Any,
        _ => {
            let message = format!("`scope` cannot be {}: every scope matches", describe(node));
            let odd = Diagnostic::warning("unknown-word", message);
            problems.at(
                node,
                match nearest(written, SCOPES) {
                    Some(near) => odd.help(format!("did you mean `{near}`?")),
                    None => odd.help(format!("one of: {}", SCOPES.join(", "))),
                },
            );
            Scope::Any
        }
    }
}

fn globs(
    fields: &mut Fields<'_, '_, '_>,
    name: &'static str,
    problems: &Problems<'_>,
) -> Vec<Glob> {
    let nodes = fields.list(name).unwrap_or_default();
    let globs = nodes.into_iter().filter_map(|node| match node.as_str() {
        Some(text) => {
            check_glob(name, node, problems);
            Some(Glob::new(text))
        }
        None => {
            problems.at(node, expected(name, "a list of strings", node));
            None
        }
    });
    globs.collect()
}

/// The pattern of the schema: `^\*?[-:a-z0-9]*\*?$`.
fn check_glob(name: &str, node: Node<'_>, problems: &Problems<'_>) {
    let text = node.as_str().unwrap_or_default();
    let inner = text.strip_prefix('*').unwrap_or(text);
    let inner = inner.strip_suffix('*').unwrap_or(inner);
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:".contains(&byte);
    if !inner.bytes().all(fits) {
        let message = format!("`{name}` cannot be {}", describe(node));
        let help = "lower-case letters, digits, `-` and `:`, with `*` at the ends only";
        problems.at(node, Diagnostic::error("pattern", message).help(help));
    }
}

/// A label selector of Kubernetes, which knows no wildcards.
fn selector(
    fields: &mut Fields<'_, '_, '_>,
    name: &'static str,
    problems: &Problems<'_>,
) -> Option<Selector> {
    let node = fields.get(name)?;
    let selector = LabelSelector::decode(node, problems)?;
    let wild = |text: &String| text.contains(['*', '?']);
    let odd = selector.match_labels.iter().find(|(key, value)| wild(key) || wild(value));
    if let Some((key, value)) = odd {
        let place = node.get("matchLabels").unwrap_or(node);
        let message = format!("`{key}: {value}` is no label");
        let help =
            "label selectors know no wildcards; `Exists` in `matchExpressions` asks for a key";
        problems.at(place, Diagnostic::error("selector", message).help(help));
        return None;
    }
    selector.compiled(node, problems)
}
