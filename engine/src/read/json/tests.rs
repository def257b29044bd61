use proptest::prelude::*;

use crate::read::{Limits, parse_json, parse_json_lazily};
use crate::{Kind, Node, Text, Value};

fn check(text: &str, expected: &str) {
    let tree = parse_json(text, &Limits::default()).unwrap();
    assert_eq!(tree.root().to_json(), expected, "{text}");
    check_later(text);
}

/// What is read when it is asked for is the same as what is read at once, mistakes too.
fn check_later(text: &str) {
    let text = format!("[{{\"a\":[],\"managedFields\" :{text}, \"b\":[{text}]}},1]");
    let at_once = parse_json(text.as_str(), &Limits::default());
    let later = parse_json_lazily(text.as_str(), &Limits::default());
    match (at_once, later) {
        (Ok(at_once), Ok(later)) => {
            assert_eq!(later.len(), at_once.len(), "{text}");
            let [at_once, later] = [at_once.root(), later.root()];
            let part = |root: Node<'_>| root.as_list().unwrap().get(0).unwrap().to_tree();
            assert_eq!(part(later).len(), part(at_once).len(), "{text}");
            assert_eq!(later.to_json(), at_once.to_json(), "{text}");
            assert_eq!(later.to_tree().root().to_json(), at_once.to_json(), "{text}");
        }
        (at_once, later) => assert_eq!(
            later.map_err(|error| error.to_string()).map(|_| ()),
            at_once.map_err(|error| error.to_string()).map(|_| ()),
            "{text}"
        ),
    }
}

fn check_error(text: &str, expected: &str) {
    let error = parse_json(text, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
    check_later(text);
}

#[test]
fn values() {
    check(" [ ] ", "[]");
    check("\t{\r\n}", "{}");
    check("\"a\"", "\"a\"");
    check(
        r#"{"a": [1, -2, {"b": null}], "": true, "c": false}"#,
        r#"{"":true,"a":[1,-2,{"b":null}],"c":false}"#,
    );
}

#[test]
fn strings() {
    check(r#"["\"\\\/\b\f\n\r\t"]"#, r#"["\"\\/\b\f\n\r\t"]"#);
    check(r#"["\u0041\u00e9\ud83d\ude00"]"#, "[\"Aé😀\"]");
    check(
        r#"{"\u006b": "long enough for whole words, then an escape \u0021"}"#,
        r#"{"k":"long enough for whole words, then an escape !"}"#,
    );
    check(
        "[\"\u{7f}\u{fffd}ü, not a control character\"]",
        "[\"\u{7f}\u{fffd}ü, not a control character\"]",
    );
    check_error(
        "[\"a\nb\"]",
        "line 1, column 4: expected an escape, for example `\\n`, found `\\n`",
    );
    check_error(
        r#"["\x"]"#,
        "line 1, column 4: expected one of `\"\\/bfnrtu` behind `\\`, found `x`",
    );
    check_error(r#"["\u12g4"]"#, "line 1, column 7: expected a hexadecimal digit, found `g`");
    check_error(
        r#"["\ud83d"]"#,
        "line 1, column 3: expected two surrogates, found `\\ud83d` alone",
    );
    check_error(
        r#"["\ud83d\u0041"]"#,
        "line 1, column 3: expected two surrogates, found `\\ud83d` alone",
    );
    check_error(
        r#"["\ude00\ud83d"]"#,
        "line 1, column 3: expected two surrogates, found `\\ude00` alone",
    );
    check_error("[\"abc", "line 1, column 2: expected a closing quote before the end of the text");
}

#[test]
fn numbers() {
    let text =
        "[0, -0, 1.0, 1e2, 9223372036854775807, 18446744073709551615, -9223372036854775809, 1E-2]";
    let tree = parse_json(text, &Limits::default()).unwrap();
    let kinds: Vec<_> =
        tree.root().as_list().unwrap().iter().map(|item| format!("{:?}", item.kind())).collect();
    assert_eq!(
        kinds,
        [
            "Int(0)",
            "Int(0)",
            "Float(1.0)",
            "Float(100.0)",
            "Int(9223372036854775807)",
            "BigInt(\"18446744073709551615\")",
            "BigInt(\"-9223372036854775809\")",
            "Float(0.01)",
        ]
    );
    check_error(
        "[1e309]",
        "line 1, column 2: expected a number that 64 bits can hold, found `1e309`",
    );
    check_error("[01]", "line 1, column 3: expected a number without leading zeros, found `1`");
    check_error("[1.]", "line 1, column 4: expected a digit, found `]`");
    check_error("[-]", "line 1, column 3: expected a digit, found `]`");
    check_error("[1e+]", "line 1, column 5: expected a digit, found `]`");
    check_error("[+1]", "line 1, column 2: expected a value, found `+`");
    check_error("[.5]", "line 1, column 2: expected a value, found `.`");
    check_error("[NaN]", "line 1, column 2: expected a value, found `N`");
}

#[test]
fn what_is_no_json() {
    check_error("", "line 1, column 1: expected a value, found the end of the text");
    check_error("{} x", "line 1, column 4: expected the end of the text, found `x`");
    check_error("[1,]", "line 1, column 4: expected a value, found `]`");
    check_error("{\"a\": 1,}", "line 1, column 9: expected a key between double quotes, found `}`");
    check_error(
        "{a: 1}",
        "line 1, column 2: expected a key between double quotes or `}`, found `a`",
    );
    check_error("{\"a\" 1}", "line 1, column 6: expected `:` behind the key, found `1`");
    check_error("[1 2]", "line 1, column 4: expected `,` or `]`, found `2`");
    check_error("{\"a\": [1}", "line 1, column 9: expected `,` or `]`, found `}`");
    check_error("[tru]", "line 1, column 2: expected a value, found `t`");
    check_error("[1\u{0}]", "line 1, column 3: expected `,` or `]`, found `\\0`");
    check_error("\u{feff}{}", "line 1, column 1: expected a value, found `\\u{feff}`");
    check_error(
        "{\n \"a\": 1,\n \"b\": {\n",
        "line 4, column 1: expected a key between double quotes or `}`, found the end of the text",
    );
}

#[test]
fn equal_keys() {
    check_error(
        "{\"a\": {\"privileged\": false, \"b\": 1,\n\"\\u0070rivileged\": true}}",
        "line 2, column 1: key `privileged` is there twice, first at line 1, column 8",
    );
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deepest = nested(open, close, 9_999).replace(":}", ":1}");
        assert!(parse_json(deepest, &Limits::default()).is_ok());
        for depth in [10_001, 200_000] {
            let error = parse_json(nested(open, close, depth), &Limits::default()).unwrap_err();
            assert_eq!((error.code, error.range.start), ("too-deep", 10_000 * open.len()));
        }
    }
    let limits = Limits { max_nodes: 3, max_bytes: 20, ..Limits::default() };
    assert!(parse_json("[1, 2, 3]", &limits).is_ok());
    assert_eq!(parse_json("[1, 2, 3, 4]", &limits).unwrap_err().code, "too-large");
    assert_eq!(parse_json(" ".repeat(21), &limits).unwrap_err().code, "too-large");
}

/// A JSON text and what it says.
fn json() -> impl Strategy<Value = Value<'static>> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1e300f64..1e300).prop_map(Value::Float),
        "\\PC{0,20}|[\"\\\\/\n\t\u{1}a]{0,20}".prop_map(|text| Value::String(Text::from(text))),
    ];
    scalar.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"\\\\é]{0,4}".prop_map(Text::from), inner, 0..6)
                .prop_map(Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in json()) {
        let text = value.to_json();
        let tree = parse_json(text.as_str(), &Limits::default()).unwrap();
        prop_assert_eq!(tree.root().to_json(), text.as_str());
        check_later(&text);
    }

    #[test]
    fn whatever_is_cut_off_is_refused(value in json(), cut in any::<prop::sample::Index>()) {
        let text = Value::from(vec![value]).to_json();
        let end = text.floor_char_boundary(cut.index(text.len()));
        prop_assert!(parse_json(&text[..end], &Limits::default()).is_err());
        check_later(&text[..end]);
    }

    #[test]
    fn nearly_json_is_refused_now_or_later(text in "[\\[\\]{}\",:a1\\\\ ]{0,12}") {
        check_later(&format!("[{text}]"));
        check_later(&format!("{{\"a\":{text}}}"));
    }

    #[test]
    fn strings_end_where_they_end(text in "[ -~é\"\\\\\u{1}]{0,40}") {
        let found = super::string::special_byte(text.as_bytes(), 0);
        let expected = text.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ');
        prop_assert_eq!(found, expected.unwrap_or(text.len()));
    }
}

