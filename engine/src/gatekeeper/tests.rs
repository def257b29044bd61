use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compile::compile;
use crate::decision::{Action, Decision, Outcome};
use crate::facts::{FactError, FactKey, Facts};
use crate::policy_set::{Evaluation, PolicySet, Selection};
use crate::read::{Limits, parse_yaml};
use crate::request::{Operation, Request};
use crate::source::Source;

/// A template of kind `Probe` with this Rego.
fn template(rego: &str) -> String {
    let indented = rego.lines().map(|line| format!("      {line}\n")).collect::<String>();
    format!(
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\n\
         metadata:\n  name: probe\nspec:\n  crd:\n    spec:\n      names:\n        kind: Probe\n      \
         validation:\n        openAPIV3Schema:\n          type: object\n          \
         x-kubernetes-preserve-unknown-fields: true\n  targets:\n  - \
         target: admission.k8s.gatekeeper.sh\n    rego: |\n{indented}"
    )
}

fn constraint(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Probe\n\
         metadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

/// What compiling says: `file:line:column code message`.
fn compiled(documents: &[(&str, &str)]) -> (PolicySet, Vec<String>) {
    let sources: Vec<_> = documents.iter().map(|(name, text)| Source::new(*name, *text)).collect();
    let (set, found) = compile(&sources);
    let said = found.into_iter().map(|found| {
        let place = found.span.map(|span| {
            let source = sources.iter().find(|source| source.name == span.source).unwrap();
            let at = source.line_column(span.start);
            format!("{}:{}:{} ", span.source, at.line, at.column)
        });
        format!("{}{} {}", place.unwrap_or_default(), found.code, found.message)
    });
    (set, said.collect())
}

fn set(rego: &str, spec: &str) -> PolicySet {
    let (template, constraint) = (template(rego), constraint("p", spec));
    let (set, said) = compiled(&[("t", &template), ("c", &constraint)]);
    assert!(said.is_empty(), "{said:?}");
    set
}

fn request(object: &str) -> Request {
    let object = parse_yaml(object, &Limits::default()).unwrap();
    Request::create(Arc::new(object), "2026-01-01T00:00:00Z".parse().unwrap())
}

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x, labels: {l: v}}, \
                   spec: {containers: [{name: c, image: i}, {name: d, image: j}]}}";

/// Outcome and message of each result, and the places and details of violations.
fn said(decision: &Decision) -> Vec<String> {
    let lines = decision.results.iter().map(|result| {
        let mut line = format!("{} {}", result.outcome.as_str(), result.message);
        for violation in &result.violations {
            let details = violation.details.as_ref().map_or("", |details| details.as_json());
            line.push_str(&format!(" [{} {details}]", violation.path));
        }
        line
    });
    lines.collect()
}

fn judged(rego: &str, spec: &str, object: &str) -> Vec<String> {
    said(&set(rego, spec).conclude(&request(object), &Facts::default()))
}

#[test]
fn violations_of_a_constraint_are_one_result() {
    let rego = "package a\n\
                violation[{\"msg\": msg, \"details\": {\"image\": c.image}}] {\n  \
                c := input.review.object.spec.containers[_]\n  \
                c.image == input.parameters.image\n  msg := c.name\n}\n\
                violation[{\"msg\": \"always\"}] { input.review.kind.kind == \"Pod\" }\n";
    for (spec, expected) in [
        (
            "{parameters: {image: j}}",
            "fail always\nd [ {}] [/spec/containers/1/image {\"image\":\"j\"}]",
        ),
        ("{parameters: {image: z}}", "fail always [ {}]"),
    ] {
        assert_eq!(judged(rego, spec, POD), [expected], "{spec}");
    }
    let none = judged(rego, "{match: {kinds: [{kinds: [Node]}]}}", POD);
    assert_eq!(none, [] as [&str; 0]);
    let node = "{apiVersion: v1, kind: Node, metadata: {name: n}}";
    assert_eq!(judged(rego, "{}", node), ["pass "]);
}

