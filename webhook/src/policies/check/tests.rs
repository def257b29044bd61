use ajj_engine::{Limits, Tree, parse_json};
use serde_json::{Value, json};

use super::{check, source};

fn tree(object: &Value) -> Tree {
    parse_json(object.to_string(), &Limits::default()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
fn policy(rule: Value) -> Value {
    json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {"rules": [rule]},
    })
}

fn sound() -> Value {
    policy(json!({
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"message": "m", "pattern": {"spec": {"a.b/c": "?*"}}},
    }))
}

#[test]
fn what_the_server_keeps_for_itself_is_no_part_of_a_policy() {
    let mut object = sound();
    object["metadata"] = json!({
        "name": "p",
        "labels": {"a": "b"},
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "policies.kyverno.io/severity": "high",
        },
    });
    let written = source(tree(&object).root());
    assert_eq!(&*written.name, "ClusterPolicy/p");
    for (key, value) in [
        ("resourceVersion", json!("7")),
        ("generation", json!(3)),
        ("uid", json!("u")),
        ("creationTimestamp", json!("2026-01-01T00:00:00Z")),
        ("managedFields", json!([{"manager": "kubectl"}])),
    ] {
        object["metadata"][key] = value;
    }
    object["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    assert_eq!(source(tree(&object).root()).text, written.text);
    assert!(written.text.contains("severity") && !written.text.contains("last-applied"));
    // What its author changes is a change.
    object["metadata"]["annotations"]["policies.kyverno.io/severity"] = json!("low");
    assert_ne!(source(tree(&object).root()).text, written.text);
}

#[test]
fn a_sound_policy_has_rules_and_no_findings() {
    let checked = check(tree(&sound()).root());
    assert!(checked.errors.is_empty() && checked.warnings.is_empty(), "{checked:?}");
    // Rules that autogen makes are the same rule.
    assert_eq!((checked.rules, checked.is_for_admission), (1, true));
    let mut scans_only = sound();
    scans_only["spec"]["admission"] = json!(false);
    assert!(!check(tree(&scans_only).root()).is_for_admission);
}

#[test]
fn findings_name_fields() {
    let mut object = policy(json!({
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"message": "{{ reqest.object.x }}", "patern": {"spec": {}}, "deny": {}},
    }));
    object["metadata"]["namespace"] = json!("n");
    object["kind"] = json!("Policy");
    let checked = check(tree(&object).root());
    assert_eq!(&*checked.source.name, "Policy/n/p");
    let found: Vec<(&str, &str, &str)> = checked
        .errors
        .iter()
        .map(|found| (found.code, found.field.as_str(), found.help.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("unknown-variable", "spec.rules[0].validate.message", "did you mean `request`?"),
            ("unknown-field", "spec.rules[0].validate.patern", "did you mean `pattern`?"),
        ]
    );
}

#[test]
fn rules_that_are_not_evaluated_are_counted() {
    let checked = check(
        tree(&policy(json!({
            "name": "r",
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"a": "b"}}}},
        })))
        .root(),
    );
    assert_eq!(checked.rules, 0);
    assert_eq!(
        (checked.not_evaluated[0].kind.as_str(), checked.not_evaluated[0].count),
        ("mutate", 1)
    );
}

#[test]
fn what_is_no_policy_at_all_is_an_error() {
    for object in [
        json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy"}),
        json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": 3, "spec": []}),
        json!({"apiVersion": "kyverno.io/v2", "kind": "PolicyException", "metadata": {"name": "e"}}),
    ] {
        assert!(!check(tree(&object).root()).errors.is_empty(), "{object}");
    }
}
