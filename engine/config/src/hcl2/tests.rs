use super::parse;

fn check(text: &str, expected: &str) {
    crate::testing::check(parse, text, expected);
}

#[test]
fn blocks_are_lists_under_their_labels() {
    check(
        "r \"a\" b { x = 1 }\nr \"a\" \"b\" {\n  x = 2\n}\nlocals {}\n",
        r#"{"locals":[{}],"r":{"a":{"b":[{"x":1},{"x":2}]}}}"#,
    );
    check("a {\n b { # why\n c = 1\n }\n}", r#"{"a":[{"b":[{"c":1}]}]}"#);
    check("a \"b\" {}\na {}\n", "line 2, column 1: the block `a` is there with more labels too");
}

#[test]
fn literals() {
    check(
        "a = -1\nb = 1.50\nc = 1e3\nd = !true\ne = null\n",
        r#"{"a":-1,"b":1.5,"c":1000,"d":false,"e":null}"#,
    );
    check("a = [1, \"b\",\n true,\n]\n", r#"{"a":[1,"b",true]}"#);
    check(
        "a = { b = 1, \"c d\" : 2\n (e) = 3, f.g = 4, 5 = 6 }",
        r#"{"a":{"${(e)}":3,"5":6,"b":1,"c d":2,"f.g":4}}"#,
    );
    check(r#"a = "x\n\"\u00e9" "#, r#"{"a":"x\n\"é"}"#);
}

#[test]
fn other_expressions_are_their_source() {
    check("a = var.b[0].c\n", r#"{"a":"${var.b[0].c}"}"#);
    check("a = f(1, g(2)...) # c\n", r#"{"a":"${f(1, g(2)...)}"}"#);
    check("a = (1 +\n 2) * -b\n", r#"{"a":"${(1 +\n 2) * -b}"}"#);
    check("a = b ? c : \"d\"\n", r#"{"a":"${b ? c : \"d\"}"}"#);
    check("a = [for x in b : x.y if x.z]\n", r#"{"a":"${[for x in b : x.y if x.z]}"}"#);
    check("a = {for k, v in b : k => v...}\n", r#"{"a":"${{for k, v in b : k => v...}}"}"#);
    check(
        "a = b[*].c\nd = b.*.c\ne = p::f(1)",
        r#"{"a":"${b[*].c}","d":"${b.*.c}","e":"${p::f(1)}"}"#,
    );
}

#[test]
fn templates() {
    check(r#"a = "x ${var.y} z""#, r#"{"a":"x ${var.y} z"}"#);
    check(r#"a = "${var.y}""#, r#"{"a":"${var.y}"}"#);
    check(r#"a = "${true}""#, r#"{"a":true}"#);
    check(r#"a = "$${x} %%{y}""#, r#"{"a":"$${x} %%{y}"}"#);
    check(r#"a = "x ${b ? "c" : d}""#, r#"{"a":"x %{if b}c%{else}${d}%{endif}"}"#);
    check(r#"a = "x  ${~ b ~}  y""#, r#"{"a":"x${b}y"}"#);
    check(
        r#"a = "%{ if b }c%{ endif }%{ for x in y }${x}%{ endfor }""#,
        r#"{"a":"%{if b}c%{endif}%{for x in y}${x}%{endfor}"}"#,
    );
    check("a = <<EOT\n  x\n ${y}\nEOT\nb = 1\n", r#"{"a":"  x\n ${y}\n","b":1}"#);
    check("a = <<-EOT\n    x\n\n      y\\n\n    EOT\n", r#"{"a":"x\n\n  y\\n\n"}"#);
    check("a = f(<<EOT\nx\nEOT\n)\n", r#"{"a":"${f(<<EOT\nx\nEOT\n)}"}"#);
}

#[test]
fn what_is_none() {
    check("a = 1 2\n", "line 1, column 7: expected the end of the line, found `2`");
    check("a = \n", "line 1, column 5: expected an expression, found `\\n`");
    check("a = 1\na = 2\n", "line 2, column 1: the argument `a` is there twice");
    check("a {\n", "line 2, column 1: expected an argument or a block, found the end of the text");
    check("a = \"b\n\"", "line 1, column 5: the text is not closed by `\"` on its line");
    check("a = [1", "line 1, column 7: expected `,` or `]`, found the end of the text");
    check("\"a\" = 1", "line 1, column 1: expected an argument or a block, found `\"`");
    check("a = <<E\nx\n", "line 1, column 5: the heredoc is not closed by `E`");
    check(
        "a = \"%{ if b }\"",
        "line 1, column 16: `if` or `for` in the text before is not balanced",
    );
    check("/* a", "line 1, column 1: the comment is not closed by `*/`");
}

#[test]
fn depth_is_bounded() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}1", "-".repeat(100_000)),
        format!("a = {}", "\"${".repeat(100_000)),
        format!("a = {}", "(".repeat(100_000)),
        format!("a = {}", "b ? ".repeat(100_000)),
        "a {\n".repeat(100_000),
    ] {
        assert!(parse(&text).unwrap_err().message.contains("128 levels"));
    }
}
