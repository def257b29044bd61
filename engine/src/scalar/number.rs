//! Numbers as Go reads and writes them.

mod hexadecimal;

use crate::value::{Text, Value};

/// Reads a whole number as `strconv.ParseInt` of base 10 does: an optional sign and digits.
pub fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Reads a number as `strconv.ParseFloat` does; one beyond all floats is none.
///
/// Also accepts `inf` and `infinity` in any case with a sign, `nan` without one, hexadecimal
/// numbers with an exponent such as `0x1p-2`, and single underscores between digits.
pub fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    // The words that Rust knows are settled above.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let without_underscores;
    let (text, unsigned) = if unsigned.contains('_') {
        if !underscores_separate_digits(unsigned) {
            return None;
        }
        without_underscores = text.replace('_', "");
        let unsigned = without_underscores.strip_prefix(['+', '-']);
        (without_underscores.as_str(), unsigned.unwrap_or(&without_underscores))
    } else {
        (text, unsigned)
    };
    let number = if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        let size = hexadecimal::parse(unsigned.get(2..)?)?;
        if text.starts_with('-') { -size } else { size }
    } else {
        text.parse().ok()?
    };
    number.is_finite().then_some(number)
}

/// Whether each underscore stands between two digits, or between the `0x` and a digit.
fn underscores_separate_digits(unsigned: &str) -> bool {
    let hexadecimal = unsigned.starts_with("0x") || unsigned.starts_with("0X");
    let is_digit = |byte: u8| byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit();
    let mut digit_before = false;
    let mut underscore_before = false;
    for (position, byte) in unsigned.bytes().enumerate() {
        let digit = is_digit(byte) || hexadecimal && position == 1;
        if byte == b'_' && !digit_before || underscore_before && !digit {
            return false;
        }
        digit_before = digit;
        underscore_before = byte == b'_';
    }
    !underscore_before
}

/// Writes a float as `%v` does: the shortest digits, with an exponent below -4 or from 6 on.
pub fn format_float(number: f64) -> String {
    let scientific = format_scientific(number, 'e');
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok());
    match exponent {
        Some(-4..=5) => format!("{number}"),
        _ => scientific,
    }
}

/// Writes a float as `%f` does, with six places.
pub fn format_fixed(number: f64) -> String {
    /// Whole numbers below are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.trunc() == number
        && number.abs() < EXACT
        && !(number == 0.0 && number.is_sign_negative())
    {
        return format!("{}.000000", number as i64);
    }
    if number.is_finite() { format!("{number:.6}") } else { not_finite(number).to_owned() }
}

/// Writes a float as `strconv.FormatFloat(number, 'E', -1, 64)` does: `1.5E+00`.
pub fn format_exponent(number: f64) -> String {
    format_scientific(number, 'E')
}

fn format_scientific(number: f64, letter: char) -> String {
    if !number.is_finite() {
        return not_finite(number).to_owned();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}{letter}-{exponent:0>2}"),
        None => format!("{digits}{letter}+{exponent:0>2}"),
    }
}

fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

enum Step<'t> {
    Value(Value<'t>),
    Key(Text<'t>),
    Mark(&'static str),
}

/// Writes a value as `%v` of Go does: `map[a:1 b:<nil>]`, `[x y]`, texts without quotes.
pub fn format_value(value: &Value<'_>) -> String {
    write(value, |number| number.to_string())
}

/// Writes a value of an object as `%v` of Go does: there, every number is a float (`1e+06`).
pub fn format_object_value(value: &Value<'_>) -> String {
    write(value, |number| format_float(number as f64))
}

/// Depth costs heap, not stack.
fn write(value: &Value<'_>, whole: fn(i64) -> String) -> String {
    let mut out = String::new();
    let mut steps = vec![Step::Value(value.clone())];
    while let Some(step) = steps.pop() {
        match step {
            Step::Mark(mark) => out.push_str(mark),
            Step::Key(key) => {
                out.push_str(&key);
                out.push(':');
            }
            Step::Value(Value::Int(number)) => out.push_str(&whole(number)),
            Step::Value(value) => write_or_open(&value, &mut out, &mut steps),
        }
    }
    out
}

fn write_or_open<'t>(value: &Value<'t>, out: &mut String, steps: &mut Vec<Step<'t>>) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&format_float(*value)),
        Value::String(text) => out.push_str(text),
        Value::List(_) | Value::Map(_) | Value::Node(_) => {
            steps.push(Step::Mark("]"));
            out.push_str(if value.is_map() { "map[" } else { "[" });
            let items = value.items().into_iter().flatten().map(|item| (None, item));
            let entries = value.entries().into_iter().flatten();
            let children: Vec<_> =
                items.chain(entries.map(|(key, value)| (Some(key), value))).collect();
            for (position, (key, value)) in children.into_iter().enumerate().rev() {
                steps.push(Step::Value(value));
                steps.extend(key.map(Step::Key));
                if position > 0 {
                    steps.push(Step::Mark(" "));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
