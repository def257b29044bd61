//! JSON lists of strings within a text.

use crate::read::{Limits, parse_json};
use crate::tree::Kind;

/// What a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// A list of strings, or null.
    Strings(Vec<String>),
    /// Some other JSON.
    Other,
    /// No JSON at all.
    Invalid,
}

/// Reads a text as `encoding/json` of Go does into a list of strings; a null in it is empty.
pub(super) fn read(text: &str) -> Json {
    let start = text.trim_start_matches([' ', '\t', '\n', '\r']);
    if !start.starts_with(|c: char| c.is_ascii_digit() || "[{\"-tfn".contains(c)) {
        return Json::Invalid;
    }
    let tree = match parse_json(text, &Limits::default()) {
        Ok(tree) => tree,
        // Go takes the last one.
        Err(error) if error.code == "duplicate-key" => return Json::Other,
        Err(_) => return Json::Invalid,
    };
    let items = match tree.root().kind() {
        Kind::Null => return Json::Strings(Vec::new()),
        Kind::List(items) => items,
        _ => return Json::Other,
    };
    let strings = items.iter().map(|item| match item.kind() {
        Kind::String(text) => Some(text.to_owned()),
        Kind::Null => Some(String::new()),
        _ => None,
    });
    strings.collect::<Option<_>>().map_or(Json::Other, Json::Strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_strings_are_told_from_other_json_and_from_text() {
        let strings =
            |items: &[&str]| Json::Strings(items.iter().map(|item| (*item).into()).collect());
        for (text, expected) in [
            ("[]", strings(&[])),
            (" [ \"a\" , \"b\" ] ", strings(&["a", "b"])),
            (r#"["\u0041\n\ud83d\ude00\/"]"#, strings(&["A\n😀/"])),
            ("{\"a\":1,\"a\":2}", Json::Other),
            ("[null,\"a\"]", strings(&["", "a"])),
            ("null", strings(&[])),
            ("[1]", Json::Other),
            ("[[]]", Json::Other),
            ("[\"a\",{}]", Json::Other),
            ("{\"a\":[1,-2.5e+3,true,false,null],\"b\":{}}", Json::Other),
            ("5", Json::Other),
            ("-0", Json::Other),
            ("\"a\"", Json::Other),
            ("", Json::Invalid),
            ("a", Json::Invalid),
            ("01", Json::Invalid),
            ("1.", Json::Invalid),
            ("-", Json::Invalid),
            ("1-10", Json::Invalid),
            ("[", Json::Invalid),
            ("[\"a\",]", Json::Invalid),
            ("[}", Json::Invalid),
            ("{\"a\"}", Json::Invalid),
            ("{\"a\":1,}", Json::Invalid),
            ("[\"a]", Json::Invalid),
            ("[\"\\x\"]", Json::Invalid),
            ("[\"a\nb\"]", Json::Invalid),
            ("[] []", Json::Invalid),
            ("nul", Json::Invalid),
        ] {
            assert_eq!(read(text), expected, "`{text}`");
        }
    }

    #[test]
    fn depth_is_limited_as_in_go() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nested(10_000)), Json::Other);
        assert_eq!(read(&nested(10_001)), Json::Invalid);
    }
}
