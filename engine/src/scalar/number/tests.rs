use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[test]
fn floats_are_read_as_go_reads_them() {
    for (text, expected) in [
        ("1", Some(1.0)),
        ("+1.5e3", Some(1500.0)),
        ("1.", Some(1.0)),
        (".5", Some(0.5)),
        (".", None),
        ("", None),
        ("-", None),
        ("e5", None),
        ("1e", None),
        ("1e+", None),
        (" 1", None),
        ("1Gi", None),
        ("inf", Some(f64::INFINITY)),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("infin", None),
        ("+nan", None),
        ("1e400", None),
        ("1e-400", Some(0.0)),
        ("1_000.5_0", Some(1000.5)),
        ("1__0", None),
        ("_1", None),
        ("1_", None),
        ("1_.5", None),
        ("0x", None),
        ("0x1", None),
        ("0x1p-2", Some(0.25)),
        ("-0X1.8P3", Some(-12.0)),
        ("0x_1p0", Some(1.0)),
        ("0x.p1", None),
        ("0x1p", None),
        ("0x1p1024", None),
        ("0x1p-1074", Some(5e-324)),
        ("0x1p-1075", Some(0.0)),
        ("0x1.8p-1075", Some(5e-324)),
        ("0x1.fffffffffffff8p0", Some(2.0)),
        ("0x20000000000001p0", Some(9_007_199_254_740_992.0)),
        ("0x20000000000001000000000001p-48", Some(9_007_199_254_740_994.0)),
        ("0x0.0000000000000000000000001p100", Some(1.0)),
    ] {
        assert_eq!(parse_float(text), expected, "`{text}`");
    }
    assert!(parse_float("NaN").is_some_and(f64::is_nan));
}

#[test]
fn whole_numbers_are_read_as_go_reads_them() {
    for (text, expected) in [
        ("+7", Some(7)),
        ("-0", Some(0)),
        ("007", Some(7)),
        ("1_0", None),
        ("1.0", None),
        ("0x1", None),
        ("9223372036854775808", None),
        ("-9223372036854775808", Some(i64::MIN)),
    ] {
        assert_eq!(parse_int(text), expected, "`{text}`");
    }
}

#[test]
fn floats_are_written_as_go_writes_them() {
    for (number, plain, fixed, exponent) in [
        (0.0, "0", "0.000000", "0E+00"),
        (-0.0, "-0", "-0.000000", "-0E+00"),
        (1.5, "1.5", "1.500000", "1.5E+00"),
        (0.0001, "0.0001", "0.000100", "1E-04"),
        (0.00001, "1e-05", "0.000010", "1E-05"),
        (999_999.0, "999999", "999999.000000", "9.99999E+05"),
        (1_234_567.0, "1.234567e+06", "1234567.000000", "1.234567E+06"),
        (1e21, "1e+21", "1000000000000000000000.000000", "1E+21"),
        (f64::INFINITY, "+Inf", "+Inf", "+Inf"),
        (f64::NAN, "NaN", "NaN", "NaN"),
    ] {
        assert_eq!(format_float(number), plain);
        assert_eq!(format_fixed(number), fixed);
        assert_eq!(format_exponent(number), exponent);
    }
}

#[test]
fn values_are_written_as_go_writes_them() {
    let map = BTreeMap::from([
        (Text::from("b"), Value::Null),
        (Text::from("a"), Value::from(vec![Value::Int(1), Value::from("x"), Value::Bool(true)])),
        (Text::from("c"), Value::from(BTreeMap::new())),
    ]);
    assert_eq!(format_value(&Value::from(map)), "map[a:[1 x true] b:<nil> c:map[]]");
    assert_eq!(format_value(&Value::from(vec![])), "[]");
}

#[test]
fn a_deep_value_is_written_without_recursion() {
    let mut value = Value::Null;
    for _ in 0..10_000 {
        value = Value::from(vec![value]);
    }
    assert_eq!(format_value(&value).len(), 20_005);
    // Dropping is the caller's matter: taken apart here.
    while let Some(inner) = value.item(0) {
        value = inner;
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        prop_assert_eq!(parse_float(&format_float(number)), Some(number));
        prop_assert_eq!(parse_float(&format_exponent(number)), Some(number));
    }

    #[test]
    fn hexadecimal_numbers_keep_their_value(mantissa in any::<u64>(), exponent in -1200i64..1100) {
        // Whole numbers of 53 bits and powers of two are exact, so this product is rounded once.
        let mantissa = mantissa >> 11;
        let expected = if exponent >= 0 {
            mantissa as f64 * 2f64.powi(exponent.min(1023) as i32) * 2f64.powi((exponent - 1023).max(0) as i32)
        } else {
            mantissa as f64 * 2f64.powi(exponent.max(-1022) as i32) * 2f64.powi((exponent + 1022).min(0) as i32)
        };
        let read = parse_float(&format!("0x{mantissa:x}p{exponent}"));
        prop_assert_eq!(read, Some(expected).filter(|expected| expected.is_finite()));
    }
}
