//! Which resources an API server serves, by the two documents in which it lists them all.

use ajj_engine::{FactError, GroupVersionKind, Node, Tree};

use super::Live;
use super::cluster::{Cluster, Shape};

/// A resource of an API server, in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServedResource {
    /// The group, empty for core.
    pub group: String,
    /// The version.
    pub version: String,
    /// The plural name.
    pub resource: String,
    /// The kind of its objects.
    pub kind: GroupVersionKind,
    /// Whether its objects stand in namespaces.
    pub is_namespaced: bool,
    /// Whether its objects can be listed; some kinds are questions only.
    pub is_listable: bool,
    /// Its subresources, sorted.
    pub subresources: Vec<String>,
}

impl ServedResource {
    /// The path of the list of its objects: those of a namespace, or all.
    pub fn list_path(&self, namespace: Option<&str>) -> String {
        let Self { group, version, resource, .. } = self;
        let root = match group.as_str() {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        match namespace.filter(|_| self.is_namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{resource}"),
            None => format!("{root}/{resource}"),
        }
    }

    /// The path of one object; its namespace counts only where objects stand in some.
    pub fn object_path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.list_path(Some(namespace)))
    }
}

/// What an API server serves, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The resources.
    pub resources: Vec<ServedResource>,
    /// Group versions of servers behind the API server whose list may be old or missing.
    pub stale: Vec<String>,
}

impl Discovered {
    /// Puts in what was known before of group versions whose list is missing or old: what a server
    /// that is away serves will come again.
    pub fn keep_stale(&mut self, before: &Self) {
        let is_stale = |one: &&ServedResource| {
            self.stale.iter().any(|stale| *stale == format!("{}/{}", one.group, one.version))
        };
        let kept: Vec<_> = before.resources.iter().filter(is_stale).cloned().collect();
        self.resources.extend(kept);
        self.resources.sort();
        self.resources.dedup();
    }
}

impl Live {
    /// Asks which resources are served; Kubernetes 1.27 and later say it.
    pub async fn discover(&self) -> Result<Discovered, FactError> {
        let cluster = std::sync::Arc::clone(&self.sources.cluster);
        let within = self.sources.options.call_timeout;
        let asked = self.sources.runtime.spawn(async move {
            let asked = tokio::time::timeout(within, discover(&cluster));
            asked.await.unwrap_or(Err(FactError::Timeout))
        });
        let given_up = |_| Err(FactError::Failed("the call was given up".to_owned()));
        asked.await.unwrap_or_else(given_up)
    }
}

async fn discover(cluster: &Cluster) -> Result<Discovered, FactError> {
    let mut discovered = Discovered::default();
    for path in ["/api", "/apis"] {
        let document = cluster.page(path, "", Shape::Resources).await?;
        read(&document, &mut discovered)?;
    }
    discovered.resources.sort();
    discovered.resources.dedup();
    discovered.stale.sort();
    Ok(discovered)
}

/// Reads an `APIGroupDiscoveryList`.
fn read(document: &Tree, discovered: &mut Discovered) -> Result<(), FactError> {
    let root = document.root();
    if text(root, "kind") != "APIGroupDiscoveryList" {
        let message = "the API server does not list its resources at once; Kubernetes 1.27 does";
        return Err(FactError::Failed(message.to_owned()));
    }
    for group in items(root, "items") {
        let name = group.get("metadata").map(|metadata| text(metadata, "name")).unwrap_or_default();
        for version in items(group, "versions") {
            let at = text(version, "version");
            if text(version, "freshness") == "Stale" {
                discovered.stale.push(format!("{name}/{at}"));
            }
            let served = items(version, "resources").filter_map(|node| resource(node, name, at));
            discovered.resources.extend(served);
        }
    }
    Ok(())
}

fn resource(node: Node<'_>, group: &str, version: &str) -> Option<ServedResource> {
    let response = node.get("responseKind")?;
    let or = |key: &str, other: &str| match text(response, key) {
        "" => other.to_owned(),
        own => own.to_owned(),
    };
    let mut subresources: Vec<String> = items(node, "subresources")
        .map(|subresource| text(subresource, "subresource").to_owned())
        .collect();
    subresources.sort();
    let kind = text(response, "kind");
    let resource = text(node, "resource");
    (!kind.is_empty() && !resource.is_empty()).then(|| ServedResource {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: resource.to_owned(),
        kind: GroupVersionKind {
            group: or("group", group).into(),
            version: or("version", version).into(),
            kind: kind.into(),
        },
        is_namespaced: text(node, "scope") == "Namespaced",
        is_listable: node
            .get("verbs")
            .and_then(Node::as_list)
            .is_some_and(|verbs| verbs.iter().any(|verb| verb.as_str() == Some("list"))),
        subresources,
    })
}

fn text<'t>(node: Node<'t>, key: &str) -> &'t str {
    node.get(key).and_then(|node| node.as_str()).unwrap_or_default()
}

fn items<'t>(node: Node<'t>, key: &str) -> impl Iterator<Item = Node<'t>> {
    node.get(key).and_then(|node| node.as_list()).into_iter().flat_map(|items| items.iter())
}
