//! What kind of objects a resource holds, where a request carries another kind.
//!
//! Scaling a Deployment sends a Scale, `kubectl exec` sends PodExecOptions: rules that name
//! `Deployment/scale` and `Pod/exec` match by the resource. Upstream asks the server's discovery
//! for it (Kyverno pkg/webhooks/handlers/admission.go, `WithTopLevelGVK`).

use std::collections::BTreeMap;

use ajj_engine::{GroupVersionKind, GroupVersionResource};

/// Kinds by resource: those that are built in, and those that a cluster's discovery names.
#[derive(Clone, Debug, Default)]
pub struct ResourceKinds {
    discovered: BTreeMap<GroupVersionResource, GroupVersionKind>,
}

/// The built-in resources that have subresources of another kind: group, plural, kind.
const BUILT_IN: &[(&str, &str, &str)] = &[
    ("", "namespaces", "Namespace"),
    ("", "nodes", "Node"),
    ("", "persistentvolumeclaims", "PersistentVolumeClaim"),
    ("", "persistentvolumes", "PersistentVolume"),
    ("", "pods", "Pod"),
    ("", "replicationcontrollers", "ReplicationController"),
    ("", "resourcequotas", "ResourceQuota"),
    ("", "serviceaccounts", "ServiceAccount"),
    ("", "services", "Service"),
    ("apps", "daemonsets", "DaemonSet"),
    ("apps", "deployments", "Deployment"),
    ("apps", "replicasets", "ReplicaSet"),
    ("apps", "statefulsets", "StatefulSet"),
    ("batch", "cronjobs", "CronJob"),
    ("batch", "jobs", "Job"),
];

impl ResourceKinds {
    /// Adds what a cluster serves.
    pub fn insert(&mut self, resource: GroupVersionResource, kind: GroupVersionKind) {
        self.discovered.insert(resource, kind);
    }

    /// Whether the kind of a resource's objects is known.
    pub(crate) fn knows(&self, resource: &GroupVersionResource) -> bool {
        self.discovered.contains_key(resource) || built_in(resource).is_some()
    }

    /// The kind of a resource's objects, if it is not the kind of the request.
    pub(crate) fn other_kind(
        &self,
        kind: &GroupVersionKind,
        resource: &GroupVersionResource,
        subresource: &str,
    ) -> Option<GroupVersionKind> {
        // Only a subresource has objects of another kind than its resource.
        if subresource.is_empty() {
            return None;
        }
        let found = self.discovered.get(resource).cloned().or_else(|| {
            Some(GroupVersionKind {
                group: resource.group.clone(),
                version: resource.version.clone(),
                kind: built_in(resource)?.into(),
            })
        });
        found.filter(|found| found != kind)
    }
}

fn built_in(resource: &GroupVersionResource) -> Option<&'static str> {
    let is_it = |(group, plural, _): &&(&str, &str, &str)| {
        (*group, *plural) == (&resource.group, &resource.resource)
    };
    BUILT_IN.iter().find(is_it).map(|(_, _, kind)| *kind)
}
