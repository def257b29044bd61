//! Which objects a constraint is about: its `spec.match`, ready to be asked.
//!
//! Upstream: `Matches` in pkg/mutation/match/match.go and `matchAny` in pkg/target/matcher.go.

mod decode;

use std::collections::BTreeSet;

use crate::facts::Stop;
use crate::matcher::{KindSelector, Labels, Selector, SelectorError};
use crate::request::{Operation, Request};
use crate::tree::Node;

pub(super) use decode::decode;

/// The `match` of a constraint: all its fields must hold, and what is not there holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Match {
    kinds: Vec<Kinds>,
    scope: Scope,
    namespaces: Vec<Glob>,
    excluded_namespaces: Vec<Glob>,
    labels: Option<Selector>,
    namespace_labels: Option<Selector>,
    name: Option<Glob>,
    /// Whether it is only about objects that an expansion would generate, which nobody makes here.
    only_generated: bool,
    /// What the template is asked about at admission; empty where it does not say.
    operations: BTreeSet<Operation>,
}

/// Groups and kinds, of which one each must fit; an empty list fits all.
#[derive(Clone, Debug, Default)]
struct Kinds {
    groups: Vec<String>,
    kinds: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scope {
    #[default]
    Any,
    Cluster,
    Namespaced,
}

/// A text with `*` at its ends only; upstream: pkg/wildcard/wildcard.go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob {
    text: Box<str>,
    any_start: bool,
    any_end: bool,
}

/// The labels of a namespace by its name; a failure says why they are not known.
pub(crate) type NamespaceLabels<'a, 't> = dyn Fn(&str) -> Result<Labels<'t>, Stop> + 'a;

/// The subresources that Gatekeeper's webhook is registered for (charts/gatekeeper, the
/// validating webhook's rules): the others never reach it.
const SUBRESOURCES: &[&str] = &[
    "",
    "attach",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "log",
    "portforward",
    "proxy",
    "scale",
];

/// A group, a kind, and one of its subresources.
type Subresource = (&'static str, &'static str, &'static str);

/// Kinds of objects that only come to subresources, with the kinds that have these.
const OF_SUBRESOURCES: &[(&str, &[Subresource])] = &[
    ("Binding", &[("", "Pod", "binding")]),
    ("Eviction", &[("", "Pod", "eviction")]),
    ("NodeProxyOptions", &[("", "Node", "proxy")]),
    ("PodAttachOptions", &[("", "Pod", "attach")]),
    ("PodExecOptions", &[("", "Pod", "exec")]),
    ("PodPortForwardOptions", &[("", "Pod", "portforward")]),
    ("PodProxyOptions", &[("", "Pod", "proxy")]),
    (
        "Scale",
        &[
            ("", "ReplicationController", "scale"),
            ("apps", "Deployment", "scale"),
            ("apps", "ReplicaSet", "scale"),
            ("apps", "StatefulSet", "scale"),
        ],
    ),
    ("ServiceProxyOptions", &[("", "Service", "proxy")]),
];

/// One of the objects of a request, as `match` sees it.
struct Subject<'t> {
    object: Node<'t>,
    group: &'t str,
    kind: &'t str,
    name: &'t str,
    /// Empty for an object of the cluster.
    namespace: &'t str,
}

impl Match {
    pub(super) fn with_operations(self, operations: BTreeSet<Operation>) -> Self {
        Self { operations, ..self }
    }

