use std::collections::BTreeMap;

use crate::read::{Document, Limits, read};
use crate::source::Source;
use crate::suite::{Counting, Filter, Inputs, Row, RowOutcome, Suite};

fn documents(name: &str, text: &str) -> Vec<Document> {
    let reading = read(&Source::new(name, text), &Limits::default());
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    reading.documents
}

const POLICY: &str = "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  background: false
  rules:
    - name: r
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        message: '{{ request.operation }} {{ request.object.metadata.labels.x }}'
        deny: {conditions: {any: [{key: \"{{ request.object.metadata.labels.x || '' }}\", operator: Equals, value: bad}]}}
";

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {x: bad}}}";

/// Outcome, actual result and message of each row of a suite over `POLICY` and `POD`.
fn run(fields: &str, counting: Counting) -> Vec<String> {
    run_policy(POLICY, fields, counting)
}

fn run_policy(policy: &str, fields: &str, counting: Counting) -> Vec<String> {
    let text = format!(
        "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\npolicies: [p]\nresources: [r]\n{fields}"
    );
    let (suite, diagnostics) = Suite::decode(&documents("suite.yaml", &text)[0]).unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let files = BTreeMap::from([
        ("p".to_owned(), documents("p.yaml", policy)),
        ("r".to_owned(), documents("r.yaml", POD)),
    ]);
    let time = jiff::Timestamp::UNIX_EPOCH;
    let report = suite.run(&Inputs { files: &files, answer: &|_| None, time, counting });
    let rows = report.rows.iter();
    rows.map(|row| format!("{} {} {}", row.outcome.as_str(), row.actual, row.message)).collect()
}

fn check(fields: &str, expected: &[&str]) {
    assert_eq!(run(fields, Counting::Honest), expected, "{fields}");
}

#[test]
fn values_change_the_object_and_the_operation() {
    let results = "results: [{policy: p, rule: r, kind: Pod, resources: [a], result: fail}]";
    check(results, &["passed fail CREATE bad"]);
    let values = |values: &str| {
        format!(
            "values: {{policies: [{{name: p, resources: [{{name: a, values: {{{values}}}}}]}}]}}\n{results}"
        )
    };
    check(
        &values("request.object.metadata.labels.x: good"),
        &["failed pass validation rule 'r' passed."],
    );
    check(&values("request.operation: UPDATE"), &["passed fail UPDATE bad"]);
    // The object goes: upstream reads the old one in its place.
    check(&values("request.operation: DELETE"), &["passed fail DELETE bad"]);
    // Unknown words are creations, and are still what expressions read.
    check(&values("request.operation: CONNECT"), &["passed fail CONNECT bad"]);
}

#[test]
fn global_values_are_for_every_object_and_policy() {
    check(
        "values: {globalValues: {request.operation: UPDATE}}\n\
         results: [{policy: p, rule: r, kind: Pod, result: fail}]",
        &["passed fail UPDATE bad"],
    );
}

#[test]
fn an_operation_is_a_run_of_its_own() {
    check(
        "values: {globalValues: {request.operation: DELETE}}\n\
         results:\n\
         - {policy: p, rule: r, kind: Pod, result: fail}\n\
         - {policy: p, rule: r, kind: Pod, result: fail, operation: UPDATE}\n\
         - {policy: p, rule: r, kind: Pod, result: fail, operation: CREATE}",
        &["passed fail DELETE bad", "passed fail UPDATE bad", "passed fail CREATE bad"],
    );
}

#[test]
fn a_kind_that_is_not_there_is_an_error() {
    let results = "results: [{policy: p, rule: r, kind: Service, resources: [a], result: fail}]";
    check(results, &["error none there is no Service `a`; it is a Pod"]);
    assert_eq!(run(results, Counting::Upstream), ["passed fail CREATE bad"]);
}

#[test]
fn upstream_takes_every_object_for_one_that_is_not_there() {
    let results = "results: [{policy: p, rule: r, kind: Pod, resources: [b], result: fail}]";
    check(results, &["error none there is no Pod `b`"]);
    assert_eq!(run(results, Counting::Upstream), ["passed fail CREATE bad"]);
    // It does not look at `resourceSpecs` without `resources`.
    let spec = "results: [{policy: p, rule: r, kind: Pod, result: fail, resourceSpecs: [{version: v1, name: b}]}]";
    check(spec, &["error none there is no Pod `b`"]);
    assert_eq!(run(spec, Counting::Upstream), ["passed fail CREATE bad"]);
}

#[test]
fn upstream_treats_broken_policies_in_three_ways() {
    let results = "results: [{policy: p, rule: r, kind: Pod, resources: [a], result: fail}]";
    for (from, to, expected) in [
        (
            "deny: {conditions:",
            "deny: {condition:",
            "error none the policy has an unknown field; upstream does not run the suite",
        ),
        ("background: false", "background: 5", "failed none Not found"),
        ("operator: Equals", "operator: Equalz", "skipped none Invalid Policy"),
    ] {
        let policy = POLICY.replace(from, to);
        assert_ne!(policy, POLICY);
        assert_eq!(run_policy(&policy, results, Counting::Upstream), [expected], "{to}");
        let honest = run_policy(&policy, results, Counting::Honest);
        assert_eq!(honest, ["error none policy `p` does not compile"], "{to}");
    }
}

#[test]
fn filters_have_wildcards() {
    let mut filter = Filter::default();
    assert!(filter.is_empty());
    filter.add_policy("p*");
    filter.add_resource("*/web");
    let mut row = Row { policy: "pods".to_owned(), ..Row::default() };
    assert_eq!(row.outcome, RowOutcome::Error);
    assert!(!filter.wants(&row));
    row.object.namespace = "shop".to_owned();
    row.object.name = "web".to_owned();
    assert!(filter.wants(&row));
    row.policy = "services".to_owned();
    assert!(!filter.wants(&row));
}

#[test]
fn hostile_paths_of_values_are_bounded() {
    let path = "a.".repeat(100_000);
    let text = format!(
        r#"{{"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Test", "values": {{"globalValues": {{"{path}": 1}}}}, "results": []}}"#
    );
    let (_, diagnostics) = Suite::decode(&documents("suite.yaml", &text)[0]).unwrap();
    assert_eq!(diagnostics[0].code, "variable-path");
    let deep = format!("{}1{}", "{a: ".repeat(900), "}".repeat(900));
    let text = format!(
        "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nvalues: {{globalValues: {{x: {deep}}}}}\nresults: []"
    );
    let (_, diagnostics) = Suite::decode(&documents("suite.yaml", &text)[0]).unwrap();
    assert!(diagnostics.is_empty());
}

/// A rule over one context entry, and the result of its row.
fn entry(entry: &str, mocks: &str, counting: Counting) -> String {
    let policy = format!(
        "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: p}}
spec:
  background: false
  rules:
    - name: r
      match: {{any: [{{resources: {{kinds: [Pod], namespaceSelector: {{matchExpressions: [{{key: x, operator: DoesNotExist}}]}}}}}}]}}
      context: [{{name: answer, {entry}}}]
      validate:
        message: \"got {{{{ answer || 'none' }}}}\"
        deny: {{conditions: {{any: [{{key: \"{{{{ answer || 'none' }}}}\", operator: Equals, value: none}}]}}}}
"
    );
    let fields = format!("{mocks}results: [{{policy: p, rule: r, kind: Pod, result: fail}}]");
    run_policy(&policy, &fields, counting).join("; ")
}

#[test]
fn entries_that_nobody_answers_stay_unknown_as_upstream_counts() {
    let other_call =
        "apiCallResponses: [{urlPath: /other, response: {statusCode: 200, body: {}}}]\n";
    let entries = [
        "apiCall: {urlPath: /api/v1/namespaces/default}",
        "apiCall: {urlPath: /api/v1/namespaces/default/pods, default: unused}",
        "apiCall: {method: GET, service: {url: 'https://example.com'}}",
        "imageRegistry: {reference: 'example.com/image:1'}",
        "globalReference: {name: entry}",
    ];
    for text in entries {
        for mocks in ["", other_call] {
            let upstream = entry(text, mocks, Counting::Upstream);
            assert_eq!(upstream, "passed fail got none", "{text}");
        }
    }
    let pods = "apiCall: {urlPath: /api/v1/namespaces/default/pods}";
    assert!(entry(pods, "", Counting::Honest).ends_with("not fetched"));
    // A suite that describes global entries describes all of them.
    let other_entry = "globalContextEntries: [{name: other, data: {}}]\n";
    let global = entry("globalReference: {name: entry}", other_entry, Counting::Upstream);
    assert!(global.starts_with("failed error") && global.ends_with("not found"), "{global}");
}
