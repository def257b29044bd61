use super::*;
use crate::decision::Action;
use crate::gatekeeper::template;
use crate::policy_set::Selection;
use crate::read::{Limits, read};
use crate::source::Source;

const TEMPLATE: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: probe}
spec:
  crd: {spec: {names: {kind: Probe}, validation: {openAPIV3Schema: {type: object, properties: {
    labels: {type: array, items: {type: string}}, mode: {type: string, default: all}}}}}}
  targets: [{target: admission.k8s.gatekeeper.sh, rego: 'package a'}]
";

fn document(text: &str) -> Document {
    read(&Source::new("c.yaml", text), &Limits::default()).documents.remove(0)
}

/// A constraint with this spec, and what is said of it.
fn constraint(spec: &str) -> (Written, Vec<String>) {
    let (template, found) = template::decode(&document(TEMPLATE));
    assert!(found.is_empty(), "{found:?}");
    let text = format!(
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Probe\nmetadata: {{name: p}}\n{spec}"
    );
    let (written, found) = decode(&document(&text), template.as_ref());
    let said = found.into_iter().map(|found| {
        let help = found.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{} {}{help}", found.code, found.message)
    });
    (written, said.collect())
}

#[test]
fn parameters_are_filled_in_where_there_are_any() {
    for (spec, expected) in [
        ("", "{}"),
        ("spec: {}", "{}"),
        ("spec: {parameters: {}}", r#"{"mode":"all"}"#),
        ("spec: {parameters: {labels: [a], mode: any}}", r#"{"labels":["a"],"mode":"any"}"#),
    ] {
        let (written, said) = constraint(spec);
        assert!(said.is_empty(), "{spec}: {said:?}");
        assert_eq!(written.parameters.unwrap().root().to_json(), expected, "{spec}");
    }
}

#[test]
fn actions_follow_the_place_that_asks() {
    let scoped = |actions: &str| {
        format!("spec: {{enforcementAction: scoped, scopedEnforcementActions: [{actions}]}}")
    };
    let (deny, warn, audit) = (Some(Action::Deny), Some(Action::Warn), Some(Action::Audit));
    for (spec, desk, admission, background) in [
        ("spec: {}".to_owned(), deny, deny, deny),
        ("spec: {enforcementAction: warn}".to_owned(), warn, warn, warn),
        ("spec: {enforcementAction: dryrun}".to_owned(), audit, audit, audit),
        (
            scoped("{action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}"),
            None,
            deny,
            None,
        ),
        (
            scoped(
                "{action: warn, enforcementPoints: [{name: '*'}]}, \
                 {action: deny, enforcementPoints: [{name: gator.gatekeeper.sh}]}",
            ),
            deny,
            warn,
            warn,
        ),
        (
            scoped(
                "{action: dryrun, enforcementPoints: [{name: audit.gatekeeper.sh}, {name: vap.k8s.io}]}",
            ),
            None,
            None,
            audit,
        ),
    ] {
        let (written, said) = constraint(&spec);
        assert!(said.is_empty(), "{spec}: {said:?}");
        let at = |selection| written.enforcement.at(selection);
        assert_eq!(
            (at(Selection::All), at(Selection::Admission), at(Selection::Background)),
            (desk, admission, background),
            "{spec}"
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let scoped = "spec: {enforcementAction: scoped, scopedEnforcementActions: ";
    for (spec, expected) in [
        (
            "spec: {enforcementAction: dry-run}".to_owned(),
            "unknown-word `enforcementAction` cannot be `dry-run`; did you mean `dryrun`?",
        ),
        (
            "spec: {enforcementAction: scoped}".to_owned(),
            "missing-field `enforcementAction: scoped` needs `scopedEnforcementActions`",
        ),
        (
            "spec: {scopedEnforcementActions: []}".to_owned(),
            "ignored-field `scopedEnforcementActions` is not read here; write `enforcementAction: \
             scoped`",
        ),
        (
            format!("{scoped}[{{action: deny}}]}}"),
            "missing-field an action without `enforcementPoints` is taken nowhere; name one of: \
             validation.gatekeeper.sh, audit.gatekeeper.sh, gator.gatekeeper.sh, vap.k8s.io, *",
        ),
        (
            format!("{scoped}[{{action: deny, enforcementPoints: [{{name: webhook}}]}}]}}"),
            "unknown-word `enforcement point` cannot be `webhook`; one of: \
             validation.gatekeeper.sh, audit.gatekeeper.sh, gator.gatekeeper.sh, vap.k8s.io, *",
        ),
        (
            "spec: {parameters: {lables: [a]}}".to_owned(),
            "unknown-field unknown field `lables` in `parameters`; did you mean `labels`?",
        ),
        (
            "spec: {parameters: {labels: a}}".to_owned(),
            "against-schema `labels` must be a list, found `a`",
        ),
        (
            "spec: {match: {}, matches: {}}".to_owned(),
            "unknown-field unknown field `matches` in spec; did you mean `match`?",
        ),
    ] {
        assert_eq!(constraint(&spec).1, [expected], "{spec}");
    }
}
