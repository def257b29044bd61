use std::sync::Arc;

use super::*;
use crate::decode::Problems;
use crate::read::{Limits, parse_yaml, read};
use crate::source::Source;

/// Reads a `match`; the second is what was said of it.
fn matching(text: &str) -> (Match, Vec<String>) {
    let documents = read(&Source::new("c.yaml", text), &Limits::default()).documents;
    let problems = Problems::of(&documents[0]);
    let matching = decode(documents[0].tree().root(), &problems).unwrap();
    let said = problems.into_diagnostics().into_iter().map(|found| {
        let help = found.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{} {}{help}", found.code, found.message)
    });
    (matching, said.collect())
}

fn request(object: &str) -> Request {
    let object = parse_yaml(object, &Limits::default()).unwrap();
    Request::create(Arc::new(object), "2026-01-01T00:00:00Z".parse().unwrap())
}

const POD: &str =
    "{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: kube-system, labels: {a: x}}}";
const MADE: &str = "{apiVersion: v1, kind: Pod, metadata: {generateName: web-, namespace: prod}}";
const DEPLOYMENT: &str =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: prod}}";
const NAMESPACE: &str =
    "{apiVersion: v1, kind: Namespace, metadata: {name: prod, labels: {team: a}}}";
const NODE: &str = "{apiVersion: v1, kind: Node, metadata: {name: n}}";

/// Asks about each object, with a cluster that knows the namespace `prod` only.
fn answers(text: &str) -> String {
    let namespace = parse_yaml(NAMESPACE, &Limits::default()).unwrap();
    let (matching, said) = matching(text);
    assert!(said.is_empty(), "{text}: {said:?}");
    let answer = |object: &str| {
        let request = request(object);
        let labels = |name: &str| match name {
            "prod" => Ok(Labels(namespace.root().at(&["metadata", "labels"]))),
            _ => Err(Stop::Failed("missing".to_owned())),
        };
        match matching.matches(&request, &labels) {
            Ok(true) => "y",
            Ok(false) => "-",
            Err(_) => "E",
        }
    };
    [POD, MADE, DEPLOYMENT, NAMESPACE, NODE].map(answer).concat()
}

#[test]
fn each_field_matches_as_upstream_has_it() {
    // Pod in kube-system, generated Pod in prod, Deployment in prod, Namespace prod, Node.
    for (text, expected) in [
        ("{}", "yyyyy"),
        ("{kinds: []}", "yyyyy"),
        ("{kinds: [{apiGroups: [''], kinds: [Pod]}]}", "yy---"),
        ("{kinds: [{apiGroups: ['*'], kinds: [Pod, Deployment]}]}", "yyy--"),
        ("{kinds: [{kinds: [Pod]}, {apiGroups: [apps]}]}", "yyy--"),
        ("{kinds: [{apiGroups: [apps], kinds: [Pod]}]}", "-----"),
        ("{kinds: [{}]}", "yyyyy"),
        ("{scope: Cluster}", "---yy"),
        ("{scope: Namespaced}", "yyy--"),
        ("{scope: '*'}", "yyyyy"),
        // What is in no namespace fits every list.
        ("{namespaces: [prod]}", "-yyyy"),
        ("{namespaces: [kube-*]}", "y---y"),
        ("{namespaces: ['*-system', 'pr*']}", "yyyyy"),
        ("{namespaces: ['*ro*']}", "-yyyy"),
        ("{excludedNamespaces: [prod]}", "y---y"),
        ("{excludedNamespaces: ['*']}", "----y"),
        ("{namespaces: [prod], excludedNamespaces: ['p*']}", "----y"),
        ("{labelSelector: {matchLabels: {a: x}}}", "y----"),
        ("{labelSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}", "-yyyy"),
        ("{labelSelector: {matchLabels: {team: a}}}", "---y-"),
        // A namespace that is not known is an error; an object of the cluster passes.
        ("{namespaceSelector: {matchLabels: {team: a}}}", "Eyyyy"),
        ("{namespaceSelector: {matchLabels: {team: b}}}", "E---y"),
        ("{namespaceSelector: {}}", "Eyyyy"),
        // It counts before the name is looked at, and after the kind.
        ("{namespaceSelector: {}, name: other}", "E----"),
        ("{namespaceSelector: {}, kinds: [{kinds: [Node]}]}", "----y"),
        ("{name: web-1}", "y----"),
        ("{name: 'web-*'}", "yy---"),
        ("{name: '*web*'}", "yyy--"),
        // Of a name that is still to be made, only the beginning is known.
        ("{name: '*-'}", "-----"),
        ("{name: web}", "--y--"),
        ("{name: ''}", "yyyyy"),
        ("{source: All}", "yyyyy"),
        ("{source: Original}", "yyyyy"),
    ] {
        assert_eq!(answers(text), expected, "{text}");
    }
}

