//! Floats by verb (`fmtFloat` of `fmt/format.go`, `strconv/ftoa.go`).

use super::{Argument, Printer};
use crate::rego::BuiltinError;

/// A float has no more digits behind the point than this; what is asked for beyond is zeros.
const PLACES: usize = 1_100;

impl Printer<'_, '_, '_> {
    pub(super) fn float(&mut self, value: f64, verb: char) -> Result<(), BuiltinError> {
        let flags = self.flags;
        let (shape, default) = match verb {
            'v' => ('g', None),
            'g' | 'G' | 'b' | 'x' | 'X' => (verb, None),
            'e' | 'E' => (verb, Some(6)),
            'f' | 'F' => ('f', Some(6)),
            _ => return self.bad_verb(&Argument::Float(value), verb),
        };
        let precision = flags.precision.or(default);
        self.host.make(precision.unwrap_or_default())?;
        let mut digits = unsigned(value.abs(), shape, precision);
        if flags.sharp && verb != 'b' {
            digits = with_point(&digits, verb, precision);
        }
        let negative = value.is_sign_negative();
        let sign = match (negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        let length = digits.len() + sign.len();
        if flags.zero && !flags.minus && !sign.is_empty() {
            self.text(sign)?;
            self.padding(flags.width.unwrap_or_default().saturating_sub(length))?;
            return self.text(&digits);
        }
        self.padded(&format!("{sign}{digits}"))
    }
}

/// A float that is finite and not negative.
fn unsigned(value: f64, shape: char, precision: Option<usize>) -> String {
    match shape {
        'f' => fixed(value, precision.unwrap_or(6)),
        'e' | 'E' => exponent(value, precision.unwrap_or(6), shape),
        'b' => binary(value),
        'x' | 'X' => hexadecimal(value, precision, shape),
        _ => general(value, precision, if shape == 'G' { 'E' } else { 'e' }),
    }
}

fn fixed(value: f64, places: usize) -> String {
    let known = places.min(PLACES);
    let mut out = format!("{value:.known$}");
    out.extend(std::iter::repeat_n('0', places - known));
    out
}

fn exponent(value: f64, places: usize, letter: char) -> String {
    let known = places.min(PLACES);
    let text = format!("{value:.known$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let zeros = "0".repeat(places - known);
    format!("{digits}{zeros}{}", go_exponent(exponent.parse().unwrap_or_default(), letter))
}

fn go_exponent(exponent: i32, letter: char) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{letter}{sign}{:02}", exponent.unsigned_abs())
}

/// `%g`: the shortest digits or so many, with an exponent where that is small or large.
fn general(value: f64, precision: Option<usize>, letter: char) -> String {
    let text = match precision {
        None => format!("{value:e}"),
        Some(precision) => format!("{value:.*e}", precision.clamp(1, PLACES) - 1),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = all.trim_end_matches('0');
    let most = match precision {
        None => 6,
        Some(precision) => {
            let precision = precision.max(1);
            let whole = digits.len() as i64 > i64::from(exponent);
            if precision > digits.len() && whole { digits.len() } else { precision }
        }
    };
    if exponent < -4 || i64::from(exponent) >= most as i64 {
        let (first, rest) = digits.split_at_checked(1).unwrap_or(("0", ""));
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{first}{point}{rest}{}", go_exponent(exponent, letter));
    }
    let places = (digits.len() as i64 - 1 - i64::from(exponent)).max(0) as usize;
    match precision {
        None => format!("{value}"),
        // The digits are rounded already: what is left is to set the point.
        Some(_) => set_point(digits, exponent, places),
    }
}

fn set_point(digits: &str, exponent: i32, places: usize) -> String {
    if digits.is_empty() {
        return "0".to_owned();
    }
    let Ok(whole) = usize::try_from(exponent + 1) else {
        return format!("0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1));
    };
    if whole == 0 {
        return format!("0.{digits}");
    }
    let (before, behind) = digits.split_at_checked(whole).unwrap_or((digits, ""));
    let zeros = "0".repeat(whole.saturating_sub(before.len()));
    let point = if places == 0 { "" } else { "." };
    format!("{before}{zeros}{point}{behind}")
}

/// The mantissa of 53 bits and the power of two.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
    match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    }
}

/// `%b`: `4503599627370496p-52`.
fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}p{sign}{}", exponent.unsigned_abs())
}

/// `%x`: `0x1.8p+00`.
fn hexadecimal(value: f64, precision: Option<usize>, letter: char) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One bit before the point, sixty behind it.
        let up = mantissa.leading_zeros() - 3;
        mantissa <<= up;
        exponent += 60 - up as i32;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let dropped = 60 - 4 * precision;
        let half = 1_u64 << (dropped - 1);
        let rest = mantissa & ((1 << dropped) - 1);
        mantissa >>= dropped;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(precision) if precision <= 15 => digits.truncate(precision),
        Some(precision) => digits.extend(std::iter::repeat_n('0', precision - 15)),
    }
    let point = if digits.is_empty() { "" } else { "." };
    let out = format!("0x{}{point}{digits}{}", mantissa >> 60, go_exponent(exponent, 'p'));
    if letter == 'X' { out.to_uppercase() } else { out }
}

/// The sharp flag: a point always, and the zeros that would be left out.
fn with_point(number: &str, verb: char, precision: Option<usize>) -> String {
    let mut wanted = match verb {
        'v' | 'g' | 'G' | 'x' => precision.map_or(6, |precision| precision as i64),
        _ => 0,
    };
    let end = match verb {
        'x' | 'X' => number.find(['p', 'P']),
        _ => number.find(['e', 'E']),
    };
    let (body, tail) = number.split_at_checked(end.unwrap_or(number.len())).unwrap_or((number, ""));
    let mut seen = false;
    for digit in body.chars().filter(|digit| *digit != '.') {
        seen |= digit != '0';
        wanted -= i64::from(seen);
    }
    let mut out = body.to_owned();
    if !body.contains('.') {
        if body == "0" {
            wanted -= 1;
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', wanted.max(0) as usize));
    out.push_str(tail);
    out
}
