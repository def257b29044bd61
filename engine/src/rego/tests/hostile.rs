//! Programs that are to exhaust something: refused, or stopped, on the smallest usual stack.

use super::{Version, evaluated};

/// Runs on a stack of 2 MiB, as threads of servers have.
fn answer(module: String) -> String {
    let run = move || evaluated(&module, Version::V1, "{}");
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap()
}

#[test]
fn what_nests_is_evaluated_or_refused() {
    let pairs = [
        ("[", "]"),
        ("{", "}"),
        ("(", ")"),
        ("{1: ", "}"),
        ("[x | x := ", "]"),
        ("{x | x := ", "}"),
        ("{1: x | x := ", "}"),
        ("count([", "])"),
        ("count({", "})"),
        ("f(", ")"),
        ("[1][", "]"),
        ("-a[", "]"),
    ];
    for (open, close) in pairs {
        for depth in [10, 30, 49, 95, 5_000] {
            let module = format!(
                "package t\na := [0]\nf(x) := x\nr := {}0{}",
                open.repeat(depth),
                close.repeat(depth)
            );
            let answer = answer(module);
            if depth > 100 {
                assert!(answer.contains("levels deep"), "{open}: {answer}");
            }
        }
    }
}

#[test]
fn what_is_left_open_ends_at_once() {
    for open in [
        "[",
        "{",
        "(",
        "{1: ",
        "[1 | ",
        "{1 | ",
        "{1: 2 | ",
        "[1 | [",
        "a[",
        "f(",
        "not ",
        "1 + ",
        "{a | {",
        "[a | b | ",
    ] {
        for depth in [20, 40, 90] {
            let answer = answer(format!("package t\nr := {}", open.repeat(depth)));
            assert!(answer.contains("rego_parse_error"), "{open}: {answer}");
        }
    }
}

#[test]
fn long_chains_of_calls_are_stopped() {
    for body in ["f{next}(x)", "[y | y := f{next}(x)][0]", "count({y | y := f{next}(x)})"] {
        let functions: String = (0..1_000)
            .map(|number| {
                let body = body.replace("{next}", &(number + 1).to_string());
                format!("f{number}(x) := y if {{ y := {body} }}\n")
            })
            .collect();
        let answer = answer(format!("package t\n{functions}\nf1000(x) := x\nr := f0(1)\n"));
        assert!(answer.contains("levels deep"), "{answer}");
    }
    let rules: String =
        (0..1_000).map(|number| format!("p{number} := [p{}]\n", number + 1)).collect();
    let answer = answer(format!("package t\n{rules}\np1000 := 1\nr := p0\n"));
    assert!(answer.contains("levels deep"), "{answer}");
}

#[test]
fn many_iterations_are_stopped() {
    let items = (0..100).map(|item| item.to_string()).collect::<Vec<_>>().join(", ");
    let answer = answer(format!(
        "package t\nxs := [{items}]\nr := [1 | xs[_]; xs[_]; xs[_]; xs[_]; xs[_]]\n"
    ));
    assert!(answer.contains("too many steps") || answer.contains("too much data"), "{answer}");
    // Deep iteration.
    let nested = "some _ in xs; ".repeat(500);
    let answer = answer_of_one(&nested);
    assert!(answer.contains("levels deep"), "{answer}");
}

fn answer_of_one(body: &str) -> String {
    answer(format!("package t\nxs := [1]\nr if {{ {body} true }}\n"))
}

#[test]
fn recursion_is_refused() {
    for (module, expected) in [
        (
            "f(x) := f(x)\nr := f(1)",
            "2: rego_recursion_error: rule data.t.f is recursive: data.t.f -> data.t.f",
        ),
        (
            "p := q\nq := p\nr := p",
            "2: rego_recursion_error: rule data.t.p is recursive: data.t.p -> data.t.q -> data.t.p",
        ),
        (
            "r := data.t[\"r\"]",
            "2: rego_recursion_error: rule data.t.r is recursive: data.t.r -> data.t.r",
        ),
        (
            "r := data[x] if { x := \"t\" }",
            "2: rego_recursion_error: rule data.t.r is recursive: data.t.r -> data.t.r",
        ),
        (
            "f(x) := [y | y := f(x)]\nr := f(1)",
            "2: rego_recursion_error: rule data.t.f is recursive: data.t.f -> data.t.f",
        ),
    ] {
        assert_eq!(answer(format!("package t\n{module}")), expected);
    }
}
