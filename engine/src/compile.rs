//! Recognises each document's kind and lowers it to rules.

use std::sync::Arc;

use crate::conftest;
use crate::diagnostic::Diagnostic;
use crate::gatekeeper;
use crate::kyverno;
use crate::policy_set::PolicySet;
use crate::read::{Document, Limits, read};
use crate::rule::{Compiled, OtherRules};
use crate::source::Source;
use crate::tree::{Node, Tree};

/// What a document is to this build.
enum Recognised {
    ClusterPolicy,
    Exception,
    /// Of Gatekeeper.
    Template,
    /// Of Gatekeeper.
    Constraint,
    /// Known, and of a language that this build does not evaluate.
    Other {
        gives_verdict: bool,
    },
    /// Belongs to policies and says nothing by itself, such as a binding.
    Companion,
    /// No policy.
    Unknown,
}

/// Compiles policies of every language into one set. Never fails as a whole: a rule that does not
/// compile stays in the set and evaluates to an error.
pub fn compile(sources: &[Source]) -> (PolicySet, Vec<Diagnostic>) {
    let mut compiled = Compiled::default();
    let mut documents = Vec::new();
    let (rego, sources): (Vec<_>, Vec<_>) =
        sources.iter().partition(|source| source.name.ends_with(".rego"));
    for source in sources {
        let reading = read(source, &Limits::default());
        compiled.diagnostics.extend(reading.diagnostics);
        documents.extend(reading.documents);
    }
    conftest::compile(&rego, &mut compiled);
    let texts = rego.iter().map(|source| Arc::new(Tree::from_text(&source.text)));
    compile_documents(&documents, texts.collect(), compiled)
}

/// Compiles the policies among documents that were read before.
pub fn compile_policies(documents: &[Document]) -> (PolicySet, Vec<Diagnostic>) {
    compile_documents(documents, Vec::new(), Compiled::default())
}

fn compile_documents(
    documents: &[Document],
    mut trees: Vec<Arc<Tree>>,
    mut compiled: Compiled,
) -> (PolicySet, Vec<Diagnostic>) {
    let (mut templates, mut constraints) = (Vec::new(), Vec::new());
    for document in documents {
        let recognised = recognise(document.tree().root());
        if !matches!(recognised, Recognised::Unknown) {
            trees.push(Arc::clone(document.tree()));
        }
        match recognised {
            Recognised::ClusterPolicy => {
                compiled.policies += 1;
                kyverno::compile::compile(document, &mut compiled);
            }
            Recognised::Exception => kyverno::compile::exception(document, &mut compiled),
            Recognised::Other { gives_verdict } => {
                compiled.policies += 1;
                let kind = text(document.tree().root(), "kind").to_owned();
                compiled.not_evaluated.push(OtherRules::one(kind, gives_verdict));
            }
            // A constraint may stand before its template.
            Recognised::Template => templates.push(document),
            Recognised::Constraint => constraints.push(document),
            Recognised::Companion | Recognised::Unknown => {}
        }
    }
    gatekeeper::compile(&templates, &constraints, &mut compiled);
    let diagnostics = std::mem::take(&mut compiled.diagnostics);
    (PolicySet::new(compiled, trees), diagnostics)
}

/// Whether a document is a policy of any language, or belongs to one.
pub fn is_policy(document: &Document) -> bool {
    !matches!(recognise(document.tree().root()), Recognised::Unknown)
}

fn text<'t>(node: Node<'t>, key: &str) -> &'t str {
    node.get(key).and_then(|node| node.as_str()).unwrap_or_default()
}

fn recognise(root: Node<'_>) -> Recognised {
    let api_version = text(root, "apiVersion");
    let kind = text(root, "kind");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        ("kyverno.io", "ClusterPolicy" | "Policy") => Recognised::ClusterPolicy,
        ("kyverno.io", "PolicyException") => Recognised::Exception,
        ("kyverno.io", "CleanupPolicy" | "ClusterCleanupPolicy") => {
            Recognised::Other { gives_verdict: false }
        }
        ("kyverno.io", "GlobalContextEntry" | "UpdateRequest") => Recognised::Companion,
        ("policies.kyverno.io", kind) => match kind.strip_prefix("Namespaced").unwrap_or(kind) {
            "ValidatingPolicy" | "ImageValidatingPolicy" => {
                Recognised::Other { gives_verdict: true }
            }
            "MutatingPolicy" | "GeneratingPolicy" | "DeletingPolicy" => {
                Recognised::Other { gives_verdict: false }
            }
            "PolicyException" => Recognised::Companion,
            _ => Recognised::Unknown,
        },
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => {
            Recognised::Other { gives_verdict: true }
        }
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy") => {
            Recognised::Other { gives_verdict: false }
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding",
        ) => Recognised::Companion,
        ("templates.gatekeeper.sh", "ConstraintTemplate") => Recognised::Template,
        ("constraints.gatekeeper.sh", _) => Recognised::Constraint,
        ("mutations.gatekeeper.sh", _) => Recognised::Other { gives_verdict: false },
        (
            "config.gatekeeper.sh"
            | "connection.gatekeeper.sh"
            | "expansion.gatekeeper.sh"
            | "externaldata.gatekeeper.sh"
            | "status.gatekeeper.sh"
            | "syncset.gatekeeper.sh",
            _,
        ) => Recognised::Companion,
        _ => Recognised::Unknown,
    }
}
