//! Texts and characters in quotes, as Go's `strconv` writes them.

use std::fmt::Write;

/// A text in double quotes, as `%q` and `strconv.Quote` write it.
pub(crate) fn quoted(text: &str) -> String {
    quote(text, '"', false)
}

/// A text in quotes; only ASCII where asked for.
pub(crate) fn quote(text: &str, mark: char, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(text, mark, ascii, &mut out);
    out
}

/// A character in single quotes.
pub(crate) fn quote_character(character: char, ascii: bool) -> String {
    quote(character.encode_utf8(&mut [0; 4]), '\'', ascii)
}

/// Writes a text in quotes.
pub(crate) fn write_quoted(text: &str, mark: char, ascii: bool, out: &mut String) {
    out.push(mark);
    for character in text.chars() {
        escape(character, mark, ascii, out);
    }
    out.push(mark);
}

/// Whether a text can stand between backquotes as it is (`strconv.CanBackquote`).
pub(crate) fn can_stand_in_backquotes(text: &str) -> bool {
    text.chars().all(|character| match character {
        '\t' => true,
        '`' | '\u{feff}' | '\u{7f}' => false,
        _ => character >= ' ',
    })
}

/// Whether Go shows a character as it is (`strconv.IsPrint`): letters, marks, numbers,
/// punctuation and signs, and of the spaces only the ASCII one.
pub(crate) fn is_printable(character: char) -> bool {
    !matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3000}'
            | '\u{feff}'
            | '\u{e000}'..='\u{f8ff}'
    )
}

fn escape(character: char, mark: char, ascii: bool, out: &mut String) {
    if character == mark || character == '\\' {
        out.push('\\');
        out.push(character);
        return;
    }
    if (character.is_ascii() || !ascii) && is_printable(character) {
        out.push(character);
        return;
    }
    let short = match character {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => "",
    };
    let code = character as u32;
    // Writing to a text cannot fail.
    let _ = match code {
        _ if !short.is_empty() => out.write_str(short),
        0..=0x1f | 0x7f => write!(out, "\\x{code:02x}"),
        0x1_0000.. => write!(out, "\\U{code:08x}"),
        _ => write!(out, "\\u{code:04x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::{quote, quoted};

    #[test]
    fn texts_and_characters() {
        for (text, expected) in [
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\u{7}\t\n\u{1}\u{7f}", r#""\a\t\n\x01\x7f""#),
            ("é\u{a0}\u{202e}\u{e000}", "\"é\\u00a0\\u202e\\ue000\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(quote("é😀'", '\'', true), r"'\u00e9\U0001f600\''");
    }
}
