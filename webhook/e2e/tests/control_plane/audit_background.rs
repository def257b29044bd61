//! `ajj webhook --audit`: reports follow what is in the cluster, written by one replica of several.

use ajj_e2e::{ControlPlane, Controllers, eventually};
use serde_json::{Value, json};

use crate::support::BOUND;
use crate::webhook_cluster::kyverno;
use crate::webhook_cluster::served::Served;

const AUDITS: &[&str] = &["--audit", "--namespace", "ajj"];
const REPORTS: [[&str; 5]; 2] = [
    ["Report", "reports", "reps", "v1alpha1", "Namespaced"],
    ["ClusterReport", "clusterreports", "creps", "v1alpha1", "Cluster"],
];

fn apply(plane: &ControlPlane, object: &Value) {
    let applied = plane.kubectl(&["apply", "-f", "-"], &object.to_string()).unwrap();
    assert_eq!(applied.code, 0, "{applied:?}");
}

fn kubectl(plane: &ControlPlane, arguments: &str) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = plane.kubectl(&arguments, "").unwrap();
    assert_eq!(output.code, 0, "{output:?}");
}

fn policy(name: &str, matching: Value) -> Value {
    let resources = json!({"kinds": ["Pod"], "namespaceSelector": matching["namespaceSelector"]});
    let resources = match resources["namespaceSelector"].is_null() {
        true => json!({"kinds": ["Pod"]}),
        false => resources,
    };
    json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy",
        "metadata": {"name": name, "annotations": {
            "pod-policies.kyverno.io/autogen-controllers": "none",
            "policies.kyverno.io/severity": "high"}},
        "spec": {"rules": [{"name": "check",
            "match": {"any": [{"resources": resources}]},
            "validate": {"message": "a label is needed",
                "pattern": {"metadata": {"labels": {"team": "?*"}}}}}]}})
}

fn pod(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "spec": {"containers": [{"name": "c", "image": "registry.example/c:1"}]}})
}

fn report(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "openreports.io/v1alpha1", "kind": "Report",
        "metadata": {"name": name, "namespace": "shop", "labels": labels}})
}

fn reports(plane: &ControlPlane) -> Vec<Value> {
    let arguments = ["get", "reports.openreports.io", "--namespace", "shop", "--output", "json"];
    let list = plane.kubectl(&arguments, "").unwrap().json().unwrap();
    list["items"].as_array().unwrap().clone()
}

/// `object policy=result,…` of each report, sorted; reports of others by their names.
fn said(plane: &ControlPlane) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut said: Vec<String> = reports(plane)
        .iter()
        .map(|report| {
            let Some(results) = report["results"].as_array() else {
                return text(&report["metadata"]["name"]);
            };
            let results: Vec<String> = results
                .iter()
                .map(|result| format!("{}={}", text(&result["policy"]), text(&result["result"])))
                .collect();
            format!("{} {}", text(&report["scope"]["name"]), results.join(","))
        })
        .collect();
    said.sort();
    said
}

fn wait_for(plane: &ControlPlane, served: &Served, expected: &[&str]) {
    eventually(BOUND, || {
        let seen = said(plane);
        if seen == expected { Ok(()) } else { Err(format!("{seen:?}\n{}", served.log())) }
    })
    .unwrap();
}

/// Waits until the audit has nothing left to do, and says how many pairs it has judged.
fn pairs(served: &Served, at_least: f64) -> f64 {
    let judged = || served.metric("ajj_audit_pairs_total");
    eventually(BOUND, || if judged() >= at_least { Ok(()) } else { Err(judged()) }).unwrap();
    judged()
}

fn is_leader(served: &Served) -> bool {
    served.metric("ajj_audit_leader") > 0.0
}

