//! Strings of JSON.

use super::{ReadError, Reader, unexpected};

impl Reader<'_> {
    /// Reads a string, in place where it has no escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Result<(), ReadError> {
        let bytes = self.text.as_bytes();
        let start = self.position + 1;
        let end = special_byte(bytes, start);
        if bytes.get(end) != Some(&b'"') {
            return self.escaped_string(start, end);
        }
        let place = (self.position as u32, end as u32 + 1);
        self.builder.source_string(start as u32, (end - start) as u32, place);
        self.position = end + 1;
        Ok(())
    }

    /// Reads on at the first escape.
    #[cold]
    fn escaped_string(&mut self, start: usize, mut end: usize) -> Result<(), ReadError> {
        let from = self.builder.decoded_len();
        let mut copied = start;
        loop {
            if copied < end {
                self.builder.decode_more(self.text.get(copied..end).unwrap_or_default());
            }
            match self.text.as_bytes().get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    let (character, behind) = self.escape(end)?;
                    self.builder.decode_character(character);
                    end = behind;
                }
                Some(_) => {
                    return Err(unexpected(self.text, end, "an escape, for example `\\n`")
                        .help("control characters may not stand in a JSON string as they are"));
                }
                None => {
                    let place = (start as u32 - 1, end as u32);
                    let message = "expected a closing quote before the end of the text";
                    return Err(ReadError::new("json-syntax", message, place));
                }
            }
            copied = end;
            end = special_byte(self.text.as_bytes(), end);
        }
        self.position = end + 1;
        self.builder.decoded_string(from, (start as u32 - 1, self.position as u32));
        Ok(())
    }

    /// The character that the escape at `start` stands for, and where the escape ends.
    fn escape(&self, start: usize) -> Result<(char, usize), ReadError> {
        let character = match self.text.as_bytes().get(start + 1) {
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            _ => return Err(unexpected(self.text, start + 1, "one of `\"\\/bfnrtu` behind `\\`")),
        };
        Ok((character, start + 2))
    }

    fn unicode_escape(&self, start: usize) -> Result<(char, usize), ReadError> {
        let first = self.hex(start + 2)?;
        if let Some(character) = char::from_u32(first) {
            return Ok((character, start + 6));
        }
        let rest = self.text.as_bytes().get(start + 6..).unwrap_or_default();
        if rest.starts_with(b"\\u") && (0xd800..0xdc00).contains(&first) {
            let second = self.hex(start + 8)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                if let Some(character) = char::from_u32(code) {
                    return Ok((character, start + 12));
                }
            }
        }
        let message = format!("expected two surrogates, found `\\u{first:04x}` alone");
        let place = (start as u32, start as u32 + 6);
        Err(ReadError::new("json-syntax", message, place)
            .help("half of a surrogate pair is no character: readers disagree about it"))
    }

    /// The value of four hexadecimal digits.
    fn hex(&self, start: usize) -> Result<u32, ReadError> {
        (start..start + 4).try_fold(0, |value, position| {
            let digit = self.text.as_bytes().get(position).copied().unwrap_or_default();
            match char::from(digit).to_digit(16) {
                Some(digit) => Ok(value * 16 + digit),
                None => Err(unexpected(self.text, position, "a hexadecimal digit")),
            }
        })
    }
}

/// The first quote, backslash or control character from `start`, else the end.
#[inline]
pub(in crate::read) fn special_byte(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let mut position = start;
    let mut rest = bytes.get(start..).unwrap_or_default();
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let quotes = word ^ (ONES * b'"' as u64);
        let escapes = word ^ (ONES * b'\\' as u64);
        // The lowest byte that is marked is marked rightly; a borrow reaches upwards only.
        let marked = (quotes.wrapping_sub(ONES) & !quotes)
            | (escapes.wrapping_sub(ONES) & !escapes)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let marked = marked & HIGHS;
        if marked != 0 {
            return position + marked.trailing_zeros() as usize / 8;
        }
        position += 8;
        rest = behind;
    }
    let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < b' ';
    position + rest.iter().position(special).unwrap_or(rest.len())
}
