//! What is fuzzed: each entry takes any text and must come back. The property tests of the engine
//! (`engine/tests/entries.rs`) call the same functions on stable Rust.

use std::collections::BTreeMap;
use std::sync::Arc;

use ajj_engine::rego::Query;
use ajj_engine::suite::{Counting, Inputs, Suite};
use ajj_engine::{
    Facts, Limits, PolicySet, Request, Source, compile, parse_json, parse_yaml, read,
};
use jiff::Timestamp;

/// Reads a text as YAML and as JSON, and asks for the places of what is in it.
pub(crate) fn yaml(text: &str) {
    let source = Source::new("input.yaml", text);
    for document in read(&source, &Limits::default()).documents {
        let root = document.tree().root();
        let written = root.to_json();
        assert!(parse_json(written, &Limits::default()).is_ok(), "what is written can be read");
        let places = document.places();
        for (key, _) in root.as_map().iter().flat_map(|map| map.iter()) {
            let span = places.span(&[key]);
            assert!(span.start <= span.end && span.end <= source.text.len());
            assert!(source.text.is_char_boundary(span.start));
        }
    }
    // The answer does not matter, only that there is one.
    let _ = parse_json(text, &Limits::default());
}

/// The first line is a pattern, the rest the spec of an object; both are YAML.
pub(crate) fn pattern(text: &str) {
    let (pattern, spec) = text.split_once('\n').unwrap_or((text, "{}"));
    let Some(pattern) = json(pattern) else { return };
    let checks = format!(r#""pattern": {{"spec": {pattern}}}"#);
    judge(&rule("\"m\"", &checks), &json(spec).unwrap_or_else(|| "{}".to_owned()));
}

/// Three lines: operator, key and value of a condition.
pub(crate) fn condition(text: &str) {
    let mut lines = text.splitn(3, '\n');
    let operator = quoted(lines.next().unwrap_or_default());
    let (Some(key), Some(value)) =
        (json(lines.next().unwrap_or_default()), json(lines.next().unwrap_or_default()))
    else {
        return;
    };
    let condition = format!(r#"{{"key": {key}, "operator": {operator}, "value": {value}}}"#);
    let checks = format!(r#""deny": {{"conditions": {{"all": [{condition}]}}}}"#);
    judge(&rule("\"m\"", &checks), SPEC);
}

/// An expression over an object, in a context, a list and a condition.
pub(crate) fn jmespath(text: &str) {
    let expression = quoted(text);
    let variable = quoted(&format!("{{{{ {text} }}}}"));
    let context = format!(
        r#"{{"name": "r", {MATCH}, "context": [{{"name": "x", "variable": {{"jmesPath": {expression}}}}}],
            "validate": {{"message": "{{{{ x }}}}", "foreach": [{{"list": {expression},
                "deny": {{"conditions": {{"any": [{{"key": {variable}, "operator": "Equals", "value": "{{{{ element }}}}"}}]}}}}}}]}}}}"#
    );
    judge(&context, SPEC);
}

/// A text with variables and references, as a message, a pattern and the value of an object.
pub(crate) fn variables(text: &str) {
    let text = quoted(text);
    let checks = format!(r#""pattern": {{"spec": {{"text": {text}, "=(list)": [{text}]}}}}"#);
    let spec = format!(r#"{{"text": {text}, "list": [1, {text}], "map": {{"a": {text}}}}}"#);
    judge(&rule(&text, &checks), &spec);
}

/// A text as a policy.
pub(crate) fn policy(text: &str) {
    let (policies, _) = compile(&[Source::new("policy.yaml", text)]);
    decide(&policies, SPEC);
}

/// A text as a suite; each file that it names holds a policy, an object and the suite itself.
pub(crate) fn suite(text: &str) {
    let source = Source::new("kyverno-test.yaml", text);
    for document in read(&source, &Limits::default()).documents {
        let Some((suite, _)) = Suite::decode(&document) else { continue };
        let mut files = BTreeMap::new();
        for file in suite.files() {
            assert!(suite.file_span(file).end <= source.text.len());
            let mut documents =
                read(&Source::new("files.yaml", FILES), &Limits::default()).documents;
            documents.push(document.clone());
            files.insert(file.path.clone(), documents);
        }
        for counting in [Counting::Honest, Counting::Upstream] {
            let time = Timestamp::UNIX_EPOCH;
            let inputs = Inputs { files: &files, answer: &|_| None, time, counting };
            let _ = suite.run(&inputs);
        }
    }
}

const FILES: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
    - name: r
      match: {any: [{resources: {kinds: [Pod]}}]}
      context: [{name: x, configMap: {name: c, namespace: d}}]
      validate: {message: "{{ x.data.a }}", pattern: {metadata: {labels: {a: "?*"}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: d}
"#;

const MATCH: &str = r#""match": {"any": [{"resources": {"kinds": ["Widget"]}}]}"#;

const SPEC: &str = r#"{"text": "a-b", "number": 5, "list": [1, "two", null, {"a": [true]}],
    "map": {"a": "1Gi", "b": {"c": 1.5}}, "size": "100m", "wait": "1h30m", "version": "1.2.3"}"#;

fn rule(message: &str, checks: &str) -> String {
    format!(r#"{{"name": "r", {MATCH}, "validate": {{"message": {message}, {checks}}}}}"#)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn json(yaml: &str) -> Option<String> {
    Some(parse_yaml(yaml, &Limits::default()).ok()?.root().to_json())
}

fn judge(rule: &str, spec: &str) {
    let policy = format!(
        r#"{{"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {{"name": "p"}},
            "spec": {{"background": false, "rules": [{rule}]}}}}"#
    );
    let (policies, _) = compile(&[Source::new("policy.json", policy)]);
    decide(&policies, spec);
}

/// Decides twice: the answer must be the same.
fn decide(policies: &PolicySet, spec: &str) {
    let object = format!(
        r#"{{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {{"name": "w", "namespace": "n"}}, "spec": {spec}}}"#
    );
    let Ok(tree) = parse_json(object, &Limits::default()) else { return };
    let request = Request::create(Arc::new(tree), Timestamp::UNIX_EPOCH);
    let answers = || {
        let decision = policies.conclude(&request, &Facts::default());
        let results = decision.results.into_iter();
        results
            .map(|result| (result.outcome, result.message, result.violations))
            .collect::<Vec<_>>()
    };
    assert_eq!(answers(), answers());
}

/// A module, and a query of it: what compiles is evaluated within bounds, and answers the same
/// again.
pub(crate) fn rego(text: &str) {
    for is_v0 in [false, true] {
        let query = Query {
            modules: vec![text.into()],
            is_v0,
            text: "x = data.t".to_owned(),
            answer: "x".to_owned(),
            input: parse_json(r#"{"a": [1, {"b": "c"}], "n": 2}"#, &Limits::default())
                .ok()
                .map(Arc::new),
            steps: 20_000,
            bytes: 1 << 20,
            ..Query::default()
        };
        assert_eq!(query.ask(), query.ask());
    }
}