    /// Whether the constraint is about a request: about its object as it is to be, or as it was.
    ///
    /// A failure is what upstream answers as a violation: `unable to match constraints: …`.
    pub(crate) fn matches<'t>(
        &self,
        request: &'t Request,
        namespace: &NamespaceLabels<'_, 't>,
    ) -> Result<bool, Stop> {
        // On a deletion upstream judges the old object as the object (`setObjectOnDelete`).
        let objects = [request.object_root(), request.old_object_root()];
        if objects.iter().all(Option::is_none) {
            let error = "invalid request object: neither object nor old object are defined";
            return Err(Stop::Failed(format!("unable to match constraints: {error}")));
        }
        for object in objects.into_iter().flatten() {
            let subject = Subject::of(request, object);
            match self.matches_object(&subject, namespace) {
                Ok(false) => {}
                Ok(true) => return Ok(true),
                Err(Stop::Missing) => return Err(Stop::Missing),
                Err(Stop::Failed(error)) => {
                    return Err(Stop::Failed(format!(
                        "unable to match constraints: error matching the requested object: {} :\
                         failed to run Match criteria: {error}",
                        subject.name
                    )));
                }
            }
        }
        Ok(false)
    }

    /// Whether Gatekeeper's webhook would be asked: what a template does not say is what the
    /// webhook of Gatekeeper's chart is registered for, creations and updates.
    pub(crate) fn is_asked_at_admission(&self, request: &Request) -> bool {
        let operation = request.operation;
        let asked = match self.operations.is_empty() {
            true => matches!(operation, Operation::Create | Operation::Update),
            false => self.operations.contains(&operation),
        };
        let is_service_status =
            || &*request.matched_kind().kind == "Service" && request.subresource == "status";
        asked && (SUBRESOURCES.contains(&&*request.subresource) || is_service_status())
    }

    fn matches_object<'t>(
        &self,
        subject: &Subject<'t>,
        namespace: &NamespaceLabels<'_, 't>,
    ) -> Result<bool, Stop> {
        // In upstream's order: a namespace that is not known counts before the name is looked at.
        if !self.fits_kind(subject.group, subject.kind)
            || !self.fits_scope(subject)
            || !self.fits_namespace(subject)
        {
            return Ok(false);
        }
        let own = Labels(subject.object.at(&["metadata", "labels"]));
        if let Some(selector) = &self.labels
            && !selector.matches(own).map_err(|error| unselectable(&error))?
        {
            return Ok(false);
        }
        if let Some(selector) = &self.namespace_labels {
            let labels = match (subject.is_namespace(), subject.namespace) {
                (true, _) => Some(own),
                (false, "") => None,
                (false, name) => Some(namespace(name)?),
            };
            if let Some(labels) = labels
                && !selector.matches(labels).map_err(|error| unselectable(&error))?
            {
                return Ok(false);
            }
        }
        Ok(self.fits_name(subject) && !self.only_generated)
    }

    fn fits_kind(&self, group: &str, kind: &str) -> bool {
        let listed = |list: &[String], wanted: &str| {
            list.is_empty() || list.iter().any(|one| one == "*" || one == wanted)
        };
        let fits = |kinds: &Kinds| listed(&kinds.kinds, kind) && listed(&kinds.groups, group);
        self.kinds.is_empty() || self.kinds.iter().any(fits)
    }

    fn fits_scope(&self, subject: &Subject<'_>) -> bool {
        let is_cluster_scoped = subject.is_namespace() || subject.namespace.is_empty();
        match self.scope {
            Scope::Any => true,
            Scope::Cluster => is_cluster_scoped,
            Scope::Namespaced => !is_cluster_scoped,
        }
    }

    /// An object of the cluster that is no Namespace fits whatever stands there.
    fn fits_namespace(&self, subject: &Subject<'_>) -> bool {
        let namespace = match subject.is_namespace() {
            true => subject.name,
            false if subject.namespace.is_empty() => return true,
            false => subject.namespace,
        };
        let named = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(namespace));
        (self.namespaces.is_empty() || named(&self.namespaces)) && !named(&self.excluded_namespaces)
    }

    fn fits_name(&self, subject: &Subject<'_>) -> bool {
        let Some(glob) = &self.name else { return true };
        let prefix = subject.object.at(&["metadata", "generateName"]);
        let prefix = prefix.and_then(Node::as_str).unwrap_or_default();
        glob.matches(subject.name) || glob.matches_prefix(prefix)
    }

    /// The kinds that can match, for an index; `None` where they can be any.
    pub(crate) fn exact_kinds(&self) -> Option<Vec<&str>> {
        if self.kinds.is_empty() {
            return None;
        }
        let mut found = Vec::new();
        for Kinds { kinds, .. } in &self.kinds {
            if kinds.is_empty() || kinds.iter().any(|kind| kind == "*") {
                return None;
            }
            found.extend(kinds.iter().map(String::as_str));
        }
        Some(found)
    }

    /// The namespaces of objects that can match, for an index; `None` where they can be any.
    pub(crate) fn exact_namespaces(&self) -> Option<Vec<&str>> {
        if self.namespaces.is_empty() {
            return None;
        }
        let mut found: Option<Vec<_>> = self.namespaces.iter().map(Glob::as_literal).collect();
        // Objects of the cluster match as well.
        found.iter_mut().for_each(|found| found.push(""));
        found
    }

    /// Kinds and what is done to them, for whoever tells an API server what to send.
    pub(crate) fn targets(&self) -> Vec<(Vec<KindSelector>, BTreeSet<Operation>)> {
        if self.only_generated {
            return Vec::new();
        }
        let any = || vec!["*".to_owned()];
        let or_any = |list: &Vec<String>| if list.is_empty() { any() } else { list.clone() };
        let all = [Kinds::default()];
        let mut selectors = Vec::new();
        for Kinds { groups, kinds } in if self.kinds.is_empty() { &all } else { &*self.kinds } {
            for kind in or_any(kinds) {
                for group in or_any(groups) {
                    match OF_SUBRESOURCES.iter().find(|(known, _)| *known == kind) {
                        Some((_, parents)) => {
                            selectors.extend(parents.iter().map(|(group, parent, sub)| {
                                KindSelector::of([group, "*", parent, sub])
                            }))
                        }
                        None => selectors.push(KindSelector::of([&group, "*", &kind, ""])),
                    }
                }
            }
        }
        let operations = match self.operations.is_empty() {
            true => BTreeSet::from([Operation::Create, Operation::Update]),
            false => self.operations.clone(),
        };
        vec![(selectors, operations)]
    }
}

