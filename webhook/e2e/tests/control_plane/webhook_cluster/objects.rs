//! Objects that policies are about: what kubectl prints, whatever way they are applied.

use ajj_e2e::eventually;
use serde_json::{Value, json};

use super::{apply, enforce, judged_namespace, masked, policy};
use crate::support::{BOUND, kubectl, kubectl_with, said};

fn deployment(name: &str, team: Option<&str>) -> String {
    let mut labels = json!({"app": name});
    if let Some(team) = team {
        labels["team"] = json!(team);
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "registry.example/web:1"}]},
            },
        },
    })
    .to_string()
}

fn require_team(namespace: &str, pattern: &str) -> Value {
    let mut policy = policy(
        &format!("{namespace}-labels"),
        "team",
        json!({
            "match": {"any": [{"resources": {
                "kinds": ["Deployment"], "namespaces": [namespace],
            }}]},
            "validate": {
                "message": "every Deployment belongs to a team",
                "pattern": {"metadata": {"labels": {"team": pattern}}},
            },
        }),
    );
    policy["metadata"]["annotations"] = json!({
        "policies.kyverno.io/severity": "high",
        "ajj.dev/help": "add the label `team`",
    });
    policy
}

#[test]
fn what_a_policy_refuses_kubectl_explains() {
    judged_namespace("refused");
    enforce(&require_team("refused", "?*"));
    let refused = kubectl_with("create --namespace refused -f -", &deployment("web", None));
    assert_eq!(
        masked(&refused.stderr),
        "Error from server (Forbidden): error when creating \"STDIN\": admission webhook \
         \"objects.ajj.dev\" denied the request: Deployment refused/web: 1 rule denies (team) \
         [decision …]\n  \
         1. refused-labels/team (high): every Deployment belongs to a team\n     \
         metadata.labels.team: must be `?*`, is not there\n     \
         fix: add the label `team`\n"
    );
    assert_eq!((refused.stdout.as_str(), refused.code), ("", 1));
    for way in ["create --dry-run=server", "apply", "apply --server-side", "apply --dry-run=server"]
    {
        let command = format!("{way} --namespace refused -f -");
        let refused = kubectl_with(&command, &deployment("web", None));
        assert!(refused.stderr.contains("1 rule denies (team)"), "{way}: {refused:?}");
        assert_eq!(refused.code, 1, "{way}");
    }
    assert_eq!(kubectl("get deployment web --namespace refused").code, 1);
}

#[test]
fn what_a_policy_allows_is_created_and_an_update_is_judged_again() {
    judged_namespace("allowed");
    enforce(&require_team("allowed", "?*"));
    let created = kubectl_with("apply --namespace allowed -f -", &deployment("web", Some("a")));
    assert_eq!(created, said("deployment.apps/web created\n"));
    let applied = "apply --server-side --force-conflicts --namespace allowed -f -";
    let applied = kubectl_with(applied, &deployment("web", Some("b")));
    assert_eq!(applied, said("deployment.apps/web serverside-applied\n"));
    let refused = kubectl("label deployment web team- --namespace allowed");
    assert!(refused.stderr.contains("1 rule denies (team)"), "{refused:?}");
}

#[test]
fn a_change_of_a_policy_takes_effect_and_so_does_its_end() {
    judged_namespace("changes");
    enforce(&require_team("changes", "a"));
    let create = "create --dry-run=server --namespace changes -f -";
    let of_b = deployment("web", Some("b"));
    assert_eq!(kubectl_with(create, &of_b).code, 1);

    let served = &*super::SERVED;
    let measured = served.metric("ajj_policy_enforcement_lag_seconds_count");
    enforce(&require_team("changes", "b"));
    assert_eq!(kubectl_with(create, &of_b).code, 0);
    assert_eq!(kubectl_with(create, &deployment("web", Some("a"))).code, 1);
    assert!(served.metric("ajj_policy_enforcement_lag_seconds_count") > measured);

    let deleted = kubectl("delete clusterpolicy changes-labels");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    eventually(BOUND, || kubectl_with(create, &deployment("web", None)).succeeded()).unwrap();
}

#[test]
fn a_policy_of_a_namespace_is_about_that_one_and_an_exception_exempts() {
    judged_namespace("own");
    judged_namespace("neighbour");
    let mut policy = require_team("own", "?*");
    policy["kind"] = json!("Policy");
    policy["metadata"]["namespace"] = json!("own");
    let resources = &mut policy["spec"]["rules"][0]["match"]["any"][0]["resources"];
    resources.as_object_mut().unwrap().remove("namespaces");
    apply(&policy);
    let create = "create --dry-run=server --namespace own -f -";
    eventually(BOUND, || {
        let seen = kubectl_with(create, &deployment("web", None));
        if seen.code == 1 { Ok(()) } else { Err(seen) }
    })
    .unwrap();
    let other = "create --dry-run=server --namespace neighbour -f -";
    assert_eq!(kubectl_with(other, &deployment("web", None)).code, 0);

    apply(&json!({
        "apiVersion": "kyverno.io/v2",
        "kind": "PolicyException",
        "metadata": {"name": "web", "namespace": "own"},
        "spec": {
            "exceptions": [{"policyName": "own/own-labels", "ruleNames": ["team"]}],
            "match": {"any": [{"resources": {"kinds": ["Deployment"], "names": ["web"]}}]},
        },
    }));
    eventually(BOUND, || kubectl_with(create, &deployment("web", None)).succeeded()).unwrap();
    assert_eq!(kubectl_with(create, &deployment("else", None)).code, 1);
}

#[test]
fn who_owns_what_is_refused_is_told() {
    judged_namespace("owners");
    enforce(&policy(
        "owners-pods",
        "no-pods",
        json!({
            "match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["owners"]}}]},
            "validate": {"message": "no Pods here", "deny": {}},
        }),
    ));
    // The rule that autogen would make of it refuses the Deployment itself.
    let only_pods =
        "annotate clusterpolicy owners-pods pod-policies.kyverno.io/autogen-controllers=none";
    assert_eq!(kubectl(only_pods).code, 0);
    let create = "create --namespace owners -f -";
    eventually(BOUND, || kubectl_with(create, &deployment("web", None)).succeeded()).unwrap();
    let events = "get events.events.k8s.io --namespace owners --output json";
    let event = eventually(BOUND, || {
        let seen = kubectl(events).json().unwrap();
        let items = seen["items"].as_array().unwrap();
        let ours = items.iter().find(|event| event["reason"] == "PolicyViolation");
        ours.cloned().ok_or_else(|| (seen, super::SERVED.log()))
    })
    .unwrap();
    assert_eq!(event["regarding"]["kind"], "ReplicaSet");
    assert_eq!((&event["type"], &event["action"]), (&json!("Warning"), &json!("CreatePod")));
    let note = event["note"].as_str().unwrap();
    assert!(note.contains("1 rule denies (no-pods)") && note.contains("no Pods here"), "{note}");
}
