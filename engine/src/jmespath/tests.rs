use std::sync::Arc;

use proptest::prelude::*;

use super::{Budget, Expression, Scope, SearchError, Trace, json};
use crate::facts::{FactError, FactKey, Facts};
use crate::jmespath::Arena;
use crate::value::Value;

mod builtins;
mod kyverno;

const DOCUMENT: &str = r#"{
    "a": {"b": 1, "c": "x", "n": null, "l": [1, 2, 3], "m": {"k": 1, "j": 2}},
    "items": [{"n": "x", "v": 1, "t": [1, 2]}, {"n": "y"}]
}"#;

fn facts() -> Facts {
    let mut facts = Facts::default();
    let answer = |text: &str| Ok(Arc::new(json::tree(text).expect("valid")));
    facts.insert(FactKey::ExternalUrl("https://example.com/x".into()), answer("true"));
    facts.insert(FactKey::ExternalUrl("https://inside.test".into()), answer("false"));
    facts.insert(FactKey::ExternalUrl("https://no.test".into()), Err(FactError::NotFound));
    facts
}

/// The JSON of the result, or `error: ` and the message.
fn evaluate(text: &str, document: &str, budget: &Budget) -> String {
    let tree = json::tree(document).expect("valid document");
    let arena = Arena::default();
    let facts = facts();
    let scope = Scope {
        arena: &arena,
        now: "2024-05-06T07:08:09.5Z".parse().expect("valid time"),
        seed: 7,
        budget,
        facts: &facts,
        trace: None,
    };
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return format!("error: {error} at {}", error.offset),
    };
    match arena.expression(expression).search(&tree.root().into(), &scope) {
        Ok(value) => value.to_json(),
        Err(error) => format!("error: {error}"),
    }
}

#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(evaluate(text, DOCUMENT, &Budget::default()), *expected, "{text}");
    }
}

#[test]
fn paths() {
    check(&[
        ("a.b", "1"),
        ("a . \"b\"", "1"),
        ("@.a.c", "\"x\""),
        ("a.zz", "error: Unknown key \"zz\" in path"),
        ("a.n.zz", "null"),
        ("a.b.zz", "null"),
        ("a.l[0]", "1"),
        ("a.l[-1]", "3"),
        ("a.l[3]", "null"),
        ("a.l[9].x", "null"),
        ("a.m[0]", "null"),
        ("a.zz[0]", "error: Unknown key \"zz\" in path"),
        ("a.l[0:2]", "[1,2]"),
        ("a.l[-2:]", "[2,3]"),
        ("a.l[::-1]", "[3,2,1]"),
        ("a.l[5:0:-1]", "[3,2]"),
        ("a.b[1:]", "null"),
        ("a.l[::0]", "error: Invalid slice, step cannot be 0"),
    ]);
}

#[test]
fn where_a_missing_key_becomes_null() {
    check(&[
        ("a.zz || 'q'", "\"q\""),
        ("a.zz || a.yy", "null"),
        ("a.zz == 'q'", "false"),
        ("a.zz && a.b", "null"),
        ("a.b && a.zz", "error: Unknown key \"zz\" in path"),
        ("not_null(a.zz, 'q')", "\"q\""),
        ("[a.zz]", "[null]"),
        ("a.{x: b, y: zz}", "{\"x\":1,\"y\":null}"),
        ("a.zz | type(@)", "\"null\""),
        ("a.zz[]", "null"),
        ("zz.a[]", "null"),
        ("a.zz[*].q", "null"),
        ("zz.a[*]", "error: Unknown key \"zz\" in path"),
        ("zz.a[?b]", "null"),
        ("zz.*", "null"),
        ("items[*].v", "[1]"),
        ("items[?v].n", "[\"x\"]"),
        ("items[?!v].n", "[\"y\"]"),
        ("map(&v, items)", "[1,null]"),
        ("!a.l", "null"),
        (
            "a.zz | length(@)",
            "error: Invalid type for: <nil>, expected: []jmespath.JpType{\"string\", \"array\", \"object\"}",
        ),
    ]);
}

#[test]
fn which_errors_flatten_and_filters_swallow() {
    check(&[
        ("nofn(a)[]", "null"),
        ("nofn(a)[?x]", "null"),
        ("nofn(a).*", "null"),
        ("to_upper(`1`)[]", "null"),
        ("nofn(a)[*]", "error: unknown function: nofn"),
        ("nofn(a) || 'x'", "error: unknown function: nofn"),
        ("map(&nofn(@), a.l)", "error: unknown function: nofn"),
    ]);
}

