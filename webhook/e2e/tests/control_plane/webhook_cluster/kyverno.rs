//! Definitions of the kinds that policies are written in, as far as a test needs them.

use ajj_e2e::{ControlPlane, eventually};
use serde_json::{Value, json};

use crate::support::BOUND;

/// Kind, plural, short name, version, scope.
const KINDS: [[&str; 5]; 3] = [
    ["ClusterPolicy", "clusterpolicies", "cpol", "v1", "Cluster"],
    ["Policy", "policies", "pol", "v1", "Namespaced"],
    ["PolicyException", "policyexceptions", "polex", "v2", "Namespaced"],
];

/// Defines the kinds, and waits until objects of them can be made.
pub(crate) fn define(plane: &ControlPlane) {
    define_all(plane, "kyverno.io", &KINDS);
}

/// Defines kinds of a group: kind, plural, short name, version, scope of each.
pub(crate) fn define_all(plane: &ControlPlane, group: &str, kinds: &[[&str; 5]]) {
    for kind in kinds {
        let definition = definition(group, *kind).to_string();
        let created = plane.kubectl(&["create", "-f", "-"], &definition).unwrap();
        assert_eq!(created.code, 0, "{created:?}");
    }
    for [_, plural, ..] in kinds {
        eventually(BOUND, || {
            let name = format!("{plural}.{group}");
            plane.kubectl(&["get", &name, "--all-namespaces"], "").unwrap().succeeded()
        })
        .unwrap();
    }
}

fn definition(group: &str, [kind, plural, short, version, scope]: [&str; 5]) -> Value {
    let column =
        |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "jsonPath": path});
    let ready = ".status.conditions[?(@.type == \"Ready\")]";
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {
                "kind": kind,
                "plural": plural,
                "singular": kind.to_lowercase(),
                "shortNames": [short],
            },
            "versions": [{
                "name": version,
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                }},
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    column("ADMISSION", "boolean", ".spec.admission"),
                    column("BACKGROUND", "boolean", ".spec.background"),
                    column("READY", "string", &format!("{ready}.status")),
                    column("MESSAGE", "string", &format!("{ready}.message")),
                ],
            }],
        },
    })
}
