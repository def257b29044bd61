//! The lists that an audit is told of, and those that it looks through beside that.

use std::collections::BTreeMap;
use std::sync::Arc;

use ajj_engine::Node;
use ajj_facts::{Discovered, Pages, ServedResource, lists};
use tokio::task::JoinHandle;
use tracing::warn;

use super::{Round, text};

/// A list that is watched.
pub(super) struct Listed {
    pub(super) resource: ServedResource,
    pub(super) listing: u64,
    pub(super) is_complete: bool,
    pub(super) telling: Telling,
}

/// Tells of a list for as long as it is there.
pub(super) struct Telling(JoinHandle<()>);

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A list that is looked through beside its watch.
pub(super) struct Work {
    pub(super) list: Arc<str>,
    pub(super) pages: Pages,
    /// The namespace that it is kept to, if it is.
    namespace: Option<String>,
    pub(super) is_begun: bool,
    /// The listing that it is, where all of the list is looked through.
    pub(super) listing: Option<u64>,
    /// Whether what was judged is judged again.
    pub(super) is_forced: bool,
}

impl Round<'_> {
    /// Watches the lists that policies are about, and no others.
    pub(super) fn watch_lists(&mut self) {
        let wanted = lists(&self.policies.set.background_targets(), &self.served);
        for one in &wanted.not_served {
            let (kind, policy) = (&one.kind.kind, &one.policy);
            if self.say(format!("not served: {kind}")) {
                warn!(%kind, %policy, "a kind that policies are about is not served, so not audited");
            }
        }
        let wanted: BTreeMap<Arc<str>, ServedResource> = wanted
            .resources
            .into_iter()
            .map(|resource| (resource.list_path(None).into(), resource))
            .collect();
        let left: Vec<Arc<str>> =
            self.lists.keys().filter(|list| !wanted.contains_key(*list)).cloned().collect();
        for list in &left {
            self.lists.remove(list);
            self.work.retain(|work| work.list != *list);
            self.table.leave(list);
        }
        for (list, resource) in wanted {
            match self.lists.get_mut(&list) {
                Some(listed) => listed.resource = resource,
                None => {
                    let telling = self.tell_of(&list);
                    let listed = Listed { resource, listing: 0, is_complete: false, telling };
                    self.lists.insert(list, listed);
                }
            }
        }
    }

    /// Begins to be told of a list.
    pub(super) fn tell_of(&self, list: &Arc<str>) -> Telling {
        let mut stream = self.auditor.cluster.live.stream(&**list);
        let (tell, name) = (self.tell.clone(), Arc::clone(list));
        Telling(tokio::spawn(async move {
            while let Some(event) = stream.next().await {
                if tell.send((Arc::clone(&name), event)).await.is_err() {
                    return;
                }
            }
        }))
    }

    pub(in crate::audit) fn served(&self) -> &Discovered {
        &self.served
    }

    /// The listing in which objects of a list are seen now.
    pub(in crate::audit) fn listing_of(&self, list: &str) -> u64 {
        self.lists.get(list).map_or(0, |listed| listed.listing)
    }

    /// A namespace with other labels has its objects judged again, where rules ask for labels.
    pub(super) fn take_labels(&mut self) {
        let (revision, namespaces) = match self.auditor.cluster.live.namespaces() {
            Ok(known) => known,
            Err(error) => {
                self.namespaces = self.auditor.cluster.live.namespaces_revision();
                return self.complain(&format!("namespaces are not known: {error}"));
            }
        };
        self.namespaces = revision;
        let before = std::mem::take(&mut self.labels);
        let asks = self.policies.set.asks_namespaces();
        for namespace in namespaces {
            let name = text(&namespace, "name").to_owned();
            let labels = namespace.root().at(&["metadata", "labels"]).map(Node::to_json);
            let labels = labels.unwrap_or_default();
            if asks && before.get(&name).is_some_and(|before| *before != labels) {
                let lists: Vec<Arc<str>> = self.lists.keys().cloned().collect();
                lists.iter().for_each(|list| self.add_work(list, Some(&name), true));
            }
            self.labels.insert(name, labels);
        }
    }

    /// Has a list looked through, or what of it stands in a namespace.
    pub(super) fn add_work(&mut self, list: &Arc<str>, namespace: Option<&str>, is_forced: bool) {
        let Some(listed) = self.lists.get_mut(list) else { return };
        if namespace.is_some() && !listed.resource.is_namespaced {
            return;
        }
        let covers = |work: &Work| {
            !work.is_begun
                && work.list == *list
                && work.namespace.as_deref() == namespace
                && (work.is_forced || !is_forced)
        };
        if self.work.iter().any(covers) {
            return;
        }
        let pages = self.auditor.cluster.live.pages(listed.resource.list_path(namespace));
        let mut listing = None;
        // A list that is told of from its beginning is a listing already.
        if namespace.is_none() && listed.is_complete {
            self.listing += 1;
            listed.listing = self.listing;
            listing = Some(self.listing);
        }
        let (list, namespace) = (Arc::clone(list), namespace.map(str::to_owned));
        let work = Work { list, pages, namespace, is_begun: false, listing, is_forced };
        self.work.push_back(work);
    }
}
