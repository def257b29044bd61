//! What the policies of a suite are called, and which of their rules are evaluated.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::policy_set::PolicySet;
use crate::read::Document;
use crate::tree::Node;
use crate::values::plain_name;

/// The policies of a suite.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    policies: Vec<KnownPolicy>,
}

/// A policy by name.
#[derive(Debug)]
pub(super) struct KnownPolicy {
    /// With its namespace, where it has one.
    pub(super) full_name: Arc<str>,
    pub(super) plain_name: Arc<str>,
    /// The kind, where no policy of this kind is evaluated.
    pub(super) other_kind: Option<String>,
    pub(super) rules: Vec<KnownRule>,
    /// What is wrong with it, where something is.
    pub(super) flaw: Option<Flaw>,
}

/// How a policy is broken: upstream treats each kind in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// Its schema is right, its meaning is not: upstream skips it.
    Meaning,
    /// A value is of the wrong kind: upstream does not see the policy at all.
    Schema,
    /// It has a field that is not known: upstream gives up the whole suite.
    UnknownField,
}

/// A rule by name.
#[derive(Debug)]
pub(super) struct KnownRule {
    pub(super) name: String,
    /// The type, where no rule of this type is evaluated.
    pub(super) other_type: Option<&'static str>,
    /// Whether it did not compile.
    pub(super) is_broken: bool,
    /// The kinds of objects that it changes before other rules judge them.
    changes: Vec<String>,
}

impl Catalogue {
    /// Of documents that were compiled into `set`, with what was found wrong with them.
    pub(super) fn of(documents: &[Document], set: &PolicySet, found: &[Diagnostic]) -> Self {
        let policies = documents.iter().filter_map(|document| {
            let flaw = found.iter().filter_map(|diagnostic| flaw(document, diagnostic)).max();
            Some(KnownPolicy { flaw, ..known(document, set)? })
        });
        Self { policies: policies.collect() }
    }

    /// The policies that a row names: `name`, or `namespace/name` for a namespaced one.
    pub(super) fn named<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c KnownPolicy> {
        self.policies.iter().filter(move |policy| {
            *policy.full_name == *name || (!name.contains('/') && *policy.plain_name == *name)
        })
    }

    /// The policies that upstream takes a row to name: any namespace in it is overlooked.
    pub(super) fn loosely_named<'c>(
        &'c self,
        name: &'c str,
    ) -> impl Iterator<Item = &'c KnownPolicy> {
        let plain = plain_name(name);
        self.policies.iter().filter(move |policy| *policy.plain_name == *plain)
    }

    /// All names, for hints.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.policies.iter().map(|policy| &*policy.full_name)
    }

    /// The rule that would change an object of this kind before it is judged, with its policy.
    pub(super) fn changer_of(&self, kind: &str) -> Option<(&KnownPolicy, &KnownRule)> {
        let rules = self
            .policies
            .iter()
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        rules.into_iter().find(|(_, rule)| rule.changes.iter().any(|it| it == "*" || it == kind))
    }
}

impl KnownPolicy {
    /// The rule that a row names, by its own name or one that autogen gives it.
    pub(super) fn rule(&self, name: &str) -> Option<&KnownRule> {
        let written = |name: &str| self.rules.iter().find(|rule| rule.name == name);
        written(name)
            .or_else(|| written(name.strip_prefix("autogen-cronjob-")?))
            .or_else(|| written(name.strip_prefix("autogen-")?))
    }
}

/// What an error in a document is to upstream.
fn flaw(document: &Document, diagnostic: &Diagnostic) -> Option<Flaw> {
    let span = diagnostic.span.as_ref()?;
    let is_here = span.source == document.source().name && document.range().contains(&span.start);
    if !is_here || diagnostic.severity != Severity::Error {
        return None;
    }
    Some(match diagnostic.code {
        "unknown-field" => Flaw::UnknownField,
        "wrong-type" | "missing-field" | "any-and-all" | "pod-security" => Flaw::Schema,
        _ => Flaw::Meaning,
    })
}

fn known(document: &Document, set: &PolicySet) -> Option<KnownPolicy> {
    let root = document.tree().root();
    let text = |keys: &[&str]| root.at(keys).and_then(|node| node.as_str()).unwrap_or_default();
    let group = text(&["apiVersion"]).split('/').next().unwrap_or_default();
    let kind = text(&["kind"]);
    let is_policy = kind.ends_with("Policy")
        && matches!(group, "kyverno.io" | "policies.kyverno.io" | "admissionregistration.k8s.io");
    if !is_policy {
        return None;
    }
    let plain_name: Arc<str> = text(&["metadata", "name"]).into();
    let is_classic = group == "kyverno.io" && matches!(kind, "ClusterPolicy" | "Policy");
    let is_namespaced = kind == "Policy" || kind.starts_with("Namespaced");
    let namespace = match text(&["metadata", "namespace"]) {
        "" => "default",
        namespace => namespace,
    };
    let full_name: Arc<str> = match is_namespaced {
        true => format!("{namespace}/{plain_name}").into(),
        false => Arc::clone(&plain_name),
    };
    let rules =
        root.at(&["spec", "rules"]).filter(|_| is_classic).and_then(|rules| rules.as_list());
    let rules = rules.into_iter().flat_map(|rules| rules.iter());
    Some(KnownPolicy {
        rules: rules.map(|rule| known_rule(rule, &full_name, set)).collect(),
        full_name,
        plain_name,
        flaw: None,
        other_kind: (!is_classic).then(|| kind.to_owned()),
    })
}

fn known_rule(rule: Node<'_>, policy: &str, set: &PolicySet) -> KnownRule {
    let name = rule.get("name").and_then(|name| name.as_str()).unwrap_or_default();
    let compiled = set.state_of(policy, name);
    let other_type = match compiled {
        Some(_) => None,
        None => Some(
            ["mutate", "generate", "verifyImages"]
                .into_iter()
                .find(|word| rule.get(word).is_some())
                .or_else(|| rule.at(&["validate", "manifests"]).map(|_| "validate.manifests"))
                .unwrap_or("validate.cel"),
        ),
    };
    let changes = match other_type {
        // With `targets`, other objects are changed, later.
        Some("mutate") if rule.at(&["mutate", "targets"]).is_some() => Vec::new(),
        Some("mutate" | "verifyImages") => kinds(rule),
        _ => Vec::new(),
    };
    KnownRule { name: name.to_owned(), other_type, is_broken: compiled == Some(false), changes }
}

/// The kinds that a rule's match names, without group and version.
fn kinds(rule: Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |block: Node<'_>| {
        let kinds = block.at(&["resources", "kinds"]).and_then(|kinds| kinds.as_list());
        let kinds = kinds.into_iter().flat_map(|kinds| kinds.iter());
        let texts = kinds.filter_map(|kind| kind.as_str());
        found.extend(texts.map(|kind| plain_name(kind).to_owned()));
    };
    let Some(matched) = rule.get("match") else { return found };
    add(matched);
    for list in ["any", "all"] {
        let blocks = matched.get(list).and_then(|blocks| blocks.as_list());
        blocks.into_iter().flat_map(|blocks| blocks.iter()).for_each(&mut add);
    }
    // Autogen makes such rules for pod controllers too.
    if found.iter().any(|kind| kind == "Pod") {
        let controllers = [
            "DaemonSet",
            "Deployment",
            "Job",
            "StatefulSet",
            "ReplicaSet",
            "ReplicationController",
            "CronJob",
        ];
        found.extend(controllers.map(str::to_owned));
    }
    found
}
