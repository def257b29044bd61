//! What `kubectl` makes of scalars, keys, tags and merges: every row was compared with
//! sigs.k8s.io/yaml 1.6.0.

use crate::read::{Limits, parse_yaml};

fn check(text: &str, expected: &str) {
    match parse_yaml(text, &Limits::default()) {
        Ok(tree) => assert_eq!(tree.root().to_json(), expected, "{text:?}"),
        Err(error) => assert_eq!(format!("error: {error}"), expected, "{text:?}"),
    }
}

fn check_value(scalar: &str, expected: &str) {
    check(&format!("a: {scalar}\n"), &format!(r#"{{"a":{expected}}}"#));
}

fn check_key(key: &str, expected: &str) {
    check(&format!("{key}: 1\n"), &format!(r#"{{"{expected}":1}}"#));
}

#[test]
fn words() {
    for word in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
        check_value(word, "true");
        check_key(word, "true");
    }
    for word in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
        check_value(word, "false");
        check_key(word, "false");
    }
    for word in ["", "~", "null", "Null", "NULL"] {
        check_value(word, "null");
    }
    for word in ["yEs", "oN", "nULL", "NaN", "tRUE", "yes1"] {
        check_value(word, &format!("\"{word}\""));
        check_key(word, word);
    }
}

#[test]
fn numbers() {
    for (scalar, expected) in [
        ("0755", "493"),
        ("0o17", "15"),
        ("0O17", "15"),
        ("-017", "-15"),
        ("-0o17", "-15"),
        ("08", "8"),
        ("089", "89"),
        ("0_7", "7"),
        ("0b101", "5"),
        ("0B11", "3"),
        ("-0b11", "-3"),
        ("0x1F", "31"),
        ("0X1f", "31"),
        ("+0x1f", "31"),
        ("0x_1", "1"),
        ("1_000", "1000"),
        ("1__0", "10"),
        ("1_", "1"),
        ("-_1", "-1"),
        ("+1", "1"),
        ("-0", "0"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1e3", "1000"),
        ("1.0", "1"),
        ("1.", "1"),
        ("1.e1", "10"),
        (".5", "0.5"),
        ("+.5", "0.5"),
        ("-.5", "-0.5"),
        ("1_0.5", "10.5"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-7"),
        ("-0.0", "0"),
    ] {
        check_value(scalar, expected);
    }
}

#[test]
fn texts_that_look_like_numbers() {
    for scalar in [
        "12:30:45",
        "2001-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "1.2.3",
        "10.0.0.1",
        "0o8",
        "0b2",
        "0b",
        "0x",
        "_1",
        "._5",
        ".5p1",
        "0x1p3",
        "1e309",
        "1e400",
        "+",
        ".",
        "..",
        ".e1",
        "1Gi",
        "0xFFFFFFFFFFFFFFFFF",
        "- 1x".trim_start_matches("- "),
    ] {
        check_value(scalar, &format!("\"{scalar}\""));
    }
}

#[test]
fn integers_beyond_64_bits_keep_their_digits() {
    for (scalar, digits) in [
        ("18446744073709551615", "18446744073709551615"),
        ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-9223372036854775809", "-9223372036854775809"),
    ] {
        let tree = parse_yaml(format!("a: {scalar}\n"), &Limits::default()).unwrap();
        let node = tree.root().get("a").unwrap();
        assert!(matches!(node.kind(), crate::Kind::BigInt(found) if found == digits), "{scalar}");
    }
}

#[test]
fn integral_floats_are_integers() {
    let tree = parse_yaml("[1.0, 1e3, 1e20, 1.5]", &Limits::default()).unwrap();
    let kinds: Vec<_> =
        tree.root().as_list().unwrap().iter().map(|item| format!("{:?}", item.kind())).collect();
    assert_eq!(kinds, ["Int(1)", "Int(1000)", "Float(1e20)", "Float(1.5)"]);
}

#[test]
fn keys() {
    for (key, expected) in [
        ("1", "1"),
        ("0x1F", "31"),
        ("1.5", "1.5"),
        ("1.0", "1"),
        ("1e6", "1e+06"),
        ("1234567.0", "1.234567e+06"),
        ("123456.7", "123456.7"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1e40", ".inf"),
        (".inf", ".inf"),
        ("-.INF", "-.inf"),
        ("-0.0", "-0"),
        ("123456789012345678901234567890", "1.2345679e+29"),
        ("\"\"", ""),
        ("2001-01-01", "2001-01-01"),
        ("\"<<\"", "\\u003c\\u003c"),
        ("9223372036854775807", "9223372036854775807"),
    ] {
        check_key(key, expected);
    }
    for key in ["~", "null", "18446744073709551615", "? [a]\n"] {
        let error = parse_yaml(format!("{key}: 1\n"), &Limits::default()).unwrap_err();
        assert!(error.message.starts_with("expected a text as key"), "{key}: {error}");
    }
}

#[test]
fn what_json_has_not() {
    check("a: .inf\n", "error: line 1, column 4: expected a finite number, found `.inf`");
    check("a: [-.Inf]\n", "error: line 1, column 5: expected a finite number, found `-.Inf`");
    check("a: .NaN\n", "error: line 1, column 4: expected a finite number, found `.NaN`");
}

#[test]
fn tags() {
    for (scalar, expected) in [
        ("!!str 1", "\"1\""),
        ("!!str ~", "\"~\""),
        ("!!str", "\"\""),
        ("!!int \"5\"", "5"),
        ("!foo 5", "\"5\""),
        ("! 5", "\"5\""),
        ("!!binary aGk=", "\"hi\""),
        ("!!float 1", "1"),
        ("!!bool yes", "true"),
        ("!!null ''", "null"),
        ("!!timestamp 2001-01-01", "\"2001-01-01\""),
        ("!!map [1]", "[1]"),
        ("!!set {x, y}", "{\"true\":null,\"x\":null}"),
        ("!!python/none x", "\"x\""),
        ("!<tag:yaml.org,2002:str> 1", "\"1\""),
    ] {
        check_value(scalar, expected);
    }
    check(
        "a: !!int 1.5\n",
        "error: line 1, column 10: expected an integer as the tag says, found `1.5`",
    );
    check("a: !!binary x-y\n", "error: line 1, column 13: expected base64 behind `!!binary`");
}

#[test]
fn anchors_and_merges() {
    check(
        "a: &x {b: 1}\nc: *x\n*x : 1\n",
        "error: line 3, column 1: expected a text as key, found a list or map",
    );
    check("a: &x yes\n*x : *x\n", r#"{"a":true,"true":true}"#);
    check("a: &x [*x]\n", "error: line 1, column 8: the alias stands inside of what it stands for");
    check("<<: {a: 2, b: 3}\na: 1\n", r#"{"a":1,"b":3}"#);
    check("<<: [{a: 1}, {a: 2, b: 3}]\n", r#"{"a":1,"b":3}"#);
    check("x: &x {a: 1}\nz:\n  <<: *x\n  <<: {a: 5}\n", r#"{"x":{"a":1},"z":{"a":5}}"#);
    check("!!merge <<: {a: 1}\n", r#"{"a":1}"#);
    for value in ["1", "~", "[1]", "[[{a: 1}]]"] {
        let error = parse_yaml(format!("<<: {value}\n"), &Limits::default()).unwrap_err();
        assert_eq!(
            error.message, "expected a map or a list of maps to merge under `<<`",
            "{value}"
        );
    }
}

#[test]
fn a_merge_behind_a_key_overrides_it_and_says_so() {
    let source = crate::Source::new("a.yaml", "a: 1\n<<: {a: 2, b: 3}\n");
    let reading = crate::read(&source, &Limits::default());
    assert_eq!(reading.documents.first().unwrap().tree().root().to_json(), r#"{"a":2,"b":3}"#);
    let warning = reading.diagnostics.first().unwrap();
    assert_eq!((warning.code, warning.severity), ("merge-order", crate::Severity::Warning));
    assert_eq!(warning.span.as_ref().map(|span| (span.start, span.end)), Some((0, 1)));
}

#[test]
fn of_one_boolean_spelled_twice_the_last_counts() {
    check("{n: 1, y: 2, on: 3, 1: 4, 1.5: 5}\n", r#"{"1":4,"1.5":5,"false":1,"true":3}"#);
    let source = crate::Source::new("a.yaml", "y: 1\non: 2\n");
    let reading = crate::read(&source, &Limits::default());
    let warning = reading.diagnostics.first().unwrap();
    assert_eq!((warning.code, warning.severity), ("boolean-key", crate::Severity::Warning));
    assert_eq!(warning.span.as_ref().map(|span| (span.start, span.end)), Some((0, 1)));
    check(
        "y: 1\ny: 2\n",
        "error: line 2, column 1: key `true` is there twice, first at line 1, column 1",
    );
    check(
        "yes: 1\n\"true\": 2\n",
        "error: line 2, column 1: key `true` is there twice, first at line 1, column 1",
    );
}

#[test]
fn characters_on_which_readers_disagree() {
    check("# x\u{2028}evil: 1\na: 1\n", "error: line 1, column 4: found the character U+2028");
    check("a: \"x\u{85}y\"\n", "error: line 1, column 6: found the character U+0085");
    check("a: x\0b: y\n", "error: line 1, column 5: found the character U+0000");
    check("a: 1\n\u{feff}b: 2\n", "error: line 2, column 1: found the character U+FEFF");
    check("a: \"\\u2028\\0\"\n", "{\"a\":\"\\u2028\\u0000\"}");
}

#[test]
fn what_go_yaml_reads_otherwise_is_refused() {
    check(
        "a: [?b]\n",
        "error: line 1, column 5: found `?` in a text without quotes between brackets",
    );
    check(
        "a: [b?]\n",
        "error: line 1, column 5: found `?` in a text without quotes between brackets",
    );
    check("[!a, 1]\n", "error: line 1, column 4: expected a value behind the tag");
    check("a: {b:, c: d}\n", "error: line 1, column 6: expected a space behind `:`");
    check(
        "a: &nginx:1.2\n",
        "error: line 1, column 4: expected letters, digits, `_` and `-` as name of an anchor, found `nginx:1.2`",
    );
    check("a: \"it\\'s\"\n", r#"{"a":"it's"}"#);
}

#[test]
fn continued_quotes_need_no_indentation() {
    check("a:\n  b: 'c\n  d\n e'\n", r#"{"a":{"b":"c d e"}}"#);
}
