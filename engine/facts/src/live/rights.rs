//! What is changed at an API server; nothing else is sent, whatever the credentials would allow.

/// Verbs on a resource, as RBAC writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The plural name, with `/status` where it is that.
    pub resource: &'static str,
    /// Verbs: `get`, `create`, `patch`.
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
    Right { group: "events.k8s.io", resource: "events", verbs: &["create"] },
    Right { group: "kyverno.io", resource: "clusterpolicies/status", verbs: &["patch"] },
    Right { group: "kyverno.io", resource: "policies/status", verbs: &["patch"] },
];
