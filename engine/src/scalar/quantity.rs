//! Amounts as Kubernetes' `resource.Quantity` reads, compares, computes and writes them.

mod decimal;

use std::cmp::Ordering;

use self::decimal::Decimal;

/// The finest digit that reading keeps is this many places behind the point.
const NANO_PLACES: i32 = 9;
/// A binary amount beyond this is read as this.
const BINARY_LIMIT: i64 = i64::MAX;

/// An exact amount such as `100m`, `1.5Gi` or `2e3`.
#[derive(Clone, Debug)]
pub struct Quantity {
    amount: Decimal,
    /// Digits behind the point as upstream stores the number: it decides how finely
    /// [`Quantity::divide`] divides, and how [`Quantity::to_f64`] rounds.
    places: i32,
    format: Format,
}

/// The kind of suffix that an amount was written with and is written with again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `12e6`
    DecimalExponent,
    /// `12Mi`
    BinarySi,
    /// `12M`
    DecimalSi,
}

impl Quantity {
    /// Reads an amount; upstream: `ParseQuantity`.
    ///
    /// What is finer than nano is rounded away from zero, a binary amount is cut at 2^63-1. As
    /// upstream, a lone sign, point or suffix (`-`, `.`, `k`, `Ki`) is zero.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = Parts::split(text)?;
        let (base, exponent, format) = suffix(parts.suffix)?;
        let digits = parts.whole.len() + parts.fraction.len();
        if let Some(quantity) = Self::parse_short(&parts, base, exponent, format) {
            return Some(quantity);
        }
        // Upstream reads the number a second time, and not where it has no digit.
        if digits == 0 && !parts.leading_zero {
            return None;
        }
        let mut amount = Decimal::new(parts.negative, [parts.whole, parts.fraction]);
        let mut places = parts.fraction.len() as i32;
        amount.shift(-i64::from(places));
        match base {
            Base::Ten => {
                places = places.wrapping_sub(exponent);
                amount.shift(i64::from(exponent));
            }
            Base::Two => amount = amount.multiply_by(1 << exponent),
        }
        if !amount.is_zero() {
            amount.round_away(NANO_PLACES);
            places = NANO_PLACES;
        }
        let mut format = format;
        if format == Format::BinarySi {
            let limit = Decimal::from(BINARY_LIMIT);
            if amount.compare_size(&limit) == Ordering::Greater {
                amount = if amount.is_negative() { limit.negated() } else { limit };
                places = 0;
            } else if !amount.is_zero() && amount.compare_size(&Decimal::from(1)) == Ordering::Less
            {
                format = Format::DecimalSi;
            }
        }
        Some(Self { amount, places, format })
    }

    /// Reads a number that 64 bits hold, with the number of places that upstream gives it.
    fn parse_short(parts: &Parts<'_>, base: Base, exponent: i32, format: Format) -> Option<Self> {
        // Upstream counts a missing whole part as one digit.
        let digits = i64::try_from(parts.whole.len().max(1) + parts.fraction.len()).ok()?;
        let (factor, exponent) = match base {
            Base::Ten if digits <= 18 => (1, exponent),
            Base::Two if parts.fraction.is_empty() => {
                if 14 - digits - i64::from(exponent) * 3 / 10 < 0 {
                    return None;
                }
                (1u64 << exponent, 0)
            }
            _ => return None,
        };
        // Both can be at the ends of 32 bits; upstream wraps around.
        let scale = exponent.wrapping_sub(i32::try_from(parts.fraction.len()).ok()?);
        if scale < -NANO_PLACES {
            return None;
        }
        let amount = Decimal::new(parts.negative, [parts.whole, parts.fraction]);
        let mut amount = if factor == 1 { amount } else { amount.multiply_by(factor) };
        // Eighteen digits always fit.
        if factor != 1 && amount.compare_size(&Decimal::from(i64::MAX)) == Ordering::Greater {
            return None;
        }
        amount.shift(i64::from(scale));
        Some(Self { amount, places: scale.wrapping_neg(), format })
    }

    /// A whole number, to be written in `format`.
    pub fn from_int(number: i64, format: Format) -> Self {
        Self { amount: Decimal::from(number), places: 0, format }
    }

    /// How the amount is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    /// Orders two amounts exactly.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.amount.compare(&other.amount)
    }

    /// The sum, in the format of `self` unless that is zero; none where it would be too long.
    pub fn add(&self, other: &Self) -> Option<Self> {
        Some(Self {
            amount: self.amount.add(&other.amount)?,
            places: self.places.max(other.places),
            format: if self.is_zero() { other.format } else { self.format },
        })
    }

    /// The difference, in the format of `self` unless that is zero; none where it would be too long.
    pub fn subtract(&self, other: &Self) -> Option<Self> {
        let negated = Self { amount: other.amount.clone().negated(), ..other.clone() };
        self.add(&negated)
    }

    /// The product, in the format of `self`; none where it would be too long.
    pub fn multiply(&self, other: &Self) -> Option<Self> {
        Some(Self {
            amount: self.amount.multiply(&other.amount)?,
            places: self.places.checked_add(other.places)?,
            format: self.format,
        })
    }

    /// The quotient, in the format of `self`, cut off behind the last place that either side has;
    /// none where `other` is zero or has more than 36 digits, or the result would be too long.
    ///
    /// Upstream: `Quantity.Divide` in Kyverno's `pkg/engine/jmespath/arithmetic.go`.
    pub fn divide(&self, other: &Self) -> Option<Self> {
        let places = self.places.max(other.places);
        Some(Self {
            amount: self.amount.divide(&other.amount, places)?,
            places,
            format: self.format,
        })
    }

    /// The nearest float, as `AsApproximateFloat64` finds it: the digits times a power of ten.
    pub fn to_f64(&self) -> f64 {
        let base = self.amount.scaled_to_f64(i64::from(self.places));
        match self.places {
            0 => base,
            places => base * power_of_ten(-i64::from(places)),
        }
    }

    /// Writes a text that was just read as `Quantity.String` does; none where it is no amount.
    ///
    /// Upstream keeps a text that looks canonical enough, such as `1.500k` or `+5`.
    pub fn rewrite(text: &str) -> Option<String> {
        let quantity = Self::parse(text)?;
        if text == "0" {
            return Some(text.to_owned());
        }
        let parts = Parts::split(text)?;
        let (base, exponent, format) = suffix(parts.suffix)?;
        let keeps = Self::parse_short(&parts, base, exponent, format).is_some_and(|short| {
            let digits = || parts.whole.bytes().chain(parts.fraction.bytes());
            match format {
                Format::BinarySi => {
                    let low = digits().fold(0, |low, digit| (low * 10 + (digit & 0xf)) & 7);
                    low != 0
                }
                _ => {
                    let zeros = digits().rev().take_while(|digit| *digit == b'0').count();
                    short.places % 3 == 0 && zeros < 3 && !parts.whole.is_empty()
                }
            }
        });
        Some(if keeps { text.to_owned() } else { quantity.to_string() })
    }
}

