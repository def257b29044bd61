//! Walks through DER, the binary form of certificates.

/// One element: its tag, its content, and all of its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) raw: &'a [u8],
}

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Elements that stand one after another.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element; none at the end, or where the bytes are no DER.
    pub(crate) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            // Four bytes of length are more than any certificate has.
            let few = !bytes.is_empty() && bytes.len() <= 4;
            let length = bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            (few.then_some(length)?, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let raw = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Element { tag, content, raw })
    }

    /// The next element, if it has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }
}

impl<'a> Element<'a> {
    pub(crate) fn inside(self) -> Reader<'a> {
        Reader(self.content)
    }

    /// The elements of a list.
    pub(crate) fn elements(self) -> impl Iterator<Item = Element<'a>> {
        let mut reader = self.inside();
        std::iter::from_fn(move || reader.next())
    }

    /// The numbers of an object identifier.
    pub(crate) fn identifier(self) -> Option<Vec<i64>> {
        let mut numbers = Vec::new();
        let mut number = 0_i64;
        for byte in self.content {
            number = number.checked_mul(128)?.checked_add(i64::from(byte & 0x7f))?;
            if byte & 0x80 != 0 {
                continue;
            }
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - 40 * first]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
        (!numbers.is_empty()).then_some(numbers)
    }

    /// The bytes of a bit string, whose unused bits are at the end.
    pub(crate) fn bits(self) -> Option<&'a [u8]> {
        self.content.split_first().map(|(_, bytes)| bytes)
    }

    /// A whole number that 64 bits hold.
    pub(crate) fn small(self) -> Option<i64> {
        let (first, _) = self.content.split_first()?;
        let sign = if first & 0x80 != 0 { -1 } else { 0 };
        (self.content.len() <= 8)
            .then(|| self.content.iter().fold(sign, |sum, byte| sum << 8 | i64::from(*byte)))
    }
}
