//! Reads JSON as RFC 8259 has it, without recursion.
//!
//! Strings without escapes are read in place. What Go reads in a way of its own is refused:
//! `encoding/json` puts U+FFFD in place of a lone surrogate, and takes the last of two equal keys.

mod number;
mod skip;
mod string;

use std::sync::Arc;

use super::{Chunk, Limits, Parsed, ReadError};
use crate::tree::{Builder, Tree};

pub(super) use string::special_byte;

/// Reads the values that stand behind each other, each with its place.
///
/// Behind a broken value that stands on a line of its own, reading goes on with the next line.
pub(super) fn parse_stream(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
) -> Vec<(Chunk, Result<Parsed, ReadError>)> {
    let mut values = Vec::new();
    let mut position = chunk.content.unwrap_or(chunk.end);
    while position < chunk.end {
        let value = Chunk { start: position, content: Some(position), ..chunk.clone() };
        let is_object = matches!(text.as_bytes().get(position), Some(b'{' | b'['));
        let parsed = match is_object {
            true => parse(text, &value, limits, Extent::Values),
            false => Err(unexpected(text, position, "an object or the end of the text")),
        };
        match parsed {
            Ok((parsed, end)) => {
                values.push((Chunk { end, ..value }, Ok(parsed)));
                position = skip_space(text.as_bytes(), end);
            }
            Err(error) => {
                let next = next_line_value(text, position, &error, chunk.end);
                values.push((Chunk { end: next, ..value }, Err(error)));
                position = next;
            }
        }
    }
    values
}

/// The next line of JSON lines behind a broken one, else the end.
fn next_line_value(text: &str, start: usize, error: &ReadError, end: usize) -> usize {
    let line_break = |from: usize| {
        let rest = text.as_bytes().get(from..end)?;
        memchr::memchr(b'\n', rest).map(|length| from + length + 1)
    };
    let begins_line = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
    match line_break(start) {
        Some(next) if begins_line && error.range.start < next => {
            let rest = text.as_bytes().get(next..end).unwrap_or_default();
            if rest.first() == Some(&b'{') { next } else { end }
        }
        _ => end,
    }
}

/// Refuses anything but white space behind a value.
pub(super) fn expect_end(text: &str, end: usize) -> Result<(), ReadError> {
    match skip_space(text.as_bytes(), end) {
        position if position >= text.len() => Ok(()),
        position => Err(unexpected(text, position, "the end of the text")),
    }
}

/// How much is read of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Values,
    ValuesAndPlaces,
    /// What stands under [`FOR_LATER`] is only looked through, and read when something asks for it.
    Lazily,
}

/// Two thirds of an object that a server sends is about who wrote which field; few rules ask.
const FOR_LATER: &str = "\"managedFields\"";

/// Reads one value from the start of a chunk; says where it ends.
pub(super) fn parse(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
    extent: Extent,
) -> Result<(Parsed, usize), ReadError> {
    match parse_value(text, chunk, limits, extent) {
        // Both places have to be known to be said.
        Err(error) if error.code == "duplicate-key" && extent != Extent::ValuesAndPlaces => {
            parse_value(text, chunk, limits, Extent::ValuesAndPlaces)
        }
        parsed => parsed,
    }
}

fn parse_value(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
    extent: Extent,
) -> Result<(Parsed, usize), ReadError> {
    let document = text.get(..chunk.end).unwrap_or_default();
    let position = chunk.content.unwrap_or(chunk.start);
    let mut builder = Builder::new(Arc::clone(text), extent == Extent::ValuesAndPlaces);
    // Of a stream, the chunk is all of the rest: what is long grows as it is read.
    builder.reserve((document.len() - position.min(document.len())).div_ceil(6).min(2048));
    let is_lazy = extent == Extent::Lazily;
    let mut reader = Reader { text: document, position, builder, is_lazy, is_for_later: false };
    reader.document(limits)?;
    let Reader { builder, position, .. } = reader;
    let (tree, places) = builder.finish().map_err(ReadError::from)?;
    Ok((Parsed { tree, places, warnings: Vec::new() }, position))
}

/// Reads a part that was looked through before.
pub(crate) fn read_part(text: &Arc<str>, part: std::ops::Range<usize>) -> Tree {
    let (start, end) = (part.start, part.end);
    let chunk = Chunk { start, end, content: Some(start), is_explicit: false };
    match parse(text, &chunk, &Limits::unlimited(), Extent::Values) {
        Ok((parsed, _)) => parsed.tree,
        // Invariant: what was looked through is sound.
        Err(_) => Tree::null(),
    }
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
    builder: Builder,
    is_lazy: bool,
    /// Whether the next value need not be read at once.
    is_for_later: bool,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// An item, or the end of the list that was just opened.
    ItemOrEnd,
    /// A key, or the end of the map that was just opened.
    KeyOrEnd,
    Key,
    /// A comma, or the end of what is open.
    CommaOrEnd,
}

