use std::sync::Arc;

use jiff::Timestamp;

use super::{Counts, Exit, ExitRules, Keep, ObjectReport, PolicySummary, Report, judge};
use crate::decision::{
    Action, Decision, Dialect, FailurePolicy, Outcome, RuleInfo, RuleResult, Violation,
};
use crate::diagnostic::Diagnostic;
use crate::request::Request;
use crate::rule::OtherRules;
use crate::source::Span;
use crate::tree::{Builder, Tree};

/// An object of strings: each path is followed from the root, in the order given.
fn object(fields: &[(&str, &str)]) -> Arc<Tree> {
    fn write(builder: &mut Builder, fields: &[(Vec<&str>, &str)]) {
        let place = (0, 0);
        builder.open_map(place);
        let mut done: Vec<&str> = Vec::new();
        for (path, value) in fields {
            let (first, rest) = path.split_first().unwrap();
            if done.contains(first) {
                continue;
            }
            done.push(first);
            builder.string(first, place);
            if rest.is_empty() {
                builder.string(value, place);
                continue;
            }
            let below: Vec<_> = fields
                .iter()
                .filter(|(path, _)| path[0] == *first)
                .map(|(path, value)| (path[1..].to_vec(), *value))
                .collect();
            write(builder, &below);
        }
        builder.close().unwrap();
    }
    let fields: Vec<_> =
        fields.iter().map(|(path, value)| (path.split('|').collect(), *value)).collect();
    let mut builder = Builder::new("".into(), false);
    write(&mut builder, &fields);
    Arc::new(builder.finish().unwrap().0)
}

fn pod() -> Arc<Tree> {
    object(&[("apiVersion", "v1"), ("kind", "Pod"), ("metadata|name", "a")])
}

fn rule(dialect: Dialect) -> Arc<RuleInfo> {
    Arc::new(RuleInfo { policy: "p".into(), rule: "r".into(), dialect, ..RuleInfo::default() })
}

fn result(outcome: Outcome, action: Action, failure_policy: FailurePolicy) -> RuleResult {
    let violation =
        Violation { path: "/kind".into(), message: "no".into(), missing: false, details: None };
    RuleResult {
        rule: rule(Dialect::Kyverno),
        name: "r".into(),
        outcome,
        action,
        failure_policy,

        message: "no".into(),
        headline: String::new(),
        violations: if outcome == Outcome::Fail { vec![violation] } else { Vec::new() },
        silent: false,
    }
}

fn judged(object: Arc<Tree>, results: Vec<RuleResult>) -> ObjectReport {
    let request = Request::create(object, Timestamp::UNIX_EPOCH);
    let decision = Decision { results, warnings: Vec::new() };
    ObjectReport::new(&request, decision, Keep::All, |_| None)
}

fn report(objects: Vec<ObjectReport>) -> Report {
    let policies = PolicySummary { rules: 1, ..PolicySummary::default() };
    Report { objects, policies, ..Report::default() }
}