#[test]
fn what_upstream_drops_in_silence_is_an_error() {
    for (rule, expected) in [
        (
            "violation[{\"message\": \"x\"}] { true }",
            "error a violation needs a text in `msg`, found none: Gatekeeper would pass it over",
        ),
        (
            "violation[\"x\"] { true }",
            "error a violation needs a text in `msg`, found a string: Gatekeeper would pass it over",
        ),
        (
            "violation[{\"msg\": [1]}] { true }",
            "error a violation needs a text in `msg`, found an array: Gatekeeper would pass it over",
        ),
        (
            "p = 1 { true }\np = 2 { true }\nviolation[{\"msg\": \"x\"}] { p }",
            "error template:3: eval_conflict_error: complete rules must not produce multiple outputs",
        ),
    ] {
        let rego = format!("package a\n{rule}\n");
        assert_eq!(judged(&rego, "{}", POD), [expected], "{rule}");
    }
}

#[test]
fn libraries_are_compiled_with_their_template() {
    let text = template("package a\nimport data.lib.x\nviolation[{\"msg\": m}] { m := x.said }")
        + "    libs:\n    - |\n      package lib.x\n      said = data.lib.y.said\n    - |\n      \
           package lib.y\n      said = \"hello\"\n";
    let (set, said) = compiled(&[("t", &text), ("c", &constraint("p", "{}"))]);
    assert!(said.is_empty(), "{said:?}");
    let decision = set.conclude(&request(POD), &Facts::default());
    assert_eq!(self::said(&decision), ["fail hello [ {}]"]);
}

#[test]
fn what_is_wrong_with_rego_is_said_at_its_place() {
    // The text begins in line 17, below 6 spaces.
    for (rego, expected) in [
        (
            "package a\nviolation[{\"msg\": \"x\"}] { y }",
            "t:18:33 rego template:2: rego_unsafe_var_error: var y is unsafe",
        ),
        (
            "package a\nviolations[{\"msg\": \"x\"}] { true }",
            "t:17:7 rego the template defines no rule `violation`",
        ),
        (
            "package a\nimport data.other\nviolation[{\"msg\": \"x\"}] { true }",
            "t:18:7 rego `data.other` cannot be imported: only `data.lib` and `future.keywords` can",
        ),
        (
            "package a\nviolation[{\"msg\": \"x\"}] { data.foo }",
            "t:18:33 rego a template can refer to `data.inventory` and `data.lib` only",
        ),
        (
            "package a\nviolation[{\"msg\": \"x\"}] { http.send({}) }",
            "t:18:33 rego template:2: rego_type_error: undefined function http.send",
        ),
    ] {
        let (set, said) = compiled(&[("t", &template(rego)), ("c", &constraint("p", "{}"))]);
        assert_eq!(said, [expected], "{rego}");
        // A constraint that cannot be evaluated is about what it matches, and denies.
        let decision = set.conclude(&request(POD), &Facts::default());
        assert_eq!(self::said(&decision), ["error constraint p cannot be evaluated"]);
        assert!(!decision.allowed());
    }
}

const ALWAYS: &str = "package a\nviolation[{\"msg\": \"x\"}] { true }";

#[test]
fn templates_and_constraints_belong_together() {
    let (template, p) = (template(ALWAYS), constraint("p", "{}"));
    for (documents, expected) in [
        (&[("c", p.as_str()), ("t", template.as_str())][..], None),
        (
            &[("t", &template)],
            Some("t:4:9 no-constraint no constraint of kind `Probe` sets this template to work"),
        ),
        (
            &[("c", &p)],
            Some("c:2:7 template-not-found there is no ConstraintTemplate for the kind `Probe`"),
        ),
        (
            &[("t", &template), ("c", &p), ("d", &p)],
            Some("d:3:18 duplicate-policy another Probe is named `p`"),
        ),
        (
            &[("t", &template), ("u", &template), ("c", &p)],
            Some(
                "u:4:9 duplicate-template another template has the kind `Probe`; the last one counts",
            ),
        ),
    ] {
        let (_, said) = compiled(documents);
        assert_eq!(said.first().map(String::as_str), expected);
    }
}