#[test]
fn projections() {
    check(&[
        ("items[].t[]", "[1,2]"),
        ("items[].t", "[[1,2]]"),
        ("[a.l, a.l][]", "[1,2,3,1,2,3]"),
        ("[[a.l]][][]", "[1,2,3]"),
        ("[a.n, a.b][*]", "[1]"),
        ("a.*.k", "[1]"),
        ("a.m.*.to_string(@)", "[\"null\",\"null\",\"2\",\"1\"]"),
        ("*.b", "[1]"),
        ("a.b[]", "null"),
        ("a.b[*]", "null"),
        ("a.l.*", "null"),
        ("a.l[?@ > `1`] | [0]", "2"),
        ("a.n.[b]", "null"),
        ("a.n.{x: b}", "null"),
        ("a.n.to_string(@)", "\"null\""),
    ]);
}

#[test]
fn comparing() {
    check(&[
        ("a.b == `1.0`", "true"),
        ("a.n == `null`", "true"),
        ("a.l == `[1, 2, 3]`", "true"),
        ("a.m != `{\"j\": 2, \"k\": 1}`", "false"),
        ("a.b < `2`", "true"),
        ("a.b >= `2`", "false"),
        ("a.c > 'a'", "null"),
        ("!`0`", "false"),
        ("!`\"\"`", "true"),
        // Upstream's result is a Go int, which nothing equals.
        ("compare('a', 'b') == `-1`", "false"),
        ("compare('a', 'b') < `0`", "null"),
        ("compare('a', 'b') == compare('c', 'd')", "true"),
    ]);
}