impl Reader<'_> {
    fn document(&mut self, limits: &Limits) -> Result<(), ReadError> {
        // Each round reads a value, or the beginning of one that holds others.
        loop {
            let mut next = self.next();
            let mut start = self.position;
            let is_for_later = std::mem::take(&mut self.is_for_later);
            match next {
                Some(b'"') => self.string()?,
                Some(b'{' | b'[') if is_for_later && self.skip(limits) => {}
                Some(bracket @ (b'{' | b'[')) => {
                    let is_map = bracket == b'{';
                    self.check_depth(limits)?;
                    self.position += 1;
                    next = self.next();
                    match (is_map, next) {
                        (true, Some(b'}')) | (false, Some(b']')) => {
                            self.position += 1;
                            self.builder.empty(is_map, (start as u32, self.position as u32));
                            start = self.position - 1;
                        }
                        (_, next) => {
                            self.builder.open(is_map, (start as u32, start as u32));
                            match (is_map, next) {
                                (true, Some(b'"')) => self.key()?,
                                (true, _) => return Err(self.unexpected(Expect::KeyOrEnd)),
                                (false, None) => return Err(self.unexpected(Expect::ItemOrEnd)),
                                (false, Some(_)) => {}
                            }
                            continue;
                        }
                    }
                }
                Some(_) => self.scalar()?,
                None => return Err(self.unexpected(Expect::Value)),
            }
            // What the value ends may end with it.
            loop {
                let Some(in_map) = self.builder.is_in_map() else { return Ok(()) };
                if self.builder.len() > limits.max_nodes {
                    let message =
                        format!("expected at most {} values in one document", limits.max_nodes);
                    let place = (start as u32, self.position as u32);
                    return Err(ReadError::new("too-large", message, place));
                }
                next = self.next();
                start = self.position;
                match (in_map, next) {
                    (true, Some(b',')) => {
                        self.position += 1;
                        if self.next() != Some(b'"') {
                            return Err(self.unexpected(Expect::Key));
                        }
                        self.key()?;
                        break;
                    }
                    (false, Some(b',')) => {
                        self.position += 1;
                        break;
                    }
                    (true, Some(b'}')) | (false, Some(b']')) => self.close()?,
                    _ => return Err(self.unexpected(Expect::CommaOrEnd)),
                }
            }
        }
    }

    /// The next byte that is no white space, at which the position then stands.
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.position) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.position += 1,
                next => return next.copied(),
            }
        }
    }

    fn check_depth(&self, limits: &Limits) -> Result<(), ReadError> {
        if self.builder.depth() < limits.max_depth_json {
            return Ok(());
        }
        let message = format!("lists and maps stand more than {} deep", limits.max_depth_json);
        let start = self.position as u32;
        Err(ReadError::new("too-deep", message, (start, start + 1)))
    }

    /// Leaves a list or map for later; false where it has to be read now.
    fn skip(&mut self, limits: &Limits) -> bool {
        let start = self.position;
        let is_deep = self.builder.depth() + skip::DEEPEST > limits.max_depth_json;
        let sound = (!is_deep).then(|| skip::skip(self.text.as_bytes(), start)).flatten();
        let Some(sound) = sound else { return false };
        self.builder.unread(start as u32, (sound.end - start) as u32, sound.nodes);
        self.position = sound.end;
        true
    }

    fn close(&mut self) -> Result<(), ReadError> {
        self.position += 1;
        self.builder.close_at(self.position as u32).map_err(ReadError::from)
    }

    #[inline]
    fn key(&mut self) -> Result<(), ReadError> {
        let start = self.position;
        self.string()?;
        self.is_for_later = self.is_lazy && self.text.get(start..self.position) == Some(FOR_LATER);
        match self.next() {
            Some(b':') => {
                self.position += 1;
                Ok(())
            }
            _ => Err(unexpected(self.text, self.position, "`:` behind the key")),
        }
    }

    fn unexpected(&self, expect: Expect) -> ReadError {
        unexpected(self.text, self.position, wanted(expect, self.builder.is_in_map()))
    }

    fn scalar(&mut self) -> Result<(), ReadError> {
        let start = self.position;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let place = |length: usize| (start as u32, (start + length) as u32);
        match rest {
            [b'-' | b'0'..=b'9', ..] => return self.number(),
            [b't', b'r', b'u', b'e', ..] => {
                self.builder.bool(true, place(4));
                self.position += 4;
            }
            [b'f', b'a', b'l', b's', b'e', ..] => {
                self.builder.bool(false, place(5));
                self.position += 5;
            }
            [b'n', b'u', b'l', b'l', ..] => {
                self.builder.null(place(4));
                self.position += 4;
            }
            _ => return Err(unexpected(self.text, start, "a value")),
        }
        Ok(())
    }
}

fn wanted(expect: Expect, inside: Option<bool>) -> &'static str {
    match (expect, inside) {
        (Expect::Value, _) => "a value",
        (Expect::ItemOrEnd, _) => "a value or `]`",
        (Expect::KeyOrEnd, _) => "a key between double quotes or `}`",
        (Expect::Key, _) => "a key between double quotes",
        (Expect::CommaOrEnd, Some(true)) => "`,` or `}`",
        (Expect::CommaOrEnd, _) => "`,` or `]`",
    }
}

/// What is wrong where something else was expected.
fn unexpected(text: &str, position: usize, wanted: &str) -> ReadError {
    let found = text.get(position..).and_then(|rest| rest.chars().next());
    let (found, length) = match found {
        Some(found) => (format!("`{}`", found.escape_debug()), found.len_utf8()),
        None => ("the end of the text".to_owned(), 0),
    };
    let place = (position as u32, (position + length) as u32);
    ReadError::new("json-syntax", format!("expected {wanted}, found {found}"), place)
}

fn skip_space(bytes: &[u8], mut position: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(position) {
        position += 1;
    }
    position
}

#[cfg(test)]
mod tests;
