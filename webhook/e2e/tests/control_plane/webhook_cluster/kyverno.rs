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
    for [kind, plural, short, version, scope] in KINDS {
        let definition = definition(kind, plural, short, version, scope).to_string();
        let created = plane.kubectl(&["create", "-f", "-"], &definition).unwrap();
        assert_eq!(created.code, 0, "{created:?}");
    }
    for [_, plural, ..] in KINDS {
        eventually(BOUND, || {
            let name = format!("{plural}.kyverno.io");
            plane.kubectl(&["get", &name, "--all-namespaces"], "").unwrap().succeeded()
        })
        .unwrap();
    }
}

fn definition(kind: &str, plural: &str, short: &str, version: &str, scope: &str) -> Value {
    let column =
        |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "jsonPath": path});
    let ready = ".status.conditions[?(@.type == \"Ready\")]";
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.kyverno.io")},
        "spec": {
            "group": "kyverno.io",
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