/// Outcome, action, failure policy, dialect → allowed, exit code by default, exit code when only
/// denials count.
#[test]
fn verdicts_and_exit_codes() {
    use Action::{Audit, Deny, Warn};
    use Dialect::{Cel, Gatekeeper, Kyverno};
    use FailurePolicy::{Fail, Ignore};
    use Outcome::{Error, Pass, Skip};
    for (outcome, action, failure_policy, dialect, allowed, code, deny_only) in [
        (Pass, Deny, Fail, Kyverno, true, 0, 0),
        (Pass, Audit, Ignore, Cel, true, 0, 0),
        (Skip, Deny, Fail, Kyverno, true, 0, 0),
        (Skip, Warn, Ignore, Kyverno, true, 0, 0),
        (Outcome::Fail, Deny, Fail, Kyverno, false, 1, 1),
        (Outcome::Fail, Deny, Ignore, Kyverno, false, 1, 1),
        (Outcome::Fail, Deny, Ignore, Gatekeeper, false, 1, 1),
        (Outcome::Fail, Warn, Fail, Kyverno, true, 0, 0),
        (Outcome::Fail, Audit, Fail, Kyverno, true, 1, 0),
        (Outcome::Fail, Audit, Ignore, Cel, true, 1, 0),
        // Kyverno blocks on an error whatever the action; others only where the action denies.
        (Error, Deny, Fail, Kyverno, false, 1, 1),
        (Error, Warn, Fail, Kyverno, false, 1, 1),
        (Error, Audit, Fail, Kyverno, false, 1, 1),
        (Error, Deny, Fail, Cel, false, 1, 1),
        (Error, Warn, Fail, Cel, true, 0, 0),
        (Error, Audit, Fail, Gatekeeper, true, 1, 0),
        // Allowed, but a finding of its rule's action all the same.
        (Error, Deny, Ignore, Kyverno, true, 1, 1),
        (Error, Warn, Ignore, Kyverno, true, 0, 0),
        (Error, Audit, Ignore, Cel, true, 1, 0),
    ] {
        let result = RuleResult { rule: rule(dialect), ..result(outcome, action, failure_policy) };
        let object = judged(pod(), vec![result]);
        let case = format!("{outcome:?} {action:?} {failure_policy:?} {dialect:?}");
        assert_eq!(object.allowed, allowed, "{case}");
        let report = report(vec![object]);
        let rules = ExitRules { fail_on: [Deny].into(), ..ExitRules::default() };
        assert_eq!(judge(&report, &ExitRules::default()).code, code, "{case}");
        assert_eq!(judge(&report, &rules).code, deny_only, "{case}, deny only");
    }
}

/// Where several codes hold: 2, then 1, then 3; and what each flag takes out.
#[test]
fn exit_codes_in_their_order() {
    let failing = || judged(pod(), vec![result(Outcome::Fail, Action::Deny, FailurePolicy::Fail)]);
    let unmatched = || judged(pod(), Vec::new());
    let skipped = || judged(pod(), vec![result(Outcome::Skip, Action::Deny, FailurePolicy::Fail)]);
    let error = || vec![Diagnostic::error("yaml-syntax", "broken")];
    let warning = || vec![Diagnostic::warning("odd", "odd")];
    let unevaluated = |gives_verdict| PolicySummary {
        rules: 1,
        not_evaluated: vec![OtherRules { kind: "x".into(), count: 2, gives_verdict }],
        ..PolicySummary::default()
    };
    let exit_zero = ExitRules { exit_zero: true, ..ExitRules::default() };
    let allow_empty = ExitRules { allow_empty: true, ..ExitRules::default() };
    let allow_not_evaluated = ExitRules { allow_not_evaluated: true, ..ExitRules::default() };
    let default = ExitRules::default();
    for (report, rules, code, reason) in [
        (report(vec![failing(), unmatched()]), &default, 1, "1 finding denies"),
        (report(vec![failing(), failing()]), &default, 1, "2 findings deny"),
        (report(vec![failing()]), &exit_zero, 0, "1 finding denies, which --exit-zero allows"),
        (
            Report { diagnostics: error(), ..report(vec![failing()]) },
            &exit_zero,
            2,
            "1 error in policies or input",
        ),
        (
            Report { diagnostics: error(), ..report(vec![]) },
            &allow_empty,
            2,
            "1 error in policies or input",
        ),
        (
            Report { diagnostics: warning(), ..report(vec![skipped()]) },
            &default,
            0,
            "nothing to object",
        ),
        (report(vec![]), &default, 3, "nothing was evaluated: there is no object"),
        (
            report(vec![unmatched()]),
            &default,
            3,
            "nothing was evaluated: no rule matches any object",
        ),
        (
            report(vec![unmatched()]),
            &allow_empty,
            0,
            "nothing was evaluated: no rule matches any object, which --allow-empty allows",
        ),
        (
            Report { policies: PolicySummary::default(), ..report(vec![unmatched()]) },
            &default,
            3,
            "nothing was evaluated: there is no rule that gives a verdict",
        ),
        (
            Report { policies: unevaluated(true), ..report(vec![failing()]) },
            &default,
            2,
            "2 rules cannot be evaluated by this build",
        ),
        (
            Report { policies: unevaluated(true), ..report(vec![failing()]) },
            &allow_not_evaluated,
            1,
            "1 finding denies",
        ),
        (
            Report { policies: unevaluated(false), ..report(vec![skipped()]) },
            &default,
            0,
            "nothing to object",
        ),
        (
            Report {
                policies: PolicySummary { rules: 3, broken: 1, ..PolicySummary::default() },
                ..report(vec![failing()])
            },
            &default,
            2,
            "1 rule does not compile",
        ),
    ] {
        assert_eq!(judge(&report, rules), Exit { code, reason: reason.to_owned() });
    }
}

