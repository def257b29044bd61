//! Reads YAML documents.

mod fast;
mod full;
mod plain;
mod scalar;

use std::sync::Arc;

use super::{Chunk, Limits, Parsed, ReadError};

pub(crate) use plain::plain_is_text;

/// Reads one document; places are recorded where `places` says so.
pub(super) fn parse(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
    places: bool,
) -> Result<Parsed, ReadError> {
    check_characters(text, chunk)?;
    match parse_fast(text, chunk, limits, places) {
        Some(parsed) => Ok(parsed),
        None => parse_fully(text, chunk, limits, places),
    }
}

fn parse_fast(text: &Arc<str>, chunk: &Chunk, limits: &Limits, places: bool) -> Option<Parsed> {
    let document = text.as_bytes().get(chunk.start..chunk.end)?;
    match memchr::memchr(b'\r', document) {
        Some(_) => None,
        None => fast::parse(text, chunk, limits, places),
    }
}

fn parse_fully(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
    places: bool,
) -> Result<Parsed, ReadError> {
    match full::parse(text, chunk, limits, places) {
        // What is said about keys needs their places.
        Err(error) if error.code == "duplicate-key" && !places => {
            full::parse(text, chunk, limits, true)
        }
        Ok(parsed) if !parsed.warnings.is_empty() && !places => {
            full::parse(text, chunk, limits, true)
        }
        parsed => parsed,
    }
}

/// Refuses what go-yaml v2 (`readerc.go`) refuses, and the line breaks that only YAML 1.1 knows:
/// behind one of them a comment would end for `kubectl`, and not for other readers.
fn check_characters(text: &str, chunk: &Chunk) -> Result<(), ReadError> {
    let document = text.get(chunk.start..chunk.end).unwrap_or_default();
    let is_plain = document
        .bytes()
        .fold(true, |plain, byte| plain & ((b' '..0x7f).contains(&byte) | (byte == b'\n')));
    if is_plain {
        return Ok(());
    }
    for (offset, character) in document.char_indices() {
        let help = match character {
            ' '..='~' | '\t' | '\n' | '\r' => continue,
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                "Kubernetes reads it as a line break: write it as an escape between double quotes"
            }
            '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'.. => continue,
            '\u{feff}' => "a byte order mark may only stand at the start of a file: remove it",
            _ => "write it as an escape between double quotes",
        };
        let start = (chunk.start + offset) as u32;
        let place = (start, start + character.len_utf8() as u32);
        let message = format!("found the character U+{:04X}", u32::from(character));
        return Err(ReadError::new("yaml-syntax", message, place).help(help));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
