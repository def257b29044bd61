use std::collections::BTreeMap;
use std::sync::Arc;

use ajj_engine::report::{Keep, ObjectReport};
use ajj_engine::{Facts, GroupVersionKind, Limits, Request, Source, compile, parse_yaml};
use ajj_facts::{Discovered, ServedResource};
use serde_json::{Value as Json, json};

use super::{Api, Report, ReportApi};
use crate::audit::finding::findings;
use crate::audit::table::{Due, Place, Table, Task};

const POLICIES: &str = "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: p
  annotations:
    policies.kyverno.io/severity: high
    policies.kyverno.io/category: Labels
spec:
  rules:
  - name: labelled
    match: {any: [{resources: {kinds: [Service]}}]}
    validate: {message: 'a label\n  is needed', pattern: {metadata: {labels: {team: '?*'}}}}
  - name: named
    match: {any: [{resources: {kinds: [Service]}}]}
    validate: {message: m, pattern: {metadata: {name: '?*'}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: q, annotations: {policies.kyverno.io/scored: 'false', policies.kyverno.io/severity: awful}}
spec:
  rules:
  - name: denied
    match: {any: [{resources: {kinds: [Service]}}]}
    validate: {message: m, deny: {}}
";

fn report(namespace: &str) -> Report {
    let (policies, found) = compile(&[Source::new("p.yaml", POLICIES)]);
    assert_eq!(found, []);
    let text = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}";
    let object = parse_yaml(text, &Limits::default()).unwrap();
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    let request = Request::create(Arc::new(object), time);
    let decision = policies.conclude(&request, &Facts::default());
    let found = findings(ObjectReport::new(&request, decision, Keep::All, |_| None));
    let mut table = Table::default();
    let place = Place {
        list: "/api/v1/services".into(),
        api_version: "v1".into(),
        kind: "Service".into(),
        namespace: namespace.into(),
        name: "web".into(),
    };
    table.take_policies(&BTreeMap::new(), &BTreeMap::from([("p".into(), 1)]));
    table.put("u-1", "7", place, Due::Everything, found);
    match table.task("u-1") {
        Task::Report(judged) => Report::of("u-1", judged),
        other => panic!("{other:?}"),
    }
}

fn object(report: &Report, api: Api) -> Json {
    serde_json::from_str(&report.object(api, 42)).unwrap()
}

#[test]
fn a_report_has_what_its_readers_look_for() {
    let report = report("shop");
    let found = object(&report, Api::WgPolicy);
    let owner = json!({"apiVersion": "v1", "kind": "Service", "name": "web", "uid": "u-1"});
    assert_eq!(
        (&found["apiVersion"], &found["kind"]),
        (&json!("wgpolicyk8s.io/v1alpha2"), &json!("PolicyReport"))
    );
    assert_eq!(
        found["metadata"],
        json!({
            "name": "u-1", "namespace": "shop",
            "labels": {"app.kubernetes.io/managed-by": "ajj"},
            "annotations": {"ajj.dev/digest": report.digest},
            "ownerReferences": [owner],
        })
    );
    assert_eq!(found["scope"]["namespace"], "shop");
    assert_eq!(found["summary"], json!({"pass": 1, "fail": 1, "warn": 1, "error": 0, "skip": 0}));
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let failed = &results[0];
    assert_eq!(failed["properties"]["ajj.dev/path"], "/metadata/labels");
    assert!(!failed["properties"]["ajj.dev/fingerprint"].as_str().unwrap().is_empty());
    let message = failed["message"].as_str().unwrap();
    assert!(message.contains("a label is needed") && !message.contains('\n'), "{message}");
    for (key, value) in [
        ("source", json!("ajj")),
        ("policy", json!("p")),
        ("rule", json!("labelled")),
        ("result", json!("fail")),
        ("severity", json!("high")),
        ("category", json!("Labels")),
        ("scored", json!(true)),
        ("timestamp", json!({"seconds": 42, "nanos": 0})),
    ] {
        assert_eq!(failed[key], value, "{key}");
    }
    assert_eq!(results[1]["result"], "pass");
    // A policy that is not scored warns, and a word that no report knows is left out.
    assert_eq!((&results[2]["result"], results[2].get("severity")), (&json!("warn"), None));
}

#[test]
fn kinds_follow_the_api_and_the_scope() {
    let report = report("");
    let found = object(&report, Api::OpenReports);
    assert_eq!(
        (&found["apiVersion"], &found["kind"], &found["source"]),
        (&json!("openreports.io/v1alpha1"), &json!("ClusterReport"), &json!("ajj"))
    );
    assert_eq!((found["metadata"].get("namespace"), found["scope"].get("namespace")), (None, None));
    let list = Api::WgPolicy.list("shop");
    assert_eq!(list, "/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports");
    assert_eq!(Api::OpenReports.list(""), "/apis/openreports.io/v1alpha1/clusterreports");
}

#[test]
fn what_is_installed_is_written() {
    let served = |plurals: &[(&str, &str, &str)]| Discovered {
        resources: plurals
            .iter()
            .map(|(group, version, plural)| ServedResource {
                group: (*group).to_owned(),
                version: (*version).to_owned(),
                resource: (*plural).to_owned(),
                kind: GroupVersionKind::default(),
                is_namespaced: true,
                is_listable: true,
                subresources: Vec::new(),
            })
            .collect(),
        stale: Vec::new(),
    };
    let old = [
        ("wgpolicyk8s.io", "v1alpha2", "policyreports"),
        ("wgpolicyk8s.io", "v1alpha2", "clusterpolicyreports"),
    ];
    let new = [
        ("openreports.io", "v1alpha1", "reports"),
        ("openreports.io", "v1alpha1", "clusterreports"),
    ];
    let both = [old, new].concat();
    let (o, w) = (Api::OpenReports, Api::WgPolicy);
    for (flag, installed, writes, misses) in [
        (ReportApi::Auto, &old[..], vec![w], vec![]),
        (ReportApi::Auto, &new, vec![o], vec![]),
        (ReportApi::Auto, &both, vec![o], vec![]),
        (ReportApi::Auto, &new[..1], vec![], vec![o]),
        (ReportApi::Auto, &[], vec![], vec![o]),
        (ReportApi::Both, &both, vec![o, w], vec![]),
        (ReportApi::Both, &old, vec![w], vec![o]),
        (ReportApi::WgPolicy, &new, vec![], vec![w]),
        (ReportApi::None, &both, vec![], vec![]),
    ] {
        assert_eq!(flag.choose(&served(installed)), (writes, misses), "{flag:?} {installed:?}");
    }
}
