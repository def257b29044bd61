//! Bitwise operations on integers of any size, as `v1/topdown/bits.go` has them.

use num_bigint::BigInt;

use super::float::LIMIT_BITS;
use super::{Number, NumberError};

impl Number {
    pub(crate) fn bitwise(
        &self,
        other: &Self,
        operation: fn(BigInt, BigInt) -> BigInt,
    ) -> Result<Self, NumberError> {
        Self::from_bigint(&operation(self.bits()?, other.bits()?))
    }

    pub(crate) fn negate_bits(&self) -> Result<Self, NumberError> {
        Self::from_bigint(&!self.bits()?)
    }

    pub(crate) fn shift_left(&self, count: &Self) -> Result<Self, NumberError> {
        let (value, count) = (self.bits()?, count.shift()?);
        if value == BigInt::ZERO {
            return Ok(Self::Int(0));
        }
        match count {
            Some(count) if count + value.bits() <= LIMIT_BITS => {
                Self::from_bigint(&(value << count))
            }
            _ => Err(NumberError::TooLarge),
        }
    }

    pub(crate) fn shift_right(&self, count: &Self) -> Result<Self, NumberError> {
        let (value, count) = (self.bits()?, count.shift()?);
        Self::from_bigint(&(value >> count.unwrap_or(LIMIT_BITS)))
    }

    fn bits(&self) -> Result<BigInt, NumberError> {
        self.whole()?.ok_or(NumberError::Fraction)
    }

    /// How far to shift; none where that is further than any number is long.
    fn shift(&self) -> Result<Option<u64>, NumberError> {
        let count = self.bits()?;
        if count < BigInt::ZERO {
            return Err(NumberError::NegativeShift);
        }
        Ok(u64::try_from(&count).ok().filter(|count| *count <= LIMIT_BITS))
    }
}
