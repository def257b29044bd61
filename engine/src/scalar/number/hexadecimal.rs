//! Hexadecimal floats such as `0x1.8p-3`.

/// Digits that are kept; of the rest it counts only whether any of them is not zero.
const KEPT_DIGITS: usize = 16;

/// Reads what stands behind the `0x`; an exponent is needed. Rounds to even, may give infinity.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent = exponent_of(exponent)?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut mantissa, mut kept, mut rest_is_zero) = (0u64, 0, true);
    let mut shift: i64 = 0;
    for (byte, behind_point) in
        whole.bytes().map(|byte| (byte, false)).chain(fraction.bytes().map(|byte| (byte, true)))
    {
        let digit = u64::from(char::from(byte).to_digit(16)?);
        if kept == KEPT_DIGITS {
            rest_is_zero &= digit == 0;
            shift += if behind_point { 0 } else { 4 };
        } else {
            mantissa = mantissa << 4 | digit;
            kept += usize::from(mantissa != 0);
            shift -= if behind_point { 4 } else { 0 };
        }
    }
    Some(round(mantissa, !rest_is_zero, exponent.saturating_add(shift)))
}

/// An exponent with an optional sign; beyond five digits more make no difference.
fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0i64, |size, digit| {
        if size < 10_000 { size * 10 + i64::from(digit - b'0') } else { size }
    });
    Some(if text.starts_with('-') { -size } else { size })
}

/// The float nearest to `mantissa * 2^exponent`, or a bit more where something was cut off.
fn round(mantissa: u64, cut_off: bool, exponent: i64) -> f64 {
    let length = i64::from(u64::BITS - mantissa.leading_zeros());
    if length == 0 {
        return 0.0;
    }
    // A float has 53 bits, and none below 2^-1074.
    let drop = (length - 53).max(-1074_i64.saturating_sub(exponent)).max(0);
    if drop > length + 1 {
        return 0.0;
    }
    let wide = u128::from(mantissa) << 2 | u128::from(cut_off);
    let (unit, exponent) = (1u128 << (drop + 2), exponent.saturating_add(drop));
    let (mut quotient, rest) = (wide / unit, wide % unit);
    if rest > unit / 2 || rest == unit / 2 && quotient % 2 == 1 {
        quotient += 1;
    }
    // Two steps, since one power of two can be beyond the floats where the result is not. Both
    // are exact: the result has no more bits than a float has there.
    let exponent = exponent.clamp(-4_000, 4_000) as i32;
    let half = exponent / 2;
    quotient as f64 * 2f64.powi(half) * 2f64.powi(exponent - half)
}
