use proptest::prelude::*;

use super::*;
use crate::read::{Limits, parse_json, parse_yaml};
use crate::tree::Tree;

fn yaml(text: &str) -> Tree {
    parse_yaml(text, &Limits::default()).unwrap()
}

fn verdict(pattern: &str, object: &str) -> Verdict {
    let (pattern, object) = (yaml(pattern), yaml(object));
    let pattern = Pattern::compile(&Value::from(pattern.root())).unwrap();
    pattern.check(&Value::from(object.root()))
}

/// The verdict in one line: `pass`, `skip: why`, `error: why` or `path: why`.
fn line(pattern: &str, object: &str) -> String {
    match verdict(pattern, object) {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Skip(message) => format!("skip: {message}"),
        Verdict::Error(message) => format!("error: {message}"),
        Verdict::Fail(failure) => format!("{}: {}", failure.path, failure.message),
    }
}

fn check(cases: &[(&str, &str, &str)]) {
    for (pattern, object, expected) in cases {
        assert_eq!(line(pattern, object), *expected, "{pattern} asked of {object}");
    }
}

fn failure(pattern: &str, object: &str) -> Failure {
    match verdict(pattern, object) {
        Verdict::Fail(failure) => failure,
        other => panic!("{pattern} asked of {object}: {other:?}"),
    }
}

#[test]
fn plain_keys() {
    check(&[
        ("{port: 443}", "{port: 443, zone: a}", "pass"),
        (
            "{port: 443}",
            "{port: 80}",
            "/port/: resource value '80' does not match '443' at path /port/",
        ),
        ("{port: 443}", "{}", "/port/: resource value '<nil>' does not match '443' at path /port/"),
        ("{port: '<5'}", "{}", "pass"),
        ("{port: null}", "{port: []}", "pass"),
        ("{spec: {name: '*'}}", "{spec: {name: ''}}", "pass"),
        ("{spec: {name: '*'}}", "{spec: {name: null}}", "/spec/: /spec//name not found"),
        ("{a: {}}", "{a: {b: 1}}", "pass"),
        (
            "{a: {b: 1}}",
            "{a: [1]}",
            "/a/: pattern and resource have different structures. Path: /a/. Expected \
             map[string]interface {}, found []interface {}",
        ),
        (
            "{'?(a)': 1}",
            "{a: 1}",
            "/?(a)/: resource value '<nil>' does not match '1' at path /?(a)/",
        ),
    ]);
}

#[test]
fn numbers_of_the_object_are_floats() {
    check(&[
        ("{a: '?'}", "{a: 5}", "/a/: resource value '5' does not match '?' at path /a/"),
        ("{a: x}", "{a: 1000000}", "/a/: resource value '1e+06' does not match 'x' at path /a/"),
        (
            "{a: 9007199254740993}",
            "{a: 9007199254740992}",
            "/a/: resource value '9.007199254740992e+15' does not match '9007199254740993' at path /a/",
        ),
        (
            "{a: x}",
            "{a: {c: [1, 0.5, null, true], b: x}}",
            "/a/: resource value 'map[b:x c:[1 0.5 <nil> true]]' does not match 'x' at path /a/",
        ),
    ]);
}

#[test]
fn conditional_anchors() {
    check(&[
        ("{(a): x, b: t}", "{a: x, b: t}", "pass"),
        (
            "{(a): x, b: t}",
            "{a: x, b: s}",
            "/b/: resource value 's' does not match 't' at path /b/",
        ),
        (
            "{(a): x, b: t}",
            "{a: s, b: s}",
            "skip: conditional anchor mismatch: resource value 's' does not match 'x' at path /a/",
        ),
        (
            "{(a): x, b: t}",
            "{b: s}",
            "skip: conditional anchor mismatch: conditional anchor key doesn't exist in the resource",
        ),
        (
            "{(a): x, (b): t, '=(c)': z}",
            "{a: s, b: m, c: k}",
            "skip: conditional anchor mismatch: resource value 's' does not match 'x' at path /a/; \
             conditional anchor mismatch: resource value 'm' does not match 't' at path /b/",
        ),
    ]);
}

