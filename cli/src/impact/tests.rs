use std::collections::BTreeSet;
use std::sync::Arc;

use ajj_engine::report::ObjectIdentity;
use ajj_engine::{Facts, Limits, PolicySet, Request, Source, Tree, compile, parse_yaml};

use super::{Answered, Impact};

const POLICY: &str = "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
  - name: labelled
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: a label is needed, pattern: {metadata: {labels: {team: '?*'}}}}
  - name: unused
    match: {any: [{resources: {kinds: [Widget]}}]}
    validate: {message: m, deny: {}}
";

fn object(kind: &str, name: &str, owner: &str, labels: &str) -> Arc<Tree> {
    let owners = match owner.split_once('/') {
        Some((kind, name)) => {
            format!("[{{apiVersion: apps/v1, kind: {kind}, name: {name}, controller: true}}]")
        }
        None => "[]".to_owned(),
    };
    let version = if kind == "Pod" { "v1" } else { "apps/v1" };
    let text = format!(
        "{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: team, labels: {labels}, \
         ownerReferences: {owners}}}, spec: {{template: {{metadata: {{labels: {labels}}}}}}}}}"
    );
    Arc::new(parse_yaml(text, &Limits::default()).unwrap())
}

fn gather(objects: &[Arc<Tree>]) -> Impact {
    let (policies, found): (PolicySet, _) = compile(&[Source::new("p.yaml", POLICY)]);
    assert_eq!(found, []);
    let policies = policies.as_if_enforced();
    let mut answered = Vec::new();
    for object in objects {
        let time = "2026-01-01T00:00:00Z".parse().unwrap();
        let request = Request::create(Arc::clone(object), time);
        let decision = policies.conclude(&request, &Facts::default());
        answered.push(Answered::of(&request, decision));
    }
    // What was not judged: one ReplicaSet, of the Deployment `far`.
    let look_up = |found: &ObjectIdentity| {
        let far = ObjectIdentity { kind: "Deployment".to_owned(), ..found.clone() };
        (found.name == "far").then_some(far).filter(|far| far != found)
    };
    Impact::gather(&policies, answered, look_up)
}

#[test]
fn what_an_owner_owns_counts_once_under_it() {
    let impact = gather(&[
        object("Pod", "web-1-a", "ReplicaSet/web-1", "{}"),
        object("Pod", "web-1-b", "ReplicaSet/web-1", "{}"),
        object("ReplicaSet", "web-1", "Deployment/web", "{}"),
        object("Deployment", "web", "", "{}"),
        object("Pod", "far-1", "ReplicaSet/far", "{}"),
        object("Pod", "alone", "", "{}"),
        object("Pod", "good", "", "{team: a}"),
    ]);
    assert_eq!((impact.judged, impact.counts()), (7, (4, 3)));
    let rule = &impact.rules[0];
    assert_eq!((&*rule.rule, rule.objects()), ("labelled", 4));
    let denied: Vec<_> = rule
        .denied
        .iter()
        .map(|(owner, denied)| (owner.to_string(), denied.count, denied.is_own))
        .collect();
    assert_eq!(
        denied,
        [
            ("Deployment team/far".to_owned(), 1, false),
            ("Deployment team/web".to_owned(), 4, true),
            ("Pod team/alone".to_owned(), 1, true),
        ]
    );
    assert_eq!(impact.rules[1].objects(), 0);
    let namespaces: Vec<_> =
        impact.namespaces.iter().map(|(name, found)| (name.as_str(), found.counts())).collect();
    assert_eq!(namespaces, [("team", (4, 3))]);
    let messages: BTreeSet<&str> =
        rule.denied.values().map(|denied| denied.message.as_str()).collect();
    assert_eq!(messages, BTreeSet::from(["a label is needed"]));
}

#[test]
fn owners_that_own_each_other_end() {
    let impact = gather(&[
        object("ReplicaSet", "a", "ReplicaSet/b", "{}"),
        object("ReplicaSet", "b", "ReplicaSet/a", "{}"),
    ]);
    assert_eq!(impact.judged, 2);
    assert!(!impact.rules[0].denied.is_empty());
}
