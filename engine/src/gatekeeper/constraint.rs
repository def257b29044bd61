//! Reads constraints: what they match, their parameters, and what follows.
//!
//! Upstream: `AddConstraint` and `validateConstraint` in constraint/pkg/client/client.go.

use std::sync::Arc;

use super::enforcement::{self, Enforcement};
use super::matching::{self, Match};
use super::template::Template;
use crate::decode::{Fields, Problems, describe, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::read::Document;
use crate::tree::{Node, Tree};

/// A constraint as it is written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) kind: String,
    /// `None` where it cannot be read.
    pub(super) matching: Option<Match>,
    pub(super) enforcement: Enforcement,
    /// With what the template's schema gives; nothing where something is wrong with them.
    pub(super) parameters: Option<Arc<Tree>>,
    /// What the annotation `ajj.dev/help` says to do about a finding.
    pub(super) help: String,
    pub(super) is_broken: bool,
}

const VERSIONS: [&str; 2] =
    ["constraints.gatekeeper.sh/v1beta1", "constraints.gatekeeper.sh/v1alpha1"];

/// Reads a constraint and holds it against the template of its kind.
pub(super) fn decode(
    document: &Document,
    template: Option<&Template>,
) -> (Written, Vec<Diagnostic>) {
    let problems = Problems::of(document);
    let root = document.tree().root();
    let mut written = Written {
        name: String::new(),
        kind: root.get("kind").and_then(Node::as_str).unwrap_or_default().to_owned(),
        matching: None,
        enforcement: Enforcement::everywhere(crate::decision::Action::Deny),
        parameters: None,
        help: String::new(),
        is_broken: false,
    };
    read(&mut written, root, template, &problems);
    written.is_broken = problems.errors() > 0;
    (written, problems.into_diagnostics())
}

fn read(
    written: &mut Written,
    root: Node<'_>,
    template: Option<&Template>,
    problems: &Problems<'_>,
) -> Option<()> {
    let mut fields = Fields::of(root, "a constraint", problems)?;
    fields.ignore(&["kind", "status"]);
    if let Some(version) = fields.get("apiVersion")
        && !version.as_str().is_some_and(|text| VERSIONS.contains(&text))
    {
        problems.at(version, unknown_word("apiVersion", version, VERSIONS));
    }
    let metadata = fields.require("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name"));
    check_name(name, root, problems);
    written.name = name.and_then(Node::as_str).unwrap_or_default().to_owned();
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let help = annotations.and_then(|annotations| annotations.get("ajj.dev/help")?.as_str());
    written.help = help.unwrap_or_default().to_owned();
    let Some(mut spec) = fields.fields("spec") else {
        // Nothing is asked for: the constraint is about everything.
        if fields.get("spec").is_none() {
            written.matching = Some(Match::default());
            written.parameters = super::schema::parse("{}");
        }
        fields.finish();
        return Some(());
    };
    written.enforcement = enforcement::decode(&mut spec, problems);
    let before = problems.errors();
    let matching = match spec.get("match") {
        Some(node) => matching::decode(node, problems),
        None => Some(Match::default()),
    };
    written.matching = matching.filter(|_| problems.errors() == before);
    let parameters = spec.get("parameters");
    if let Some(template) = template.filter(|template| !template.is_broken) {
        written.parameters = fill(parameters, template, problems);
    }
    spec.finish();
    fields.finish();
    Some(())
}

/// The parameters as the template gets them; what is wrong with them is noted.
fn fill(
    parameters: Option<Node<'_>>,
    template: &Template,
    problems: &Problems<'_>,
) -> Option<Arc<Tree>> {
    let before = problems.errors();
    let Some(schema) = template.schema() else {
        let Some(node) = parameters else { return super::schema::parse("{}") };
        if !template.takes_any_parameters() {
            let message = format!("the template of `{}` takes no parameters", template.kind);
            let help = "its `openAPIV3Schema` has to describe them";
            problems.at(node, Diagnostic::error("unknown-field", message).help(help));
            return None;
        }
        return Some(Arc::new(node.to_tree()));
    };
    if let Some(node) = parameters {
        schema.check(node, problems);
    }
    if problems.errors() > before {
        return None;
    }
    let filled = schema.filled(parameters);
    if let (None, Some(node)) = (&filled, parameters) {
        let message = "the parameters are too large or too deep to be filled in";
        problems.at(node, Diagnostic::error("too-large", message));
    }
    filled
}

/// Upstream: `IsDNS1123Subdomain`, and the schema's limit of 63 characters.
fn check_name(name: Option<Node<'_>>, root: Node<'_>, problems: &Problems<'_>) {
    let Some(node) = name else {
        let message = "a constraint needs `metadata.name`";
        problems.at(root, Diagnostic::error("missing-field", message));
        return;
    };
    let text = node.as_str().unwrap_or_default();
    let outer = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_label = |label: &str| {
        let inner = |byte: u8| outer(Some(byte)) || byte == b'-';
        outer(label.bytes().next()) && outer(label.bytes().next_back()) && label.bytes().all(inner)
    };
    if !text.split('.').all(is_label) || text.len() > 63 {
        let message = format!("{} is no name of a constraint", describe(node));
        let help = "at most 63 lower-case letters, digits, `-` and `.`, the ends letters or digits";
        problems.at(node, Diagnostic::error("name", message).help(help));
    }
}

#[cfg(test)]
mod tests;
