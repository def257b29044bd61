use super::{Regex, RegexError};

#[track_caller]
fn check(pattern: &str, text: &str, expected: bool) {
    let regex = Regex::compile(pattern).expect("pattern compiles");
    assert_eq!(regex.is_match(text), expected, "{pattern} on {text}");
}

#[track_caller]
fn check_error(pattern: &str, expected: &str) {
    assert_eq!(
        Regex::compile(pattern).map(|_| ()),
        Err(RegexError(format!("error parsing regexp: {expected}")))
    );
}

#[test]
fn perl_classes_are_ascii() {
    check(r"^\d$", "٣", false);
    check(r"^\w+$", "é", false);
    check(r"^[\w-]+$", "a-b_1", true);
    check(r"^[^\d]$", "٣", true);
    check(r"\bls\b", "éls", true);
    check(r"^\S\s$", "\u{a0} ", true);
}

#[test]
fn what_stands_for_itself() {
    check(r"^\Qa.b*\E$", "a.b*", true);
    check("^a{,3}$", "a{,3}", true);
    check("^{x}$", "{x}", true);
    check("^[[a]$", "[", true);
    check("^[a&&b]$", "&", true);
    check("^[]a]$", "]", true);
    check("^[a-]$", "-", true);
    check(r"^\<$", "<", true);
    check(r"^\101\x41\x{41}$", "AAA", true);
}

#[test]
fn flags_names_and_properties() {
    check("(?i)ABC", "xabcx", true);
    check("^(?P<a>x)(?<b>y)$", "xy", true);
    check("^(?P<a>x)(?P<a>y)$", "xy", true);
    check("(?s)^a.b$", "a\nb", true);
    check("^a.b$", "a\nb", false);
    check(r"^\p{^Greek}\pL$", "aλ", true);
    check("^[[:alpha:][:^digit:]]$", "1", false);
}

#[test]
fn refuses_as_go_does() {
    check_error("[a", "missing closing ]: `[a`");
    check_error("(a", "missing closing ): `(a`");
    check_error("a)", "unexpected ): `a)`");
    check_error("*a", "missing argument to repetition operator: `*`");
    check_error("*?a", "missing argument to repetition operator: `*?`");
    check_error("a**", "invalid nested repetition operator: `**`");
    check_error("a{1001}", "invalid repeat count: `{1001}`");
    check_error("a{3,2}", "invalid repeat count: `{3,2}`");
    check_error(r"\y", r"invalid escape sequence: `\y`");
    check_error(r"\1", r"invalid escape sequence: `\1`");
    check_error("(?=a)", "invalid or unsupported Perl syntax: `(?=`");
    check_error("[b-a]", "invalid character class range: `b-a`");
    check_error("a\\", "trailing backslash at end of expression: ``");
    check_error("(?P<n", "invalid named capture: `(?P<n`");
}

#[test]
fn templates() {
    let regex = Regex::compile("(?P<first>a)(b)?").expect("pattern compiles");
    let replaced = |template: &str| regex.replace_all("ab-a", template, 100);
    assert_eq!(replaced("[$2$1]").as_deref(), Some("[ba]-[a]"));
    assert_eq!(replaced("${first}x$$").as_deref(), Some("ax$-ax$"));
    assert_eq!(replaced("$1x").as_deref(), Some("-"));
    assert_eq!(replaced("${1").as_deref(), Some("${1-${1"));
    assert_eq!(regex.replace_all_literal("ab-a", "$1", 100).as_deref(), Some("$1-$1"));
    assert_eq!(regex.replace_all("aaaa", "xxxxxx", 10), None);
}

#[test]
fn huge_patterns_are_errors() {
    assert!(Regex::compile(r"(\pL{1000}){1000}").is_err());
    assert!(Regex::compile(&"(".repeat(10_000)).is_err());
    assert!(Regex::compile(&"a".repeat(100_000)).is_err());
}
