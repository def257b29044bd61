//! `ajj policy impact` on files: manifests, recorded reviews, and both.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::schema::Schema;
use crate::support::{Run, ajj, ajj_with_stdin};

const POLICY: &str = "../../policies/pod-security/baseline/host-namespaces/policy.yaml";

fn review(name: &str, owner: &str, operation: &str, host_network: bool) -> Value {
    let object = json!({"kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "controller": true}]},
        "spec": {"hostNetwork": host_network, "containers": [{"name": "c", "image": "i"}]}});
    let old = if operation == "UPDATE" { object.clone() } else { Value::Null };
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": name, "operation": operation, "name": name, "namespace": "shop",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": object, "oldObject": old}})
}

fn impact(arguments: &str, input: &str) -> Run {
    ajj_with_stdin(&format!("policy impact -p {POLICY} {arguments} -"), input)
}

#[test]
fn manifests_for_people_and_for_programs() {
    assert_snapshot!(ajj("policy impact -p policies failing clean").seen());
    let run = ajj("policy impact -p policies failing clean -o json");
    Schema::load("impact-v1").check(&run.stdout);
    assert_snapshot!(run.seen());
}

#[test]
fn recorded_reviews_count_under_their_owners_however_they_are_written() {
    let (a, b) = (review("a", "web", "CREATE", true), review("b", "web", "CREATE", true));
    let good = review("good", "api", "CREATE", false);
    for (name, input) in
        [("lines", format!("{a}\n{b}\n{good}\n")), ("a list", json!([a, b, good]).to_string())]
    {
        let run = impact("-o json", &input);
        Schema::load("impact-v1").check(&run.stdout);
        let found: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(run.code, 1, "{name}: {run:?}");
        let expected = json!({"judged": 3, "objects": 2, "wouldDeny": 1});
        assert_eq!(found["summary"], expected, "{name}");
        let denied = &found["rules"][0]["denied"];
        assert_eq!(denied.as_array().unwrap().len(), 1, "{name}");
        assert_eq!(denied[0]["object"]["name"], "web");
        assert_eq!((&denied[0]["itself"], &denied[0]["owned"]), (&json!(false), &json!(2)));
    }
    let run = impact("", &good.to_string());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.ends_with("nothing would be denied (exit code 0)\n"), "{run:?}");
}

/// Under Enforce an update is allowed that violates only what its old object did.
#[test]
fn updates_are_judged_as_if_rules_enforced() {
    let run = impact("", &review("a", "web", "UPDATE", true).to_string());
    assert_eq!(run.code, 3, "{run:?}");
}

#[test]
fn what_cannot_be_read_is_no_success() {
    for (input, code, said) in [
        ("{\"broken\": ", 2, "json-syntax"),
        ("{\"kind\": \"AdmissionReview\"}", 2, "not-a-review"),
        ("[3]", 2, "not-a-review"),
        ("# nothing\n", 3, "there is no object"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", 3, "no rule is about any"),
    ] {
        let run = impact("", input);
        assert_eq!(run.code, code, "{input}: {run:?}");
        assert!(run.seen().contains(said), "{input}: {run:?}");
    }
    let run = ajj("policy impact failing");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("--policies <PATH>"), "{run:?}");
}

/// Whoever names no cluster and has none is told so.
#[test]
fn without_a_cluster_there_is_nothing_to_audit() {
    for arguments in ["audit", "impact -p policies", "validate --live clean"] {
        let run = ajj(&format!("policy {arguments}"));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains("there is no kubeconfig to be used"), "{run:?}");
    }
    let run = ajj("policy audit --kubeconfig missing.yaml");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("the kubeconfig `missing.yaml` cannot be used"), "{run:?}");
}

#[test]
fn rules_that_are_about_no_object_share_a_line() {
    let policies = "../../policies/pod-security";
    let run = ajj_with_stdin(
        &format!("policy impact -p {policies} -"),
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}",
    );
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stdout.contains("\n  about no object: 19 rules (baseline-"), "{}", run.stdout);
    assert!(!run.stdout.contains("0 of 0"), "{}", run.stdout);
}
