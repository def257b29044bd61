//! What is to be decided.

use std::sync::Arc;

use jiff::Timestamp;

use crate::tree::{Node, Tree};
use crate::user_texts::{Extra, Texts};

/// An admission request, or the one that applying a manifest would cause.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request's own id; seeds what a rule asks to be random.
    pub uid: String,
    /// The kind of the object.
    pub kind: GroupVersionKind,
    /// The resource that is written to; without a name where it is not known.
    pub resource: GroupVersionResource,
    /// The kind of the resource's objects, where `kind` is another one: a Deployment is scaled by
    /// a Scale. Rules match by it.
    pub resource_kind: Option<GroupVersionKind>,
    /// The subresource, such as `scale`; empty for the object itself.
    pub subresource: String,
    /// What the client asked for, where the server converted it into what stands above.
    pub asked: Option<Box<Asked>>,
    /// What is done to the object.
    pub operation: Operation,
    /// The namespace; `None` for an object of the cluster.
    pub namespace: Option<String>,
    /// The name; empty where the server is to make one up.
    pub name: String,
    /// The object as it would be; `None` on delete.
    pub object: Option<Arc<Tree>>,
    /// The object as it was; `None` on create.
    pub old_object: Option<Arc<Tree>>,
    /// Who asks; `None` in a background scan or where nobody was named.
    pub user: Option<UserInfo>,
    /// The request's options, such as `CreateOptions`.
    pub options: Option<Arc<Tree>>,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    /// Whether the object is only looked at where it is, so that nobody does anything to it: rules
    /// of Gatekeeper see no operation then, as in its audit.
    pub at_rest: bool,
    /// The current time: evaluation has no clock of its own.
    pub time: Timestamp,
}

/// The group, version and kind of an object; the core group is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersionKind {
    /// The group, empty for core.
    pub group: Arc<str>,
    /// The version, such as `v1`.
    pub version: Arc<str>,
    /// The kind, such as `Pod`.
    pub kind: Arc<str>,
}

/// The group, version and plural name of a resource; the core group is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersionResource {
    /// The group, empty for core.
    pub group: Arc<str>,
    /// The version, such as `v1`.
    pub version: Arc<str>,
    /// The plural name, such as `deployments`.
    pub resource: Arc<str>,
}

/// What a client asked for before the server converted it: another version, or another group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The kind that was sent.
    pub kind: GroupVersionKind,
    /// The resource that was written to.
    pub resource: GroupVersionResource,
    /// The subresource.
    pub subresource: String,
}

/// What a request does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A new object.
    #[default]
    Create,
    /// A changed object.
    Update,
    /// An object goes.
    Delete,
    /// A connection, as `kubectl exec` makes it.
    Connect,
}

/// Who asks, with what the cluster's role bindings say of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    /// The name, `system:serviceaccount:<namespace>:<name>` for a service account.
    pub username: String,
    /// The unique id.
    pub uid: String,
    /// The groups.
    pub groups: Texts,
    /// What the authenticator added.
    pub extra: Extra,
    /// Roles, as `namespace:name`.
    pub roles: Vec<String>,
    /// Cluster roles.
    pub cluster_roles: Vec<String>,
}

impl GroupVersionKind {
    /// From an object's `apiVersion` and `kind`.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

impl Operation {
    /// The word of the Kubernetes API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// From the word of the Kubernetes API.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Connect]
            .into_iter()
            .find(|operation| operation.as_str() == word)
    }
}

impl Request {
    /// The object as it would be.
    pub(crate) fn object_root(&self) -> Option<Node<'_>> {
        self.object.as_ref().map(|tree| tree.root())
    }

    /// The object as it was.
    pub(crate) fn old_object_root(&self) -> Option<Node<'_>> {
        self.old_object.as_ref().map(|tree| tree.root())
    }

    /// What is judged: the object, or the old one where it goes.
    pub(crate) fn object_root_or_old(&self) -> Option<Node<'_>> {
        self.object_root().or_else(|| self.old_object_root())
    }

    /// The kind that rules match: that of the resource's objects.
    pub fn matched_kind(&self) -> &GroupVersionKind {
        self.resource_kind.as_ref().unwrap_or(&self.kind)
    }

    /// The namespace that the object stands in. A server names a Namespace as its own namespace;
    /// to rules it stands in none.
    pub fn object_namespace(&self) -> &str {
        let kind = self.matched_kind();
        let is_namespace = kind.group.is_empty() && &*kind.kind == "Namespace";
        self.namespace.as_deref().filter(|_| !is_namespace).unwrap_or_default()
    }

    /// The request that creating `object` would cause.
    pub fn create(object: Arc<Tree>, time: Timestamp) -> Self {
        let root = object.root();
        let text = |keys: &[&str]| root.at(keys).and_then(|node| node.as_str()).unwrap_or_default();
        let namespace = text(&["metadata", "namespace"]);
        Self {
            uid: String::new(),
            kind: GroupVersionKind::new(text(&["apiVersion"]), text(&["kind"])),
            resource: GroupVersionResource::default(),
            resource_kind: None,
            subresource: String::new(),
            asked: None,
            operation: Operation::Create,
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: text(&["metadata", "name"]).to_owned(),
            old_object: None,
            user: None,
            options: None,
            dry_run: false,
            at_rest: false,
            time,
            object: Some(object),
        }
    }
}
