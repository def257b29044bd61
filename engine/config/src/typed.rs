//! What texts without types stand for: numbers and truth values as Go's `strconv` reads them.

use ajj_engine::scalar::number::parse_float;
use serde_json::{Number, Value};

/// A number, a truth value, or the text itself (`parser/ini/ini.go`, `parser/hocon/hocon.go`).
pub(crate) fn typed(text: &str) -> Value {
    // Not a number and infinity have no JSON, and stay texts.
    if let Some(number) = parse_float(text).and_then(number) {
        return number;
    }
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Value::Bool(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    }
}

/// A number as JSON; whole ones without a fraction, as Go writes them.
pub(crate) fn number(value: f64) -> Option<Value> {
    /// Whole numbers up to here are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT && !(value == 0.0 && value.is_sign_negative()) {
        return Some(Value::Number((value as i64).into()));
    }
    Number::from_f64(value).map(Value::Number)
}
