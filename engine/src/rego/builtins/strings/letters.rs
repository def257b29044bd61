//! Upper and lower case, letter by letter, as Go's `unicode.ToUpper` and `ToLower` have it.

use super::Answer;
use crate::rego::builtins::operand::{operands, string};
use crate::rego::{Host, Value};

pub(in crate::rego::builtins) fn lower<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    mapped(host, whole, |letter| match letter {
        // All of it would be an `i` and a dot.
        'İ' => 'i',
        _ => single(letter, letter.to_lowercase()),
    })
}

pub(in crate::rego::builtins) fn upper<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    mapped(host, whole, |letter| match letter {
        // Greek letters with an iota below: one letter each, though two where all of it is written.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            shifted(letter, 8)
        }
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => shifted(letter, 9),
        _ => single(letter, letter.to_uppercase()),
    })
}

fn mapped<'v>(host: &Host<'_, 'v>, whole: &Value<'v>, map: impl Fn(char) -> char) -> Answer<'v> {
    let text = string(whole, 1)?;
    host.step(text.len() / 16)?;
    if text.chars().all(|letter| map(letter) == letter) {
        return Ok(whole.clone());
    }
    host.text(text.chars().map(map).collect())
}

fn shifted(letter: char, by: u32) -> char {
    char::from_u32(letter as u32 + by).unwrap_or(letter)
}

/// The one letter that another becomes; where it would become several, it stays.
fn single(letter: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => letter,
    }
}
