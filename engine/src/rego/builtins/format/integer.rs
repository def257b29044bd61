//! Integers by verb (`fmtInteger` of `fmt/format.go`, `Format` of `math/big/intconv.go`).

use num_bigint::{BigInt, Sign};

use super::{Argument, Printer};
use crate::rego::BuiltinError;
use crate::scalar::quote;

impl Printer<'_, '_, '_> {
    pub(super) fn int(&mut self, value: i64, verb: char) -> Result<(), BuiltinError> {
        let size = value.unsigned_abs();
        let digits = match verb {
            'v' | 'd' => size.to_string(),
            'b' => format!("{size:b}"),
            'o' | 'O' => format!("{size:o}"),
            'x' => format!("{size:x}"),
            'X' => format!("{size:X}"),
            'c' => return self.padded(character(value).encode_utf8(&mut [0; 4])),
            'q' => {
                let quoted = quote::quote_character(character(value), self.flags.plus);
                return self.padded(&quoted);
            }
            'U' => return self.unicode(value),
            _ => return self.bad_verb(&Argument::Int(value), verb),
        };
        self.digits(value < 0, digits, verb)
    }

    fn digits(
        &mut self,
        negative: bool,
        mut digits: String,
        verb: char,
    ) -> Result<(), BuiltinError> {
        let flags = self.flags;
        let signed = negative || flags.plus || flags.space;
        let least = match (flags.precision, flags.width) {
            (Some(0), width) if digits == "0" => {
                self.flags.zero = false;
                let padded = self.padding(width.unwrap_or_default());
                self.flags.zero = flags.zero;
                return padded;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width.saturating_sub(usize::from(signed))
            }
            _ => 0,
        };
        let zeros = least.saturating_sub(digits.len());
        self.host.make(zeros)?;
        digits.insert_str(0, &"0".repeat(zeros));
        if flags.sharp {
            let prefix = match verb {
                'b' => "0b",
                'o' | 'O' if !digits.starts_with('0') => "0",
                'x' => "0x",
                'X' => "0X",
                _ => "",
            };
            digits.insert_str(0, prefix);
        }
        if verb == 'O' {
            digits.insert_str(0, "0o");
        }
        if let Some(sign) = sign(negative, flags.plus, flags.space) {
            digits.insert(0, sign);
        }
        self.padded_with_spaces(&digits)
    }

    /// `U+0041`, and `'A'` behind it where sharp.
    fn unicode(&mut self, value: i64) -> Result<(), BuiltinError> {
        let digits = format!("{:04X}", value as u64);
        let zeros = self.flags.precision.unwrap_or_default().saturating_sub(digits.len());
        self.host.make(zeros)?;
        let mut out = format!("U+{}{digits}", "0".repeat(zeros));
        let shown = u32::try_from(value).ok().and_then(char::from_u32);
        if let Some(shown) = shown.filter(|shown| self.flags.sharp && quote::is_printable(*shown)) {
            out.push_str(&format!(" '{shown}'"));
        }
        self.padded_with_spaces(&out)
    }

    pub(super) fn big(&mut self, value: &BigInt, verb: char) -> Result<(), BuiltinError> {
        let flags = self.flags;
        let (radix, prefix) = match verb {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'O' => (8, "0o"),
            'd' | 's' | 'v' => (10, ""),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => return self.text(&format!("%!{verb}(big.Int={value})")),
        };
        let prefix = if flags.sharp || flags.sharp_v || verb == 'O' { prefix } else { "" };
        let mut digits = value.magnitude().to_str_radix(radix);
        if verb == 'X' {
            digits.make_ascii_uppercase();
        }
        let plus = flags.plus || flags.plus_v;
        let sign = sign(value.sign() == Sign::Minus, plus, flags.space);
        let sign = sign.map(String::from).unwrap_or_default();
        let mut zeros = flags.precision.unwrap_or_default().saturating_sub(digits.len());
        let length = sign.len() + prefix.len() + zeros + digits.len();
        let missing = flags.width.unwrap_or_default().saturating_sub(length);
        let (mut left, mut right) = (0, 0);
        match (flags.minus, flags.zero && flags.precision.is_none()) {
            (true, _) => right = missing,
            (false, true) => zeros = missing,
            (false, false) => left = missing,
        }
        self.host.make(missing.saturating_add(zeros))?;
        let (left, zeros, right) = (" ".repeat(left), "0".repeat(zeros), " ".repeat(right));
        self.text(&format!("{left}{sign}{prefix}{zeros}{digits}{right}"))
    }
}

fn sign(negative: bool, plus: bool, space: bool) -> Option<char> {
    match (negative, plus, space) {
        (true, ..) => Some('-'),
        (false, true, _) => Some('+'),
        (false, false, true) => Some(' '),
        _ => None,
    }
}

/// The character of a number; what is none is replaced.
fn character(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
