use std::sync::Arc;

use ajj_engine::{Limits, Tree, parse_json};
use ajj_facts::Snapshot;
use serde_json::{Value, json};

use super::Known;
use crate::exceptions::ExceptionsFrom;

#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
fn policy(name: &str, validate: Value) -> Value {
    json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name, "resourceVersion": "1"},
        "spec": {"rules": [{
            "name": "r",
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "validate": validate,
        }]},
    })
}

fn sound(name: &str) -> Value {
    policy(name, json!({"message": "m", "deny": {}}))
}

fn trees(objects: &[Value]) -> Vec<Arc<Tree>> {
    let tree = |object: &Value| parse_json(object.to_string(), &Limits::default()).unwrap();
    objects.iter().map(|object| Arc::new(tree(object))).collect()
}

fn snapshot(objects: Vec<Arc<Tree>>) -> Vec<(&'static str, Snapshot)> {
    vec![("clusterpolicies", Snapshot { objects, revision: 1, changed_at: None })]
}

#[test]
fn only_changes_of_policies_are_news() {
    let mut known = Known::default();
    let first = trees(&[sound("a"), sound("b")]);
    assert!(known.take(snapshot(first.clone())));
    assert!(!known.take(snapshot(first)));
    let checked = Arc::clone(&known.states.values().next().unwrap().checked);

    // A status that was written, and a list that came anew, are none; the object is the new one.
    let mut told = sound("a");
    told["metadata"]["resourceVersion"] = json!("2");
    told["status"] = json!({"conditions": []});
    let again = trees(&[told, sound("b")]);
    assert!(!known.take(snapshot(again.clone())));
    let state = known.states.values().next().unwrap();
    assert!(Arc::ptr_eq(&state.object, &again[0]) && Arc::ptr_eq(&state.checked, &checked));

    assert!(known.take(snapshot(trees(&[policy("a", json!({"deny": {}})), sound("b")]))));
    assert!(known.take(snapshot(trees(&[sound("b")]))));
    assert_eq!(known.states.len(), 1);
}

#[test]
fn a_broken_policy_is_in_the_set_and_holds_up_no_other() {
    let mut known = Known::default();
    let broken = policy("broken", json!({"patern": {}, "deny": {}}));
    let mut scans_only = sound("scans");
    scans_only["spec"]["admission"] = json!(false);
    known.take(snapshot(trees(&[broken, scans_only, sound("sound")])));
    let policies = known.compile();
    assert_eq!((policies.policies(), known.broken()), (2, 1));
    let names: Vec<&str> = policies.rules().map(|(info, _)| &*info.policy).collect();
    assert!(names.contains(&"broken") && names.contains(&"sound"), "{names:?}");
    assert!(!names.contains(&"scans"), "{names:?}");
    assert!(policies.broken() > 0);
}

#[test]
fn the_same_policies_are_the_same_set_in_any_order() {
    let digest = |objects: &[Value]| {
        let mut known = Known::default();
        known.take(snapshot(trees(objects)));
        known.compile().digest()
    };
    assert_eq!(digest(&[sound("a"), sound("b")]), digest(&[sound("b"), sound("a")]));
    assert_ne!(digest(&[sound("a")]), digest(&[sound("b")]));
}

#[test]
fn an_exception_counts_from_the_namespaces_that_were_named() {
    let exception = json!({
        "apiVersion": "kyverno.io/v2",
        "kind": "PolicyException",
        "metadata": {"name": "e", "namespace": "shop"},
        "spec": {
            "exceptions": [{"policyName": "a", "ruleNames": ["r"]}],
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        },
    });
    let digest = |from: ExceptionsFrom, objects: &[Value]| {
        let mut known = Known::new(from);
        let (policies, exceptions) = objects.split_at(1);
        let mut snapshots = snapshot(trees(policies));
        let snapshot = Snapshot { objects: trees(exceptions), revision: 1, changed_at: None };
        snapshots.push(("policyexceptions", snapshot));
        known.take(snapshots);
        (known.compile().digest(), known.ignored().count())
    };
    let without = digest(ExceptionsFrom::default(), &[sound("a")]);
    let both = [sound("a"), exception];
    for ignoring in [ExceptionsFrom::default(), "other".parse().unwrap()] {
        assert_eq!(digest(ignoring, &both), (without.0.clone(), 1));
    }
    for counting in [ExceptionsFrom::Everywhere, "other,shop".parse().unwrap()] {
        let (digest, ignored) = digest(counting, &both);
        assert!(digest != without.0 && ignored == 0);
    }
}
