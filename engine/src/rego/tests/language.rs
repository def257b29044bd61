//! What the language does, by OPA 1.19.

use super::{Limits, Version, evaluated, evaluated_within};

fn check(version: Version, cases: &[(&str, &str, &str)]) {
    for (module, input, expected) in cases {
        let module = format!("package t\n{module}");
        assert_eq!(evaluated(&module, version, input), *expected, "{module}");
    }
}

#[test]
fn rules() {
    check(
        Version::V1,
        &[
            ("r := 1", "{}", "1"),
            ("r if input.a", r#"{"a": true}"#, "true"),
            ("r if input.a", r#"{"a": false}"#, "undefined"),
            ("r contains x if some x in input.l", r#"{"l": [2, 1, 2]}"#, "{1, 2}"),
            (
                "r[k] := v if some k, v in input.m",
                r#"{"m": {"b": 1, "a": 2}}"#,
                r#"{"a": 2, "b": 1}"#,
            ),
            (
                "r.a.b contains x if some x in [1, 2]\nr.a.c := 3",
                "{}",
                r#"{"a": {"b": {1, 2}, "c": 3}}"#,
            ),
            ("r := 1 if input.a\nelse := 2 if input.b\nelse := 3", r#"{"b": true}"#, "2"),
            ("default r := [x | some x in [1, 2]]", "{}", "[1, 2]"),
            (
                "f(x) := \"low\" if x < 5\nf(x) := \"high\" if x >= 5\nr := [f(1), f(7)]",
                "{}",
                r#"["low", "high"]"#,
            ),
            ("f(\"any\", _)\nr if f(\"any\", 1)", "{}", "true"),
            ("default f(_) := 0\nf(1) := 1\nr := [f(1), f(2)]", "{}", "[1, 0]"),
        ],
    );
}

#[test]
fn rules_before_v1() {
    check(
        Version::V0,
        &[
            ("r[x] { x := input.l[_] }", r#"{"l": [2, 1]}"#, "{1, 2}"),
            ("r { input.a } { input.b }", r#"{"b": true}"#, "true"),
            ("f(x) = 1 { x == 1 } { x == 2 }\nr = [f(1), f(2)]", "{}", "[1, 1]"),
            ("r = x { [x, 1] = [2, y]; y > 0 }", "{}", "2"),
            ("r[\"a\"]", "{}", r#"{"a"}"#),
            ("r { input.a\n (input.b - input.c) >= 1 }", r#"{"a": 1, "b": 3, "c": 1}"#, "true"),
        ],
    );
}

#[test]
fn negation_is_about_the_expression_alone() {
    check(
        Version::V1,
        &[
            ("r if not input.x", "{}", "true"),
            ("f(x) := x == 1\nr if not f(input.x)", "{}", "undefined"),
            ("f(x) := x == 1\nr if not f(input.x)", r#"{"x": 2}"#, "true"),
            ("r if not input.a == input.b", r#"{"a": 1}"#, "true"),
            ("r if not input.a < input.b", r#"{"a": 1}"#, "undefined"),
            ("r if not \"a\" in input.missing", "{}", "undefined"),
            ("r if not input.list[input.index]", r#"{"list": [1]}"#, "undefined"),
            ("import future.keywords.not\nr if not input.a < input.b", r#"{"a": 1}"#, "true"),
        ],
    );
}

#[test]
fn what_cannot_be_compiled() {
    check(
        Version::V1,
        &[
            ("r if not input.l[_]", "{}", "2: rego_unsafe_var_error: var _ is unsafe"),
            ("r if x", "{}", "2: rego_unsafe_var_error: var x is unsafe"),
            ("r := x if y := 1", "{}", "2: rego_unsafe_var_error: var x is unsafe"),
            ("r := nofn(1)", "{}", "2: rego_type_error: undefined function nofn"),
            (
                "f(x) := x\nr := f(1, 2, 3)",
                "{}",
                "3: rego_type_error: function data.t.f has arity 1, got 3 arguments",
            ),
            ("r if { x := 1; x := 2 }", "{}", "2: rego_compile_error: var x assigned above"),
            ("r := y if { x := 1; y := [z | z := x; x := 2] }", "{}", "[1]"),
            ("r if { x == 1; x := 2 }", "{}", "2: rego_compile_error: var x referenced above"),
            (
                "f(x) := y if { x := 1; y := x }\nr := f(1)",
                "{}",
                "2: rego_compile_error: arg x redeclared",
            ),
            (
                "r if { input := 1 }",
                "{}",
                "2: rego_compile_error: variables must not shadow input (use a different variable name)",
            ),
            ("r := 1\nr contains 2", "{}", "3: rego_type_error: conflicting rules data.t.r found"),
            (
                "default r := 1\ndefault r := 2",
                "{}",
                "3: rego_type_error: multiple default rules data.t.r found",
            ),
            (
                "r[x] { x := 1 }",
                "{}",
                "2: rego_parse_error: `contains` keyword is required for partial set rules",
            ),
            ("r { true }", "{}", "2: rego_parse_error: `if` keyword is required before rule body"),
            (
                "r contains \"a\" if { input.x } else { input.y }",
                "{}",
                "2: rego_parse_error: else keyword cannot be used on multi-value rules",
            ),
        ],
    );
}

#[test]
fn what_cannot_be_evaluated() {
    check(
        Version::V1,
        &[
            (
                "r := 1\nr := 2 if input.x",
                r#"{"x": 1}"#,
                "3: eval_conflict_error: complete rules must not produce multiple outputs",
            ),
            ("r[1] := 1\nr[1] := 2", "{}", "2: eval_conflict_error: object keys must be unique"),
            (
                "f(_) := 1\nf(x) := x\nr := f(2)",
                "{}",
                "3: eval_conflict_error: functions must not produce multiple outputs for same inputs",
            ),
            (
                "r := {1: x | some x in [1, 2]}",
                "{}",
                "2: eval_conflict_error: object keys must be unique",
            ),
        ],
    );
}

#[test]
fn other_documents() {
    check(
        Version::V1,
        &[
            ("r := x if x := input.a with input as {\"a\": 1}", "{}", "1"),
            ("p := input.a\nr := [p, x] if { x := p with input.a as 2 }", r#"{"a": 1}"#, "[1, 2]"),
            ("r := x if x := data.c.a with data.c as {\"a\": 3}", "{}", "3"),
            ("f(x) := x\ng(_) := 7\nr := x if x := f(1) with f as g", "{}", "7"),
            ("f(x) := x\nr := [x | x := f(1) with f as 5]", "{}", "[5]"),
        ],
    );
}

#[test]
fn templates() {
    check(
        Version::V1,
        &[
            (r#"r := $"a {input.x} {input.y}!""#, r#"{"x": 5}"#, r#""a 5 <undefined>!""#),
            (r#"r := $"{{1: 2}}{[1]}""#, "{}", r#""{1: 2}[1]""#),
        ],
    );
}

#[test]
fn every_and_some() {
    check(
        Version::V1,
        &[
            ("r if every x in input.l { x > 0 }", r#"{"l": []}"#, "true"),
            ("r if every x in input.l { x > 0 }", "{}", "undefined"),
            ("r := [i | some i, \"b\" in [\"a\", \"b\"]]", "{}", "[1]"),
            ("r := [x | some {\"a\": x} in [{\"a\": 1}, {\"b\": 2}]]", "{}", "[1]"),
        ],
    );
}

#[test]
fn what_is_strict() {
    let strict = Limits { is_strict: true, ..Limits::default() };
    for (module, expected) in [
        ("r if { x := 1 }", "2: rego_compile_error: assigned var x unused"),
        (
            "f(x, y) := x\nr := f(1, 2)",
            "2: rego_compile_error: unused argument y. (hint: use _ (wildcard variable) instead)",
        ),
        ("import data.a\nr := 1", "2: rego_compile_error: import data.a unused"),
        ("r := [y | some x in [1]; y := x]", "[1]"),
        ("f(x) := y if { y := [z | z := x] }\nr := f(1)", "[1]"),
    ] {
        let module = format!("package t\n{module}");
        assert_eq!(evaluated_within(&module, Version::V1, "{}", &strict), expected, "{module}");
    }
    check(
        Version::V1,
        &[
            ("r if { some x; true }", "{}", "2: rego_compile_error: declared var x unused"),
            (
                "r := any([true])",
                "{}",
                "2: rego_type_error: deprecated built-in function calls in expression: any",
            ),
            (
                "import data.a\nimport data.b.a\nr := 1",
                "{}",
                "3: rego_compile_error: import must not shadow import data.a",
            ),
        ],
    );
    check(Version::V0, &[("r = any([true])", "{}", "true")]);
}
