//! What resources the API server has, and of what kind their objects are.

use std::sync::Arc;

use ajj_engine::{FactError, GroupVersionKind, GroupVersionResource, Node, Tree};
use tokio::time::timeout;

use super::Live;
use super::cluster::Shape;

/// Where the server says what there is: the core group, and all others.
const PATHS: [&str; 2] = ["/api", "/apis"];

impl Live {
    /// Asks which resources there are, custom ones included, with the kinds of their objects.
    pub async fn discover(
        &self,
    ) -> Result<Vec<(GroupVersionResource, GroupVersionKind)>, FactError> {
        let (cluster, within) =
            (Arc::clone(&self.sources.cluster), self.sources.options.call_timeout);
        // Connections live where they were opened.
        let asked = self.sources.runtime.spawn(async move {
            let mut found = Vec::new();
            for path in PATHS {
                let page = timeout(within, cluster.page(path, "", Shape::Resources));
                let page = page.await.map_err(|_| FactError::Timeout)??;
                read(&page, &mut found)?;
            }
            Ok(found)
        });
        asked.await.unwrap_or_else(|_| Err(FactError::Failed("the call was given up".to_owned())))
    }
}

fn read(
    page: &Tree,
    found: &mut Vec<(GroupVersionResource, GroupVersionKind)>,
) -> Result<(), FactError> {
    let root = page.root();
    if text(root, "kind") != "APIGroupDiscoveryList" {
        let message = "the API server does not say all that it has at once: expected version 1.27 \
                       or later";
        return Err(FactError::Failed(message.to_owned()));
    }
    for group in items(root, "items") {
        let group_name = group.get("metadata").map(|metadata| text(metadata, "name"));
        for version in items(group, "versions") {
            for resource in items(version, "resources") {
                let Some(kind) = resource.get("responseKind") else { continue };
                if text(kind, "kind").is_empty() {
                    continue;
                }
                let resource = GroupVersionResource {
                    group: group_name.unwrap_or_default().into(),
                    version: text(version, "version").into(),
                    resource: text(resource, "resource").into(),
                };
                let kind = GroupVersionKind {
                    group: text(kind, "group").into(),
                    version: text(kind, "version").into(),
                    kind: text(kind, "kind").into(),
                };
                found.push((resource, kind));
            }
        }
    }
    Ok(())
}

fn items<'t>(node: Node<'t>, key: &str) -> impl Iterator<Item = Node<'t>> + use<'t> {
    let items = node.get(key).and_then(Node::as_list);
    items.into_iter().flat_map(|items| items.iter())
}

fn text<'t>(node: Node<'t>, key: &str) -> &'t str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}
