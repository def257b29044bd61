use std::collections::BTreeMap;

use crate::read::{Document, Limits, read};
use crate::source::Source;
use crate::suite::{Counting, Inputs, Suite, SuiteReport};

const TEMPLATE: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: probe}
spec:
  crd: {spec: {names: {kind: Probe}, validation: {openAPIV3Schema: {type: object, properties: {
    image: {type: string}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package a
      violation[{\"msg\": msg}] {
        c := input.review.object.spec.containers[_]
        c.image == input.parameters.image
        msg := c.name
      }
      violation[{\"msg\": name}] { data.inventory.cluster.v1.Node[name] }
      violation[{\"msg\": \"updated\"}] { input.review.operation == \"UPDATE\" }
";

const CONSTRAINT: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Probe
metadata: {name: p}
spec: {parameters: {image: i}}
";

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}, \
                   spec: {containers: [{name: c, image: i}, {name: d, image: i}]}}";
const CLEAN: &str = "{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: x}, spec: {}}";
const NODE: &str = "{apiVersion: v1, kind: Node, metadata: {name: node}}";
const REVIEW: &str = "{apiVersion: admission.k8s.io/v1, kind: AdmissionReview, request: {\
                      uid: u, operation: UPDATE, kind: {group: '', version: v1, kind: Pod}, \
                      name: b, namespace: x, userInfo: {username: jane}, \
                      object: {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: x}}}}";
const WRONG: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Probe
metadata: {name: wrong}
spec: {parameters: {image: [i]}}
";
const SELECTING: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Probe
metadata: {name: selecting}
spec: {match: {namespaceSelector: {matchLabels: {a: b}}}}
";

fn documents(name: &str, text: &str) -> Vec<Document> {
    read(&Source::new(name, text), &Limits::default()).documents
}

fn report(tests: &str, counting: Counting) -> SuiteReport {
    let text = format!("apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n{tests}\n");
    let (suite, said) = Suite::decode(&documents("suite.yaml", &text)[0]).unwrap();
    assert!(said.is_empty(), "{said:?}");
    let files: BTreeMap<_, _> = [
        ("template", TEMPLATE),
        ("constraint", CONSTRAINT),
        ("wrong", WRONG),
        ("selecting", SELECTING),
        ("pod", POD),
        ("clean", CLEAN),
        ("node", NODE),
        ("review", REVIEW),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), documents(name, text)))
    .collect();
    for file in suite.files() {
        assert!(files.contains_key(&file.path), "{}", file.path);
    }
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    suite.run(&Inputs { files: &files, answer: &|_| None, time, counting })
}

/// `policy rule resource: expected/actual outcome message` of each row.
fn rows(tests: &str, counting: Counting) -> Vec<String> {
    let rows = report(tests, counting).rows.into_iter().map(|row| {
        let (expected, actual) = (&row.expected, &row.actual);
        format!(
            "{} {} {}: {expected}/{actual} {} {}",
            row.policy,
            row.rule,
            row.resource,
            row.outcome.as_str(),
            row.message.replace('\n', ","),
        )
    });
    rows.collect()
}

fn tests_of(constraint: &str, cases: &str) -> String {
    format!("tests: [{{name: t, template: template, constraint: {constraint}, cases: [{cases}]}}]")
}

#[test]
fn cases_are_held_against_what_they_expect() {
    for (case, expected) in [
        ("object: pod, assertions: [{}]", "p t c/0: yes/yes passed c,d"),
        ("object: pod, assertions: [{violations: 2}]", "p t c/0: 2/2 passed c,d"),
        ("object: pod, assertions: [{violations: 1, message: '^d$'}]", "p t c/0: 1/1 passed c,d"),
        ("object: pod, assertions: [{violations: no}]", "p t c/0: no/yes failed c,d"),
        (
            "object: pod, assertions: [{violations: yes, message: z}]",
            "p t c/0: yes/no failed expected a match of `z`,c,d",
        ),
        ("object: clean, assertions: [{violations: no}]", "p t c/0: no/no passed "),
        (
            "object: clean, inventory: [node], assertions: [{violations: 1}]",
            "p t c/0: 1/1 passed node",
        ),
        ("object: review, assertions: [{message: updated}]", "p t c/0: yes/yes passed updated"),
        ("object: pod, skip: true, assertions: [{violations: no}]", "p t c/0: no/none skipped "),
        ("object: pod", "p t c: /none error the case expects nothing"),
    ] {
        let tests = tests_of("constraint", &format!("{{name: c, {case}}}"));
        assert_eq!(rows(&tests, Counting::Honest), [expected], "{case}");
    }
}

#[test]
fn every_assertion_is_a_row_with_its_place() {
    let tests = tests_of(
        "constraint",
        "{name: c, object: pod, assertions: [{violations: no}, {}]}, \
         {name: d, object: clean, assertions: [{}]}",
    );
    let report = report(&tests, Counting::Honest);
    let text = format!("apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n{tests}\n");
    let (suite, _) = Suite::decode(&documents("suite.yaml", &text)[0]).unwrap();
    let steps: Vec<_> = report.rows.iter().map(|row| suite.steps_to(row).join("/")).collect();
    assert_eq!(
        steps,
        [
            "tests/0/cases/0/assertions/0",
            "tests/0/cases/0/assertions/1",
            "tests/0/cases/1/assertions/0"
        ]
    );
}

#[test]
fn an_invalid_constraint_can_be_what_is_expected() {
    for (constraint, expected) in [
        ("wrong", "wrong t : invalid/invalid passed "),
        ("constraint", "p t : invalid/valid failed the constraint fits the template's schema"),
    ] {
        let tests = format!(
            "tests: [{{name: t, template: template, constraint: {constraint}, invalid: true}}]"
        );
        let report = report(&tests, Counting::Honest);
        assert_eq!(report.diagnostics, []);
        assert_eq!(rows(&tests, Counting::Honest), [expected]);
    }
    // Where it is not expected, no case can be tried.
    let tests = tests_of("wrong", "{name: c, object: pod, assertions: [{violations: no}]}");
    let expected = "wrong t c/0: no/none error `image` must be a string, found a list";
    assert_eq!(rows(&tests, Counting::Honest), [expected]);
    assert_eq!(report(&tests, Counting::Honest).diagnostics.len(), 1);
}

#[test]
fn an_error_is_a_violation_only_where_upstream_counts() {
    let error = "unable to match constraints: error matching the requested object: a :failed to \
                 run Match criteria: namespace selector for namespace-scoped object but missing \
                 Namespace";
    let tests = tests_of("selecting", "{name: c, object: pod, assertions: [{}]}");
    let row = |actual: &str, outcome: &str| {
        vec![format!("selecting t c/0: yes/{actual} {outcome} {error}")]
    };
    assert_eq!(rows(&tests, Counting::Honest), row("error", "error"));
    assert_eq!(rows(&tests, Counting::Upstream), row("yes", "passed"));
    // Who expects the very error has an answer.
    let tests =
        tests_of("selecting", "{name: c, object: pod, assertions: [{message: missing Namespace}]}");
    assert_eq!(rows(&tests, Counting::Honest), row("yes", "passed"));
}

#[test]
fn what_is_wrong_with_a_suite_is_said() {
    for (tests, expected) in [
        ("tests: []", "a suite without `tests` tests nothing"),
        ("tests: [{name: t}]", "a test needs `template`"),
        (
            "tests: [{name: t, template: a, constraint: b, expansion: e, cases: [{object: o}]}]",
            "expansion is not supported: no object is generated from another",
        ),
        (
            "tests: [{name: t, template: a, constraint: b, cases: [{object: o, assertions: \
             [{violations: some}]}]}]",
            "`violations` cannot be `some`",
        ),
        (
            "tests: [{name: t, template: a, constraint: b, cases: [{object: o, assertions: \
             [{message: '('}]}]}]",
            "`message` is no regular expression: error parsing regexp: missing closing ): `(`",
        ),
        (
            "tests: [{name: t, template: a, constraint: b, cases: [{objects: o}]}]",
            "unknown field `objects` in a case",
        ),
    ] {
        let text = format!("apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n{tests}\n");
        let (_, said) = Suite::decode(&documents("suite.yaml", &text)[0]).unwrap();
        let said: Vec<_> = said.into_iter().map(|found| found.message).collect();
        assert!(said.contains(&expected.to_owned()), "{tests}: {said:?}");
    }
}
