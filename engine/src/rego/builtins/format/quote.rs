//! Quotes texts and characters as Go's `strconv` does.

/// A text in quotes; only ASCII where asked for.
pub(super) fn quote(text: &str, mark: char, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for character in text.chars() {
        escape(character, mark, ascii, &mut out);
    }
    out.push(mark);
    out
}

pub(super) fn quote_character(character: char, ascii: bool) -> String {
    quote(character.encode_utf8(&mut [0; 4]), '\'', ascii)
}

/// Whether a text can stand between backquotes as it is (`strconv.CanBackquote`).
pub(super) fn can_stand_in_backquotes(text: &str) -> bool {
    text.chars().all(|character| match character {
        '\t' => true,
        '`' | '\u{feff}' | '\u{7f}' => false,
        _ => character >= ' ',
    })
}

/// Whether Go shows a character as it is (`strconv.IsPrint`): letters, marks, numbers,
/// punctuation and signs, and of the spaces only the ASCII one.
pub(super) fn is_printable(character: char) -> bool {
    let mut shown = String::new();
    crate::rego::value::quote(character.encode_utf8(&mut [0; 4]), &mut shown);
    shown.chars().nth(1) == Some(character) || matches!(character, '"' | '\\')
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
    let escaped = match character {
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\0'..='\u{1f}' | '\u{7f}' => format!("\\x{:02x}", character as u32),
        '\u{10000}'.. => format!("\\U{:08x}", character as u32),
        _ => format!("\\u{:04x}", character as u32),
    };
    out.push_str(&escaped);
}
