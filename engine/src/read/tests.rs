use super::{Limits, Reading, parse_yaml, read};
use crate::source::{LineColumn, Source, Span};

fn reading(text: &str) -> (Source, Reading) {
    let source = Source::new("a.yaml", text);
    let reading = read(&source, &Limits::default());
    (source, reading)
}

/// The documents as JSON and the number of empty ones.
fn check(text: &str, documents: &[&str], empty: usize) {
    let (_, reading) = reading(text);
    let found: Vec<_> =
        reading.documents.iter().map(|document| document.tree().root().to_json()).collect();
    assert_eq!(reading.diagnostics, [], "{text:?}");
    assert_eq!(
        (found, reading.empty),
        (documents.iter().map(|text| (*text).to_owned()).collect(), empty),
        "{text:?}"
    );
}

/// The documents as JSON and what is said, as `line:column code message`.
fn check_diagnostics(text: &str, documents: &[&str], diagnostics: &[&str]) {
    let (source, reading) = reading(text);
    let found: Vec<_> =
        reading.documents.iter().map(|document| document.tree().root().to_json()).collect();
    assert_eq!(found, documents, "{text:?}");
    let said: Vec<_> = reading
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let start = diagnostic.span.as_ref().map_or(0, |span| span.start);
            let LineColumn { line, column } = source.line_column(start);
            format!("{line}:{column} {} {}", diagnostic.code, diagnostic.message)
        })
        .collect();
    assert_eq!(said, diagnostics, "{text:?}");
}