#[test]
fn reports_follow_objects_policies_and_namespaces_by_one_replica() {
    let plane = ControlPlane::start(Controllers::Running).unwrap();
    let plane = &plane;
    kyverno::define(plane);
    for namespace in ["ajj", "shop"] {
        plane.create_namespace(namespace).unwrap();
    }
    apply(plane, &policy("one", json!({})));
    apply(plane, &pod("bad", json!({})));
    apply(plane, &pod("good", json!({"team": "a"})));
    let first = Served::start_with(plane, "first", AUDITS);
    first.ready();
    // Without kinds of reports, results are in metrics alone.
    assert_eq!(pairs(&first, 2.0), 2.0);
    assert_eq!(first.metric("ajj_audit_report_apis"), 0.0);
    for word in ["fail", "pass"] {
        let count = || first.metric(&format!("ajj_audit_results{{result=\"{word}\"}}"));
        eventually(BOUND, || if count() == 1.0 { Ok(()) } else { Err(count()) }).unwrap();
    }

    kyverno::define_all(plane, "openreports.io", &REPORTS);
    apply(plane, &report("theirs", json!({"app.kubernetes.io/managed-by": "another"})));
    wait_for(plane, &first, &["bad one=fail", "good one=pass", "theirs"]);
    let found = reports(plane);
    let bad = found.iter().find(|report| report["scope"]["name"] == "bad").unwrap();
    assert_eq!(bad["metadata"]["name"], bad["scope"]["uid"]);
    assert_eq!(bad["metadata"]["ownerReferences"][0]["uid"], bad["scope"]["uid"]);
    assert_eq!(bad["metadata"]["labels"]["app.kubernetes.io/managed-by"], "ajj");
    assert_eq!(bad["results"][0]["properties"]["ajj.dev/path"], "/metadata/labels");
    assert_eq!(bad["results"][0]["severity"], "high");
    assert_eq!(bad["summary"]["fail"], 1);

    // Only what changed is judged again: one object, or one policy.
    let before = pairs(&first, 2.0);
    kubectl(plane, "label pod bad --namespace shop team=b");
    wait_for(plane, &first, &["bad one=pass", "good one=pass", "theirs"]);
    assert_eq!(pairs(&first, before + 1.0), before + 1.0);
    apply(plane, &policy("two", json!({})));
    wait_for(plane, &first, &["bad one=pass,two=pass", "good one=pass,two=pass", "theirs"]);
    assert_eq!(pairs(&first, before + 3.0), before + 3.0);
    kubectl(plane, "delete clusterpolicy one");
    wait_for(plane, &first, &["bad two=pass", "good two=pass", "theirs"]);
    assert_eq!(pairs(&first, before + 3.0), before + 3.0);

    // The labels of a namespace count where a rule asks for them.
    let selector = json!({"namespaceSelector": {"matchLabels": {"strict": "yes"}}});
    apply(plane, &policy("strict", selector));
    kubectl(plane, "label namespace shop strict=yes");
    let both = ["bad strict=pass,two=pass", "good strict=pass,two=pass", "theirs"];
    wait_for(plane, &first, &both);

    // Another replica goes on where the first has ended, and writes nothing that is written.
    let second = Served::start_with(plane, "second", AUDITS);
    second.ready();
    assert!(is_leader(&first) && !is_leader(&second));
    apply(plane, &report("left-over", json!({"app.kubernetes.io/managed-by": "ajj"})));
    first.kill();
    wait_for(plane, &second, &both);
    assert!(is_leader(&second));
    eventually(BOUND, || {
        let seconds = second.metric("ajj_audit_round_seconds");
        if seconds > 0.0 { Ok(()) } else { Err(second.log()) }
    })
    .unwrap();
    assert_eq!(second.metric("ajj_audit_reports_written_total"), 0.0, "{}", second.log());
    assert_eq!(second.metric("ajj_audit_reports_removed_total"), 1.0, "{}", second.log());
    assert_eq!(second.metric("ajj_audit_errors_total"), 0.0, "{}", second.log());

    // A report goes with its object, and with the last policy that is about it.
    kubectl(plane, "delete pod good --namespace shop --grace-period=0 --force");
    wait_for(plane, &second, &["bad strict=pass,two=pass", "theirs"]);
    kubectl(plane, "delete clusterpolicy two strict");
    wait_for(plane, &second, &["theirs"]);
}
