//! Reads ConstraintTemplates.
//!
//! Upstream: constraint/pkg/apis/templates (the versions and what they default to), `AddTemplate`
//! in constraint/pkg/client/client.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::schema::Schema;
use crate::decode::{Fields, Problems, describe, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::read::Document;
use crate::request::Operation;
use crate::tree::{Node, Tree};

/// A template as it is written.
#[derive(Clone, Debug)]
pub(super) struct Template {
    /// The kind of its constraints.
    pub(super) kind: String,
    pub(super) document: Document,
    /// The node of the schema of the parameters; `None` where there is none.
    schema: Option<u32>,
    legacy: bool,
    /// What it is asked about at admission; empty for the usual.
    pub(super) operations: BTreeSet<Operation>,
    pub(super) code: Code,
    /// Whether something is wrong with it, so that no constraint of it can be trusted.
    pub(super) is_broken: bool,
}

/// What a template runs, as far as this build evaluates it.
#[derive(Clone, Debug, Default)]
pub(super) enum Code {
    Rego(Rego),
    /// Only engines that are not evaluated here.
    Other(String),
    #[default]
    Missing,
}

/// Rego by the nodes that hold it.
#[derive(Clone, Debug, Default)]
pub(super) struct Rego {
    pub(super) entry: u32,
    pub(super) libs: Vec<u32>,
    /// Whether it is written as of Rego v1.
    pub(super) is_v1: bool,
}

/// The only target that templates of Gatekeeper have.
const TARGET: &str = "admission.k8s.gatekeeper.sh";

const OPERATIONS: &[(&str, Option<Operation>)] = &[
    ("CREATE", Some(Operation::Create)),
    ("UPDATE", Some(Operation::Update)),
    ("DELETE", Some(Operation::Delete)),
    ("CONNECT", Some(Operation::Connect)),
    ("*", None),
];

/// Versions, and whether a schema of theirs keeps fields that it does not name.
const VERSIONS: &[(&str, bool)] = &[("v1", false), ("v1beta1", true), ("v1alpha1", true)];

/// Reads a template; `None` where not even the kind of its constraints can be told.
pub(super) fn decode(document: &Document) -> (Option<Template>, Vec<Diagnostic>) {
    let problems = Problems::of(document);
    let mut template = Template {
        kind: String::new(),
        document: document.clone(),
        schema: None,
        legacy: false,
        operations: BTreeSet::new(),
        code: Code::default(),
        is_broken: false,
    };
    read(&mut template, document.tree(), &problems);
    template.is_broken = problems.errors() > 0;
    let found = problems.into_diagnostics();
    ((!template.kind.is_empty()).then_some(template), found)
}

impl Template {
    /// The schema of the parameters.
    pub(super) fn schema(&self) -> Option<Schema<'_>> {
        let node = self.document.tree().node(self.schema?);
        Some(Schema { node, legacy: self.legacy })
    }

    /// Whether parameters are allowed that no schema describes.
    pub(super) fn takes_any_parameters(&self) -> bool {
        self.schema.is_none() && self.legacy
    }
}

fn read(template: &mut Template, tree: &Arc<Tree>, problems: &Problems<'_>) -> Option<()> {
    let mut fields = Fields::of(tree.root(), "a ConstraintTemplate", problems)?;
    fields.ignore(&["kind", "status"]);
    let default_legacy = version(&mut fields, problems);
    let name = fields.require("metadata").and_then(|metadata| metadata.get("name"));
    let mut spec = fields.require("spec").and_then(|_| fields.fields("spec"))?;
    let mut crd = spec.require("crd").and_then(|_| spec.fields("crd"));
    let mut crd_spec = crd.as_mut().and_then(|crd| {
        crd.require("spec")?;
        crd.fields("spec")
    });
    if let Some(crd_spec) = &mut crd_spec {
        crd_spec.require("names");
        if let Some(mut names) = crd_spec.fields("names") {
            names.require("kind");
            template.kind = names.text("kind").unwrap_or_default().to_owned();
            names.texts("shortNames");
            // Fields of a CRD that the API server prunes, and old templates have.
            names.ignore(&["listKind", "plural", "singular", "categories"]);
            names.finish();
        }
        validation(template, crd_spec, default_legacy, problems);
    }
    crd_spec.into_iter().chain(crd).for_each(Fields::finish);
    check_name(&template.kind, name, tree.root(), problems);
    targets(template, &mut spec, problems);
    spec.finish();
    fields.finish();
    if let Some(schema) = template.schema() {
        schema.check_structure(problems);
    }
    Some(())
}

