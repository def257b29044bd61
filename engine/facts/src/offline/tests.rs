use std::collections::BTreeSet;

use ajj_engine::{FactError, FactKey, Method, Source};

use super::Offline;
use crate::source::FactSource;

const MANIFESTS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: x, labels: {app: web}}
data: {key: value}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: x}}
";

const OBJECTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {team: red}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: oxen.example.com}
spec: {group: example.com, names: {kind: Ox, plural: oxen}}
---
apiVersion: example.com/v1
kind: Ox
metadata: {name: o, namespace: x}
";

const FACTS: &str = "
apiVersion: ajj.dev/v1
kind: Facts
api:
- {path: /version, answer: {major: 1}}
- {path: /api/v1/namespaces/x, answer: {told: true}}
- {path: /apis/a/v1/reviews, method: POST, body: {b: 1, a: 2}, answer: yes it is}
images:
- {reference: 'nginx:1', error: forbidden}
globalContext:
- {name: e, error: broken pipe}
";

fn ask(facts: &[&str], key: &FactKey) -> Result<String, FactError> {
    let facts: Vec<Source> = facts.iter().map(|text| Source::new("facts.yaml", text)).collect();
    let (offline, diagnostics) = Offline::new(&facts, &[Source::new("m.yaml", MANIFESTS)]);
    assert_eq!(diagnostics, []);
    let answers = pollster::block_on(offline.fetch(&BTreeSet::from([key.clone()])));
    answers.get(key).unwrap().clone().map(|tree| tree.root().to_json())
}

fn get(facts: &[&str], path: &str) -> Result<String, FactError> {
    ask(facts, &FactKey::get(path))
}

/// Manifests answer for themselves; what they do not know is not taken to be absent.
#[test]
fn manifests_are_a_part_of_the_cluster() {
    let config_map = get(&[], "/api/v1/namespaces/x/configmaps/a").unwrap();
    assert!(config_map.contains(r#""data":{"key":"value"}"#));
    let defaulted = get(&[], "/api/v1/namespaces/default/configmaps/b").unwrap();
    assert!(defaulted.contains(r#""namespace":"default""#));
    assert_eq!(get(&[], "/api/v1/namespaces/x/configmaps/z"), Err(FactError::Offline));
    assert_eq!(get(&[], "/api/v1/namespaces/x"), Err(FactError::Offline));
    assert_eq!(get(&[], "/api/v1/pods"), Err(FactError::Offline));
    let list = get(&[], "/api/v1/configmaps").unwrap();
    assert_eq!(list.matches(r#""kind":"ConfigMap""#).count(), 2);
    assert!(list.contains(r#""kind":"ConfigMapList""#));
    let selected = get(&[], "/api/v1/configmaps?labelSelector=app%3Dweb").unwrap();
    assert_eq!(selected.matches(r#""kind":"ConfigMap""#).count(), 1);
}

/// Objects given as facts make the cluster complete.
#[test]
fn objects_given_as_facts_are_the_cluster() {
    assert!(get(&[OBJECTS], "/api/v1/namespaces/x").unwrap().contains(r#""team":"red""#));
    assert_eq!(get(&[OBJECTS], "/api/v1/namespaces/y"), Err(FactError::NotFound));
    assert!(get(&[OBJECTS], "/api/v1/pods").unwrap().contains(r#""items":[]"#));
    assert!(get(&[OBJECTS], "/apis/apps/v1/namespaces/x/deployments/d").is_ok());
    assert!(get(&[OBJECTS], "/apis/example.com/v1/namespaces/x/oxen/o").is_ok());
    assert_eq!(get(&[OBJECTS], "/version"), Err(FactError::Offline));
}

#[test]
fn declared_answers_come_first() {
    let facts = &[OBJECTS, FACTS][..];
    assert_eq!(get(facts, "/version"), Ok(r#"{"major":1}"#.to_owned()));
    assert_eq!(get(facts, "/api/v1/namespaces/x"), Ok(r#"{"told":true}"#.to_owned()));
    let review = |body: &str| FactKey::Api {
        method: Method::Post,
        path: "/apis/a/v1/reviews".into(),
        body: body.into(),
    };
    assert_eq!(ask(facts, &review(r#"{"a": 2, "b": 1}"#)), Ok("\"yes it is\"".to_owned()));
    assert_eq!(ask(facts, &review("{}")), Err(FactError::Offline));
    assert_eq!(ask(facts, &FactKey::Image("nginx:1".into())), Err(FactError::Forbidden));
    assert_eq!(ask(facts, &FactKey::Image("nginx:2".into())), Err(FactError::Offline));
    let entry = ask(facts, &FactKey::GlobalContext("e".into()));
    assert_eq!(entry, Err(FactError::Failed("broken pipe".to_owned())));
}

#[test]
fn what_is_not_a_fact_is_said_with_its_place() {
    for (text, message) in [
        ("a: 1", "expected a Kubernetes object or a document of kind `Facts`"),
        (
            "{apiVersion: ajj.dev/v1, kind: Facts, image: []}",
            "unknown field `image`; did you mean `images`?",
        ),
        ("{apiVersion: ajj.dev/v1, kind: Facts, images: {}}", "expected a list"),
        (
            "{apiVersion: ajj.dev/v1, kind: Facts, api: [{path: /x}]}",
            "expected either `answer` or `error`",
        ),
        ("{apiVersion: ajj.dev/v1, kind: Facts, api: [{answer: 1}]}", "expected the text `path`"),
        (
            "{apiVersion: ajj.dev/v1, kind: Facts, api: [{path: /x, method: PUT, answer: 1}]}",
            "`method` is expected to be GET or POST",
        ),
    ] {
        let (_, diagnostics) = Offline::new(&[Source::new("f.yaml", text)], &[]);
        assert_eq!(diagnostics[0].message, message);
        assert!(diagnostics[0].span.is_some());
    }
}
