//! What is to be said of one policy that is an object of a cluster.
//!
//! Such a policy was written elsewhere and came as JSON: lines and columns mean nothing to whoever
//! wrote it, so that places are fields.

use std::sync::Arc;

use ajj_engine::{
    Diagnostic, Kind, Node, OtherRules, Severity, Source, Tree, Value, compile_policies, read,
};

/// A policy as it is compiled, and what came of it.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What is compiled: the object without what the API server keeps in it for itself.
    pub(crate) source: Source,
    /// Why rules of it can only answer with an error.
    pub(crate) errors: Vec<Finding>,
    /// What is odd, and was done as upstream does it.
    pub(crate) warnings: Vec<Finding>,
    /// How many of its rules are evaluated, those that were made for pod controllers left out.
    pub(crate) rules: usize,
    /// Its rules that this build does not evaluate.
    pub(crate) not_evaluated: Vec<OtherRules>,
    /// Whether it is about reviews: with `admission: false` it is about scans alone.
    pub(crate) is_for_admission: bool,
}

/// Something that is wrong or odd, with the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A stable name.
    pub(crate) code: &'static str,
    /// What was expected and what was found.
    pub(crate) message: String,
    /// The field as the API writes it, `spec.rules[0].match`; empty for the whole.
    pub(crate) field: String,
    /// What to do, if that is known.
    pub(crate) help: String,
}

/// Compiles one policy by itself.
pub(crate) fn check(object: Node<'_>) -> Checked {
    let source = source(object);
    let reading = read(&source, &ajj_engine::Limits::default());
    let (policies, diagnostics) = compile_policies(&reading.documents);
    let document = reading.documents.first();
    let findings = Findings::of(reading.diagnostics.into_iter().chain(diagnostics).collect());
    let fields = |found: Vec<Diagnostic>| match document {
        Some(document) => located(found, document),
        None => found.into_iter().map(|found| Finding::new(found, String::new())).collect(),
    };
    let mut rules: Vec<&Arc<str>> = policies.rules().map(|(info, _)| &info.rule).collect();
    rules.dedup();
    rules.sort_unstable();
    rules.dedup();
    let admission = object.at(&["spec", "admission"]).and_then(Node::as_bool);
    Checked {
        errors: fields(findings.errors),
        warnings: fields(findings.warnings),
        rules: rules.len(),
        not_evaluated: policies.not_evaluated().to_vec(),
        is_for_admission: admission.unwrap_or(true),
        source,
    }
}

/// The name of a policy among others: `ClusterPolicy/require-labels`, `Policy/shop/no-root`.
pub(crate) fn name(object: Node<'_>) -> String {
    let text = |keys: &[&str]| object.at(keys).and_then(Node::as_str).unwrap_or_default();
    let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
    match text(&["metadata", "namespace"]) {
        "" => format!("{kind}/{name}"),
        namespace => format!("{kind}/{namespace}/{name}"),
    }
}

/// The object as its author wrote it, as far as that is known. What changes with each write, such
/// as the status, is left out: it is no change of the policy.
pub(crate) fn source(object: Node<'_>) -> Source {
    const OF_THE_SERVER: [&str; 7] = [
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    ];
    const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let is_map = |node: Node<'_>| node.as_map().is_some();
    let without = |node: Node<'_>, left_out: &[&str]| -> Vec<String> {
        let entries = node.as_map().into_iter().flat_map(|entries| entries.iter());
        let kept = entries.filter(|(key, _)| !left_out.contains(key));
        kept.map(|(key, value)| format!("{}:{}", Value::from(key).to_json(), value.to_json()))
            .collect()
    };
    let mut parts = without(object, &["metadata", "status"]);
    if let Some(metadata) = object.get("metadata").filter(|node| is_map(*node)) {
        let mut left_out = OF_THE_SERVER.to_vec();
        let annotations = metadata.get("annotations").filter(|node| is_map(*node));
        if annotations.is_some() {
            left_out.push("annotations");
        }
        let mut inner = without(metadata, &left_out);
        if let Some(annotations) = annotations {
            inner.push(format!(
                r#""annotations":{{{}}}"#,
                without(annotations, &[APPLIED]).join(",")
            ));
        }
        parts.push(format!(r#""metadata":{{{}}}"#, inner.join(",")));
    } else if let Some(metadata) = object.get("metadata") {
        parts.push(format!(r#""metadata":{}"#, metadata.to_json()));
    }
    Source::new(name(object), format!("{{{}}}", parts.join(",")))
}

#[derive(Default)]
struct Findings {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Findings {
    fn of(diagnostics: Vec<Diagnostic>) -> Self {
        let is_error = |found: &Diagnostic| found.severity == Severity::Error;
        let (errors, warnings) = diagnostics.into_iter().partition(is_error);
        Self { errors, warnings }
    }
}

impl Finding {
    fn new(diagnostic: Diagnostic, field: String) -> Self {
        let Diagnostic { code, message, help, .. } = diagnostic;
        Self { code, message, field, help: help.unwrap_or_default() }
    }
}

/// The findings with their fields: whatever stands at the same place in the text.
fn located(diagnostics: Vec<Diagnostic>, document: &ajj_engine::Document) -> Vec<Finding> {
    if diagnostics.is_empty() {
        return Vec::new();
    }
    let places = document.places();
    let tree: &Tree = document.tree();
    let mut fields = vec![String::new(); diagnostics.len()];
    let mut open = vec![(tree.root(), String::new())];
    while let Some((node, field)) = open.pop() {
        let mut note = |node: Node<'_>, field: &str| {
            let span = Some(places.node_span(node));
            let found = fields.iter_mut().zip(&diagnostics);
            for (known, _) in found.filter(|(_, diagnostic)| diagnostic.span == span) {
                field.clone_into(known);
            }
        };
        note(node, &field);
        match node.kind() {
            Kind::Map(entries) => {
                for (key, value) in entries.nodes() {
                    let below = step(&field, key.as_str().unwrap_or_default());
                    note(key, &below);
                    open.push((value, below));
                }
            }
            Kind::List(items) => {
                let below = |(number, item)| (item, format!("{field}[{number}]"));
                open.extend(items.iter().enumerate().map(below));
            }
            _ => {}
        }
    }
    diagnostics.into_iter().zip(fields).map(|(found, field)| Finding::new(found, field)).collect()
}

fn step(field: &str, key: &str) -> String {
    let is_plain = !key.is_empty()
        && key.chars().all(|letter| letter.is_alphanumeric() || "-_()^=<>!+".contains(letter));
    match (field, is_plain) {
        ("", true) => key.to_owned(),
        (_, true) => format!("{field}.{key}"),
        (_, false) => format!("{field}[{}]", Value::from(key).to_json()),
    }
}

#[cfg(test)]
mod tests;
