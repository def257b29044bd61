//! What only the controllers do.

use ajj_e2e::eventually;
use serde_json::Value;

use crate::support::{BOUND, kubectl, kubectl_with, plane_with_namespace, said};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example/web:1
";

/// Lists objects until there are so many.
fn wait_for(count: usize, kind: &str, namespace: &str) -> Vec<Value> {
    eventually(BOUND, || {
        let list = kubectl(&format!("get {kind} --namespace {namespace} --output json"));
        match list.json().unwrap()["items"].as_array() {
            Some(items) if items.len() == count => Ok(items.clone()),
            _ => Err(list),
        }
    })
    .unwrap()
}

#[test]
fn a_deployment_comes_to_have_pods() {
    plane_with_namespace("deployment");
    let created = kubectl_with("create --namespace deployment -f -", DEPLOYMENT);
    assert_eq!(created, said("deployment.apps/web created\n"));
    let replica_sets = wait_for(1, "replicasets", "deployment");
    let owner = &replica_sets[0]["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["name"]), (&"Deployment".into(), &"web".into()));
    for pod in wait_for(2, "pods", "deployment") {
        let owner = &pod["metadata"]["ownerReferences"][0];
        assert_eq!(owner["name"], replica_sets[0]["metadata"]["name"]);
        assert_eq!(pod["spec"]["serviceAccountName"], "default");
        // There are no nodes.
        assert_eq!(pod["status"]["phase"], "Pending");
    }
}

#[test]
fn what_an_owner_leaves_behind_is_collected() {
    plane_with_namespace("garbage");
    let created = kubectl_with("create --namespace garbage -f -", DEPLOYMENT);
    assert_eq!(created, said("deployment.apps/web created\n"));
    wait_for(2, "pods", "garbage");
    let deleted = kubectl("delete deployment web --namespace garbage --wait=false");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    wait_for(0, "replicasets", "garbage");
    wait_for(0, "pods", "garbage");
}

#[test]
fn a_deleted_namespace_goes() {
    plane_with_namespace("goes");
    let created = kubectl("create configmap kept --namespace goes");
    assert_eq!(created, said("configmap/kept created\n"));
    let deleted = kubectl("delete namespace goes --wait=false");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    let gone = eventually(BOUND, || {
        let seen = kubectl("get namespace goes");
        if seen.code == 0 { Err(seen) } else { Ok(seen) }
    });
    assert_eq!(
        gone.unwrap().stderr,
        "Error from server (NotFound): namespaces \"goes\" not found\n"
    );
}
