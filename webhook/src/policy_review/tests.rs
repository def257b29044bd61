use std::sync::Arc;

use ajj_engine::{GroupVersionKind, GroupVersionResource, Limits, Operation, Request, parse_json};
use serde_json::{Value, json};

use super::judge_policy as judge_with;

use crate::answer::Answer;
use crate::exceptions::ExceptionsFrom;

fn judge_policy(request: &Request) -> Option<Answer> {
    judge_with(request, &ExceptionsFrom::Everywhere)
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
fn policy(rules: Value) -> Value {
    json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p", "generation": 1},
        "spec": {"rules": rules},
    })
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
fn rule(name: &str, validate: Value) -> Value {
    json!({
        "name": name,
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": validate,
    })
}

fn request(object: &Value, old: Option<&Value>) -> Request {
    let tree =
        |object: &Value| Arc::new(parse_json(object.to_string(), &Limits::default()).unwrap());
    let mut request = Request::create(tree(object), "2026-01-01T00:00:00Z".parse().unwrap());
    request.kind = GroupVersionKind::new("kyverno.io/v1", object["kind"].as_str().unwrap());
    request.resource = GroupVersionResource {
        group: "kyverno.io".into(),
        version: "v1".into(),
        resource: "clusterpolicies".into(),
    };
    if let Some(old) = old {
        request.operation = Operation::Update;
        request.old_object = Some(tree(old));
    }
    request
}

fn judge(object: &Value, old: Option<&Value>) -> Answer {
    judge_policy(&request(object, old)).unwrap()
}

#[test]
fn a_sound_policy_is_taken_without_a_word() {
    let sound = policy(json!([rule("r", json!({"message": "m", "pattern": {"spec": {}}}))]));
    assert_eq!(judge(&sound, None), Answer::default());
}

#[test]
fn errors_refuse_it_and_name_the_fields() {
    let broken = policy(json!([rule("r", json!({"message": "m", "patern": {}, "deny": {}}))]));
    let denial = judge(&broken, None).denial.unwrap();
    assert_eq!(
        denial.message,
        "ClusterPolicy/p does not compile: 1 error (unknown-field)\n  \
         1. spec.rules[0].validate.patern: unknown field `patern` in validate [unknown-field]\n     \
         help: did you mean `pattern`?"
    );
    assert_eq!(
        (denial.resource.as_str(), denial.group.as_str()),
        ("clusterpolicies", "kyverno.io")
    );
    let cause = &denial.causes[0];
    assert_eq!(cause.field, "spec.rules[0].validate.patern");
    assert_eq!(cause.reason, "FieldValueInvalid");
    assert!(cause.message.starts_with("unknown-field: "), "{}", cause.message);
}

#[test]
fn many_errors_fit_with_the_rest_counted() {
    let rules: Vec<Value> = (0..40)
        .map(|number| {
            rule(&format!("r{number}"), json!({"message": "m", "patern": {}, "deny": {}}))
        })
        .collect();
    let denial = judge(&policy(json!(rules)), None).denial.unwrap();
    assert!(denial.message.chars().count() <= 1_000, "{}", denial.message);
    assert!(
        denial.message.starts_with("ClusterPolicy/p does not compile: 40 errors (unknown-field)\n")
    );
    assert!(denial.message.lines().last().unwrap().ends_with(" more"), "{}", denial.message);
    assert_eq!(denial.causes.len(), super::MAX_CAUSES);
}

#[test]
fn hostile_names_stay_on_their_line() {
    let mut broken = policy(json!([rule("r", json!({"patern\n\u{1b}[31m": {}, "deny": {}}))]));
    broken["metadata"]["name"] = json!("p\nq");
    let denial = judge(&broken, None).denial.unwrap();
    assert!(denial.message.lines().next().unwrap().contains("does not compile"));
    assert!(!denial.message.contains('\u{1b}'));
}

#[test]
fn what_is_wrong_already_does_not_hold_up_who_changes_something_else() {
    let broken = policy(json!([rule("r", json!({"message": "m", "patern": {}, "deny": {}}))]));
    let mut changed = broken.clone();
    changed["metadata"]["generation"] = json!(2);
    let answer = judge(&changed, Some(&broken));
    assert_eq!(answer.denial, None);
    assert!(answer.warnings[0].starts_with("does not compile: spec.rules[0].validate.patern"));
    changed["spec"]["rules"][0]["name"] = json!("s");
    assert!(judge(&changed, Some(&broken)).denial.is_some());
}

#[test]
fn what_is_not_evaluated_is_a_warning() {
    let mut mutates = rule("r", Value::Null);
    mutates.as_object_mut().unwrap().remove("validate");
    mutates["mutate"] = json!({"patchStrategicMerge": {"metadata": {"labels": {"a": "b"}}}});
    let answer = judge(&policy(json!([mutates])), None);
    assert_eq!(answer.denial, None);
    assert_eq!(answer.warnings, ["1 rule of type mutate is not evaluated by ajj"]);
}

#[test]
fn a_status_a_deletion_and_other_kinds_are_not_compiled() {
    let broken = policy(json!([rule("r", json!({"patern": {}}))]));
    let mut status = request(&broken, Some(&broken));
    status.subresource = "status".to_owned();
    assert_eq!(judge_policy(&status), Some(Answer::default()));
    let mut delete = request(&broken, Some(&broken));
    (delete.operation, delete.object) = (Operation::Delete, None);
    assert_eq!(judge_policy(&delete), Some(Answer::default()));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}});
    assert_eq!(judge_policy(&request(&pod, None)), None);
}

#[test]
fn who_writes_an_exception_that_does_not_count_is_told() {
    let exception = json!({
        "apiVersion": "kyverno.io/v2",
        "kind": "PolicyException",
        "metadata": {"name": "e", "namespace": "shop"},
        "spec": {
            "exceptions": [{"policyName": "p", "ruleNames": ["r"]}],
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        },
    });
    let warned = |from: ExceptionsFrom| {
        let answer = judge_with(&request(&exception, None), &from).unwrap();
        assert!(answer.denial.is_none());
        answer.warnings.iter().any(|warning| warning.contains("--exceptions-from"))
    };
    assert!(warned(ExceptionsFrom::default()) && warned("platform".parse().unwrap()));
    assert!(!warned("shop".parse().unwrap()) && !warned(ExceptionsFrom::Everywhere));
}