#[test]
fn other_anchors() {
    check(&[
        ("{=(a): {=(b): x}}", "{a: {}}", "pass"),
        ("{=(a): '*'}", "{a: null}", "/a/: resource value '<nil>' does not match '*' at path /a/"),
        ("{X(a): null}", "{b: 1}", "pass"),
        (
            "{X(a): null}",
            "{a: null}",
            "/a/: negation anchor matched in resource: /a/ is not allowed",
        ),
        ("{^(l): [{a: x}]}", "{}", "pass"),
        ("{^(l): [{a: x}, {a: z}]}", "{l: [{a: z}, {a: x}]}", "pass"),
        ("{^(l): [{a: x}]}", "{l: []}", "/l/: existence anchor validation failed at path /l/"),
        (
            "{^(l): [{a: x}]}",
            "{l: {a: x}}",
            "/l/: invalid resource type map[string]interface {}: Existence ^ () anchor can be used \
             only on list/array type resource",
        ),
        (
            "{<(a): x, b: t}",
            "{a: s, b: s}",
            "skip: global anchor mismatch: resource value 's' does not match 'x' at path /a/",
        ),
        ("{<(a): x, b: t}", "{b: t}", "pass"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("{l: [x, t]}", "{l: [x, x]}", "pass"),
        ("{l: x}", "{l: [x, t]}", "/l/: resource value '[x t]' does not match 'x' at path /l/"),
        ("{l: [{a: 1}, {a: 2}]}", "{l: [{a: 1}, {a: 1}]}", "pass"),
        ("{l: []}", "{l: []}", "/l/: pattern Array empty"),
        (
            "{l: [x]}",
            "{l: x}",
            "/l/: validation rule failed at path /l/, resource does not satisfy the expected \
             overlay pattern",
        ),
        ("{l: [[x], [t]]}", "{l: [[x], [t], [z]]}", "pass"),
        (
            "{l: [[x], [t]]}",
            "{l: [[x]]}",
            "error: validate Array failed, array length mismatch, resource Array len is 1 and \
             pattern Array len is 2",
        ),
    ]);
}

#[test]
fn skipped_items_skip_the_rule_only_together() {
    let pattern = "{l: [{(s): x, b: t}], z: '1'}";
    check(&[
        (pattern, "{l: [], z: '2'}", "/z/: resource value '2' does not match '1' at path /z/"),
        (
            pattern,
            "{l: [{s: q}, {s: r}], z: '2'}",
            "skip: conditional anchor mismatch: resource value 'q' does not match 'x' at path \
             /l/0/s/; conditional anchor mismatch: resource value 'r' does not match 'x' at path \
             /l/1/s/",
        ),
        (
            pattern,
            "{l: [{s: q}, {s: x, b: t}], z: '2'}",
            "/z/: resource value '2' does not match '1' at path /z/",
        ),
        // A list under an anchor, all of whose items are skipped, counts only if nothing applied.
        (
            "{'=(l)': [{(s): x}], '=(e)': 1, q: 1}",
            "{l: [{s: t}], q: 2}",
            "/q/: resource value '2' does not match '1' at path /q/",
        ),
        (
            "{'=(l)': [{(s): x}], q: 1}",
            "{l: [{s: t}], q: 2}",
            "skip: conditional anchor mismatch: resource value 't' does not match 'x' at path /l/0/s/",
        ),
    ]);
}

#[test]
fn a_failure_is_an_error_where_an_anchor_was_nowhere_seen() {
    check(&[
        (
            "{^(a): [{p: 1}], b: t}",
            "{b: s}",
            "error: resource value 's' does not match 't' at path /b/",
        ),
        (
            "{'=(l)': [{(s): x}], '=(z)': 1, q: 1}",
            "{l: [{m: 1}], z: 1, q: 2}",
            "error: resource value '2' does not match '1' at path /q/",
        ),
        ("{X(a): 1, b: t}", "{b: s}", "/b/: resource value 's' does not match 't' at path /b/"),
    ]);
}

/// Upstream looks for these words in its own error texts, so that a value skips the rule.
#[test]
fn words_of_the_object_decide_nothing() {
    check(&[(
        "{a: x}",
        "{a: conditional anchor mismatch}",
        "/a/: resource value 'conditional anchor mismatch' does not match 'x' at path /a/",
    )]);
}

#[test]
fn keys_with_anchors_come_first_and_backwards() {
    check(&[(
        "{a: {(k): x}, b: {(k): x}, a0: z}",
        "{a: {k: t}, b: {k: z}, a0: q}",
        "skip: conditional anchor mismatch: resource value 'z' does not match 'x' at path /b/k/",
    )]);
}

#[test]
fn wildcards_in_keys_of_labels_and_annotations() {
    let labels = |labels: &str| format!("{{metadata: {{labels: {labels}}}}}");
    let annotations = |map: &str| format!("{{spec: [{{metadata: {{annotations: {map}}}}}]}}");
    for (pattern, object, expected) in [
        (labels("{app*: '?*'}"), labels("{app.k: v}"), "pass"),
        (labels("{app*: '?*', s: 5}"), labels("{app.k: v}"), "pass"),
        (labels("{app*: x}"), labels("{app2: x, app1: t}"), "/metadata/labels/app1/"),
        (labels("{app*: x}"), labels("{app2: q, app1: x}"), "/metadata/labels/app2/"),
        (labels("{(app*): x, b: c}"), labels("{app2: x, app1: q}"), "/metadata/labels/b/"),
        (labels("{app*: '?*'}"), labels("{app.k: 5}"), "/metadata/labels/app*/"),
        (labels("{app*: '?*'}"), "{metadata: {}}".to_owned(), "/metadata/labels/"),
        (labels("{X(app*): null}"), labels("{app.k: v}"), "pass"),
        (labels("{X(app*): 'null'}"), labels("{app.k: v}"), "/metadata/labels/app.k/"),
        (labels("{'+(app*)': v}"), labels("{app.k: v}"), "/metadata/labels/+(app.k)/"),
        (annotations("{a*: x}"), annotations("{a1: x}"), "pass"),
        // What the first item leads to stays for all others.
        (
            annotations("{a*: x}"),
            "{spec: [{metadata: {annotations: {a1: x}}}, {metadata: {annotations: {a2: x}}}]}"
                .to_owned(),
            "/spec/1/metadata/annotations/a1/",
        ),
        ("{data: {a*: x}}".to_owned(), "{data: {a1: x}}".to_owned(), "/data/a*/"),
    ] {
        let found = match verdict(&pattern, &object) {
            Verdict::Pass => "pass".to_owned(),
            Verdict::Fail(failure) => failure.path,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{pattern} asked of {object}");
    }
}

#[test]
fn failures_lead_to_their_place() {
    for (pattern, object, steps, missing, expected, found) in [
        ("{a: [{b: 443}]}", "{a: [{b: 80}]}", "a/0/b", false, "`443`", "`80`"),
        ("{a: {b: '?*'}}", "{a: {}}", "a/b", true, "`?*`", "nothing"),
        ("{a: {b: '*'}}", "{a: {}}", "a/b", true, "a value", "nothing"),
        ("{a: {b: '*'}}", "{a: {b: null}}", "a/b", false, "a value", "null"),
        ("{a: {b: {c: 1}}}", "{a: {}}", "a/b", true, "a map", "nothing"),
        ("{a: x}", "{a: [x, t]}", "a/1", false, "`x`", "`t`"),
        ("{a: ['x']}", "{a: x}", "a", false, "a list", "`x`"),
        ("{'X(a)': 1}", "{a: [1]}", "a", false, "no such key", "a list"),
        ("{a/b: x}", "{a/b: t}", "a/b", false, "`x`", "`t`"),
    ] {
        let failure = failure(pattern, object);
        assert_eq!(failure.steps.join("/"), steps, "{pattern}");
        assert_eq!(
            (failure.missing, &*failure.expected, &*failure.found),
            (missing, expected, found)
        );
    }
}

#[test]
fn oddities_are_told_with_their_places() {
    let pattern = yaml(
        "spec:\n  l: [{a: 1}, {a: 2}]\n  =(x*): 1\n  '!(b)': '>v1'\n  c: '<5'\n  d: '1 - 5'\n  \
         =(e): [{(i): x}]\nmetadata:\n  labels: {s: 5}\n",
    );
    let pattern = Pattern::compile(&Value::from(pattern.root())).unwrap();
    let found: Vec<_> = pattern
        .oddities()
        .into_iter()
        .map(|oddity| format!("{}: {}", oddity.steps.join("/"), oddity.message))
        .collect();
    assert_eq!(
        found,
        [
            "metadata/labels/s: the value is not a text, so this key is not checked at all",
            "spec/!(b): `!(b)` is no anchor here, and taken as the name of a key",
            "spec/!(b): `>v1` compares with what is no number, amount or duration, which never holds",
            "spec/=(x*): wildcards in keys count only in labels and annotations below `metadata`; \
             this looks for a key named `x*`",
            "spec/c: `<5` also matches where `c` is missing",
            "spec/d: a range has no spaces: `1 - 5` is compared as a text",
            "spec/l/1: only the first item of the list counts; it must match every item",
        ]
    );
}

#[test]
fn a_list_that_can_skip_all_is_told() {
    let pattern = yaml("{'=(l)': [{(i): x}], b: 1}");
    let oddities = Pattern::compile(&Value::from(pattern.root())).unwrap().oddities();
    assert_eq!(
        oddities.first().map(|oddity| &*oddity.message),
        Some("where every item of this list is skipped, the keys beside it are not checked")
    );
}

#[test]
fn what_upstream_refuses_is_told() {
    for (pattern, expected) in [
        ("{a: [{(b): 1, '=(c)': 1, X(d): 1, <(e): 1, ^(f): [{}]}]}", None),
        ("{a: [{+(b): 1}]}", Some("a/0/+(b): unsupported anchor +(b)")),
        ("{^(a): {}}", Some("^(a): existence anchor should have value of type list")),
        ("{^(a): []}", Some("^(a): existence anchor: should have at least one value")),
    ] {
        let tree = yaml(pattern);
        let found = Pattern::refusal(&Value::from(tree.root()))
            .map(|oddity| format!("{}: {}", oddity.steps.join("/"), oddity.message));
        assert_eq!(found.as_deref(), expected);
    }
}

#[test]
fn depth_is_limited_in_patterns_and_free_in_objects() {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let limits = Limits::default();
    let deep = parse_json(nested(9_999), &limits).unwrap();
    let deep = Value::from(deep.root());
    assert_eq!(Pattern::compile(&deep).unwrap_err(), PatternError::TooDeep);
    let pattern = parse_json(nested(DEPTH_LIMIT), &limits).unwrap();
    let pattern = Pattern::compile(&Value::from(pattern.root())).unwrap();
    let Verdict::Fail(failure) = pattern.check(&deep) else { panic!() };
    assert_eq!(failure.steps.len(), DEPTH_LIMIT);
}

#[test]
fn large_maps_and_lists_stay_cheap() {
    let keys: Vec<_> = (0..20_000).map(|number| format!("\"k{number}\":\"v*{number}\"")).collect();
    let map = parse_json(format!("{{{}}}", keys.join(",")), &Limits::default()).unwrap();
    let map = Value::from(map.root());
    let pattern = Pattern::compile(&map).unwrap();
    assert_eq!(pattern.check(&map), Verdict::Pass);
    let items = vec!["{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"; 10_000].join(",");
    let list = parse_json(format!("[{items}]"), &Limits::default()).unwrap();
    let pattern = yaml("[{(a): 'a*a*a*a*a*a*a*a*a*a*b'}]");
    let pattern = Pattern::compile(&Value::from(pattern.root())).unwrap();
    assert!(matches!(pattern.check(&Value::from(list.root())), Verdict::Skip(_)));
}

fn any_json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        (-9..9i64).prop_map(|number| number.to_string()),
        "[-<>=!|&*?a0-9. ]{0,6}".prop_map(|text| format!("\"{text}\"")),
    ];
    let key = "(metadata|labels|[(]a[)]|=[(]b[)]|X[(]c[)]|\\^[(]d[)]|<[(]e[)]|[a-e*?])";
    scalar.prop_recursive(5, 60, 5, move |inner| {
        let map = proptest::collection::btree_map(key, inner.clone(), 0..5).prop_map(|entries| {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{{{}}}", entries.join(","))
        });
        let list = proptest::collection::vec(inner, 0..4)
            .prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![map, list]
    })
}

proptest! {
    #[test]
    fn no_pattern_and_no_object_is_too_odd(pattern in any_json(), object in any_json()) {
        let limits = Limits::default();
        let pattern = parse_json(pattern, &limits).unwrap();
        let object = parse_json(object, &limits).unwrap();
        let (pattern, object) = (Value::from(pattern.root()), Value::from(object.root()));
        let compiled = Pattern::compile(&pattern).unwrap();
        let _ = (compiled.oddities(), Pattern::refusal(&pattern));
        let verdict = compiled.check(&object);
        prop_assert_eq!(&verdict, &compiled.check(&object));
        if let (Verdict::Fail(failure), Some(root)) = (verdict, object.as_node()) {
            let (_, found) = root.nearest(&failure.steps);
            prop_assert_eq!(failure.missing, found < failure.steps.len());
        }
    }
}
