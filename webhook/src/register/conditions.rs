//! What is never sent here, so that a cluster comes up, and can be mended, while nobody answers.

/// Resources that no rule covers: group, plural.
///
/// Leases are heartbeats and leader elections; Events are written without end and about everything;
/// reviews are how the API server itself asks. Policies can be mended while they deny.
const NEVER_COVERED: &[(&str, &str)] = &[
    ("coordination.k8s.io", "leases"),
    ("", "events"),
    ("events.k8s.io", "events"),
    ("authentication.k8s.io", "*"),
    ("authorization.k8s.io", "*"),
    ("authorization.openshift.io", "*"),
    ("kyverno.io", "*"),
    ("policies.kyverno.io", "*"),
    ("admissionregistration.k8s.io", "*"),
];

/// Resources that wildcards leave out, so that nodes join, volumes are attached, and extensions of
/// the API are served: covered only where a rule names their kind.
const INFRASTRUCTURE: &[(&str, &str)] = &[
    ("", "nodes"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
    ("certificates.k8s.io", "certificatesigningrequests"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "volumeattachments"),
];

/// Namespaces that are never covered, beside our own.
pub(crate) const EXEMPT_NAMESPACES: [&str; 2] = ["kube-node-lease", "kube-system"];

/// Whether no request about a resource is sent here.
pub(crate) fn is_never_covered(group: &str, resource: &str) -> bool {
    NEVER_COVERED.iter().any(|(of, name)| *of == group && (*name == "*" || *name == resource))
}

/// The `matchConditions` of a webhook, as name and expression: all have to hold.
///
/// `named` tells whether a rule names a resource without wildcards; `account` is our own user.
pub(crate) fn conditions(
    named: impl Fn(&str, &str) -> bool,
    account: Option<&str>,
) -> Vec<(&'static str, String)> {
    let left_out = INFRASTRUCTURE.iter().filter(|(group, resource)| !named(group, resource));
    let mut conditions = vec![
        ("never-covered", none_of(NEVER_COVERED)),
        ("no-infrastructure", none_of(&left_out.copied().collect::<Vec<_>>())),
        // A kubelet has to report, and to start what was admitted already.
        (
            "not-by-a-node",
            "!has(request.userInfo.groups) || !('system:nodes' in request.userInfo.groups)"
                .to_owned(),
        ),
        // It keeps the addresses by which we find it.
        ("not-by-the-api-server", not_by("system:apiserver")),
    ];
    conditions.retain(|(_, expression)| !expression.is_empty());
    if let Some(account) = account {
        conditions.push(("not-by-ajj", not_by(account)));
    }
    conditions
}

fn not_by(user: &str) -> String {
    let user = quoted(user);
    format!("!has(request.userInfo.username) || request.userInfo.username != {user}")
}

/// Group by group, so that the expression is as short as can be.
fn none_of(resources: &[(&str, &str)]) -> String {
    let whole: Vec<String> = resources
        .iter()
        .filter(|(_, resource)| *resource == "*")
        .map(|(group, _)| quoted(group))
        .collect();
    let mut parts = Vec::new();
    if !whole.is_empty() {
        parts.push(format!("!(request.resource.group in [{}])", whole.join(", ")));
    }
    for (group, resource) in resources.iter().filter(|(_, resource)| *resource != "*") {
        parts.push(format!(
            "!(request.resource.group == {} && request.resource.resource == {})",
            quoted(group),
            quoted(resource)
        ));
    }
    parts.join(" && ")
}

/// A text of CEL. What is quoted here are names of the Kubernetes API.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