#[test]
fn a_failure_that_warns_is_counted_as_a_warning() {
    let results = [
        (Outcome::Pass, Action::Warn),
        (Outcome::Fail, Action::Warn),
        (Outcome::Fail, Action::Audit),
        (Outcome::Fail, Action::Deny),
        (Outcome::Error, Action::Warn),
        (Outcome::Skip, Action::Deny),
    ]
    .map(|(outcome, action)| result(outcome, action, FailurePolicy::Fail));
    let report = report(vec![judged(pod(), results.to_vec()), judged(pod(), Vec::new())]);
    let summary = report.summary();
    assert_eq!((summary.objects, summary.evaluated, summary.unmatched), (2, 1, 1));
    assert_eq!(summary.results, Counts { pass: 1, fail: 2, warn: 1, error: 1, skip: 1 });
}

/// What is left out of a small report is counted all the same.
#[test]
fn keeping_findings_only_changes_no_count() {
    let results = [Outcome::Pass, Outcome::Fail, Outcome::Skip]
        .map(|outcome| result(outcome, Action::Deny, FailurePolicy::Fail));
    let request = Request::create(pod(), Timestamp::UNIX_EPOCH);
    let decision = Decision { results: results.to_vec(), warnings: Vec::new() };
    let small = ObjectReport::new(&request, decision, Keep::Findings, |_| None);
    assert_eq!(small.results.len(), 1);
    assert_eq!(small.counts, judged(pod(), results.to_vec()).counts);
}

#[test]
fn places_are_asked_for_findings_only() {
    let request = Request::create(pod(), Timestamp::UNIX_EPOCH);
    let results = [Outcome::Pass, Outcome::Fail]
        .map(|outcome| result(outcome, Action::Deny, FailurePolicy::Fail));
    let decision = Decision { results: results.to_vec(), warnings: Vec::new() };
    let mut asked = Vec::new();
    let span = Span { source: "a.yaml".into(), start: 3, end: 6 };
    let object = ObjectReport::new(&request, decision, Keep::All, |path| {
        asked.push(path.to_owned());
        Some(span.clone())
    });
    assert_eq!(asked, ["/kind"]);
    assert_eq!(object.results[1].findings[0].span, Some(span));
}

#[test]
fn a_finding_names_the_container() {
    let place = (0, 0);
    let mut builder = Builder::new("".into(), false);
    builder.open_map(place);
    builder.string("containers", place);
    builder.open_list(place);
    for name in ["a", "b"] {
        builder.open_map(place);
        builder.string("name", place);
        builder.string(name, place);
        builder.close().unwrap();
    }
    let object = Arc::new(builder.finish().unwrap().0);
    let request = Request::create(object, Timestamp::UNIX_EPOCH);
    for (path, expected) in [
        ("/containers/1/image", Some(("containers", "b", "/containers/1/name"))),
        ("/containers/0", Some(("containers", "a", "/containers/0/name"))),
        ("/containers/7/image", None),
        ("/containers", None),
        ("", None),
    ] {
        let mut failure = result(Outcome::Fail, Action::Deny, FailurePolicy::Fail);
        failure.violations[0].path = path.to_owned();
        let decision = Decision { results: vec![failure], warnings: Vec::new() };
        let mut asked = Vec::new();
        let object = ObjectReport::new(&request, decision, Keep::All, |path| {
            asked.push(path.to_owned());
            None
        });
        let item = object.results[0].findings[0].item.as_ref();
        let named = item.map(|item| (item.list.as_str(), item.name.as_str(), asked[0].as_str()));
        assert_eq!(named, expected);
    }
}

