//! Scaling, eviction, exec: requests whose object is of another kind than their resource.

use ajj_e2e::eventually;
use serde_json::{Value, json};

use super::{apply, enforce, judged_namespace, policy};
use crate::support::{BOUND, kubectl, kubectl_with};

/// A policy about one kind of request in one namespace.
fn refuse(namespace: &str, kind: &str, message: &str) -> Value {
    let name = format!("{namespace}-{}", kind.replace(['/', '.'], "-").to_lowercase());
    let matches = json!({"any": [{"resources": {"kinds": [kind], "namespaces": [namespace]}}]});
    // The object that is there would be refused as well, which would let the change pass.
    let refused = json!({"message": message, "deny": {}, "allowExistingViolations": false});
    policy(&name, "refuse", json!({"match": matches, "validate": refused}))
}

fn run_pod(namespace: &str) {
    let created =
        kubectl(&format!("run idle --image=registry.example/idle:1 --namespace {namespace}"));
    assert_eq!(created.code, 0, "{created:?}");
}

#[test]
fn scale_of_a_deployment() {
    judged_namespace("scale");
    let create = "create deployment web --image=registry.example/web:1 --namespace scale";
    assert_eq!(kubectl(create).code, 0);
    let mut policy = refuse("scale", "Deployment/scale", "at most three replicas");
    policy["spec"]["rules"][0]["validate"]["deny"] = json!({"conditions": {"any": [{
        "key": "{{ request.object.spec.replicas }}", "operator": "GreaterThan", "value": 3,
    }]}});
    enforce(&policy);
    let scale = "scale deployment web --namespace scale --replicas";
    assert_eq!(kubectl(&format!("{scale}=2")).code, 0);
    let refused = kubectl(&format!("{scale}=4"));
    assert!(refused.stderr.contains("at most three replicas"), "{refused:?}");
    assert!(refused.stderr.contains("Deployment scale/web (scale): 1 rule denies"), "{refused:?}");
}

#[test]
fn scale_of_a_custom_resource_that_came_a_moment_ago() {
    let served = judged_namespace("scale-custom");
    enforce(&refuse("scale-custom", "Fleet/scale", "fleets stay as they are"));
    apply(&json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "fleets.ships.example"},
        "spec": {
            "group": "ships.example",
            "scope": "Namespaced",
            "names": {"kind": "Fleet", "plural": "fleets", "singular": "fleet"},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                }},
                "subresources": {"scale": {
                    "specReplicasPath": ".spec.replicas",
                    "statusReplicasPath": ".status.replicas",
                }},
            }],
        },
    }));
    let fleet = json!({
        "apiVersion": "ships.example/v1",
        "kind": "Fleet",
        "metadata": {"name": "north", "namespace": "scale-custom"},
        "spec": {"replicas": 1},
    });
    eventually(BOUND, || kubectl_with("apply -f -", &fleet.to_string()).succeeded()).unwrap();
    let refused = kubectl("scale fleets.ships.example/north --replicas=2 --namespace scale-custom");
    let is_refused = refused.stderr.contains("fleets stay as they are");
    assert!(is_refused, "{refused:?}\n{}", served.log());
}

#[test]
fn eviction_of_a_pod() {
    judged_namespace("eviction");
    run_pod("eviction");
    enforce(&refuse("eviction", "Pod/eviction", "nobody is evicted"));
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "idle", "namespace": "eviction"},
    });
    let path = "/api/v1/namespaces/eviction/pods/idle/eviction";
    let refused = kubectl_with(&format!("create --raw {path} -f -"), &eviction.to_string());
    assert!(refused.stderr.contains("nobody is evicted"), "{refused:?}");
    assert_eq!(kubectl("delete pod idle --namespace eviction --wait=false").code, 0);
}

#[test]
fn exec_into_a_pod() {
    judged_namespace("exec");
    run_pod("exec");
    let exec = "exec idle --namespace exec -- true";
    // There are no nodes: what is not refused fails otherwise.
    let failed = kubectl(exec);
    assert!(!failed.stderr.contains("denied the request"), "{failed:?}");
    enforce(&refuse("exec", "Pod/exec", "nobody looks inside"));
    let refused = kubectl(exec);
    assert!(refused.stderr.contains("nobody looks inside"), "{refused:?}");
    assert_eq!(refused.code, 1);
}
