use super::scan;
use super::{Segment, Variable};

/// The segments of a text, written out: literals as they are, variables in `<>`.
fn parts(text: &str) -> String {
    scan::segments(text).iter().map(part).collect::<Vec<_>>().join("|")
}

fn part(segment: &Segment) -> String {
    match segment {
        Segment::Literal(literal) => literal.to_string(),
        Segment::Variable(Variable::Static { expression, .. }) => {
            format!("<{}>", expression.text())
        }
        Segment::Variable(Variable::Nested { segments, .. }) => {
            format!("<{}>", segments.iter().map(part).collect::<Vec<_>>().join("|"))
        }
        Segment::Variable(Variable::Here) => "<@>".to_owned(),
    }
}

#[test]
fn texts_are_taken_apart_inside_out() {
    for (text, expected) in [
        ("plain", "plain"),
        ("{{ a }}", "<a>"),
        ("{{a}}{{b}}", "<a>|<b>"),
        ("x {{ a }} y", "x |<a>| y"),
        ("{{ a.{{ b }}.c }}", "<a.|<b>|.c>"),
        ("{{ a.{x: b} }}", "<a.{x: b}>"),
        ("{{ {a: b} }}", "<{a: b}>"),
        ("{{- a }}", "<a>"),
        ("{{ - a }}", "<a>"),
        ("\\{{ a }}", "{{ a }}"),
        ("\\{{ a }} {{ b }}", "{{ a }} |<b>"),
        ("{{ a", "{{ a"),
        ("a }}", "a }}"),
        ("{{}}", "<>"),
        ("{{{ a }}", "{|<a>"),
        ("\u{10fff0}0\u{10fff1} {{ a }}", "\u{10fff0}0\u{10fff1} |<a>"),
    ] {
        assert_eq!(parts(text), expected, "{text}");
    }
}

#[test]
fn deep_nesting_costs_no_stack() {
    let text = format!("{}a{}", "{{ ".repeat(500), " }}".repeat(500));
    assert!(parts(&text).contains('…'));
}

proptest::proptest! {
    #[test]
    fn any_text_is_taken_apart(text in "[{} a\\\\\u{10fff0}\u{10fff1}0-9.]{0,60}") {
        parts(&text);
    }
}
