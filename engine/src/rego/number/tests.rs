use super::*;

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

/// What an operation answers, or the error.
fn compute(left: &str, operation: &str, right: &str) -> String {
    let (left, right) = (number(left), number(right));
    let result = match operation {
        "+" => left.plus(&right),
        "-" => left.minus(&right),
        "*" => left.times(&right),
        "/" => left.over(&right),
        "%" => left.remainder(&right),
        "&" => left.bitwise(&right, |left, right| left & right),
        "<<" => left.shift_left(&right),
        ">>" => left.shift_right(&right),
        "abs" => left.abs(),
        "round" => left.round(),
        "ceil" => left.ceil(),
        "floor" => left.floor(),
        _ => unreachable!(),
    };
    result.map_or_else(|error| format!("{error:?}"), |number| number.to_string())
}

/// As `opa eval` answers.
#[test]
fn operations_are_those_of_opa() {
    for (left, operation, right, expected) in [
        ("0.1", "+", "0.2", "0.3"),
        ("1.10", "+", "1.10", "2.2"),
        ("1.0", "+", "2", "3"),
        ("1e30", "+", "1", "1000000000000000000000000000001"),
        ("9223372036854775807", "+", "1", "9223372036854775808"),
        ("-9223372036854775808", "-", "1", "-9223372036854775809"),
        ("1.50", "+", "0", "1.5"),
        ("0.1", "*", "3", "0.3"),
        ("0", "*", "-1.5", "-0"),
        ("3.0", "*", "2", "6"),
        ("1e-7", "*", "1", "1e-07"),
        ("0.00001", "*", "1.5", "1.49999999999999999995e-05"),
        ("123456.5", "*", "10.1", "1.2469106500000000001e+06"),
        ("12345678.5", "*", "1", "1.23456785e+07"),
        ("1e21", "*", "1.5", "1500000000000000000000"),
        ("1e30", "*", "1.5", "1500000000000000000000000000000"),
        ("100000000000000000000000", "*", "1.5", "150000000000000000000000"),
        ("-1e-400", "*", "1.5", "-1.5e-400"),
        ("3000000000", "*", "4000000000", "12000000000000000000"),
        ("1", "/", "3", "0.33333333333333333334"),
        ("2", "/", "3", "0.6666666666666666667"),
        ("1", "/", "7", "0.14285714285714285714"),
        ("5", "/", "2", "2.5"),
        ("100.0", "/", "10", "10"),
        ("6", "/", "-3", "-2"),
        ("0", "/", "-3", "-0"),
        ("1.5", "/", "0", "DivideByZero"),
        ("5", "/", "-0.0", "DivideByZero"),
        ("7", "%", "2.0", "1"),
        ("-5", "%", "3", "-2"),
        ("-9223372036854775808", "%", "-1", "0"),
        ("7", "%", "2.5", "ModuloOfFraction"),
        ("7", "%", "0", "ModuloByZero"),
        ("1.0", "&", "3", "1"),
        ("1.5", "&", "3", "Fraction"),
        ("-2", "&", "255", "254"),
        ("1", "<<", "100", "1267650600228229401496703205376"),
        ("1", "<<", "-1", "NegativeShift"),
        ("-5", ">>", "1", "-3"),
        ("-5", ">>", "100000000000000000000", "-1"),
        ("18446744073709551617", "abs", "0", "18446744073709551616"),
        ("-9223372036854775808", "abs", "0", "9223372036854775808"),
        ("-1.50", "abs", "0", "1.5"),
        ("-2.5", "round", "0", "-3"),
        ("2.5", "round", "0", "3"),
        ("-0.4", "round", "0", "0"),
        ("1e30", "round", "0", "1000000000000000000024696061952"),
        ("1e30", "ceil", "0", "1000000000000000000024696061952"),
        ("-0.5", "ceil", "0", "1"),
        ("0.5", "ceil", "0", "1"),
        ("-1.5", "ceil", "0", "-1"),
        ("-0.5", "floor", "0", "0"),
        ("-1.5", "floor", "0", "-2"),
        ("1.5e30", "floor", "0", "1500000000000000000002684354560"),
    ] {
        let found = compute(left, operation, right);
        assert_eq!(found, expected, "{left} {operation} {right}");
    }
}

#[test]
fn what_is_too_large_is_an_error_and_not_a_wait() {
    for (left, operation, right) in [
        ("1e1000000000", "+", "1"),
        ("1e1000000000", "*", "1.5"),
        ("1e-1000000000", "+", "1.5"),
        ("1e99999999999999999999", "/", "3"),
        ("1e4000", "*", "1e4000"),
        ("1.5e4000", "*", "1e4000"),
        ("1", "<<", "1000000000"),
        ("1", "<<", "100000000000000000000"),
        ("1e1000000000", "floor", "0"),
    ] {
        assert_eq!(compute(left, operation, right), "TooLarge", "{left} {operation} {right}");
    }
    let long = "9".repeat(6_000);
    assert_eq!(compute(&long, "+", "1"), "TooLarge");
}

#[test]
fn numbers_are_compared_whatever_their_texts() {
    for (left, right, expected) in [
        ("1", "1.0", Ordering::Equal),
        ("1e3", "1000.00", Ordering::Equal),
        ("-0", "0.0", Ordering::Equal),
        ("1.50", "1.5", Ordering::Equal),
        ("10.0", "1", Ordering::Greater),
        ("0.1", "0.10000000000000000001", Ordering::Less),
        ("9007199254740993", "9007199254740992.0", Ordering::Greater),
        ("-1e400", "-1e399", Ordering::Less),
        ("1e1000000000", "9e999999999", Ordering::Greater),
        ("-1", "1e-5000000", Ordering::Less),
        ("12", "9.5", Ordering::Greater),
    ] {
        assert_eq!(number(left).compare(&number(right)), expected, "{left} {right}");
        assert_eq!(number(right).compare(&number(left)), expected.reverse(), "{right} {left}");
    }
}

#[test]
fn texts_stay_as_written() {
    for text in ["1.50", "1e3", "-0", "0", "18446744073709551616", "-7", "1E+2"] {
        assert_eq!(number(text).to_string(), text);
    }
    assert_eq!(number("1.0").as_i64(), None);
    assert_eq!(number("-0").as_i64(), Some(0));
    for text in ["", "-", ".", "1e", "abc", "1.2.3", "0x10", "١"] {
        assert!(Number::parse(text).is_none(), "{text}");
    }
}

#[test]
fn floats_are_written_as_go_does() {
    for (value, expected) in [
        (1.5, "1.5"),
        (1e6, "1e+06"),
        (100.0, "100"),
        (1e-5, "1e-05"),
        (123456789.0, "1.23456789e+08"),
        (-0.0, "-0"),
    ] {
        assert_eq!(Number::from(value).to_string(), expected);
    }
}