#[test]
fn a_selection_asks_what_is_enforced_there() {
    let spec = "{enforcementAction: scoped, scopedEnforcementActions: [\
                {action: warn, enforcementPoints: [{name: audit.gatekeeper.sh}]}, \
                {action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}]}";
    let set = set(ALWAYS, spec);
    for (selection, expected) in [
        (Selection::All, None),
        (Selection::Admission, Some(Action::Deny)),
        (Selection::Background, Some(Action::Warn)),
    ] {
        let decision = set.select(selection).conclude(&request(POD), &Facts::default());
        assert_eq!(decision.results.first().map(|result| result.action), expected);
    }
}

#[test]
fn a_namespace_that_is_not_known_refuses() {
    let set = set(ALWAYS, "{match: {namespaceSelector: {matchLabels: {a: b}}}}");
    let key = FactKey::get("/api/v1/namespaces/x");
    let request = request(POD);
    match set.evaluate(&request, &Facts::default()) {
        Evaluation::Needs(keys) => assert_eq!(keys, BTreeSet::from([key.clone()])),
        Evaluation::Decided(decision) => panic!("{decision:?}"),
    }
    let labelled = |label: &str| {
        let text = format!("{{metadata: {{labels: {{a: {label}}}}}}}");
        Ok(Arc::new(parse_yaml(text, &Limits::default()).unwrap()))
    };
    for (answer, expected) in [
        (labelled("b"), &["fail x [ {}]"][..]),
        (labelled("c"), &[]),
        (
            Err(FactError::NotFound),
            &["error unable to match constraints: error matching the requested object: a :failed \
               to run Match criteria: namespace selector for namespace-scoped object but missing \
               Namespace"],
        ),
    ] {
        let mut facts = Facts::default();
        facts.insert(key.clone(), answer);
        assert_eq!(said(&set.conclude(&request, &facts)), expected);
    }
}

#[test]
fn the_inventory_is_asked_for_where_it_is_read() {
    let rego = "package a\nviolation[{\"msg\": name}] { data.inventory.namespace[_][_].Pod[name] }";
    let set = set(rego, "{}");
    let request = request(POD);
    match set.evaluate(&request, &Facts::default()) {
        Evaluation::Needs(keys) => assert_eq!(keys, BTreeSet::from([FactKey::Inventory])),
        Evaluation::Decided(decision) => panic!("{decision:?}"),
    }
    let mut facts = Facts::default();
    let objects = [parse_yaml(POD, &Limits::default()).unwrap()];
    facts.insert(FactKey::Inventory, Ok(crate::inventory::inventory(&objects)));
    assert_eq!(said(&set.conclude(&request, &facts)), ["fail a [ {}]"]);
    facts.insert(FactKey::Inventory, Err(FactError::Offline));
    let unknown = set.conclude(&request, &facts);
    assert_eq!(
        said(&unknown),
        ["error the template reads `data.inventory`, which is not known: not available offline"]
    );
    assert!(!unknown.allowed());
}

#[test]
fn the_namespace_is_asked_for_where_it_is_read() {
    let rego = "package a\n\
                violation[{\"msg\": t}] { t := input.review.namespaceObject.metadata.labels.team }\n\
                violation[{\"msg\": \"none\"}] { input.review.namespaceObject == {} }";
    let set = set(rego, "{}");
    let mut facts = Facts::default();
    let namespace = parse_yaml("{metadata: {labels: {team: t}}}", &Limits::default()).unwrap();
    facts.insert(FactKey::get("/api/v1/namespaces/x"), Ok(Arc::new(namespace)));
    assert_eq!(said(&set.conclude(&request(POD), &facts)), ["fail t [ {}]"]);
    let node = request("{apiVersion: v1, kind: Node, metadata: {name: n}}");
    assert_eq!(said(&set.conclude(&node, &Facts::default())), ["fail none [ {}]"]);
}

