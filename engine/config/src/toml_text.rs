//! TOML, with dates and times as texts in the manner of Go's JSON.

use serde_json::{Map, Value};
use toml::value::{Date, Datetime, Offset, Time};

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};
use crate::typed::number;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let message = error.message().to_owned();
        match error.span() {
            Some(span) => ConfigError::at(text, span.start, message),
            None => ConfigError::new(message),
        }
    })?;
    converted(toml::Value::Table(table), 0)
}

fn converted(value: toml::Value, depth: usize) -> Result<Value, ConfigError> {
    if depth > MAX_DEPTH {
        return Err(ConfigError::new(TOO_DEEP));
    }
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(value) => Value::Number(value.into()),
        toml::Value::Float(value) => match number(value) {
            Some(value) => value,
            None => return Err(ConfigError::new(format!("the number {value} has no JSON"))),
        },
        toml::Value::Boolean(value) => Value::Bool(value),
        toml::Value::Datetime(value) => Value::String(date_time(&value)),
        toml::Value::Array(items) => Value::Array(
            items.into_iter().map(|item| converted(item, depth + 1)).collect::<Result<_, _>>()?,
        ),
        toml::Value::Table(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key, converted(value, depth + 1)?);
            }
            Value::Object(map)
        }
    })
}

/// A date or time as `time.Time` is written; what is not said is the first day, and UTC.
fn date_time(value: &Datetime) -> String {
    let Date { year, month, day } = value.date.unwrap_or(Date { year: 0, month: 1, day: 1 });
    let midnight = Time { hour: 0, minute: 0, second: None, nanosecond: None };
    let Time { hour, minute, second, nanosecond } = value.time.unwrap_or(midnight);
    let second = second.unwrap_or_default();
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if let Some(nanosecond) = nanosecond.filter(|nanosecond| *nanosecond != 0) {
        let digits = format!("{nanosecond:09}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    match value.offset {
        Some(Offset::Custom { minutes }) if minutes != 0 => {
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.unsigned_abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        _ => text.push('Z'),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn values() {
        check(
            "a = 1\nb = 1.0\nc = 1.5\n[t]\nd = [true]\n",
            r#"{"a":1,"b":1,"c":1.5,"t":{"d":[true]}}"#,
        );
        check("a = 1979-05-27T07:32:00.120Z\n", r#"{"a":"1979-05-27T07:32:00.12Z"}"#);
        check("a = 1979-05-27T00:32:00-07:00\n", r#"{"a":"1979-05-27T00:32:00-07:00"}"#);
        check(
            "a = 1979-05-27\nb = 07:32:00\n",
            r#"{"a":"1979-05-27T00:00:00Z","b":"0000-01-01T07:32:00Z"}"#,
        );
        check("a = inf\n", "the number inf has no JSON");
    }

    #[test]
    fn what_is_none_has_a_place() {
        let error = parse("a = 1\nb = \n").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column "), "{error}");
        assert!(parse(&format!("a = {}{}", "[".repeat(5000), "]".repeat(5000))).is_err());
    }
}