/// Policy, rule, object and path make a fingerprint; nothing else does.
#[test]
fn fingerprints() {
    let fingerprint = |object: &Arc<Tree>, change: &dyn Fn(&mut RuleResult)| {
        let mut result = result(Outcome::Fail, Action::Deny, FailurePolicy::Fail);
        change(&mut result);
        judged(object.clone(), vec![result]).results[0].findings[0].fingerprint.clone()
    };
    let first = fingerprint(&pod(), &|_| ());
    assert_eq!(first.len(), 16);
    assert_eq!(first, fingerprint(&pod(), &|result| result.message = "other".into()));
    assert_eq!(first, fingerprint(&pod(), &|result| result.action = Action::Audit));
    assert_ne!(first, fingerprint(&pod(), &|result| result.name = "s".into()));
    assert_ne!(first, fingerprint(&pod(), &|result| result.violations[0].path = "/x".into()));
    let other = object(&[("apiVersion", "v1"), ("kind", "Pod"), ("metadata|name", "b")]);
    assert_ne!(first, fingerprint(&other, &|_| ()));
}

/// No value of a Secret survives in a message: plain, decoded, escaped or inside an annotation.
#[test]
fn values_of_secrets_are_masked() {
    let secret = object(&[
        ("apiVersion", "v1"),
        ("kind", "Secret"),
        ("metadata|name", "s"),
        ("metadata|annotations|last", r#"{"data":{"password":"aHVudGVyMg=="}}"#),
        ("data|password", "aHVudGVyMg=="),
        ("stringData|pin", "42"),
        ("stringData|lines", "first line\nsecond \"line\""),
    ]);
    let mask = |message: &str| {
        let mut result = result(Outcome::Fail, Action::Deny, FailurePolicy::Fail);
        result.message = message.into();
        result.violations[0].message = message.to_owned();
        let object = judged(secret.clone(), vec![result]);
        assert_eq!(
            *object.results[0].result.message,
            *object.results[0].findings[0].violation.message
        );
        object.results[0].result.message.to_string()
    };
    for (message, masked) in [
        ("found `aHVudGVyMg==`", "found `***`"),
        ("found hunter2!", "found ***!"),
        ("pin 42, not 420", "pin ***, not 420"),
        (r#"{"lines":"first line\nsecond \"line\""}"#, r#"{"lines":"***"}"#),
        ("has second \"line\" in it", "has *** in it"),
        (r#"last is {"data":{"password":"aHVudGVyMg=="}}"#, "last is ***"),
        ("Secret s has a password", "Secret s has a password"),
    ] {
        assert_eq!(mask(message), masked);
    }
}

/// A value may be a word of the rule's own name, which then still reads as it is.
#[test]
fn the_name_of_the_rule_is_not_masked() {
    let secret = object(&[
        ("apiVersion", "v1"),
        ("kind", "Secret"),
        ("data|mode", "secret"),
        ("data|x", "deny"),
    ]);
    let mut failure = result(Outcome::Fail, Action::Deny, FailurePolicy::Fail);
    failure.name = "deny-secret-type".into();
    failure.message = "mode secret: rule deny-secret-type failed, secret, xdeny-secret-type".into();
    let object = judged(secret, vec![failure]);
    let message = &object.results[0].result.message;
    assert_eq!(&**message, "mode ***: rule deny-secret-type failed, ***, x***-***-type");
}

#[test]
fn places_of_secret_values_are_hidden() {
    let secret = object(&[
        ("apiVersion", "v1"),
        ("kind", "Secret"),
        ("metadata|annotations|a/b", "x"),
        ("data|password", "aHVudGVyMg=="),
    ]);
    let request = Request::create(secret, Timestamp::UNIX_EPOCH);
    let failure = result(Outcome::Fail, Action::Deny, FailurePolicy::Fail);
    let decision = Decision { results: vec![failure], warnings: Vec::new() };
    let mut asked = Vec::new();
    ObjectReport::new(&request, decision, Keep::All, |path| {
        asked.push(path.to_owned());
        None
    });
    assert_eq!(asked, ["/data/password", "/metadata/annotations/a~1b", "/kind", ""]);
}
