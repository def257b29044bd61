use ajj_engine::report::{Keep, ObjectReport};
use ajj_engine::{Facts, Request, Source, compile};

use super::Answer;
use crate::decision_id::{DecisionId, Replica};
use crate::review::{ResourceKinds, parse};

/// Rules over every Widget: severity, action and what `validate` says.
fn answer(rules: &[(&str, &str, &str, &str)], object: &str) -> Answer {
    let sources: Vec<Source> = rules
        .iter()
        .map(|(name, severity, action, validate)| {
            let text = format!(
                "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: {name}\n  \
                 annotations:\n    policies.kyverno.io/severity: {severity}\n    ajj.dev/help: mend \
                 it\nspec:\n  {action}\n  background: false\n  rules:\n  - name: check-{name}\n    \
                 match:\n      any:\n      - resources:\n          kinds: [Widget]\n    validate:\n      \
                 {validate}\n"
            );
            Source::new(format!("{name}.yaml"), text)
        })
        .collect();
    let (policies, diagnostics) = compile(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let request = request(object);
    let decision = policies.conclude(&request, &Facts::default());
    let report = ObjectReport::new(&request, decision, Keep::All, |_| None);
    Answer::new(&request, &report, DecisionId::new(Replica::new("r"), "u1"))
}

fn request(object: &str) -> Request {
    let body = format!(
        r#"{{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {{
        "uid": "u1", "operation": "CREATE", "name": "w", "namespace": "shop",
        "kind": {{"group": "example.com", "version": "v1", "kind": "Widget"}},
        "resource": {{"group": "example.com", "version": "v1", "resource": "widgets"}},
        "object": {{"apiVersion": "example.com/v1", "kind": "Widget",
            "metadata": {{"name": "w", "namespace": "shop"}}, "spec": {object}}}}}}}"#
    );
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    parse(body.as_bytes(), &ResourceKinds::default(), time).unwrap()
}

const ENFORCE: &str = "validationFailureAction: Enforce";
const WARN: &str = "emitWarning: true";
const SIZE: &str = "{message: size is small, pattern: {spec: {parts: [{size: 1-5}]}}}";
const NAMED: &str =
    "{message: 'say who owns it', pattern: {metadata: {labels: {'example.com/owner': '?*'}}}}";