#[test]
fn literals() {
    check(&[
        (r"'it\'s'", "\"it's\""),
        (r"'a\\b'", r#""a\\\\b""#),
        (r#"`"a\`b"`"#, "\"a`b\""),
        (r#"{"a \u00e9": a.b}"#, "{\"a é\":1}"),
        ("`[1, {\"x\": 2.50}]`", "[1,{\"x\":2.5}]"),
    ]);
}

#[test]
fn what_is_no_expression() {
    check(&[
        ("", "error: SyntaxError: Incomplete expression at 0"),
        ("a.", "error: SyntaxError: Expected identifier, lbracket, or lbrace at 2"),
        (
            "a b",
            "error: SyntaxError: Unexpected token at the end of the expression: tUnquotedIdentifier at 2",
        ),
        ("f(a", "error: SyntaxError: Incomplete expression at 3"),
        ("a[", "error: SyntaxError: Expected tStar, received: tEOF at 2"),
        ("a[b]", "error: SyntaxError: Expected tStar, received: tUnquotedIdentifier at 2"),
        ("a[-]", "error: strconv.Atoi: parsing \"-\": invalid syntax at 2"),
        (
            "a[99999999999999999999]",
            "error: strconv.Atoi: parsing \"99999999999999999999\": value out of range at 2",
        ),
        ("a[1:2:3:4]", "error: SyntaxError: Expected tRbracket, received: tNumber at 8"),
        ("{1: 2}", "error: SyntaxError: Expected tQuotedIdentifier or tUnquotedIdentifier at 1"),
        ("{a: b", "error: SyntaxError: Expected tQuotedIdentifier or tUnquotedIdentifier at 5"),
        ("'a", "error: SyntaxError: Unclosed delimiter: ' at 2"),
        ("\"a", "error: SyntaxError: Unclosed delimiter: \" at 2"),
        ("`{`", "error: unexpected end of JSON input at 0"),
        ("a # b", "error: SyntaxError: Unknown char: '#' at 2"),
        ("=", "error: SyntaxError: Invalid token: tUnknown at 0"),
        ("5", "error: SyntaxError: Invalid token: tNumber at 0"),
        ("\"a\"(b)", "error: SyntaxError: Can't have quoted identifier as function name. at 0"),
        ("(a.b)(c)", "error: SyntaxError: Unexpected token: tLparen at 5"),
        ("&a", "error: an expression reference can only be an argument of a function"),
    ]);
}

#[test]
fn depth_is_bounded() {
    let parse = |text: String| Expression::parse(&text).map(|_| ()).map_err(|error| error.message);
    let too_deep = Err("SyntaxError: nested more than 100 levels deep".to_owned());
    assert_eq!(parse("(".repeat(50_000)), too_deep);
    assert_eq!(parse("!".repeat(50_000)), too_deep);
    assert_eq!(parse("a".to_owned() + &"[]".repeat(30_000)), too_deep);
    assert_eq!(parse("a".to_owned() + &"==a".repeat(20_000)), too_deep);
    assert_eq!(parse("@".to_owned() + &"|[@]".repeat(10_000)), too_deep);
    assert_eq!(parse("@".to_owned() + &".[@]".repeat(10_000)), too_deep);
    assert_eq!(parse("a".to_owned() + &".a".repeat(30_000)), Ok(()));
    assert_eq!(parse("a".to_owned() + &"||a".repeat(20_000)), Ok(()));
    assert!(parse("a".repeat(70_000)).is_err());
}

#[test]
fn deep_documents_are_safe() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    for text in ["to_string(@) | length(@)", "@ == @", "reverse(@) == @", "[][]", "to_upper(@)"] {
        let answer = evaluate(text, &deep, &Budget::default());
        assert!(!answer.is_empty(), "{text}");
    }
    assert_eq!(evaluate("to_string(@) | length(@)", &deep, &Budget::default()), "20000");
}

#[test]
fn work_is_bounded() {
    let budget_error = format!("error: {}", SearchError::Budget);
    let doubling = |start: &str, step: &str, count: usize| start.to_owned() + &step.repeat(count);
    for text in [
        doubling("'aaaaaaaaaaaaaaaa'", "|join(@, [@, @, @])", 30),
        doubling("'aaaaaaaaaaaaaaaa'", "|replace_all('aaaaaaaa', 'a', @)", 24),
        doubling("'a'", "|[@, @]", 40) + "|to_string(@)",
        doubling("'a'", "|[@, @]", 40) + "|@ == @",
        doubling("'a'", "|[@, @]", 40) + "|to_upper(@)",
        doubling("a.l", "|[@, @, @, @][]", 14),
        "random('((a{1000}){1000}){1000}')".to_owned(),
        doubling("'aa'", "|regex_replace_all('a', @, 'aaaaaaaa')", 12),
    ] {
        assert_eq!(evaluate(&text, DOCUMENT, &Budget::default()), budget_error, "{text}");
    }
}

#[test]
fn a_budget_is_shared_by_searches() {
    let budget = Budget::new(10, 1000);
    assert_eq!(evaluate("a.b", DOCUMENT, &budget), "1");
    for _ in 0..10 {
        evaluate("a.b", DOCUMENT, &budget);
    }
    assert_eq!(evaluate("a.b", DOCUMENT, &budget), format!("error: {}", SearchError::Budget));
}

#[test]
fn functions_that_are_called() {
    let expression = Expression::parse("f(a) || [length(b), map(&g(@), c)]").expect("valid");
    assert_eq!(expression.functions().collect::<Vec<_>>(), ["f", "length", "g", "map"]);
    assert!(Expression::is_function("length") && !Expression::is_function("f"));
    assert_eq!(expression.text(), "f(a) || [length(b), map(&g(@), c)]");
}

#[test]
fn traces() {
    let tree = json::tree(DOCUMENT).expect("valid");
    let arena = Arena::default();
    let (budget, facts) = (Budget::default(), Facts::default());
    let first_read = |text: &str| {
        let trace = Trace::new(tree.root());
        let scope = Scope {
            arena: &arena,
            now: jiff::Timestamp::UNIX_EPOCH,
            seed: 0,
            budget: &budget,
            facts: &facts,
            trace: Some(&trace),
        };
        let expression = arena.expression(Expression::parse(text).expect("valid"));
        let request = Value::from(std::collections::BTreeMap::from([(
            "object".into(),
            Value::from(tree.root()),
        )]));
        let _ = expression.search(&request, &scope);
        trace.pointer_steps().map(|steps| steps.join("/"))
    };
    assert_eq!(first_read("object.a.b").as_deref(), Some("a/b"));
    assert_eq!(first_read("object.a.b == object.a.c").as_deref(), Some("a/b"));
    assert_eq!(first_read("object.items[1].n").as_deref(), Some("items/1/n"));
    assert_eq!(first_read("object.items[].n").as_deref(), Some("items"));
    assert_eq!(first_read("object.a.zz || object.a.c").as_deref(), Some("a"));
    assert_eq!(first_read("object"), None);
    assert_eq!(first_read("'x'"), None);
}

fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("a.l".to_owned()),
        Just("items".to_owned()),
        Just("@".to_owned()),
        Just("'x-1'".to_owned()),
        Just("'2024-01-01T00:00:00Z'".to_owned()),
        Just("`-1.5`".to_owned()),
        Just("`1e300`".to_owned()),
        Just("'5m'".to_owned()),
        Just("`[\"b\", \"a\"]`".to_owned()),
        Just("a.zz".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = Expression::function_names();
        prop_oneof![
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| format!("({left}) | ({right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left})[?{right}]")),
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| format!("({left}) == ({right})")),
            inner.clone().prop_map(|inner| format!("({inner})[].n")),
            inner.clone().prop_map(|inner| format!("({inner})[-2:1:-1]")),
            inner.clone().prop_map(|inner| format!("({inner}).*")),
            (0..names.len(), proptest::collection::vec(inner, 0..4), any::<bool>()).prop_map(
                move |(function, arguments, reference)| {
                    let name = names.get(function).copied().unwrap_or("length");
                    let reference = if reference { "&" } else { "" };
                    format!("{name}({reference}{})", arguments.join(", "))
                }
            ),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn parsing_tokens_never_panics(text in "([a-c]|[.*@(){}|&!<>=,:0-9`'\"?]|\\[|\\]|\\[\\]|&&| ){0,40}") {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn searching_never_panics(text in expressions()) {
        evaluate(&text, DOCUMENT, &Budget::default());
    }
}