#[test]
fn large_numbers_look_as_they_do_upstream() {
    let rego = "package a\nviolation[{\"msg\": \"x\", \"details\": \
                {\"n\": input.review.object.count, \"p\": input.parameters.p}}] { true }";
    for (number, expected) in
        [("999999", "999999"), ("1000000", "1e+06"), ("12345678", "1.2345678e+07"), ("1.0", "1")]
    {
        let object =
            format!("{{apiVersion: v1, kind: Node, metadata: {{name: n}}, count: {number}}}");
        let found = judged(rego, &format!("{{parameters: {{p: {number}}}}}"), &object);
        assert_eq!(found, [format!("fail x [/count {{\"n\":{expected},\"p\":{expected}}}]")]);
    }
}

#[test]
fn ten_thousand_idle_constraints_are_not_looked_at() {
    let mut documents = vec![Source::new("t", template(ALWAYS))];
    for number in 0..10_000 {
        let spec = format!("{{match: {{kinds: [{{kinds: [Kind{number}]}}]}}}}");
        documents.push(Source::new(
            format!("{number}").as_str(),
            constraint(&format!("c{number}"), &spec),
        ));
    }
    let (set, _) = compile(&documents);
    assert_eq!(set.rules().len(), 10_000);
    let decision = set.conclude(&request(POD), &Facts::default());
    assert_eq!(decision.results.len(), 0);
    let one = request("{apiVersion: v1, kind: Kind7, metadata: {name: a}}");
    assert_eq!(set.conclude(&one, &Facts::default()).results.len(), 1);
}

#[test]
fn the_api_server_is_told_what_to_send() {
    let with_operations = template(ALWAYS) + "    operations: [DELETE]\n";
    for (template, spec, expected) in [
        (
            template(ALWAYS),
            "{match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}}",
            &["apps/Deployment/:CU"][..],
        ),
        (template(ALWAYS), "{match: {kinds: [{kinds: ['*']}]}}", &["*/*/:CU"]),
        (template(ALWAYS), "{}", &["*/*/:CU"]),
        (with_operations, "{match: {kinds: [{apiGroups: [''], kinds: [Pod]}]}}", &["/Pod/:D"]),
        (
            template(ALWAYS),
            "{match: {kinds: [{kinds: [PodExecOptions, Scale]}]}}",
            &[
                "/Pod/exec:CU",
                "/ReplicationController/scale:CU",
                "apps/Deployment/scale:CU",
                "apps/ReplicaSet/scale:CU",
                "apps/StatefulSet/scale:CU",
            ],
        ),
        (template(ALWAYS), "{match: {source: Original}}", &["*/*/:CU"]),
    ] {
        let (set, _) = compiled(&[("t", &template), ("c", &constraint("p", spec))]);
        let found: Vec<String> = set
            .registrations()
            .iter()
            .flat_map(|registration| &registration.targets)
            .flat_map(|target| {
                let initials: String =
                    target.operations.iter().map(|operation| &operation.as_str()[..1]).collect();
                target.kinds.iter().map(move |kind| {
                    format!("{}/{}/{}:{initials}", kind.group, kind.kind, kind.subresource)
                })
            })
            .collect();
        assert_eq!(found, expected, "{spec}");
        assert_eq!(set.background_targets().len(), 1, "{spec}");
    }
}

#[test]
fn a_deletion_is_judged_by_what_goes() {
    let rego = "package a\nviolation[{\"msg\": input.review.object.metadata.name}] { true }";
    let set = set(rego, "{}");
    let base = request(POD);
    let deletion = Request {
        operation: Operation::Delete,
        old_object: base.object.clone(),
        object: None,
        ..base
    };
    let decision = set.conclude(&deletion, &Facts::default());
    assert_eq!(said(&decision), ["fail a [/metadata/name {}]"]);
    assert_eq!(decision.results[0].outcome, Outcome::Fail);
    // At admission Gatekeeper's webhook is not asked about deletions, if no template says so.
    let asked = set.select(Selection::Admission).conclude(&deletion, &Facts::default());
    assert_eq!(asked.results.len(), 0);
}
