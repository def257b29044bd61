//! Looks through a list or map that is not read yet, to know that it can be.

use super::special_byte;

/// A list or map that is sound.
pub(super) struct Sound {
    /// The byte behind it.
    pub(super) end: usize,
    /// How many nodes there are below it.
    pub(super) nodes: u32,
}

/// Lists and maps that stand deeper are read at once.
pub(super) const DEEPEST: usize = 64;

/// Maps with more keys are read at once: so few are compared with one another.
const MOST_KEYS: usize = 32;

/// Looks through the list or map at `start`. None where it is not sound, and where it holds what is
/// rare in objects: reading it at once then says what is wrong, if anything is.
pub(super) fn skip(bytes: &[u8], start: usize) -> Option<Sound> {
    let mut skipper = Skipper {
        bytes,
        position: start,
        open: Vec::with_capacity(16),
        keys: Vec::with_capacity(MOST_KEYS),
    };
    let mut nodes = 0;
    loop {
        nodes += 1;
        match skipper.next()? {
            b'"' => {
                skipper.string()?;
            }
            bracket @ (b'{' | b'[') => {
                let is_map = bracket == b'{';
                skipper.position += 1;
                if skipper.next()? != closing(is_map) {
                    skipper.open(is_map)?;
                    if is_map {
                        skipper.key()?;
                        nodes += 1;
                    }
                    continue;
                }
                skipper.position += 1;
            }
            _ => skipper.scalar()?,
        }
        // What the value ends may end with it.
        loop {
            let Some(open) = skipper.open.last().copied() else {
                return Some(Sound { end: skipper.position, nodes: nodes - 1 });
            };
            let next = skipper.next()?;
            skipper.position += 1;
            if next == b',' {
                if open.is_map {
                    skipper.key()?;
                    nodes += 1;
                }
                break;
            }
            if next != closing(open.is_map) {
                return None;
            }
            skipper.close(open)?;
        }
    }
}

fn closing(is_map: bool) -> u8 {
    if is_map { b'}' } else { b']' }
}

struct Skipper<'t> {
    bytes: &'t [u8],
    position: usize,
    open: Vec<Open>,
    /// The keys of the maps that are open, as they are written.
    keys: Vec<&'t [u8]>,
}

#[derive(Clone, Copy)]
struct Open {
    is_map: bool,
    /// How many keys there are of the maps around it.
    keys_before: usize,
}

impl<'t> Skipper<'t> {
    /// The next byte that is no white space, at which the position then stands.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.position)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.position += 1,
                next => return Some(*next),
            }
        }
    }

    fn open(&mut self, is_map: bool) -> Option<()> {
        self.open.push(Open { is_map, keys_before: self.keys.len() });
        (self.open.len() <= DEEPEST).then_some(())
    }

    fn close(&mut self, open: Open) -> Option<()> {
        self.open.pop();
        let keys = self.keys.get(open.keys_before..)?;
        let is_repeated = |(second, key): (usize, &&[u8])| {
            let mut before = keys.iter().take(second);
            before.any(|first| first.len() == key.len() && first == key)
        };
        let is_sound = keys.len() <= MOST_KEYS && !keys.iter().enumerate().any(is_repeated);
        self.keys.truncate(open.keys_before);
        is_sound.then_some(())
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Option<()> {
        let is_text = self.next()? == b'"';
        let key = if is_text { self.string()? } else { return None };
        self.keys.push(key);
        let is_colon = self.next()? == b':';
        self.position += 1;
        is_colon.then_some(())
    }

    /// A text as it is written, without its quotes.
    ///
    /// Only escapes that no other text could stand for are taken, so that texts are equal where they
    /// are written equally.
    #[inline]
    fn string(&mut self) -> Option<&'t [u8]> {
        let start = self.position + 1;
        let mut end = special_byte(self.bytes, start);
        while self.bytes.get(end)? != &b'"' {
            match self.bytes.get(end..end + 2)? {
                [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't'] => {
                    end = special_byte(self.bytes, end + 2);
                }
                _ => return None,
            }
        }
        self.position = end + 1;
        self.bytes.get(start..end)
    }

    /// A word or a whole number.
    fn scalar(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.position..)?;
        let length = match rest {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let has_zero_before = digits > 1 && rest.first() == Some(&b'0');
                let goes_on = matches!(rest.get(digits), Some(b'.' | b'e' | b'E'));
                if digits == 0 || has_zero_before || goes_on {
                    return None;
                }
                digits
            }
        };
        self.position += length;
        Some(())
    }
}
