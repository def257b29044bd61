//! Makes text from files safe to show: nothing in it can move a cursor or turn a line around.

use std::borrow::Cow;

/// The text on one line: control characters and marks of direction as `\u{..}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_if(text, is_unsafe)
}

/// The same, but line breaks and tabs stay.
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_if(text, |character| !matches!(character, '\n' | '\t') && is_unsafe(character))
}

fn escape_if(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        push(character, &is_escaped, &mut escaped);
    }
    Cow::Owned(escaped)
}

/// Appends one character of source text, escaped where it has to be.
pub fn push_source(character: char, out: &mut String) {
    push(character, &|character| character != '\t' && is_unsafe(character), out);
}

fn push(character: char, is_escaped: &impl Fn(char) -> bool, out: &mut String) {
    match character {
        '\n' if is_escaped('\n') => out.push_str("\\n"),
        '\r' if is_escaped('\r') => out.push_str("\\r"),
        '\t' if is_escaped('\t') => out.push_str("\\t"),
        _ if is_escaped(character) => out.push_str(&format!("\\u{{{:x}}}", character as u32)),
        _ => out.push(character),
    }
}

fn is_unsafe(character: char) -> bool {
    match character {
        // Marks of direction, and characters without width: both hide what a text says.
        '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, escape_lines};

    #[test]
    fn what_moves_the_cursor_is_shown_as_what_it_is() {
        for (text, line, lines) in [
            ("plain ü 漢 🦀", "plain ü 漢 🦀", "plain ü 漢 🦀"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd", "a\nb\tc\\rd"),
            ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}", "\\u{1b}[2J\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m", "\\u{9b}31m"),
            (
                "a\u{202e}b\u{2066}c\u{200b}",
                "a\\u{202e}b\\u{2066}c\\u{200b}",
                "a\\u{202e}b\\u{2066}c\\u{200b}",
            ),
        ] {
            assert_eq!(escape(text), line);
            assert_eq!(escape_lines(text), lines);
        }
    }
}
