use proptest::prelude::*;

use super::*;

/// The amount in units of 10^-30, where `text` is short enough for that.
fn exact(text: &str) -> Option<i128> {
    let (number, factor, exponent) = match text.strip_suffix('i') {
        Some(rest) => {
            let number = rest.get(..rest.len() - 1)?;
            let power = "KMGTPE".find(&rest[rest.len() - 1..])? as u32 + 1;
            (number, 1024i128.pow(power), 0)
        }
        None => match text.find(|c: char| c.is_ascii_alphabetic()) {
            None => (text, 1, 0),
            Some(at) => {
                let exponent = match &text[at..] {
                    "n" => -9,
                    "u" => -6,
                    "m" => -3,
                    "k" => 3,
                    "M" => 6,
                    other => other.strip_prefix('e')?.parse().ok()?,
                };
                (&text[..at], 1, exponent)
            }
        },
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = u32::try_from(9 + exponent - fraction.len() as i32).ok()?;
    digits.checked_mul(factor)?.checked_mul(10i128.checked_pow(scale)?)
}

proptest! {
    #[test]
    fn order_sum_and_difference_are_those_of_the_exact_numbers(
        left in "-?[0-9]{1,6}(\\.[0-9]{1,3})?(m|u|k|M|Ki|Mi|Gi|e3|e-2)?",
        right in "-?[0-9]{1,6}(\\.[0-9]{1,3})?(m|u|k|M|Ki|Mi|Gi|e3|e-2)?",
    ) {
        let (exact_left, exact_right) = (exact(&left).unwrap(), exact(&right).unwrap());
        let (left, right) = (Quantity::parse(&left).unwrap(), Quantity::parse(&right).unwrap());
        prop_assert_eq!(left.compare(&right), exact_left.cmp(&exact_right));
        let nano = |number: i128| Quantity::parse(&format!("{number}n")).unwrap();
        let sum = left.add(&right).unwrap();
        prop_assert_eq!(sum.compare(&nano(exact_left + exact_right)), Ordering::Equal);
        let difference = left.subtract(&right).unwrap();
        prop_assert_eq!(difference.compare(&nano(exact_left - exact_right)), Ordering::Equal);
    }

    #[test]
    fn what_is_written_is_the_same_amount(
        text in "-?[0-9]{1,40}(\\.[0-9]{1,12})?(n|m|k|E|Ki|Ti|e[0-9]{1,3}|e-[0-9])?",
    ) {
        let quantity = Quantity::parse(&text).unwrap();
        let written = quantity.to_string();
        let read = Quantity::parse(&written).unwrap();
        prop_assert_eq!(quantity.compare(&read), Ordering::Equal, "`{}`", written);
        prop_assert_eq!(read.to_string(), written);
    }

    #[test]
    fn products_and_quotients_are_exact(left in -1_000_000i64..1_000_000, right in 1i64..1_000_000) {
        let quantity = |number: i64| Quantity::from_int(number, Format::DecimalSi);
        let product = quantity(left).multiply(&quantity(right)).unwrap();
        prop_assert_eq!(product.compare(&quantity(left * right)), Ordering::Equal);
        let quotient = quantity(left).divide(&quantity(right)).unwrap();
        prop_assert_eq!(quotient.compare(&quantity(left / right)), Ordering::Equal);
        prop_assert_eq!(quantity(left).to_f64(), left as f64);
    }

    #[test]
    fn no_text_is_too_odd(text in "[-+.0-9eEinumkKMGTP]{0,24}") {
        if let Some(quantity) = Quantity::parse(&text) {
            let _ = (quantity.to_string(), quantity.to_f64(), Quantity::rewrite(&text));
            let _ = (quantity.add(&quantity), quantity.multiply(&quantity));
            let _ = (quantity.subtract(&quantity), quantity.divide(&quantity));
        }
    }
}

#[test]
fn amounts_are_written_canonically() {
    for (text, expected) in [
        ("0", "0"),
        ("0Gi", "0"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        ("1.2345", "1234500u"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1000Ki", "1000Ki"),
        ("1024Ki", "1Mi"),
        ("100Mi", "100Mi"),
        ("1023.5Ki", "1048064"),
        ("0.5Ki", "512"),
        ("0.1Ki", "102400m"),
        ("0.0001Ki", "102400u"),
        ("12e6", "12e6"),
        ("1e2", "100"),
        ("1e-4", "100e-6"),
        ("1E", "1E"),
        ("1E3", "1e3"),
        ("10000000", "10M"),
        ("-1500m", "-1500m"),
        ("+5", "5"),
        ("0.9n", "1n"),
        ("-0.1n", "-1n"),
        ("1.0000000001", "1000000001n"),
        ("8Ei", "9223372036854775807"),
        ("-9Ei", "-9223372036854775807"),
        ("7Ei", "7Ei"),
        ("18446744073709551616", "18446744073709551616"),
        ("1000E", "1e21"),
        ("1e2147483647", "10e2147483646"),
        ("1e-2147483647", "1e-9"),
        (".5", "500m"),
        ("5.", "5"),
        ("-", "0"),
        (".", "0"),
        ("k", "0"),
        ("Ki", "0"),
    ] {
        let quantity = Quantity::parse(text);
        assert_eq!(
            quantity.map(|quantity| quantity.to_string()).as_deref(),
            Some(expected),
            "`{text}`"
        );
    }
}

#[test]
fn a_text_that_looks_canonical_is_kept() {
    for (text, expected) in [
        ("1.500k", "1.500k"),
        ("+5", "+5"),
        ("05", "05"),
        ("1E3", "1E3"),
        ("1000m", "1"),
        ("1.5k", "1500"),
        ("12Ki", "12Ki"),
        ("1024Ki", "1Mi"),
        ("0.500", "500m"),
        ("-", "0"),
    ] {
        assert_eq!(Quantity::rewrite(text).as_deref(), Some(expected), "`{text}`");
    }
}

#[test]
fn other_texts_are_no_amounts() {
    for text in [
        "",
        " 1",
        "1 ",
        "1ki",
        "1K",
        "1kk",
        "1Kii",
        "1.2.3",
        "--1",
        "1e",
        "1e+",
        "1e5m",
        "1e1.5",
        "1_0",
        "e5x",
        "abc",
        "Ei",
        "Pi",
        "0x10",
        "1e99999999999999999999",
        "1h",
    ] {
        assert!(Quantity::parse(text).is_none(), "`{text}`");
    }
}

#[test]
fn quotients_are_as_fine_as_the_finer_side() {
    for (dividend, divisor, expected) in [
        ("10", "3", "3"),
        ("10.0", "3", "3300m"),
        ("10k", "3", "3333"),
        ("-10", "3", "-3"),
        ("1.5Gi", "2", "768Mi"),
        ("1Gi", "1e300", "0"),
        ("100m", "3", "33m"),
    ] {
        let quotient = Quantity::parse(dividend)
            .zip(Quantity::parse(divisor))
            .and_then(|(dividend, divisor)| dividend.divide(&divisor));
        assert_eq!(quotient.map(|quotient| quotient.to_string()).as_deref(), Some(expected));
    }
}

#[test]
fn exponents_cost_no_memory() {
    let large = Quantity::parse("1e2147483647").unwrap();
    let small = Quantity::parse("1n").unwrap();
    assert!(large.add(&small).is_none());
    assert!(large.divide(&small).is_none());
    assert_eq!(large.compare(&small), Ordering::Greater);
    assert_eq!(large.to_f64(), f64::INFINITY);
    let product = large.multiply(&large);
    assert!(product.is_none() || product.is_some_and(|product| !product.to_string().is_empty()));
}

#[test]
fn long_numbers_stay_exact() {
    let digits = "7".repeat(100_000);
    let left = Quantity::parse(&digits).unwrap();
    let right = Quantity::parse(&format!("{digits}.1")).unwrap();
    assert_eq!(left.compare(&right), Ordering::Less);
    assert!(left.multiply(&right).is_none());
}
