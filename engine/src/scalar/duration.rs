//! Durations as Go's `time` package reads and writes them.

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The greatest magnitude: that of the least number of 64 bits.
const LIMIT: u64 = 1 << 63;

/// Reads a text such as `1h30m` or `-1.5s` as nanoseconds, as `time.ParseDuration` does.
///
/// A number without unit is no duration, except `0`. Beyond 64 bits there is none either.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (amount, behind) = parse_part(rest)?;
        // Two parts of exactly 2^63 wrap around to zero, as upstream.
        total = total.wrapping_add(amount);
        if total > LIMIT {
            return None;
        }
        rest = behind;
    }
    if negative {
        return Some((total as i64).wrapping_neg());
    }
    i64::try_from(total).ok()
}

/// Reads one number with its unit, and gives what follows.
fn parse_part(text: &str) -> Option<(u64, &str)> {
    let (whole_digits, mut rest) = split_digits(text);
    let mut fraction_digits = "";
    if let Some(behind_point) = rest.strip_prefix('.') {
        (fraction_digits, rest) = split_digits(behind_point);
    }
    if whole_digits.is_empty() && fraction_digits.is_empty() {
        return None;
    }
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit_name, rest) = rest.split_at_checked(unit_end)?;
    let unit = unit(unit_name)?;
    let mut amount = whole(whole_digits)?.checked_mul(unit).filter(|amount| *amount <= LIMIT)?;
    let (fraction, scale) = fraction(fraction_digits);
    if fraction > 0 {
        amount += (fraction as f64 * (unit as f64 / scale)) as u64;
        if amount > LIMIT {
            return None;
        }
    }
    Some((amount, rest))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

fn whole(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0u64, |number, digit| {
        let next = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        (next <= LIMIT).then_some(next)
    })
}

/// The digits behind the point and the power of ten to divide them by; what is too fine is cut off.
fn fraction(digits: &str) -> (u64, f64) {
    let (mut number, mut scale) = (0u64, 1.0);
    for digit in digits.bytes() {
        if number > (LIMIT - 1) / 10 {
            break;
        }
        let next = number * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        number = next;
        scale *= 10.0;
    }
    (number, scale)
}

/// Writes nanoseconds such as `1h30m0s`, as `Duration.String` does.
pub fn format(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    match size {
        0 => "0s".to_owned(),
        1..MICROSECOND => format!("{sign}{size}ns"),
        MICROSECOND..MILLISECOND => format!("{sign}{}\u{b5}s", decimal(size, MICROSECOND, 3)),
        MILLISECOND..SECOND => format!("{sign}{}ms", decimal(size, MILLISECOND, 6)),
        _ => {
            let seconds = decimal(size % MINUTE, SECOND, 9);
            let minutes = size / MINUTE % 60;
            match size / HOUR {
                0 if minutes == 0 => format!("{sign}{seconds}s"),
                0 => format!("{sign}{minutes}m{seconds}s"),
                hours => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// `size / unit` with `places` digits behind the point, without trailing zeros.
fn decimal(size: u64, unit: u64, places: usize) -> String {
    let whole = size / unit;
    match size % unit {
        0 => whole.to_string(),
        rest => format!("{whole}.{}", format!("{rest:0places$}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(nanoseconds in any::<i64>()) {
            prop_assert_eq!(parse(&format(nanoseconds)), Some(nanoseconds));
        }

        #[test]
        fn no_text_is_too_odd(text in "[-+0-9.a-zµ]{0,30}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn texts_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("", None),
            ("+", None),
            ("5", None),
            ("1d", None),
            ("00", None),
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5h", Some(-5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("5.s", Some(5_000_000_000)),
            (".s", None),
            ("1µs1μs1us", Some(3_000)),
            ("1s 2s", None),
            ("3000000h", None),
            ("0.3333333333333333333h", Some(1_200_000_000_000)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("9223372036854775808ns", None),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("9223372036854775808ns9223372036854775808ns", Some(0)),
            ("0.9223372036854775808s", Some(922_337_203)),
        ] {
            assert_eq!(parse(text), expected, "`{text}`");
        }
    }

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (3_600_000_000_000, "1h0m0s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (-1_500_000_000, "-1.5s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(format(nanoseconds), expected);
        }
    }
}
