//! Policies themselves: refused where they do not compile, and what their status says.

use ajj_e2e::eventually;
use serde_json::{Value, json};

use super::{SERVED, enforce, judged_namespace, policy};
use crate::support::{BOUND, kubectl, kubectl_with, plane};

fn broken(name: &str) -> Value {
    policy(
        name,
        "misspelt",
        json!({
            "match": {"any": [{"resources": {"kinds": ["ConfigMap"], "namespaces": ["broken"]}}]},
            "validate": {"message": "m", "patern": {"data": {"a": "?*"}}, "deny": {}},
        }),
    )
}

#[test]
fn a_policy_that_does_not_compile_is_refused_with_what_is_wrong() {
    judged_namespace("refuses-policies");
    let refused = kubectl_with("apply -f -", &broken("misspelt").to_string());
    assert_eq!(
        refused.stderr,
        "Error from server (Forbidden): error when creating \"STDIN\": admission webhook \
         \"policies.ajj.dev\" denied the request: ClusterPolicy/misspelt does not compile: 1 error (unknown-field)\n  \
         1. spec.rules[0].validate.patern: unknown field `patern` in validate [unknown-field]\n     \
         help: did you mean `pattern`?\n"
    );
    assert_eq!(refused.code, 1);
    assert_eq!(kubectl("get clusterpolicy misspelt").code, 1);
}

#[test]
fn odd_policies_are_taken_with_a_warning() {
    judged_namespace("odd-policies");
    let mutates = json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "mutates"},
        "spec": {"rules": [{
            "name": "label",
            "match": {"any": [{"resources": {"kinds": ["ConfigMap"]}}]},
            "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"a": "b"}}}},
        }]},
    });
    let applied = kubectl_with("apply -f -", &mutates.to_string());
    assert_eq!(applied.stdout, "clusterpolicy.kyverno.io/mutates created\n", "{applied:?}");
    assert_eq!(applied.stderr, "Warning: 1 rule of type mutate is not evaluated by ajj\n");
    let told = eventually(BOUND, || {
        let seen = condition("mutates");
        if seen.is_null() { Err(SERVED.log()) } else { Ok(seen) }
    })
    .unwrap();
    assert_eq!((&told["status"], &told["reason"]), (&json!("False"), &json!("NotEvaluated")));
}

/// The condition `Ready` of a policy.
fn condition(name: &str) -> Value {
    let policy = kubectl(&format!("get clusterpolicy {name} --output json")).json().unwrap();
    let conditions = policy["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap_or_default()
}

#[test]
fn a_table_shows_which_policies_are_enforced_and_nothing_writes_in_a_loop() {
    let served = judged_namespace("status");
    let sound = policy(
        "status-sound",
        "sound",
        json!({
            "match": {"any": [{"resources": {"kinds": ["Secret"], "namespaces": ["nowhere"]}}]},
            "validate": {"message": "m", "deny": {}},
        }),
    );
    enforce(&sound);
    let table = kubectl("get clusterpolicy status-sound");
    let rows: Vec<Vec<&str>> =
        table.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "ADMISSION", "BACKGROUND", "READY", "MESSAGE"]);
    assert_eq!(rows[1], ["status-sound", "false", "True", "Ready"]);
    let condition = condition("status-sound");
    assert_eq!(condition["reason"], "Succeeded");
    let version = |name: &str| {
        let get =
            format!("get clusterpolicy {name} --output jsonpath={{.metadata.resourceVersion}}");
        kubectl(&get).succeeded().unwrap()
    };
    let before = version("status-sound");
    // Another policy is taken, and told of, without a word about this one.
    let mut other = sound;
    other["metadata"]["name"] = json!("status-other");
    enforce(&other);
    assert_eq!(version("status-sound"), before, "{}", served.log());
}

#[test]
fn a_broken_policy_that_is_there_holds_up_no_other() {
    judged_namespace("broken");
    // Nobody asks the webhook about it: the policy was there before it.
    let mut there = broken("there-before");
    there["metadata"]["labels"] = json!({"ajj-e2e.dev/unasked": "yes"});
    without_review(&there);
    let told = eventually(BOUND, || {
        let seen = condition("there-before");
        if seen.is_null() { Err(SERVED.log()) } else { Ok(seen) }
    })
    .unwrap();
    assert_eq!((&told["status"], &told["reason"]), (&json!("False"), &json!("Failed")));
    let message = told["message"].as_str().unwrap();
    assert_eq!(
        message,
        "it answers with an error: spec.rules[0].validate.patern: unknown field `patern` in validate"
    );
    assert!(SERVED.metric("ajj_policies{state=\"broken\"}") >= 1.0);
    // Its rule answers with an error, where it matches.
    let create = "create configmap thing --dry-run=server --namespace broken";
    let refused = kubectl(create);
    assert!(refused.stderr.contains("1 rule cannot be evaluated (misspelt)"), "{refused:?}");
    // Others are enforced.
    enforce(&policy(
        "beside-broken",
        "beside",
        json!({
            "match": {"any": [{"resources": {"kinds": ["Secret"], "namespaces": ["broken"]}}]},
            "validate": {"message": "beside a broken one", "deny": {}},
        }),
    ));
    let refused = kubectl("create secret generic s --dry-run=server --namespace broken");
    assert!(refused.stderr.contains("beside a broken one"), "{refused:?}");
    let deleted = kubectl("delete clusterpolicy there-before");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    eventually(BOUND, || kubectl(create).succeeded()).unwrap();
}

/// Creates a policy while its review would be answered by nobody, and may fail.
fn without_review(policy: &Value) {
    let unasked = json!([{
        "op": "add",
        "path": "/webhooks/1/objectSelector",
        "value": {"matchExpressions": [{"key": "ajj-e2e.dev/unasked", "operator": "DoesNotExist"}]},
    }])
    .to_string();
    let patch = ["patch", "validatingwebhookconfiguration", "ajj", "--type=json", "--patch"];
    let patch = [&patch[..], &[unasked.as_str()]].concat();
    let patched = plane().kubectl(&patch, "").unwrap();
    assert_eq!(patched.code, 0, "{patched:?}");
    eventually(BOUND, || kubectl_with("create -f -", &policy.to_string()).succeeded()).unwrap();
}