#[test]
fn every_document_is_accounted_for() {
    check("", &[], 1);
    check("# only a comment\n", &[], 1);
    check("a: 1", &[r#"{"a":1}"#], 0);
    check("# licence\n---\na: 1\n---\n# nothing\n---\nb: 2\n---", &[r#"{"a":1}"#, r#"{"b":2}"#], 2);
    check(
        "a: 1\r\n--- # why\r\nb: |\r\n  x\r\n  y\r\n---   \r\nc: 3\r\n",
        &[r#"{"a":1}"#, r#"{"b":"x\ny\n"}"#, r#"{"c":3}"#],
        0,
    );
    check("\u{feff}--- {a: 1}\n...\n%YAML 1.1\n--- [b]\n", &[r#"{"a":1}"#, r#"["b"]"#], 0);
    check("--- ~\n", &["null"], 0);
}

#[test]
fn json_is_seen_by_its_content() {
    check(
        "{\"a\": \"\\u0041\\ud83d\\ude00\"}\n{\"b\": [1.0]}\n",
        &[r#"{"a":"A😀"}"#, r#"{"b":[1]}"#],
        0,
    );
    check("{\"a\": 1}[{\"b\": 2}]", &[r#"{"a":1}"#, r#"[{"b":2}]"#], 0);
    check(
        "{\"a\": 1} # comment\n---\n{\"a\": yes}\n---\n[a, 'b']\n",
        &[r#"{"a":1}"#, r#"{"a":true}"#, r#"["a","b"]"#],
        0,
    );
}

#[test]
fn a_broken_document_leaves_its_neighbours_alone() {
    check_diagnostics(
        "a: 1\n---\nb: 'x\n---\nc: 3\n",
        &[r#"{"a":1}"#, r#"{"c":3}"#],
        &["3:4 yaml-syntax expected a closing quote, or more indentation in the lines behind it"],
    );
    check_diagnostics(
        "{\"a\": 1}\n{\"a\": }\n{\"a\": 3}\n",
        &[r#"{"a":1}"#, r#"{"a":3}"#],
        &["2:7 json-syntax expected a value, found `}`"],
    );
    check_diagnostics(
        "{\n  \"a\": 1,\n  \"b\" 2\n}\n{}\n",
        &[],
        &["3:7 json-syntax expected `:` behind the key, found `2`"],
    );
}

#[test]
fn equal_keys_are_refused_with_both_places() {
    check_diagnostics(
        "x: 1\n---\nspec:\n  image: good\n  image: evil\n",
        &[r#"{"x":1}"#],
        &["5:3 duplicate-key key `image` is there twice, first at a.yaml:4:3"],
    );
    check_diagnostics(
        "{\"a\": 1,\n \"\\u0061\": 2}\n",
        &[],
        &["2:2 duplicate-key key `a` is there twice, first at a.yaml:1:2"],
    );
    check_diagnostics(
        "1: a\n\"1\": b\n",
        &[],
        &["2:1 duplicate-key key `1` is there twice, first at a.yaml:1:1"],
    );
}

#[test]
fn bombs_are_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let error = parse_yaml(bomb, &Limits::default()).unwrap_err();
    assert_eq!(error.code, "alias-limit");
    let quadratic = format!("a: &a {}\nb: [{}]\n", "x".repeat(20_000), "*a, ".repeat(20_000));
    let error = parse_yaml(quadratic, &Limits::default()).unwrap_err();
    assert_eq!(error.code, "alias-limit");
    assert!(error.range.start > 20_000);
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        check_diagnostics_code(&deep, "too-deep");
    }
}

fn check_diagnostics_code(text: &str, code: &str) {
    let (_, reading) = reading(text);
    let codes: Vec<_> = reading.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, [code]);
}

/// The place of a pointer as `line:column text`.
fn check_span(text: &str, pointer: &str, expected: &str) {
    let (source, reading) = reading(text);
    let document = reading.documents.first().unwrap();
    let steps = crate::pointer_steps(pointer).unwrap();
    let Span { start, end, .. } = document.span(&steps);
    let LineColumn { line, column } = source.line_column(start);
    assert_eq!(
        format!("{line}:{column} {}", &source.text[start..end]),
        expected,
        "{pointer} {text}"
    );
}

const POD: &str = "\
# a pod
apiVersion: v1
metadata: {name: \"a b\", labels: {}}
spec:
  containers:
  - image: nginx:1 # old
    args: [a, 'b''c']
    empty:
  -
    name: second
    script: |
      one
      two

  \"quoted key\": >-
    folded
    text
  plain: several
    lines
";

#[test]
fn places_follow_the_rules_of_spans() {
    check_span(POD, "", "2:1 apiVersion");
    check_span(POD, "/apiVersion", "2:13 v1");
    check_span(POD, "/metadata", "3:1 metadata");
    check_span(POD, "/metadata/name", "3:18 \"a b\"");
    check_span(POD, "/metadata/labels", "3:25 labels");
    check_span(POD, "/metadata/labels/app", "3:25 labels");
    check_span(POD, "/metadata/name/x", "3:18 \"a b\"");
    check_span(POD, "/missing/deeply", "2:1 apiVersion");
    check_span(POD, "/spec/containers", "5:3 containers");
    check_span(POD, "/spec/containers/0", "6:5 image");
    check_span(POD, "/spec/containers/0/image", "6:12 nginx:1");
    check_span(POD, "/spec/containers/0/securityContext/privileged", "6:5 image");
    check_span(POD, "/spec/containers/0/args/1", "7:15 'b''c'");
    check_span(POD, "/spec/containers/0/args/2", "7:5 args");
    check_span(POD, "/spec/containers/0/empty", "8:5 empty");
    check_span(POD, "/spec/containers/1", "10:5 name");
    check_span(POD, "/spec/containers/1/script", "11:13 |\n      one\n      two");
    check_span(POD, "/spec/quoted key", "15:17 >-\n    folded\n    text");
    check_span(POD, "/spec/plain", "18:10 several\n    lines");
    check_span("a: [{b: 1}, [2]]\n", "/a/0", "1:5 {");
    check_span("a: [{b: 1}, [2]]\n", "/a/1", "1:13 [");
    check_span("- - 1\n- \n", "/0", "1:3 -");
    check_span("- - 1\n- \n", "", "1:3 -");
    check_span("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", "/c", "2:1 c");
    check_span("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", "/c/b", "1:11 1");
    check_span("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n", "/d/b", "1:11 1");
    check_span("{\"a\": {\"b\": [true, {}]}}", "", "1:2 \"a\"");
    check_span("{\"a\": {\"b\": [true, {}]}}", "/a/b", "1:8 \"b\"");
    check_span("{\"a\": {\"b\": [true, {}]}}", "/a/b/0", "1:14 true");
    check_span("{\"a\": {\"b\": [true, {}]}}", "/a/b/1", "1:20 {}");
}
