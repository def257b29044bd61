//! Reads the YAML that people write, in one pass over its lines.
//!
//! It knows block maps and lists, plain and quoted scalars of one line, block scalars, flow
//! collections and comments. Whatever is unusual (anchors, tags, merges, tabs as white space,
//! texts that go on in the next line), and whatever is wrong, it refuses, and the complete parser
//! reads the document. What both read, they read equally; tests hold them to it.

mod block;
mod flow;
mod scalars;

use std::sync::Arc;

use self::scalars::Quoted;
use crate::read::{Chunk, Limits, Parsed};
use crate::tree::Builder;

/// Deeper documents are left to the complete parser.
const MAX_DEPTH: usize = 64;

/// Longer keys are left to the complete parser, which has a limit for them.
const MAX_KEY: usize = 1000;

/// Reads one document, or refuses it.
pub(super) fn parse(
    text: &Arc<str>,
    chunk: &Chunk,
    limits: &Limits,
    places: bool,
) -> Option<Parsed> {
    let document = text.get(..chunk.end)?;
    let content = chunk.content?;
    let line = document.get(..content)?.rfind('\n').map_or(0, |position| position + 1);
    let has_marker = chunk.is_explicit && line <= chunk.start;
    if has_marker || line < chunk.start || document.as_bytes().get(chunk.start) == Some(&b'%') {
        return None;
    }
    let mut builder = Builder::new(Arc::clone(text), places);
    builder.reserve((chunk.end - content) / 12);
    let mut reader = Reader {
        text: document,
        bytes: document.as_bytes(),
        position: line,
        builder,
        frames: Vec::with_capacity(16),
        flow: Vec::new(),
        last_plain: (0, 0),
        awaited: None,
        end: content as u32,
        max_depth: limits.max_depth_yaml.min(MAX_DEPTH),
        max_nodes: limits.max_nodes,
    };
    reader.document()?;
    let (tree, places) = reader.builder.finish().ok()?;
    Some(Parsed { tree, places, warnings: Vec::new() })
}

/// An open block list or map and the column in which its entries begin.
#[derive(Clone, Copy)]
struct Frame {
    column: usize,
    is_map: bool,
}

struct Reader<'t> {
    /// The whole text up to the end of the document.
    text: &'t str,
    bytes: &'t [u8],
    position: usize,
    builder: Builder,
    frames: Vec<Frame>,
    /// Whether each open flow collection is a map.
    flow: Vec<bool>,
    /// Where the value stands that a key or `-` announced, if nothing is written there.
    awaited: Option<u32>,
    /// Start and end of the last plain scalar that may go on in the next line.
    last_plain: (usize, usize),
    /// The end of the last thing read.
    end: u32,
    max_depth: usize,
    max_nodes: usize,
}

/// How a plain scalar ends.
enum Stop {
    /// At the `:` behind a key.
    Colon(usize),
    /// At the end of the line.
    Line,
    /// Before a comment.
    Comment,
}

