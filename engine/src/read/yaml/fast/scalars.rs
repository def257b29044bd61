//! Plain and quoted scalars of one line.

use super::{Reader, Stop};
use crate::read::json::special_byte;
use crate::read::yaml::scalar::{self, Scalar};

/// A scalar between quotes that was read.
#[derive(Clone, Copy)]
pub(super) enum Quoted {
    /// Stands in the source as it reads.
    Source { start: u32, end: u32 },
    /// Was decoded into the builder's text, from this byte of it.
    Decoded { place: (u32, u32), from: usize },
}

impl Reader<'_> {
    /// Finds the end of the plain scalar that begins here, without the spaces behind it.
    pub(super) fn plain(&self) -> Option<(usize, Stop)> {
        let start = self.position;
        match self.bytes.get(start)? {
            b'-' if !self.is_blank(start + 1) => {}
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!'
            | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b'\t' | b'\n' => return None,
            b'.' if self.text.get(start..)?.starts_with("...") => return None,
            _ => {}
        }
        self.plain_rest(start + 1)
    }

    /// Finds the end of the part of a plain scalar that stands in this line.
    fn plain_rest(&self, mut position: usize) -> Option<(usize, Stop)> {
        let stop = loop {
            match self.bytes.get(position) {
                None | Some(b'\n') => break Stop::Line,
                Some(b':') if self.is_blank(position + 1) => break Stop::Colon(position),
                Some(b'#') if self.bytes.get(position - 1) == Some(&b' ') => break Stop::Comment,
                Some(b'\t') => return None,
                Some(_) => position += 1,
            }
        };
        while self.bytes.get(position - 1) == Some(&b' ') {
            position -= 1;
        }
        Some((position, stop))
    }

    /// Adds the plain scalar that ends at `end` as a value, and goes to the next line.
    pub(super) fn plain_value(&mut self, end: usize, stop: &Stop) -> Option<()> {
        if self.frames.is_empty() {
            return None;
        }
        if matches!(stop, Stop::Line) {
            self.last_plain = (self.position, end);
        }
        self.add_plain(end)?;
        self.position = end;
        self.finish_line()
    }

    /// Reads on where the line is a part of the plain scalar before it: it stands behind the
    /// column of what holds the scalar.
    pub(super) fn continue_plain(&mut self, holder: usize) -> Option<()> {
        let (start, mut end) = self.last_plain;
        if end != self.end as usize {
            return None;
        }
        self.builder.take_back();
        let from = self.builder.decoded_len();
        self.builder.decode_more(self.text.get(start..end)?);
        loop {
            let between = self.bytes.get(end..self.position)?;
            if between.contains(&b'#') {
                return None;
            }
            self.fold(memchr::memchr_iter(b'\n', between).count());
            let (line_end, stop) = self.plain_rest(self.position)?;
            if matches!(stop, Stop::Colon(_)) {
                return None;
            }
            self.builder.decode_more(self.text.get(self.position..line_end)?);
            end = line_end;
            self.position = end;
            self.finish_line()?;
            match self.next_line() {
                Some(column) if column > holder && matches!(stop, Stop::Line) => {}
                Some(column) => {
                    self.position -= column;
                    break;
                }
                None => break,
            }
        }
        self.builder.decoded_string(from, (start as u32, end as u32));
        self.end = end as u32;
        self.last_plain = (0, 0);
        Some(())
    }

    /// Adds what line breaks inside a plain or quoted scalar stand for.
    fn fold(&mut self, breaks: usize) {
        match breaks {
            1 => self.builder.decode_more(" "),
            _ => (1..breaks).for_each(|_| self.builder.decode_more("\n")),
        }
    }

    /// Reads over the line break at `position` inside of quotes, of which the text from `copied`
    /// is not yet decoded; says where the text goes on.
    ///
    /// As with `kubectl`, the indentation of the next line does not matter.
    fn quoted_line_break(&mut self, copied: usize, position: usize) -> Option<usize> {
        if !self.flow.is_empty() {
            return None;
        }
        let line = self.text.get(copied..position)?.trim_end_matches(' ');
        if line.ends_with('\t') {
            return None;
        }
        self.builder.decode_more(line);
        let mut position = position;
        let mut breaks = 0;
        loop {
            match self.bytes.get(position)? {
                b'\n' => breaks += 1,
                b' ' => {}
                b'\t' => return None,
                _ => break,
            }
            position += 1;
        }
        self.fold(breaks);
        Some(position)
    }

    pub(super) fn add_plain(&mut self, end: usize) -> Option<()> {
        let start = self.position;
        let place = (start as u32, end as u32);
        match scalar::resolve(self.text.get(start..end)?) {
            Scalar::Text => self.builder.source_string(place.0, place.1 - place.0, place),
            Scalar::Merge => return None,
            resolved => scalar::add_value(&mut self.builder, &resolved, place).ok()?,
        }
        self.end = place.1;
        Some(())
    }

    pub(super) fn plain_key(&mut self, end: usize) -> Option<()> {
        let start = self.position;
        let place = (start as u32, end as u32);
        let text = self.text.get(start..end)?;
        let resolved = scalar::resolve(text);
        match resolved {
            Scalar::Text => self.builder.source_string(place.0, place.1 - place.0, place),
            Scalar::Merge => return None,
            _ => match scalar::key(&resolved).ok()? {
                Some(key) if key != text => self.builder.string(&key, place),
                _ => self.builder.source_string(place.0, place.1 - place.0, place),
            },
        }
        self.end = place.1;
        Some(())
    }

    /// Reads the scalar between quotes that begins here; the position is then behind it.
    pub(super) fn quoted(&mut self) -> Option<Quoted> {
        match self.bytes.get(self.position)? {
            b'"' => self.double_quoted(),
            _ => self.single_quoted(),
        }
    }

    fn single_quoted(&mut self) -> Option<Quoted> {
        let start = self.position + 1;
        let from = self.builder.decoded_len();
        let mut copied = start;
        let mut position = start;
        loop {
            position += memchr::memchr2(b'\'', b'\n', self.bytes.get(position..)?)?;
            if self.bytes.get(position) == Some(&b'\n') {
                position = self.quoted_line_break(copied, position)?;
                copied = position;
                continue;
            }
            if self.bytes.get(position + 1) != Some(&b'\'') {
                break;
            }
            self.builder.decode_more(self.text.get(copied..=position)?);
            position += 2;
            copied = position;
        }
        self.finish_quoted(start, copied, position, from)
    }

    fn double_quoted(&mut self) -> Option<Quoted> {
        let start = self.position + 1;
        let from = self.builder.decoded_len();
        let mut copied = start;
        let mut position = start;
        loop {
            position = special_byte(self.bytes, position);
            match self.bytes.get(position)? {
                b'"' => break,
                b'\t' => position += 1,
                b'\n' => {
                    position = self.quoted_line_break(copied, position)?;
                    copied = position;
                }
                b'\\' if self.bytes.get(position + 1) == Some(&b'\n') => {
                    self.builder.decode_more(self.text.get(copied..position)?);
                    position += 2;
                    while let Some(b' ') = self.bytes.get(position) {
                        position += 1;
                    }
                    if !self.flow.is_empty() || matches!(self.bytes.get(position)?, b'\n' | b'\t') {
                        return None;
                    }
                    copied = position;
                }
                b'\\' => {
                    self.builder.decode_more(self.text.get(copied..position)?);
                    let decoded = match self.bytes.get(position + 1)? {
                        b'"' => "\"",
                        // Only go-yaml knows this one.
                        b'\'' => "'",
                        b'\\' => "\\",
                        b'/' => "/",
                        b' ' => " ",
                        b'n' => "\n",
                        b't' => "\t",
                        b'r' => "\r",
                        _ => return None,
                    };
                    self.builder.decode_more(decoded);
                    position += 2;
                    copied = position;
                }
                _ => return None,
            }
        }
        self.finish_quoted(start, copied, position, from)
    }

    fn finish_quoted(
        &mut self,
        start: usize,
        copied: usize,
        end: usize,
        from: usize,
    ) -> Option<Quoted> {
        self.position = end + 1;
        if copied == start {
            return Some(Quoted::Source { start: start as u32, end: end as u32 });
        }
        self.builder.decode_more(self.text.get(copied..end)?);
        Some(Quoted::Decoded { place: (start as u32 - 1, end as u32 + 1), from })
    }

    pub(super) fn add_quoted(&mut self, scalar: &Quoted) {
        let place = match *scalar {
            Quoted::Source { start, end } => {
                self.builder.source_string(start, end - start, (start - 1, end + 1));
                (start - 1, end + 1)
            }
            Quoted::Decoded { place, from } => {
                self.builder.decoded_string(from, place);
                place
            }
        };
        self.end = place.1;
    }

    pub(super) fn add_value(&mut self, scalar: &Quoted) -> Option<()> {
        if self.frames.is_empty() {
            return None;
        }
        self.add_quoted(scalar);
        Some(())
    }
}
