//! What is read, and what is not.

use super::{Source, Version, parse};

fn read(text: &str, version: Version) -> Result<super::ast::Module, super::Problem> {
    parse(&Source { name: "t.rego".into(), text: text.into(), version })
}

#[test]
fn what_nests_too_deeply_is_refused_at_once() {
    for (open, close) in [
        ("[", "]"),
        ("{", "}"),
        ("(", ")"),
        ("f(", ")"),
        ("{1: ", "}"),
        ("[1 | x := ", "]"),
        ("-a[", "]"),
        ("{[", "]}"),
        ("1+(", ")"),
    ] {
        for depth in [30, 90, 10_000] {
            let text = format!("package t\nr := {}1{}", open.repeat(depth), close.repeat(depth));
            if depth > 100 {
                read(&text, Version::V1).unwrap_err();
            }
            let open_only = format!("package t\nr := {}", open.repeat(depth));
            read(&open_only, Version::V1).unwrap_err();
        }
    }
}
