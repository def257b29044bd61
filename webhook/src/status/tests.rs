use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{Limits, parse_json};
use ajj_facts::WriteError;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{AGAIN, Attempt, Due, patch, path_of};
use crate::policies::State;
use crate::policies::check::check;

#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
fn policy(validate: Value) -> Value {
    json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p", "generation": 4, "resourceVersion": "17"},
        "spec": {"rules": [{
            "name": "r",
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "validate": validate,
        }]},
    })
}

fn sound() -> Value {
    policy(json!({"message": "m", "deny": {}}))
}

fn state(object: &Value) -> State {
    let object = Arc::new(parse_json(object.to_string(), &Limits::default()).unwrap());
    let checked = Arc::new(check(object.root()));
    State { resource: "clusterpolicies", object, checked }
}

fn patched(object: &Value) -> Option<Value> {
    let patch = patch(&state(object), "2026-01-02T03:04:05.678Z".parse().unwrap())?;
    Some(serde_json::from_str(&patch).unwrap())
}

#[test]
fn a_policy_that_is_enforced_is_ready() {
    let patch = patched(&sound()).unwrap();
    assert_eq!(
        patch,
        json!({
            "metadata": {"resourceVersion": "17"},
            "status": {"conditions": [{
                "type": "Ready",
                "status": "True",
                "reason": "Succeeded",
                "message": "Ready",
                "lastTransitionTime": "2026-01-02T03:04:05Z",
                "observedGeneration": 4,
            }]},
        })
    );
    let mut written = sound();
    written["status"] = patch["status"].clone();
    assert_eq!(patched(&written), None);
}

#[test]
fn conditions_of_others_stay_and_time_is_that_of_a_transition() {
    let mut object = sound();
    let other = json!({"type": "Other", "status": "Unknown", "number": 1.5});
    let known = json!({
        "type": "Ready", "status": "True", "reason": "Succeeded", "message": "Ready",
        "lastTransitionTime": "2025-01-01T00:00:00Z", "observedGeneration": 3,
    });
    object["status"] = json!({"conditions": [known, other]});
    let conditions = patched(&object).unwrap()["status"]["conditions"].clone();
    assert_eq!(conditions[0], other);
    assert_eq!(conditions[1]["lastTransitionTime"], "2025-01-01T00:00:00Z");
    assert_eq!(conditions[1]["observedGeneration"], 4);
    object["spec"]["rules"][0]["validate"] = json!({"patern": {}, "deny": {}});
    let conditions = patched(&object).unwrap()["status"]["conditions"].clone();
    assert_eq!(conditions[1]["lastTransitionTime"], "2026-01-02T03:04:05Z");
    assert_eq!(conditions[1]["status"], "False");
}

#[test]
fn what_is_not_enforced_says_why() {
    let said = |object: &Value| {
        let condition = patched(object).unwrap()["status"]["conditions"][0].clone();
        let text = |key: &str| condition[key].as_str().unwrap().to_owned();
        (text("status"), text("reason"), text("message"))
    };
    let (status, reason, message) = said(&policy(json!({"patern": {}, "deny": {}})));
    assert_eq!((status.as_str(), reason.as_str()), ("False", "Failed"));
    assert!(
        message.starts_with("it answers with an error: spec.rules[0].validate.patern: "),
        "{message}"
    );
    let mut scans = sound();
    scans["spec"]["admission"] = json!(false);
    assert_eq!(said(&scans).1, "NotForAdmission");
    let mut mixed = sound();
    let other = json!({
        "name": "v",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "verifyImages": [{"imageReferences": ["*"], "attestors": []}],
    });
    mixed["spec"]["rules"].as_array_mut().unwrap().push(other.clone());
    assert_eq!(
        said(&mixed),
        (
            "False".to_owned(),
            "PartlyEvaluated".to_owned(),
            "1 of 2 rules are enforced: ajj does not evaluate verifyImages".to_owned()
        )
    );
    mixed["spec"]["rules"] = json!([other]);
    assert_eq!(said(&mixed).1, "NotEvaluated");
}

#[test]
fn statuses_have_paths() {
    let mut object = sound();
    assert_eq!(path_of(&state(&object)), "/apis/kyverno.io/v1/clusterpolicies/p/status");
    object["metadata"]["namespace"] = json!("n");
    object["kind"] = json!("Policy");
    let state = State { resource: "policies", ..state(&object) };
    assert_eq!(path_of(&state), "/apis/kyverno.io/v1/namespaces/n/policies/p/status");
}

#[test]
fn a_status_is_written_once_and_never_in_a_race() {
    let now = Instant::now();
    let object = |version: &str, generation: u64| {
        let mut object = sound();
        object["metadata"]["resourceVersion"] = json!(version);
        object["metadata"]["generation"] = json!(generation);
        parse_json(object.to_string(), &Limits::default()).unwrap()
    };
    let (old, new) = (object("1", 1), object("2", 1));
    let first = Attempt::first(old.root(), now);
    assert_eq!(first.due(old.root(), now), Due::Now);
    let conflict = WriteError::Conflict("changed".to_owned());
    let lost = first.clone().after(old.root(), Err(&conflict), now);
    // The watch will tell; then, if it does not say what it should, it is written.
    assert_eq!(lost.due(old.root(), now), Due::Never);
    assert_eq!(lost.due(new.root(), now), Due::Now);
    let written = first.clone().after(old.root(), Ok(()), now);
    assert_eq!(written.due(old.root(), now), Due::Never);
    // Somebody else writes over it: once that is chance, then it takes ever longer.
    assert_eq!(written.due(new.root(), now), Due::Now);
    let twice = written.after(new.root(), Ok(()), now);
    let third = object("3", 1);
    assert_eq!(twice.due(third.root(), now), Due::At(now + AGAIN));
    assert_eq!(twice.due(third.root(), now + AGAIN), Due::Now);
    let thrice = twice.after(third.root(), Ok(()), now);
    assert_eq!(thrice.due(object("4", 1).root(), now), Due::At(now + AGAIN * 2));
    // Another generation is another matter.
    assert_eq!(thrice.due(object("5", 2).root(), now), Due::Now);
    // What failed is tried again.
    let failed = first.after(old.root(), Err(&WriteError::Timeout), now);
    assert_eq!(failed.due(old.root(), now), Due::At(now + AGAIN));
    assert_eq!(failed.due(old.root(), now + AGAIN + Duration::from_millis(1)), Due::Now);
}
