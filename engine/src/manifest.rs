//! Kubernetes objects in documents: which document holds one, and what a list holds.

use std::sync::Arc;

use crate::request::GroupVersionKind;
use crate::tree::{Node, Tree};

/// An object in a document.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The object as the cluster would receive it: with a namespace, where its kind has one.
    pub object: Arc<Tree>,
    /// The JSON pointer to it in its document; empty unless it is an item of a list.
    pub pointer: String,
}

/// What a document holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Objects: one, or the items of a list, which may be none.
    Objects(Vec<Manifest>),
    /// Something for another tool: it has neither `apiVersion` nor `kind`, or is known by them.
    Other,
    /// Almost an object; says what is wrong.
    Incomplete(String),
}

/// How deep lists of lists are followed.
const MAX_LISTS: usize = 8;

/// The objects of a document.
pub fn objects(document: &Arc<Tree>) -> Content {
    let mut found = Vec::new();
    match collect(document, document.root(), String::new(), 0, &mut found) {
        Some(content) => content,
        None => Content::Objects(found),
    }
}

fn collect(
    document: &Arc<Tree>,
    node: Node<'_>,
    pointer: String,
    depth: usize,
    found: &mut Vec<Manifest>,
) -> Option<Content> {
    let api_version = node.get("apiVersion");
    let kind = node.get("kind");
    let (api_version, kind) = match (api_version, kind) {
        (None, None) => return Some(other(&pointer)),
        // A kustomization may leave either out.
        (None, Some(kind)) if is_kustomization("", kind.as_str().unwrap_or_default()) => {
            return Some(Content::Other);
        }
        (None, Some(_)) => return Some(incomplete(&pointer, "`apiVersion` is missing")),
        (Some(_), None) => return Some(incomplete(&pointer, "`kind` is missing")),
        (Some(api_version), Some(kind)) => (api_version, kind),
    };
    let Some(api_version) = api_version.as_str().filter(|text| !text.is_empty()) else {
        return Some(incomplete(&pointer, "`apiVersion` is not a text"));
    };
    let Some(kind) = kind.as_str().filter(|text| !text.is_empty()) else {
        return Some(incomplete(&pointer, "`kind` is not a text"));
    };
    if is_kustomization(api_version, kind) {
        return Some(Content::Other);
    }
    let items = node.get("items").and_then(|items| items.as_list());
    if let Some(items) = items.filter(|_| kind.ends_with("List")) {
        if depth == MAX_LISTS {
            return Some(incomplete(&pointer, "lists are nested too deeply"));
        }
        for (position, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/items/{position}");
            if let Some(content) = collect(document, item, pointer, depth + 1, found) {
                return Some(content);
            }
        }
        return None;
    }
    let kind = GroupVersionKind::new(api_version, kind);
    let namespace = node.at(&["metadata", "namespace"]).and_then(|name| name.as_str());
    let object = match namespace.unwrap_or_default() {
        // As kubectl does with the namespace of a fresh context.
        "" if is_namespaced(&kind) => Arc::new(match pointer.is_empty() {
            true => document.in_namespace("default"),
            false => node.to_tree().in_namespace("default"),
        }),
        _ if pointer.is_empty() => Arc::clone(document),
        _ => Arc::new(node.to_tree()),
    };
    found.push(Manifest { object, pointer });
    None
}

fn other(pointer: &str) -> Content {
    match pointer {
        "" => Content::Other,
        _ => incomplete(pointer, "`apiVersion` and `kind` are missing"),
    }
}

fn incomplete(pointer: &str, what: &str) -> Content {
    Content::Incomplete(match pointer {
        "" => what.to_owned(),
        _ => format!("{what} in `{pointer}`"),
    })
}

/// Configuration of kustomize, which no cluster receives.
fn is_kustomization(api_version: &str, kind: &str) -> bool {
    let ours = api_version.is_empty() || api_version.starts_with("kustomize.config.k8s.io/");
    ours && matches!(kind, "Kustomization" | "Component")
}

/// Whether objects of a kind live in namespaces; a kind that is not built in is taken to.
pub fn is_namespaced(kind: &GroupVersionKind) -> bool {
    !CLUSTER_KINDS.contains(&(&*kind.group, &*kind.kind))
}

