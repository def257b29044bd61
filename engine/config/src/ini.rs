//! INI as `github.com/go-ini/ini` reads it (`parser.go`), with types as in `parser/ini/ini.go`.

use serde_json::{Map, Value};

use crate::ConfigError;
use crate::typed::typed;

/// The section of keys that stand before any section; conftest leaves it out.
const DEFAULT_SECTION: &str = "DEFAULT";

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut sections = Map::new();
    let mut section = DEFAULT_SECTION.to_owned();
    let mut numbered = 1;
    let mut lines = Lines { rest: text, number: 0 };
    while let Some(line) = lines.next() {
        let line_number = lines.number;
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let Some(end) = rest.rfind(']') else {
                return Err(ConfigError::in_line(line_number, "the section is not closed by `]`"));
            };
            section = rest.get(..end).unwrap_or_default().to_owned();
            if section.is_empty() {
                return Err(ConfigError::in_line(line_number, "empty section name"));
            }
            sections.entry(section.clone()).or_insert_with(|| Value::Object(Map::new()));
            numbered = 1;
            continue;
        }
        let (key, rest) =
            key(line).map_err(|message| ConfigError::in_line(line_number, message))?;
        let key = match key {
            "-" => {
                numbered += 1;
                format!("#{}", numbered - 1)
            }
            key => key.to_owned(),
        };
        let value =
            lines.value(rest).map_err(|message| ConfigError::in_line(line_number, message))?;
        if key.is_empty() {
            return Err(ConfigError::in_line(line_number, "empty key name"));
        }
        let entries = sections.entry(section.clone()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(entries) = entries {
            entries.insert(key, typed(&value));
        }
    }
    sections.remove(DEFAULT_SECTION);
    Ok(Value::Object(sections))
}

/// A key, which may stand in quotes, and what is behind its delimiter.
fn key(line: &str) -> Result<(&str, &str), &'static str> {
    const NO_DELIMITER: &str = "expected `=` or `:` behind a key";
    let quote = match line {
        _ if line.starts_with("\"\"\"") && line.len() > 6 => "\"\"\"",
        _ if line.starts_with('"') => "\"",
        _ if line.starts_with('`') => "`",
        _ => {
            let (key, rest) = line.split_once(['=', ':']).ok_or(NO_DELIMITER)?;
            return match key {
                "" => Err("empty key name"),
                key => Ok((key.trim(), rest)),
            };
        }
    };
    let inside = line.get(quote.len()..).unwrap_or_default();
    let (key, behind) = inside.split_once(quote).ok_or("the quote of the key is not closed")?;
    let (_, rest) = behind.split_once(['=', ':']).ok_or(NO_DELIMITER)?;
    Ok((key.trim(), rest))
}

/// Lines with their breaks: values may go on for several.
struct Lines<'t> {
    rest: &'t str,
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let line = self.rest.split_inclusive('\n').next()?;
        self.rest = self.rest.get(line.len()..).unwrap_or_default();
        self.number += 1;
        Some(line)
    }

    fn value(&mut self, behind_key: &'t str) -> Result<String, &'static str> {
        let line = behind_key.trim_start();
        for quote in ["\"\"\"", "`"] {
            let Some(inside) = line.strip_prefix(quote).filter(|_| line.len() > quote.len()) else {
                continue;
            };
            return match inside.rfind(quote) {
                Some(end) => Ok(inside.get(..end).unwrap_or_default().to_owned()),
                None => self.value_of_lines(inside, quote),
            };
        }
        let line = line.trim();
        if let Some(begun) = line.strip_suffix('\\') {
            return Ok(self.continued(begun));
        }
        let line = line.split(['#', ';']).next().unwrap_or_default().trim();
        for quote in ['\'', '"'] {
            let inside = line.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            if let Some(inside) = inside.filter(|inside| !inside.contains(quote)) {
                return Ok(inside.to_owned());
            }
        }
        Ok(line.to_owned())
    }

    fn value_of_lines(&mut self, begun: &str, quote: &str) -> Result<String, &'static str> {
        let mut value = begun.to_owned();
        while let Some(line) = self.next() {
            match line.rfind(quote) {
                Some(end) => {
                    value.push_str(line.get(..end).unwrap_or_default());
                    return Ok(value);
                }
                None => value.push_str(line),
            }
        }
        Err("the quote of the value is not closed")
    }

    fn continued(&mut self, begun: &str) -> String {
        let mut value = begun.to_owned();
        while let Some(line) = self.next().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_suffix('\\') {
                Some(line) => value.push_str(line),
                None => {
                    value.push_str(line);
                    break;
                }
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn values() {
        check("[a]\nx = 1\ny: yes ; why\n", r#"{"a":{"x":1,"y":"yes"}}"#);
        check(
            "[a]\nx = true\ny='t u'\nz=\"a\"b\"\n",
            r#"{"a":{"x":true,"y":"t u","z":"\"a\"b\""}}"#,
        );
        check("[a]\nx = 1_000\ny = 0x1p4\nz = 0x10\n", r#"{"a":{"x":1000,"y":16,"z":"0x10"}}"#);
        check("[a]\nx=Inf\ny=1e400\nz=.5\n", r#"{"a":{"x":"Inf","y":"1e400","z":0.5}}"#);
        check("[a]\nx=\"\"\"one\ntwo\"\"\"\ny=`p#q`\n", r#"{"a":{"x":"one\ntwo","y":"p#q"}}"#);
        check("[a]\nx = a\\\n  b\\\n  c\ny=\n", r#"{"a":{"x":"abc","y":""}}"#);
    }

    #[test]
    fn keys_and_sections() {
        check("x = 1\n[a]\n[b]\n- = p\n- = q\n", r##"{"a":{},"b":{"#1":"p","#2":"q"}}"##);
        check("[a]\n\"k k\" = 1\n[a]\nm = 2\n", r#"{"a":{"k k":1,"m":2}}"#);
    }

    #[test]
    fn what_is_none() {
        check("[a]\nx\n", "line 2, column 1: expected `=` or `:` behind a key");
        check("[]\n", "line 1, column 1: empty section name");
        check("[a\n", "line 1, column 1: the section is not closed by `]`");
        check("[a]\n=1\n", "line 2, column 1: empty key name");
        check("[a]\n\nx=`p\n", "line 3, column 1: the quote of the value is not closed");
    }
}
