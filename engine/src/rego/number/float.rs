//! Floats with a mantissa of any length, as `math/big` of Go computes with them.

use num_bigint::{BigInt, BigUint, Sign};

use super::decimal::Decimal;
use super::{Number, NumberError};

/// The bits of a mantissa that nobody asked more of.
pub(super) const PRECISION: u64 = 64;
/// How many digits, and how large exponents of ten, are computed with.
pub(super) const LIMIT: i64 = 5_000;
/// The same in bits.
pub(super) const LIMIT_BITS: u64 = 16_610;

/// A sign, a mantissa of `precision` bits at most, and the power of two of its last bit.
#[derive(Clone, Debug)]
pub(super) struct Float {
    negative: bool,
    mantissa: BigUint,
    exponent: i64,
    precision: u64,
}

impl Float {
    /// Reads a number's text to 64 bits.
    pub(super) fn of(number: &Number) -> Result<Self, NumberError> {
        let text = match number {
            Number::Int(value) => return Ok(Self::from_int(&BigInt::from(*value))),
            Number::Text(text) => text,
        };
        let decimal = Decimal::of(text).ok_or(NumberError::TooLarge)?;
        if decimal.digits.is_empty() {
            return Ok(Self::new(decimal.negative, BigUint::ZERO, 0));
        }
        if decimal.magnitude().abs() > LIMIT || decimal.digits.len() as i64 > LIMIT {
            return Err(NumberError::TooLarge);
        }
        let digits: BigUint = decimal.digits.parse().map_err(|_| NumberError::TooLarge)?;
        let power = BigUint::from(5_u8).pow(decimal.exponent.unsigned_abs() as u32);
        let float = match decimal.exponent >= 0 {
            true => Self::new(decimal.negative, digits * power, decimal.exponent),
            false => {
                let exact = Self::new(decimal.negative, digits, decimal.exponent);
                exact.divided(&power)
            }
        };
        Ok(float.rounded())
    }

    /// An integer exactly: its mantissa is as long as it takes, and 64 bits at least.
    pub(super) fn from_int(value: &BigInt) -> Self {
        let mantissa = value.magnitude().clone();
        let precision = mantissa.bits().max(PRECISION);
        Self { negative: value.sign() == Sign::Minus, mantissa, exponent: 0, precision }
    }

    fn new(negative: bool, mantissa: BigUint, exponent: i64) -> Self {
        Self { negative, mantissa, exponent, precision: PRECISION }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.mantissa == BigUint::ZERO
    }

    pub(super) fn is_negative(&self) -> bool {
        self.negative
    }

    pub(super) fn abs(self) -> Self {
        Self { negative: false, ..self }
    }

    pub(super) fn negated(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let precision = self.precision.max(other.precision);
        if self.is_zero() && other.is_zero() {
            let negative = self.negative && other.negative;
            return Self { negative, mantissa: BigUint::ZERO, exponent: 0, precision };
        }
        let exponent = match (self.is_zero(), other.is_zero()) {
            (true, _) => other.exponent,
            (_, true) => self.exponent,
            _ => self.exponent.min(other.exponent),
        };
        let sum = self.aligned(exponent) + other.aligned(exponent);
        Self {
            negative: sum.sign() == Sign::Minus,
            mantissa: sum.magnitude().clone(),
            exponent,
            precision,
        }
        .rounded()
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self {
            negative: self.negative != other.negative,
            mantissa: &self.mantissa * &other.mantissa,
            exponent: self.exponent + other.exponent,
            precision: self.precision.max(other.precision),
        }
        .rounded()
    }

    /// The quotient; `other` is not zero.
    pub(super) fn over(&self, other: &Self) -> Self {
        let precision = self.precision.max(other.precision);
        let numerator = Self {
            negative: self.negative != other.negative,
            exponent: self.exponent - other.exponent,
            mantissa: self.mantissa.clone(),
            precision,
        };
        numerator.divided(&other.mantissa).rounded()
    }

    /// The integer below this in size.
    pub(super) fn truncated(&self) -> BigInt {
        let size = match u64::try_from(self.exponent) {
            Ok(shift) => &self.mantissa << shift,
            Err(_) => &self.mantissa >> self.exponent.unsigned_abs(),
        };
        BigInt::from_biguint(if self.negative { Sign::Minus } else { Sign::Plus }, size)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.exponent >= 0
            || self
                .mantissa
                .trailing_zeros()
                .is_none_or(|zeros| zeros >= self.exponent.unsigned_abs())
    }

    /// As `FloatToNumber` of `v1/topdown/builtins/builtins.go` writes it: whole numbers without an
    /// exponent, others as `%g` with as few digits as say which float it is.
    pub(super) fn to_number(&self) -> Result<Number, NumberError> {
        if self.is_zero() {
            return Ok(Number::from_digits(if self.negative { "-0" } else { "0" }));
        }
        let top = self.exponent + self.mantissa.bits() as i64;
        if top.unsigned_abs() > LIMIT_BITS {
            return Err(NumberError::TooLarge);
        }
        if self.is_whole() && top < 64 {
            return match i64::try_from(&self.truncated()) {
                Ok(value) => Ok(Number::Int(value)),
                Err(_) => Err(NumberError::TooLarge),
            };
        }
        let (digits, magnitude) = self.shortest();
        let mut out = String::with_capacity(digits.len() + 8);
        if self.negative {
            out.push('-');
        }
        if self.is_whole() {
            out.push_str(&digits);
            out.extend(std::iter::repeat_n('0', (magnitude as usize).saturating_sub(digits.len())));
        } else {
            write_general(&digits, magnitude, &mut out);
        }
        Ok(Number::from_digits(&out))
    }