fn unselectable(error: &SelectorError) -> Stop {
    Stop::Failed(error.to_string())
}

impl<'t> Subject<'t> {
    fn of(request: &'t Request, object: Node<'t>) -> Self {
        let text = |keys: &[&str]| object.at(keys).and_then(Node::as_str).unwrap_or_default();
        let (group, kind) = match (text(&["apiVersion"]), text(&["kind"])) {
            ("", _) | (_, "") => (&*request.kind.group, &*request.kind.kind),
            (api_version, kind) => {
                (api_version.split_once('/').map_or("", |(group, _)| group), kind)
            }
        };
        let own = text(&["metadata", "namespace"]);
        let asked = request.namespace.as_deref().unwrap_or_default();
        Self {
            object,
            group,
            kind,
            name: text(&["metadata", "name"]),
            namespace: if asked.is_empty() { own } else { asked },
        }
    }

    fn is_namespace(&self) -> bool {
        self.group.is_empty() && self.kind == "Namespace"
    }
}

impl Glob {
    fn new(written: &str) -> Self {
        let (any_start, any_end) = (written.starts_with('*'), written.ends_with('*'));
        let text = written.strip_prefix('*').unwrap_or(written);
        let text = text.strip_suffix('*').unwrap_or(text);
        Self { text: text.into(), any_start, any_end }
    }

    fn as_literal(&self) -> Option<&str> {
        (!self.any_start && !self.any_end).then_some(&*self.text)
    }

    fn matches(&self, candidate: &str) -> bool {
        match (self.any_start, self.any_end) {
            (true, true) => candidate.contains(&*self.text),
            (true, false) => candidate.ends_with(&*self.text),
            (false, true) => candidate.starts_with(&*self.text),
            (false, false) => *self.text == *candidate,
        }
    }

    /// Whether names made from a prefix are sure to match.
    fn matches_prefix(&self, prefix: &str) -> bool {
        match (self.any_start, self.any_end) {
            (true, true) => prefix.contains(&*self.text),
            (false, true) => prefix.starts_with(&*self.text),
            (_, false) => false,
        }
    }
}

#[cfg(test)]
mod tests;
