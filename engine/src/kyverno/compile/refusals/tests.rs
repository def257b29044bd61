use crate::diagnostic::Severity;
use crate::source::Source;

/// Where a rule of the kind Widget goes on.
const RULE: &str = "match: {any: [{resources: {kinds: [Widget]}}]}";
const DENY: &str = "validate: {message: m, deny: {}}";

/// The codes of the errors of a policy with one rule.
fn codes(head: &str, spec: &str, rule: &str) -> Vec<&'static str> {
    let text = format!(
        "{head}\nspec:\n  background: false\n{spec}\n  rules:\n    - name: check\n{}",
        rule.lines().map(|line| format!("      {line}\n")).collect::<String>()
    );
    let (_, diagnostics) = crate::compile::compile(&[Source::new("p.yaml", text)]);
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| found.code).collect()
}

const HEAD: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}";

#[track_caller]
fn check_rule(rule: &str, expected: &[&str]) {
    assert_eq!(codes(HEAD, "", rule), expected, "{rule}");
}

#[test]
fn a_sound_rule_is_taken() {
    check_rule(&format!("{RULE}\n{DENY}"), &[]);
    check_rule(&format!("{RULE}\nexclude: {{}}\n{DENY}"), &[]);
    check_rule(&format!("{RULE}\nexclude: {{any: [{{resources: {{names: [a]}}}}]}}\n{DENY}"), &[]);
    check_rule(&format!("match: {{any: [{{resources: {{kinds: ['*']}}}}]}}\n{DENY}"), &[]);
}

#[test]
fn matches_that_select_nothing_or_too_much() {
    for (matching, code) in [
        ("match: {}", "match-without-kinds"),
        ("match: {any: [{resources: {kinds: []}}]}", "match-without-kinds"),
        ("match: {all: [{resources: {kinds: [A]}}, {roles: ['a:b']}]}", "match-without-kinds"),
        (
            "match: {any: [{resources: {kinds: [A]}}], resources: {kinds: [A]}}",
            "resources-beside-blocks",
        ),
        ("match: {any: [{resources: {kinds: [A], names: ['{{ x }}']}}]}", "variable-in-match"),
        ("match: {any: [{resources: {kinds: [A], selector: {}}}]}", "selector"),
        ("match: {any: [{resources: {kinds: [A]}, roles: [a]}]}", "role"),
        (
            "match: {any: [{resources: {kinds: [A]}, subjects: [{kind: ServiceAccount, name: a}]}]}",
            "subject",
        ),
        ("match: {any: [{resources: {kinds: ['*', A]}}]}", "every-kind"),
        (
            "match: {any: [{resources: {kinds: [A]}}]}\nexclude: {any: [{resources: {kinds: [A]}}]}",
            "empty-match",
        ),
        ("match: {resources: {kinds: [A]}}\nexclude: {resources: {kinds: [A, B]}}", "empty-match"),
    ] {
        check_rule(&format!("{matching}\n{DENY}"), &[code]);
    }
    let every = "match: {any: [{resources: {kinds: ['*']}}]}";
    check_rule(&format!("{every}\nvalidate: {{pattern: {{spec: {{a: b}}}}}}"), &["every-kind"]);
}

#[test]
fn parts_of_a_rule() {
    for (part, code) in [
        ("imageExtractors: {}", "misplaced-field"),
        ("reportProperties: {a: 5}", "wrong-type"),
        ("reportProperties: {a: '{{ nowhere }}'}", "unknown-variable"),
        ("reportProperties: {a: '$(nowhere)'}", "reference"),
        ("preconditions: {all: [{key: a, operator: Equals}]}", "incomplete-condition"),
        (
            "preconditions: {all: [{key: '{{ request.operation }}', operator: Equals, value: A}]}",
            "unknown-word",
        ),
        ("context: [{name: request, variable: {value: a}}]", "context-entry"),
        ("context: [{name: v, variable: {default: a}}]", "context-entry"),
        ("context: [{name: v, variable: {value: a, default: b}}]", "context-entry"),
        ("context: [{name: v, configMap: {name: a}}]", "context-entry"),
        ("context: [{name: v, configMap: {name: a, namespace: true}}]", "wrong-type"),
        ("context: [{name: v, apiCall: {urlPath: 5}}]", "wrong-type"),
        ("context: [{name: v, imageRegistry: {reference: 'A B'}}]", "context-entry"),
    ] {
        let codes = codes(HEAD, "", &format!("{RULE}\n{part}\n{DENY}"));
        assert_eq!(codes.first(), Some(&code), "{part}");
    }
    let labels = "validate: {message: m, pattern: {metadata: {labels: {a: 5}}}}";
    check_rule(&format!("{RULE}\n{labels}"), &["label-pattern"]);
    let validate = "validate: {message: m, failureAction: enforce, deny: {}}";
    check_rule(&format!("{RULE}\n{validate}"), &["unknown-word"]);
}

#[test]
fn what_stands_around_the_rules() {
    let rule = format!("{RULE}\n{DENY}");
    for (spec, code) in [
        ("  webhookTimeoutSeconds: 31", "wrong-type"),
        ("  generateExistingOnPolicyUpdate: false", "removed-field"),
        (
            "  validationFailureActionOverrides: [{action: Audit, namespaces: ['a*']}, \
             {action: Enforce, namespaces: [ab]}]",
            "conflicting-overrides",
        ),
    ] {
        assert_eq!(codes(HEAD, spec, &rule), [code], "{spec}");
    }
    for (from, to, code) in [
        ("name: p", "name: p, namespace: a", "namespace-of-cluster-policy"),
        ("name: p", "name: p, labels: {a: 1}", "wrong-type"),
        ("kyverno.io/v1", "kyverno.io/v9", "unknown-word"),
    ] {
        let head = HEAD.replace(from, to);
        assert_eq!(codes(&head, "", &rule), [code], "{to}");
    }
    let later = HEAD.replace("/v1", "/v2beta1");
    let old = format!("match: {{resources: {{kinds: [A]}}}}\n{DENY}");
    assert_eq!(codes(&later, "", &old), ["unknown-field"]);
}
