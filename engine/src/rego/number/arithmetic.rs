//! The operations of `v1/topdown/arithmetic.go`.

use num_bigint::BigInt;

use super::decimal::Decimal;
use super::float::{Float, LIMIT, LIMIT_BITS};
use super::{Number, NumberError};

impl Number {
    pub(crate) fn plus(&self, other: &Self) -> Result<Self, NumberError> {
        if let (Self::Int(left), Self::Int(right)) = (self, other)
            && let Some(sum) = left.checked_add(*right)
        {
            return Ok(Self::Int(sum));
        }
        match (self.whole()?, other.whole()?) {
            (Some(left), Some(right)) => Self::from_bigint(&(left + right)),
            _ => Float::of(self)?.plus(&Float::of(other)?).to_number(),
        }
    }

    pub(crate) fn minus(&self, other: &Self) -> Result<Self, NumberError> {
        if let (Self::Int(left), Self::Int(right)) = (self, other)
            && let Some(difference) = left.checked_sub(*right)
        {
            return Ok(Self::Int(difference));
        }
        match (self.whole()?, other.whole()?) {
            (Some(left), Some(right)) => Self::from_bigint(&(left - right)),
            _ => Float::of(self)?.plus(&Float::of(other)?.negated()).to_number(),
        }
    }

    pub(crate) fn times(&self, other: &Self) -> Result<Self, NumberError> {
        if let (Self::Int(left), Self::Int(right)) = (self, other)
            && let Some(product) = left.checked_mul(*right)
        {
            return Ok(Self::Int(product));
        }
        match (self.whole()?, other.whole()?) {
            (Some(left), Some(right)) => Self::from_bigint(&(left * right)),
            _ => Float::of(self)?.times(&Float::of(other)?).to_number(),
        }
    }

    /// The quotient, always by floats: what does not come out even has 64 bits.
    pub(crate) fn over(&self, other: &Self) -> Result<Self, NumberError> {
        if let (Self::Int(left), Self::Int(right)) = (self, other)
            && *left != 0
            && left.checked_rem(*right) == Some(0)
        {
            return Ok(Self::Int(left / right));
        }
        let divisor = Float::of(other)?;
        if divisor.is_zero() {
            return Err(NumberError::DivideByZero);
        }
        Float::of(self)?.over(&divisor).to_number()
    }

    pub(crate) fn remainder(&self, other: &Self) -> Result<Self, NumberError> {
        if let (Self::Int(left), Self::Int(right)) = (self, other)
            && let Some(rest) = left.checked_rem(*right)
        {
            return Ok(Self::Int(rest));
        }
        let (Some(left), Some(right)) = (self.whole()?, other.whole()?) else {
            return Err(NumberError::ModuloOfFraction);
        };
        if right == BigInt::ZERO {
            return Err(NumberError::ModuloByZero);
        }
        Self::from_bigint(&(left % right))
    }

    pub(crate) fn abs(&self) -> Result<Self, NumberError> {
        match self {
            Self::Int(value) => Ok(Self::from(value.unsigned_abs())),
            Self::Text(_) => Float::of(self)?.abs().to_number(),
        }
    }

    /// The nearest whole number, halves away from zero.
    pub(crate) fn round(&self) -> Result<Self, NumberError> {
        let Self::Text(_) = self else { return Ok(self.clone()) };
        let float = Float::of(self)?;
        let half = Float::of(&Self::Text(if float.is_negative() { "-0.5" } else { "0.5" }.into()))?;
        Float::from_int(&float.plus(&half).truncated()).to_number()
    }

    pub(crate) fn ceil(&self) -> Result<Self, NumberError> {
        let Self::Text(_) = self else { return Ok(self.clone()) };
        let float = Float::of(self)?;
        let whole = Float::from_int(&float.truncated());
        // What is truncated to zero has no sign: `ceil(-0.5)` is 1, and `floor(-0.5)` is 0.
        if whole.is_negative() || float.is_whole() {
            return whole.to_number();
        }
        whole.plus(&Float::from_int(&BigInt::from(1))).to_number()
    }

    pub(crate) fn floor(&self) -> Result<Self, NumberError> {
        let Self::Text(_) = self else { return Ok(self.clone()) };
        let float = Float::of(self)?;
        let whole = Float::from_int(&float.truncated());
        if !whole.is_negative() || float.is_whole() {
            return whole.to_number();
        }
        whole.plus(&Float::from_int(&BigInt::from(-1))).to_number()
    }

    /// Whether this is so many times another number exactly; nothing is a multiple of zero.
    pub(crate) fn is_multiple_of(&self, other: &Self) -> Result<bool, NumberError> {
        let read = |number: &Self| {
            let decimal = number.with_text(Decimal::of).ok_or(NumberError::TooLarge)?;
            match decimal.magnitude().abs().max(decimal.exponent.saturating_abs()) {
                size if size > LIMIT => Err(NumberError::TooLarge),
                _ => Ok(decimal),
            }
        };
        let (left, right) = (read(self)?, read(other)?);
        // Both times a power of ten are whole.
        let places = left.exponent.min(right.exponent).min(0);
        let scaled = |decimal: &Decimal| {
            let digits: BigInt = decimal.digits.parse().unwrap_or_default();
            digits * BigInt::from(10).pow((decimal.exponent - places) as u32)
        };
        let (left, right) = (scaled(&left), scaled(&right));
        Ok(right != BigInt::ZERO && left % right == BigInt::ZERO)
    }

    /// The part before the point of `NumberToFloat(n).Int(nil)`, exactly where this is whole.
    pub(crate) fn truncated(&self) -> Result<BigInt, NumberError> {
        match self.plain_integer() {
            Some(whole) => Ok(whole),
            None => Ok(Float::of(self)?.truncated()),
        }
    }

    /// The part before the point of a product, rounded to 64 bits.
    pub(crate) fn times_as_floats(&self, other: &Self) -> Result<BigInt, NumberError> {
        Ok(Float::of(self)?.times(&Float::of(other)?).truncated())
    }

    /// The integer, where the text is digits alone.
    pub(crate) fn plain_integer(&self) -> Option<BigInt> {
        match self {
            Self::Int(value) => Some(BigInt::from(*value)),
            Self::Text(text) if text.len() as i64 <= LIMIT => text.parse().ok(),
            Self::Text(_) => None,
        }
    }

    /// The integer, where this is one whatever its text: `1.0` and `1e30` are.
    pub(crate) fn whole(&self) -> Result<Option<BigInt>, NumberError> {
        let text = match self {
            Self::Int(value) => return Ok(Some(BigInt::from(*value))),
            Self::Text(text) => text,
        };
        let decimal = Decimal::of(text).ok_or(NumberError::TooLarge)?;
        if decimal.digits.is_empty() {
            return Ok(Some(BigInt::ZERO));
        }
        if decimal.exponent < 0 {
            return Ok(None);
        }
        if decimal.magnitude() > LIMIT {
            return Err(NumberError::TooLarge);
        }
        let digits: BigInt = decimal.digits.parse().map_err(|_| NumberError::TooLarge)?;
        let whole = digits * BigInt::from(10).pow(decimal.exponent as u32);
        Ok(Some(if decimal.negative { -whole } else { whole }))
    }

    pub(crate) fn from_bigint(value: &BigInt) -> Result<Self, NumberError> {
        match i64::try_from(value) {
            Ok(value) => Ok(Self::Int(value)),
            Err(_) if value.bits() > LIMIT_BITS => Err(NumberError::TooLarge),
            Err(_) => Ok(Self::Text(value.to_string().into())),
        }
    }
}