#[test]
fn a_match_on_the_old_object_is_one() {
    let (matching, _) = matching("{labelSelector: {matchLabels: {a: x}}}");
    fn labels<'t>(_: &str) -> Result<Labels<'t>, Stop> {
        Ok(Labels(None))
    }
    let bare = "{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: kube-system}}";
    let old = request(POD).object;
    for (new, old, expected) in [
        (request(bare), old.clone(), true),
        (request(bare), None, false),
        (Request { object: None, operation: Operation::Delete, ..request(bare) }, old, true),
    ] {
        let request = Request { old_object: old, ..new };
        assert_eq!(matching.matches(&request, &labels), Ok(expected));
    }
    let nothing = Request { object: None, ..request(bare) };
    let error = matching.matches(&nothing, &labels).unwrap_err();
    let expected = "unable to match constraints: invalid request object: neither object nor old \
                    object are defined";
    assert_eq!(error, Stop::Failed(expected.to_owned()));
}

#[test]
fn what_is_odd_is_said() {
    for (text, expected) in [
        (
            "{scope: Namespace}",
            "unknown-word `scope` cannot be `Namespace`: every scope matches; did you mean \
             `Namespaced`?",
        ),
        ("{kindz: []}", "unknown-field unknown field `kindz` in match; did you mean `kinds`?"),
        (
            "{namespaces: ['a*b']}",
            "pattern `namespaces` cannot be `a*b`; lower-case letters, digits, `-` and `:`, with \
             `*` at the ends only",
        ),
        (
            "{namespaces: [1]}",
            "wrong-type `namespaces` must be a list of strings, found the number 1",
        ),
        (
            "{source: Orginal}",
            "against-schema `source` cannot be `Orginal`; did you mean `Original`?",
        ),
        (
            "{source: Generated}",
            "never-matches no object is ever generated here, so this constraint matches nothing; \
             ExpansionTemplates are not supported",
        ),
        (
            "{kinds: [{apiGroups: [apps/v1], kinds: [Deployment]}]}",
            "never-matches `apps/v1` is no group: it matches nothing; write `apps`: constraints \
             match any version",
        ),
        (
            "{kinds: [{kinds: ['P*']}]}",
            "no-wildcard `P*` in `kinds` matches only what is named so; `*` stands for all only \
             where it stands alone",
        ),
        (
            "{labelSelector: {matchLabels: {a: '*'}}}",
            "selector `a: *` is no label; label selectors know no wildcards; `Exists` in \
             `matchExpressions` asks for a key",
        ),
        (
            "{labelSelector: {matchExpressions: [{key: a, operator: In}]}}",
            "selector `In` and `NotIn` of `a` need values",
        ),
    ] {
        assert_eq!(matching(text).1, [expected], "{text}");
    }
}

#[test]
fn an_index_finds_what_can_match() {
    for (text, kinds, namespaces) in [
        ("{}", None, None),
        ("{kinds: [{kinds: [Pod]}, {kinds: [Node, Pod]}]}", Some(vec!["Pod", "Node", "Pod"]), None),
        ("{kinds: [{kinds: [Pod]}, {apiGroups: [apps]}]}", None, None),
        ("{kinds: [{kinds: ['*']}]}", None, None),
        ("{namespaces: [a, b]}", None, Some(vec!["a", "b", ""])),
        ("{namespaces: [a, 'b*']}", None, None),
    ] {
        let (matching, _) = matching(text);
        assert_eq!(matching.exact_kinds(), kinds, "{text}");
        assert_eq!(matching.exact_namespaces(), namespaces, "{text}");
    }
}

#[test]
fn the_webhook_is_asked_about_what_gatekeepers_would_be() {
    let (matching, _) = matching("{}");
    let deletes = matching.clone().with_operations(BTreeSet::from([Operation::Delete]));
    for (operation, subresource, usual, only_deletes) in [
        (Operation::Create, "", true, false),
        (Operation::Update, "ephemeralcontainers", true, false),
        (Operation::Update, "status", false, false),
        (Operation::Delete, "", false, true),
        (Operation::Connect, "exec", false, false),
    ] {
        let request = Request { operation, subresource: subresource.to_owned(), ..request(POD) };
        assert_eq!(matching.is_asked_at_admission(&request), usual, "{operation:?} {subresource}");
        assert_eq!(deletes.is_asked_at_admission(&request), only_deletes, "{operation:?}");
    }
}
