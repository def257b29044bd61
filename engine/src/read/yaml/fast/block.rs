//! Block scalars: `|` and `>`.

use super::Reader;

/// What becomes of the line breaks behind the last line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl Reader<'_> {
    /// Reads the block scalar that begins here, up to the line behind it.
    pub(super) fn block_scalar(&mut self) -> Option<()> {
        let start = self.position;
        let holder = self.frames.last()?.column;
        let is_folded = self.bytes.get(start) == Some(&b'>');
        self.position += 1;
        let chomp = match self.bytes.get(self.position)? {
            b'-' => Chomp::Strip,
            b'+' => Chomp::Keep,
            _ => Chomp::Clip,
        };
        self.position += usize::from(chomp != Chomp::Clip);
        if !self.is_line_end()? {
            return None;
        }
        let (indent, mut breaks) = self.first_content_line(holder)?;
        let from = self.builder.decoded_len();
        let mut end = start;
        let mut is_first = true;
        // Whether the line before was spaced, which keeps the breaks around it.
        let mut was_spaced = false;
        while let Some((line_start, line_end)) = self.content_line(indent)? {
            if line_start == line_end {
                breaks += 1;
                continue;
            }
            let line = self.text.get(line_start..line_end)?;
            let is_spaced = line.starts_with([' ', '\t']);
            let written = line.trim_end_matches([' ', '\t']).len();
            if is_folded && written == 0 {
                return None;
            }
            if is_folded && !is_first && !is_spaced && !was_spaced {
                match breaks {
                    1 => self.builder.decode_more(" "),
                    _ => self.line_breaks(breaks - 1),
                }
            } else {
                self.line_breaks(breaks);
            }
            self.builder.decode_more(line);
            if written > 0 {
                end = line_start + written;
            }
            breaks = 1;
            was_spaced = is_spaced;
            is_first = false;
        }
        match chomp {
            // As in go-yaml, no line break is made up at the end of the document.
            _ if self.position > self.bytes.len() => {}
            Chomp::Strip => {}
            Chomp::Clip => self.line_breaks(1),
            Chomp::Keep => self.line_breaks(breaks),
        }
        self.builder.decoded_string(from, (start as u32, end as u32));
        self.end = end as u32;
        Some(())
    }

    fn line_breaks(&mut self, count: usize) {
        for _ in 0..count {
            self.builder.decode_more("\n");
        }
    }

    /// The indentation of the content, and how many empty lines stand before it.
    fn first_content_line(&mut self, holder: usize) -> Option<(usize, usize)> {
        let mut breaks = 0;
        let mut widest = 0;
        loop {
            let line = self.position;
            let mut position = line;
            while let Some(b' ') = self.bytes.get(position) {
                position += 1;
            }
            let indent = position - line;
            match self.bytes.get(position)? {
                b'\n' => {
                    breaks += 1;
                    widest = widest.max(indent);
                    self.position = position + 1;
                }
                b'\t' => return None,
                _ if indent > holder && widest <= indent => return Some((indent, breaks)),
                _ => return None,
            }
        }
    }

    /// The next line of content without its indentation, and without its line break; none where
    /// the scalar ends.
    #[expect(clippy::option_option, reason = "the outer one refuses the document")]
    fn content_line(&mut self, indent: usize) -> Option<Option<(usize, usize)>> {
        let line = self.position;
        let mut start = line;
        while start < line + indent && self.bytes.get(start) == Some(&b' ') {
            start += 1;
        }
        match self.bytes.get(start) {
            None => return Some(None),
            Some(b'\n') => {
                self.position = start + 1;
                return Some(Some((start, start)));
            }
            Some(b'\t') if start < line + indent => return None,
            Some(_) if start < line + indent => return Some(None),
            Some(_) => {}
        }
        let end = memchr::memchr(b'\n', self.bytes.get(start..)?)
            .map_or(self.bytes.len(), |length| start + length);
        self.position = end + 1;
        Some(Some((start, end)))
    }
}