impl Reader<'_> {
    fn document(&mut self) -> Option<()> {
        while let Some(column) = self.next_line() {
            if self.builder.len() > self.max_nodes {
                return None;
            }
            let is_item = self.is_indicator(self.position);
            if let Some(place) = self.awaited.take() {
                let holder = *self.frames.last()?;
                if column > holder.column || (is_item && holder.is_map && column == holder.column) {
                    self.node(column)?;
                    continue;
                }
                self.null(place);
            }
            if let Some(frame) = self.frames.last()
                && frame.column < column
            {
                self.continue_plain(frame.column)?;
                continue;
            }
            self.close_to(column, is_item)?;
            match self.frames.last() {
                None if self.builder.len() == 0 => self.node(column)?,
                Some(frame) if frame.column != column || frame.is_map == is_item => return None,
                Some(frame) if frame.is_map => self.entry()?,
                Some(_) => self.item(column)?,
                None => return None,
            }
        }
        if let Some(place) = self.awaited.take() {
            self.null(place);
        }
        while self.frames.pop().is_some() {
            self.builder.close_at(self.end).ok()?;
        }
        Some(())
    }

    /// Goes to the first character of the next line that holds something; says its column.
    fn next_line(&mut self) -> Option<usize> {
        loop {
            let line = self.position;
            let mut position = line;
            while let Some(b' ') = self.bytes.get(position) {
                position += 1;
            }
            self.position = position;
            match self.bytes.get(position)? {
                b'\n' => self.position += 1,
                b'#' => self.skip_line(),
                _ => return Some(position - line),
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        self.position = match memchr::memchr(b'\n', rest) {
            Some(length) => self.position + length + 1,
            None => self.bytes.len(),
        };
    }

    /// Whether a `-` that announces an item stands at `position`.
    fn is_indicator(&self, position: usize) -> bool {
        self.bytes.get(position) == Some(&b'-') && self.is_blank(position + 1)
    }

    /// Whether white space or nothing stands at `position`.
    fn is_blank(&self, position: usize) -> bool {
        matches!(self.bytes.get(position), None | Some(b' ' | b'\n' | b'\t'))
    }

    /// Closes what a line in this column is not part of.
    fn close_to(&mut self, column: usize, is_item: bool) -> Option<()> {
        while let Some(frame) = self.frames.last() {
            let is_left =
                frame.column > column || (frame.column == column && !frame.is_map && !is_item);
            if !is_left {
                break;
            }
            self.frames.pop();
            self.builder.close_at(self.end).ok()?;
            if self.frames.is_empty() {
                return None;
            }
        }
        Some(())
    }

    fn null(&mut self, place: u32) {
        self.builder.null((place, place));
        self.end = place;
    }

    fn open(&mut self, column: usize, is_map: bool) -> Option<()> {
        if self.frames.len() >= self.max_depth {
            return None;
        }
        let place = (self.position as u32, self.position as u32);
        if is_map {
            self.builder.open_map(place);
        } else {
            self.builder.open_list(place);
        }
        self.end = place.1;
        self.frames.push(Frame { column, is_map });
        Some(())
    }

    /// Reads the node that begins here: a list, a map, or a value.
    fn node(&mut self, column: usize) -> Option<()> {
        if self.is_indicator(self.position) {
            self.open(column, false)?;
            return self.item(column);
        }
        self.map_or_value(column)
    }

    /// Reads an item at its `-`; lists in lists may begin in one line.
    fn item(&mut self, mut column: usize) -> Option<()> {
        loop {
            let dash = self.position;
            self.position += 1;
            if self.is_line_end()? {
                self.awaited = Some(dash as u32 + 1);
                return Some(());
            }
            column += self.position - dash;
            if !self.is_indicator(self.position) {
                return self.map_or_value(column);
            }
            self.open(column, false)?;
        }
    }

    fn map_or_value(&mut self, column: usize) -> Option<()> {
        match self.bytes.get(self.position)? {
            b'"' | b'\'' => {
                let start = self.position;
                let scalar = self.quoted()?;
                let behind = self.position;
                if !self.colon_behind()? {
                    self.add_value(&scalar)?;
                    return self.finish_line();
                }
                self.position = start;
                self.open(column, true)?;
                self.position = behind;
                self.quoted_entry(start, &scalar)
            }
            b'[' | b'{' | b'|' | b'>' => self.value(),
            _ => match self.plain()? {
                (end, Stop::Colon(colon)) => {
                    self.open(column, true)?;
                    self.plain_entry(end, colon)
                }
                (end, stop) => self.plain_value(end, &stop),
            },
        }
    }

    /// Reads a key and what stands behind it in its line.
    fn entry(&mut self) -> Option<()> {
        let start = self.position;
        match self.bytes.get(start)? {
            b'"' | b'\'' => {
                let key = self.quoted()?;
                self.quoted_entry(start, &key)
            }
            _ => match self.plain()? {
                (end, Stop::Colon(colon)) => self.plain_entry(end, colon),
                _ => None,
            },
        }
    }

    fn quoted_entry(&mut self, start: usize, key: &Quoted) -> Option<()> {
        if matches!(key, Quoted::Decoded { .. })
            && self.text.get(start..self.position)?.contains('\n')
        {
            return None;
        }
        if !self.colon_behind()? {
            return None;
        }
        self.add_quoted(key);
        self.entry_value(start, self.position)
    }

    fn plain_entry(&mut self, end: usize, colon: usize) -> Option<()> {
        let start = self.position;
        self.plain_key(end)?;
        self.entry_value(start, colon)
    }

    /// Reads what stands behind a key that began at `start`.
    fn entry_value(&mut self, start: usize, colon: usize) -> Option<()> {
        if colon - start > MAX_KEY {
            return None;
        }
        self.position = colon + 1;
        if self.is_line_end()? {
            self.awaited = Some(colon as u32 + 1);
            return Some(());
        }
        self.value()
    }

    /// Reads a value that ends in this line, or a block scalar.
    fn value(&mut self) -> Option<()> {
        match self.bytes.get(self.position)? {
            b'"' | b'\'' => {
                let scalar = self.quoted()?;
                self.add_value(&scalar)?;
                self.finish_line()
            }
            b'[' | b'{' => {
                self.flow_collection()?;
                self.finish_line()
            }
            b'|' | b'>' => self.block_scalar(),
            _ => match self.plain()? {
                (_, Stop::Colon(_)) => None,
                (end, stop) => self.plain_value(end, &stop),
            },
        }
    }

    /// Skips spaces; says whether only a comment follows in this line, and skips that.
    fn is_line_end(&mut self) -> Option<bool> {
        let start = self.position;
        while let Some(b' ') = self.bytes.get(self.position) {
            self.position += 1;
        }
        match self.bytes.get(self.position) {
            None => Some(true),
            Some(b'\n') => {
                self.position += 1;
                Some(true)
            }
            Some(b'#') if self.position > start => {
                self.skip_line();
                Some(true)
            }
            Some(b'\t' | b'#') => None,
            Some(_) => Some(false),
        }
    }

    fn finish_line(&mut self) -> Option<()> {
        self.is_line_end()?.then_some(())
    }

    /// Goes to the `:` of the key that was just read, if there is one.
    fn colon_behind(&mut self) -> Option<bool> {
        let mut position = self.position;
        while let Some(b' ') = self.bytes.get(position) {
            position += 1;
        }
        if self.bytes.get(position) != Some(&b':') {
            return Some(false);
        }
        if !self.is_blank(position + 1) {
            return None;
        }
        self.position = position;
        Some(true)
    }
}
