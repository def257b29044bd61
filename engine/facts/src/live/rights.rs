//! What is changed at an API server; nothing else is sent, whatever the credentials would allow.

/// Verbs on a resource, as RBAC writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The plural name, with `/status` where it is that.
    pub resource: &'static str,
    /// Verbs: `get`, `create`, `patch`, `delete`.
    pub verbs: &'static [&'static str],
}

/// All that a [`Writer`](crate::Writer) does. Server-side apply creates what is not there, for which
/// an API server wants both `create` and `patch`.
pub const WRITES: &[Right] = &[
    Right { group: "", resource: "secrets", verbs: &["get", "create", "patch"] },
    Right {
        group: "admissionregistration.k8s.io",
        resource: "validatingwebhookconfigurations",
        verbs: &["get", "create", "patch"],
    },
    Right { group: "coordination.k8s.io", resource: "leases", verbs: &["get", "create", "patch"] },
    Right { group: "events.k8s.io", resource: "events", verbs: &["create"] },
    Right { group: "kyverno.io", resource: "clusterpolicies/status", verbs: &["patch"] },
    Right { group: "kyverno.io", resource: "policies/status", verbs: &["patch"] },
    Right {
        group: "openreports.io",
        resource: "clusterreports",
        verbs: &["create", "patch", "delete"],
    },
    Right { group: "openreports.io", resource: "reports", verbs: &["create", "patch", "delete"] },
    Right {
        group: "wgpolicyk8s.io",
        resource: "clusterpolicyreports",
        verbs: &["create", "patch", "delete"],
    },
    Right {
        group: "wgpolicyk8s.io",
        resource: "policyreports",
        verbs: &["create", "patch", "delete"],
    },
];

/// All that is read whatever the policies are; what policies ask beside it is for whoever grants it
/// to know, and what an audit lists of what policies are about. `list` and `watch` go together.
pub const READS: &[Right] = &[
    Right { group: "", resource: "namespaces", verbs: &["get", "list", "watch"] },
    Right {
        group: "admissionregistration.k8s.io",
        resource: "validatingwebhookconfigurations",
        verbs: &["list", "watch"],
    },
    Right {
        group: "apiextensions.k8s.io",
        resource: "customresourcedefinitions",
        verbs: &["list", "watch"],
    },
    Right { group: "authorization.k8s.io", resource: "subjectaccessreviews", verbs: &["create"] },
    // Those of our own Service, to find the replica that decided something.
    Right { group: "discovery.k8s.io", resource: "endpointslices", verbs: &["list"] },
    Right { group: "kyverno.io", resource: "clusterpolicies", verbs: &["list", "watch"] },
    Right { group: "kyverno.io", resource: "globalcontextentries", verbs: &["list", "watch"] },
    Right { group: "kyverno.io", resource: "policies", verbs: &["list", "watch"] },
    Right { group: "kyverno.io", resource: "policyexceptions", verbs: &["list", "watch"] },
    Right {
        group: "rbac.authorization.k8s.io",
        resource: "clusterrolebindings",
        verbs: &["list", "watch"],
    },
    // The one that the registration belongs to.
    Right { group: "rbac.authorization.k8s.io", resource: "clusterroles", verbs: &["get"] },
    Right {
        group: "rbac.authorization.k8s.io",
        resource: "rolebindings",
        verbs: &["list", "watch"],
    },
    Right { group: "openreports.io", resource: "clusterreports", verbs: &["list"] },
    Right { group: "openreports.io", resource: "reports", verbs: &["list"] },
    Right { group: "wgpolicyk8s.io", resource: "clusterpolicyreports", verbs: &["list"] },
    Right { group: "wgpolicyk8s.io", resource: "policyreports", verbs: &["list"] },
];