/// The kinds of Kubernetes 1.36, and of policies, that belong to the cluster: group and kind.
const CLUSTER_KINDS: &[(&str, &str)] = &[
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("authentication.k8s.io", "SelfSubjectReview"),
    ("authentication.k8s.io", "TokenReview"),
    ("authorization.k8s.io", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "SubjectAccessReview"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("internal.apiserver.k8s.io", "StorageVersion"),
    ("kyverno.io", "ClusterCleanupPolicy"),
    ("kyverno.io", "ClusterPolicy"),
    ("kyverno.io", "GlobalContextEntry"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("policies.kyverno.io", "DeletingPolicy"),
    ("policies.kyverno.io", "GeneratingPolicy"),
    ("policies.kyverno.io", "ImageValidatingPolicy"),
    ("policies.kyverno.io", "MutatingPolicy"),
    ("policies.kyverno.io", "ValidatingPolicy"),
    ("policy", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
    ("templates.gatekeeper.sh", "ConstraintTemplate"),
    ("wgpolicyk8s.io", "ClusterPolicyReport"),
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Content, objects};
    use crate::read::{Limits, parse_yaml};

    /// What a document holds: pointer, kind, namespace and name of each object, or what is wrong.
    fn check(text: &str) -> String {
        let tree = Arc::new(parse_yaml(text, &Limits::default()).unwrap());
        let manifests = match objects(&tree) {
            Content::Objects(manifests) => manifests,
            Content::Other => return "other".to_owned(),
            Content::Incomplete(message) => return message,
        };
        let line = |manifest: &super::Manifest| {
            let text = |keys: &[&str]| {
                let node = manifest.object.root().at(keys);
                node.and_then(|node| node.as_str()).unwrap_or("-").to_owned()
            };
            let names = [&["kind"][..], &["metadata", "namespace"], &["metadata", "name"]];
            format!("{} {}", manifest.pointer, names.map(text).join(" "))
        };
        manifests.iter().map(line).collect::<Vec<_>>().join(";")
    }

    #[test]
    fn documents() {
        for (text, expected) in [
            ("{apiVersion: v1, kind: Pod, metadata: {name: a}}", " Pod default a"),
            ("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}", " Pod x a"),
            ("{apiVersion: v1, kind: Pod}", " Pod default -"),
            ("{apiVersion: v1, kind: Node, metadata: {name: a}}", " Node - a"),
            ("{apiVersion: a.b/v1, kind: Node, metadata: {name: a}}", " Node default a"),
            ("{replicas: 3}", "other"),
            ("[1, 2]", "other"),
            ("text", "other"),
            ("{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}", "other"),
            ("{kind: Kustomization, resources: []}", "other"),
            (
                "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization}",
                " Kustomization default -",
            ),
            ("{kind: Pod}", "`apiVersion` is missing"),
            ("{apiVersion: v1}", "`kind` is missing"),
            ("{apiVersion: v1, kind: 5}", "`kind` is not a text"),
            ("{apiVersion: 1, kind: Pod}", "`apiVersion` is not a text"),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
    }

    #[test]
    fn lists() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}}";
        for (text, expected) in [
            (
                format!("{{apiVersion: v1, kind: List, items: [{pod}, {pod}]}}"),
                "/items/0 Pod x a;/items/1 Pod x a",
            ),
            (format!("{{apiVersion: v1, kind: PodList, items: [{pod}]}}"), "/items/0 Pod x a"),
            ("{apiVersion: v1, kind: List, items: []}".to_owned(), ""),
            (
                format!(
                    "{{apiVersion: v1, kind: List, items: [{{apiVersion: v1, kind: List, items: [{pod}]}}]}}"
                ),
                "/items/0/items/0 Pod x a",
            ),
            (
                format!("{{apiVersion: v1, kind: List, items: [{pod}, {{a: 1}}]}}"),
                "`apiVersion` and `kind` are missing in `/items/1`",
            ),
            // A kind of somebody's own may end in `List` and be no list.
            (
                "{apiVersion: a.b/v1, kind: AllowList, items: text}".to_owned(),
                " AllowList default -",
            ),
        ] {
            assert_eq!(check(&text), expected, "{text}");
        }
    }
}
