//! Numbers of JSON.

use super::{ReadError, Reader, unexpected};

impl Reader<'_> {
    /// Reads a number. Whole numbers keep all their digits.
    pub(super) fn number(&mut self) -> Result<(), ReadError> {
        let bytes = self.text.as_bytes();
        let start = self.position;
        let is_negative = bytes.get(start) == Some(&b'-');
        let digits = start + usize::from(is_negative);
        let (mut end, whole) = read_digits(bytes, digits);
        match end - digits {
            0 => return Err(unexpected(self.text, end, "a digit")),
            1 => {}
            _ if bytes.get(digits) == Some(&b'0') => {
                return Err(unexpected(self.text, digits + 1, "a number without leading zeros"));
            }
            _ => {}
        }
        let mut is_float = false;
        if bytes.get(end) == Some(&b'.') {
            is_float = true;
            end = self.some_digits(end + 1)?;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            is_float = true;
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            end = self.some_digits(end + 1 + sign)?;
        }
        let written = self.text.get(start..end).unwrap_or_default();
        let place = (start as u32, end as u32);
        self.position = end;
        if !is_float {
            let whole = whole.map(|whole| if is_negative { -whole } else { whole });
            match whole.map_or_else(|| written.parse(), Ok) {
                Ok(value) => self.builder.int(value, place),
                Err(_) => self.builder.big_int(written, place),
            }
            return Ok(());
        }
        match written.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.builder.float(value, place);
                Ok(())
            }
            _ => {
                let message = format!("expected a number that 64 bits can hold, found `{written}`");
                Err(ReadError::new("json-syntax", message, place))
            }
        }
    }

    fn some_digits(&self, start: usize) -> Result<usize, ReadError> {
        match skip_digits(self.text.as_bytes(), start) {
            end if end > start => Ok(end),
            end => Err(unexpected(self.text, end, "a digit")),
        }
    }
}

/// Where the digits from `start` end, and their value if there are so few that it fits.
fn read_digits(bytes: &[u8], start: usize) -> (usize, Option<i64>) {
    const FITTING: usize = 18;
    let mut value = 0_i64;
    for (count, byte) in bytes.get(start..).unwrap_or_default().iter().enumerate() {
        match byte {
            b'0'..=b'9' if count < FITTING => value = value * 10 + i64::from(byte - b'0'),
            b'0'..=b'9' => return (skip_digits(bytes, start + count), None),
            _ => return (start + count, Some(value)),
        }
    }
    (bytes.len(), Some(value))
}

fn skip_digits(bytes: &[u8], mut position: usize) -> usize {
    while let Some(b'0'..=b'9') = bytes.get(position) {
        position += 1;
    }
    position
}