/// Whether the version's schemas are legacy ones where they do not say.
fn version(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> bool {
    let node = fields.get("apiVersion");
    let written = node.and_then(Node::as_str).unwrap_or_default();
    let version = written.split_once('/').map_or(written, |(_, version)| version);
    match VERSIONS.iter().find(|(known, _)| *known == version) {
        Some((_, legacy)) => *legacy,
        None => {
            if let Some(node) = node {
                let words = ["templates.gatekeeper.sh/v1", "templates.gatekeeper.sh/v1beta1"];
                problems.at(node, unknown_word("apiVersion", node, words));
            }
            false
        }
    }
}

/// Upstream: `validateTemplateMetadata` in constraint/pkg/client/client.go.
fn check_name(kind: &str, name: Option<Node<'_>>, root: Node<'_>, problems: &Problems<'_>) {
    let wanted = kind.to_lowercase();
    match name {
        None => {
            let message = "a ConstraintTemplate needs `metadata.name`";
            problems.at(root, Diagnostic::error("missing-field", message));
        }
        Some(name) if !kind.is_empty() && name.as_str() != Some(&wanted) => {
            let message = format!(
                "the template's name is {}, and the kind of its constraints is `{kind}`",
                describe(name)
            );
            let help = format!("name it `{wanted}`: the kind in lower case");
            problems.at(name, Diagnostic::error("template-name", message).help(help));
        }
        Some(_) => {}
    }
}

fn validation(
    template: &mut Template,
    fields: &mut Fields<'_, '_, '_>,
    default_legacy: bool,
    problems: &Problems<'_>,
) {
    template.legacy = default_legacy;
    let Some(mut validation) = fields.fields("validation") else { return };
    template.legacy = validation.bool("legacySchema").unwrap_or(default_legacy);
    if let Some(schema) = validation.get("openAPIV3Schema") {
        match schema.as_map() {
            Some(_) => template.schema = Some(schema.index()),
            None => {
                problems.at(schema, crate::decode::expected("openAPIV3Schema", "a map", schema))
            }
        }
    }
    validation.finish();
}

fn targets(template: &mut Template, spec: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) {
    let Some(node) = spec.require("targets") else { return };
    let targets = spec.list("targets").unwrap_or_default();
    let [target] = targets.as_slice() else {
        let message = format!("a template has exactly one target, this one has {}", targets.len());
        problems.at(node, Diagnostic::error("targets", message));
        return;
    };
    let Some(mut fields) = Fields::of(*target, "a target", problems) else { return };
    fields.require("target");
    if let Some(name) = fields.text("target")
        && name != TARGET
        && let Some(node) = fields.get("target")
    {
        problems.at(node, unknown_word("target", node, [TARGET]));
    }
    for node in fields.list("operations").unwrap_or_default() {
        let written = node.as_str().unwrap_or_default();
        match OPERATIONS.iter().find(|(word, _)| *word == written) {
            Some((_, Some(operation))) => {
                template.operations.insert(*operation);
            }
            Some((_, None)) => {
                template
                    .operations
                    .extend(OPERATIONS.iter().filter_map(|(_, operation)| *operation));
            }
            None => {
                let words = OPERATIONS.iter().map(|(word, _)| *word);
                problems.at(node, unknown_word("operations", node, words));
            }
        }
    }
    template.code = code(&mut fields, problems);
    fields.finish();
}

/// Rego beside the target counts before Rego in `code` (`Convert_v1_Target_To_templates_Target`).
fn code(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> Code {
    let entry =
        fields.get("rego").filter(|_| fields.text("rego").is_some_and(|text| !text.is_empty()));
    let libs = texts(fields, "libs");
    let mut engines = Vec::new();
    let mut found = None;
    for node in fields.list("code").unwrap_or_default() {
        let Some(mut code) = Fields::of(node, "code", problems) else { continue };
        code.require("engine");
        code.require("source");
        let engine = code.text("engine").unwrap_or_default();
        match engine {
            "Rego" => {
                let rego = code.fields("source").and_then(|source| rego(source, problems));
                if entry.is_some() {
                    let message = "Rego stands in `rego` too, which counts";
                    problems.at(node, Diagnostic::warning("ignored-field", message));
                }
                found = found.or(rego);
            }
            "K8sNativeValidation" => {
                code.get("source");
                engines.push(engine.to_owned());
            }
            _ => {
                if let Some(node) = code.get("engine") {
                    let known = ["Rego", "K8sNativeValidation"];
                    problems.at(node, unknown_word("engine", node, known));
                }
                code.get("source");
            }
        }
        code.finish();
    }
    match (entry, found, engines.first()) {
        (Some(entry), _, _) => Code::Rego(Rego { entry: entry.index(), libs, is_v1: false }),
        (None, Some(rego), _) => Code::Rego(rego),
        (None, None, Some(engine)) => Code::Other(engine.clone()),
        (None, None, None) => {
            if problems.errors() == 0 {
                let message = "the target has no code";
                let help = "write `code: [{engine: Rego, source: {rego: …}}]`";
                problems.at(fields.node(), Diagnostic::error("missing-field", message).help(help));
            }
            Code::Missing
        }
    }
}

/// Upstream: `GetSource` in constraint/pkg/client/drivers/rego/schema/schema.go.
fn rego(mut source: Fields<'_, '_, '_>, problems: &Problems<'_>) -> Option<Rego> {
    source.require("rego");
    let entry = source.text("rego").and_then(|_| source.get("rego"));
    let libs = texts(&mut source, "libs");
    let version = source.text("version").unwrap_or_default();
    if let Some(node) = source.get("version").filter(|_| !["", "v0", "v1"].contains(&version)) {
        let message = format!("`version` is {}, which is read as `v0`", describe(node));
        problems.at(node, Diagnostic::warning("unknown-word", message).help("one of: v0, v1"));
    }
    source.finish();
    Some(Rego { entry: entry?.index(), libs, is_v1: version == "v1" })
}

/// The nodes of a list of texts.
fn texts(fields: &mut Fields<'_, '_, '_>, name: &'static str) -> Vec<u32> {
    fields.texts(name);
    let nodes = fields.get(name).and_then(Node::as_list);
    let nodes = nodes.into_iter().flat_map(|nodes| nodes.iter());
    nodes.filter(|node| node.as_str().is_some()).map(Node::index).collect()
}

#[cfg(test)]
mod tests;