impl std::fmt::Display for Quantity {
    /// Writes the canonical form; upstream: `CanonicalizeBytes`.
    ///
    /// Beyond the greatest suffix, where upstream drops it, the number keeps its value.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_zero() {
            return formatter.write_str("0");
        }
        let binary = self.format == Format::BinarySi
            && self.amount.is_whole()
            && self.amount.compare_size(&Decimal::from(1024)) != Ordering::Less;
        if let Some((number, power)) = binary.then(|| self.amount.divide_by_1024()).flatten() {
            let suffix = BINARY_SUFFIXES.get(power).copied().unwrap_or_default();
            return write!(formatter, "{number}{suffix}");
        }
        let (number, exponent) = self.amount.in_thousands();
        let suffix = DECIMAL_SUFFIXES.iter().find(|(_, known)| i64::from(*known) == exponent);
        match suffix {
            Some((suffix, _)) if self.format != Format::DecimalExponent => {
                write!(formatter, "{number}{suffix}")
            }
            _ if exponent == 0 => formatter.write_str(&number),
            _ => write!(formatter, "{number}e{exponent}"),
        }
    }
}

const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL_SUFFIXES: [(&str, i32); 10] = [
    ("", 0),
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Two,
    Ten,
}

fn suffix(text: &str) -> Option<(Base, i32, Format)> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(suffix, _)| *suffix == text) {
        return Some((Base::Ten, *exponent, Format::DecimalSi));
    }
    if let Some(power) = BINARY_SUFFIXES.iter().position(|suffix| *suffix == text) {
        return Some((Base::Two, power as i32 * 10, Format::BinarySi));
    }
    let exponent: i64 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
    // Upstream keeps the low 32 bits.
    Some((Base::Ten, exponent as i32, Format::DecimalExponent))
}

/// What a written amount consists of.
struct Parts<'a> {
    negative: bool,
    leading_zero: bool,
    /// Without leading zeros.
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let number = unsigned.trim_start_matches('0');
        let (whole, rest) = split_digits(number);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        Some(Self {
            negative: text.starts_with('-'),
            leading_zero: number.len() < unsigned.len(),
            whole,
            fraction,
            suffix,
        })
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The nearest float to a power of ten; zero or infinity where there is none.
fn power_of_ten(exponent: i64) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests;