#[test]
fn strings_without_escapes_stay_where_they_are() {
    let tree = parse_json("[\"ab\"]", &Limits::default()).unwrap();
    let item = tree.root().as_list().unwrap().get(0).unwrap();
    let Kind::String(text) = item.kind() else { panic!("{item:?}") };
    assert_eq!(text.as_ptr(), tree.source()[2..].as_ptr());
}

#[test]
fn equal_keys_are_found_among_few_and_among_many() {
    let object = |keys: &[String]| {
        let entries: Vec<String> = keys.iter().map(|key| format!("\"{key}\":1")).collect();
        format!("{{{}}}", entries.join(","))
    };
    for count in [1, 2, 3, 6, 7, 32, 33, 1_000] {
        let keys: Vec<String> = (0..count).map(|number| format!("key-{number}")).collect();
        assert!(parse_json(object(&keys), &Limits::default()).is_ok(), "{count}");
        for first in [0, count / 2, count - 1] {
            // The third is no news.
            let again = [keys.get(first), keys.get(first)].map(|key| key.unwrap().clone());
            let keys = [keys.as_slice(), again.as_slice()].concat();
            let text = object(&keys);
            let error = parse_json(text.as_str(), &Limits::default()).unwrap_err();
            check_later(&text);
            let entry = format!("\"key-{first}\":");
            let places: Vec<usize> = text.match_indices(&entry).map(|(at, _)| at).collect();
            assert_eq!(error.code, "duplicate-key", "{count} {first}");
            assert_eq!(error.range.start, places[1], "{count} {first}");
        }
    }
}

#[test]
fn a_part_that_is_read_later_has_its_place() {
    let text = r#"{"kind":"Pod","metadata":{"managedFields":[{"manager":"x"}],"name":"a"}}"#;
    let tree = parse_json_lazily(text, &Limits::default()).unwrap();
    let list = tree.root().at(&["metadata", "managedFields"]).unwrap();
    let manager = list.as_list().unwrap().get(0).unwrap().get("manager").unwrap();
    let steps = ["metadata", "managedFields", "0", "manager"].map(str::to_owned);
    assert_eq!(manager.steps_from(tree.root()), Some(steps.to_vec()));
    assert_eq!(list.to_tree().root().to_json(), r#"[{"manager":"x"}]"#);
    assert!(
        !list.is_null() && list.same_place(tree.root().at(&["metadata", "managedFields"]).unwrap())
    );
    let moved = tree.in_namespace("b");
    assert!(moved.root().to_json().contains(r#""managedFields":[{"manager":"x"}]"#));
}
