//! What a rule is matched against.

use crate::request::{GroupVersionKind, Operation, UserInfo};
use crate::tree::Node;

/// An object and the request it comes with, as `match` and `exclude` see them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The kind that the request names.
    pub(crate) kind: &'a GroupVersionKind,
    /// The subresource that the request names, or empty.
    pub(crate) subresource: &'a str,
    /// What is done.
    pub(crate) operation: Operation,
    /// The kind that stands in the object.
    pub(crate) object_kind: &'a str,
    /// The name; empty where the server is to make one.
    pub(crate) name: &'a str,
    /// What the server is to make a name of.
    pub(crate) generate_name: &'a str,
    /// The namespace; empty for an object of the cluster.
    pub(crate) namespace: &'a str,
    /// The object's labels.
    pub(crate) labels: Labels<'a>,
    /// The object's annotations.
    pub(crate) annotations: Labels<'a>,
    /// The labels of the object's namespace; `None` where they are not known.
    pub(crate) namespace_labels: Option<Labels<'a>>,
    /// Who asks; `None` where nobody is named.
    pub(crate) user: Option<&'a UserInfo>,
    /// The namespace of the policy; empty for one of the cluster.
    pub(crate) policy_namespace: &'a str,
}

impl<'a> Subject<'a> {
    /// An object on its own: created, by nobody, for a policy of the cluster.
    pub(crate) fn new(kind: &'a GroupVersionKind, object: impl Into<Option<Node<'a>>>) -> Self {
        let object = object.into();
        let metadata = object.and_then(|object| object.get("metadata"));
        let text = |key: &str| {
            let value = metadata.and_then(|metadata| metadata.get(key));
            value.and_then(Node::as_str).unwrap_or_default()
        };
        let labels = |key: &str| Labels(metadata.and_then(|metadata| metadata.get(key)));
        Self {
            kind,
            subresource: "",
            operation: Operation::Create,
            object_kind: object.and_then(|object| object.get("kind")?.as_str()).unwrap_or_default(),
            name: text("name"),
            generate_name: text("generateName"),
            namespace: text("namespace"),
            labels: labels("labels"),
            annotations: labels("annotations"),
            namespace_labels: None,
            user: None,
            policy_namespace: "",
        }
    }

    /// The name to compare with: what it is to be made of, where there is none.
    pub(super) fn name_or_prefix(&self) -> &'a str {
        if self.name.is_empty() { self.generate_name } else { self.name }
    }
}

/// Labels or annotations as they stand in an object.
///
/// One value that is not a text makes all of them count as absent, as upstream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Labels<'a>(pub(crate) Option<Node<'a>>);

impl<'a> Labels<'a> {
    /// Keys and values.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let entries = self.0.and_then(Node::as_map);
        let texts =
            entries.filter(|entries| entries.iter().all(|(_, value)| value.as_str().is_some()));
        texts
            .into_iter()
            .flat_map(|entries| entries.iter())
            .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
    }

    /// The value under `key`.
    pub(super) fn get(self, key: &str) -> Option<&'a str> {
        self.iter().find_map(|(found, value)| (found == key).then_some(value))
    }
}