#[test]
fn a_denial_says_on_its_first_line_what_and_why() {
    let rules = [("small", "low", ENFORCE, SIZE), ("named", "high", ENFORCE, NAMED)];
    let answer =
        answer(&rules, r#"{"parts": [{"name": "a", "size": 3}, {"name": "b", "size": 9}]}"#);
    let denial = answer.denial.unwrap();
    assert_eq!(
        denial.message,
        "Widget shop/w: 2 rules deny (check-named, check-small) [decision 5394V23DWBAT]\n  \
         1. named/check-named (high): say who owns it\n     metadata.labels: must be a map, is not there\n     \
         fix: mend it\n  2. small/check-small (low): size is small\n     \
         spec.parts[b].size: must be `1-5`, found `9`\n     fix: mend it"
    );
    let causes: Vec<_> =
        denial.causes.iter().map(|cause| (cause.reason, &*cause.field, &*cause.message)).collect();
    assert_eq!(
        causes,
        [
            (
                "FieldValueRequired",
                "metadata.labels",
                "named/check-named: must be a map, is not there"
            ),
            (
                "FieldValueInvalid",
                "spec.parts[1].size",
                "small/check-small: must be `1-5`, found `9`"
            ),
        ]
    );
    assert_eq!((&*denial.group, &*denial.resource), ("example.com", "widgets"));
    assert_eq!(answer.annotations["findings"], "small/check-small=fail,named/check-named=fail");
}

#[test]
fn what_warns_is_allowed_with_a_warning_and_what_audits_in_silence() {
    let spec = r#"{"parts": [{"size": 9}]}"#;
    let warned = answer(&[("small", "low", WARN, SIZE)], spec);
    assert_eq!((warned.denial, warned.warnings.len()), (None, 1));
    assert_eq!(warned.warnings[0], "small/check-small: size is small");
    let audited = answer(&[("small", "low", "admission: true", SIZE)], spec);
    assert_eq!((audited.denial, audited.warnings.len()), (None, 0));
    assert_eq!(audited.annotations["findings"], "small/check-small=fail");
    let fine = answer(&[("small", "low", ENFORCE, SIZE)], r#"{"parts": [{"size": 1}]}"#);
    assert_eq!(fine, Answer::default());
}

#[test]
fn an_error_denies_or_warns_as_the_failure_policy_says() {
    let unknown = "{message: x, deny: {conditions: {all: [{key: '{{ request.object.spec.none }}', \
                   operator: Equals, value: 1}]}}}";
    let closed = answer(&[("odd", "low", ENFORCE, unknown)], "{}").denial.unwrap();
    let first = closed.message.lines().next().unwrap();
    assert_eq!(
        first,
        "Widget shop/w: 1 rule cannot be evaluated (check-odd) [decision 5394V23DWBAT]"
    );
    assert_eq!(closed.causes[0].reason, "InternalError");
    let open = answer(&[("odd", "low", "failurePolicy: Ignore", unknown)], "{}");
    assert_eq!(open.denial, None);
    assert!(open.warnings[0].starts_with("odd/check-odd could not be evaluated: "), "{open:?}");
}

#[test]
fn however_much_is_wrong_the_answer_stays_short_and_plain() {
    let names: Vec<String> = (0..60).map(|number| format!("rule-number-{number}")).collect();
    let message = "x".repeat(3_000) + "\u{1b}[31m";
    let validate = format!(
        "{{message: \"{}\", pattern: {{spec: {{size: 1}}}}}}",
        message.replace('\u{1b}', "\\e")
    );
    let denying: Vec<_> =
        names.iter().map(|name| (name.as_str(), "low", ENFORCE, validate.as_str())).collect();
    let denial = answer(&denying, r#"{"size": 9}"#).denial.unwrap();
    assert!(denial.message.chars().count() <= 1_000, "{}", denial.message.chars().count());
    assert!(denial.message.lines().next().unwrap().chars().count() < 400, "{}", denial.message);
    assert!(denial.message.ends_with(" more"), "{}", denial.message);
    assert!(!denial.message.contains('\u{1b}') && denial.causes.len() <= 32);
    let warning: Vec<_> =
        names.iter().map(|name| (name.as_str(), "low", WARN, validate.as_str())).collect();
    let warnings = answer(&warning, r#"{"size": 9}"#).warnings;
    assert_eq!(warnings.len(), 16);
    assert_eq!(warnings[15], "… and 45 more");
    for warning in &warnings {
        assert!(warning.chars().count() <= 200 && !warning.contains(char::is_control), "{warning}");
    }
}

#[test]
fn rego_is_named_by_what_its_authors_named() {
    let template = "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: sizes}\nspec:\n  \
        crd: {spec: {names: {kind: Sizes}}}\n  targets:\n  - target: admission.k8s.gatekeeper.sh\n    rego: |\n      \
        package sizes\n      violation[{\"msg\": \"too large\"}] { input.review.object.spec.size > 1 }\n";
    let constraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Sizes\nmetadata: {name: small-widgets}\n";
    let rego = "package widgets\n\ndeny contains \"large\" if input.spec.size > 1\n";
    let sources = [
        Source::new("t.yaml", template),
        Source::new("c.yaml", constraint),
        Source::new("w.rego", rego),
    ];
    let (policies, diagnostics) = compile(&sources);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let request = request(r#"{"size": 3}"#);
    let decision = policies.conclude(&request, &Facts::default());
    let report = ObjectReport::new(&request, decision, Keep::All, |_| None);
    let answer = Answer::new(&request, &report, DecisionId::new(Replica::new("r"), "u1"));
    let message = answer.denial.unwrap().message;
    let first = message.lines().next().unwrap();
    assert!(first.contains("2 rules deny (") && first.contains("small-widgets"), "{first}");
    assert!(first.contains("widgets/deny"), "{first}");
}