    fn aligned(&self, exponent: i64) -> BigInt {
        let shift = self.exponent.saturating_sub(exponent).max(0) as u64;
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_biguint(sign, &self.mantissa << shift)
    }

    /// This by `divisor`, with enough bits and one more that says whether a rest was left.
    fn divided(self, divisor: &BigUint) -> Self {
        let wanted = self.precision + 2 + divisor.bits();
        let shift = wanted.saturating_sub(self.mantissa.bits());
        let numerator = self.mantissa << shift;
        let quotient = &numerator / divisor;
        let rest = numerator - &quotient * divisor;
        let mut mantissa = quotient << 1_u8;
        if rest != BigUint::ZERO {
            mantissa.set_bit(0, true);
        }
        Self { mantissa, exponent: self.exponent - shift as i64 - 1, ..self }
    }

    /// Rounds the mantissa to the precision, halves to even.
    fn rounded(mut self) -> Self {
        let surplus = self.mantissa.bits().saturating_sub(self.precision);
        if surplus > 0 {
            let half = self.mantissa.bit(surplus - 1);
            let below = self.mantissa.trailing_zeros().is_some_and(|zeros| zeros < surplus - 1);
            let odd = self.mantissa.bit(surplus);
            self.mantissa >>= surplus;
            self.exponent += surplus as i64;
            if half && (below || odd) {
                self.mantissa += 1_u8;
            }
        }
        self
    }

    /// The fewest digits that round to this float, and the power of ten behind the first one
    /// (`roundShortest` of `math/big/ftoa.go`).
    fn shortest(&self) -> (String, i64) {
        let up = (self.precision + 1).saturating_sub(self.mantissa.bits());
        let mantissa = &self.mantissa << up;
        let exponent = self.exponent - up as i64;
        let inclusive = !mantissa.bit(1);
        let (lower, _) = expand(&(&mantissa - 1_u8), exponent);
        let (upper, _) = expand(&(&mantissa + 1_u8), exponent);
        let (digits, magnitude) = expand(&mantissa, exponent);
        let at = |digits: &[u8], position: usize| digits.get(position).copied().unwrap_or(b'0');
        for (position, digit) in digits.iter().copied().enumerate() {
            let (low, high) = (at(&lower, position), at(&upper, position));
            let down = low != digit || inclusive && position + 1 == lower.len();
            let raise =
                digit != high && (inclusive || digit + 1 < high || position + 1 < upper.len());
            match (down, raise) {
                (true, true) => {
                    let rest = digits.get(position + 1..).unwrap_or_default();
                    return round(&digits, position + 1, is_up(rest, digit), magnitude);
                }
                (true, false) => return round(&digits, position + 1, false, magnitude),
                (false, true) => return round(&digits, position + 1, true, magnitude),
                (false, false) => {}
            }
        }
        round(&digits, digits.len(), false, magnitude)
    }
}

/// Whether digits behind a digit say to go up: more than a half, or a half and the digit is odd.
fn is_up(rest: &[u8], digit: u8) -> bool {
    match rest.split_first() {
        Some((b'5', [])) => digit % 2 == 1,
        Some((first, _)) => *first >= b'5',
        None => false,
    }
}

/// The first `length` digits, perhaps one more in the last place.
fn round(digits: &[u8], length: usize, up: bool, magnitude: i64) -> (String, i64) {
    let mut kept: Vec<u8> = digits.get(..length).unwrap_or(digits).to_vec();
    if up {
        while kept.last() == Some(&b'9') {
            kept.pop();
        }
        match kept.last_mut() {
            Some(last) => *last += 1,
            None => return ("1".to_owned(), magnitude + 1),
        }
    }
    while kept.last() == Some(&b'0') {
        kept.pop();
    }
    (kept.into_iter().map(char::from).collect(), magnitude)
}

/// All digits of `mantissa` times a power of two, and the power of ten behind the first one.
fn expand(mantissa: &BigUint, exponent: i64) -> (Vec<u8>, i64) {
    let (digits, places) = match u64::try_from(exponent) {
        Ok(shift) => ((mantissa << shift).to_string(), 0),
        Err(_) => {
            let zeros = mantissa.trailing_zeros().unwrap_or(0).min(exponent.unsigned_abs());
            let places = exponent.unsigned_abs() - zeros;
            let power = BigUint::from(5_u8).pow(places as u32);
            (((mantissa >> zeros) * power).to_string(), places as i64)
        }
    };
    let magnitude = digits.len() as i64 - places;
    (digits.trim_end_matches('0').as_bytes().to_vec(), magnitude)
}

/// `%g` with the shortest digits: an exponent below -4 and from 6 on.
fn write_general(digits: &str, magnitude: i64, out: &mut String) {
    let exponent = magnitude - 1;
    if !(-4..6).contains(&exponent) {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
        return;
    }
    match usize::try_from(magnitude) {
        Ok(whole) if whole > 0 => {
            let (before, behind) = digits.split_at_checked(whole).unwrap_or((digits, ""));
            out.push_str(before);
            out.extend(std::iter::repeat_n('0', whole.saturating_sub(before.len())));
            if !behind.is_empty() {
                out.push('.');
                out.push_str(behind);
            }
        }
        _ => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', magnitude.unsigned_abs() as usize));
            out.push_str(digits);
        }
    }
}
