//! Variables of an environment as `github.com/subosito/gotenv` reads them (`gotenv.go`).
//!
//! Upstream fills in variables from its own environment first. Here a value depends on the text
//! alone: a variable that the text did not set before is empty.

use serde_json::{Map, Value};

use crate::ConfigError;

/// The bytes of all values together, with variables filled in.
const MAX_VALUES: usize = 64 << 20;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut values = Map::new();
    let mut left = MAX_VALUES;
    let mut lines = Lines { rest: text, number: 0 };
    while let Some(line) = lines.next() {
        let number = lines.number;
        let begun = line.trim();
        if begun.is_empty() || begun.starts_with('#') {
            continue;
        }
        let mut statement = begun.to_owned();
        if let Some(quote) = open_quote(begun) {
            lines
                .read_to_quote(&mut statement, quote)
                .map_err(|message| ConfigError::in_line(number, message))?;
        }
        let (key, value) = assignment(&statement, &values, &mut left)
            .map_err(|message| ConfigError::in_line(number, message))?;
        values.insert(key.to_owned(), Value::String(value));
    }
    Ok(Value::Object(values))
}

/// Lines that end in CR, LF or both.
struct Lines<'t> {
    rest: &'t str,
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find(['\r', '\n']);
        let line = self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default();
        let behind = self.rest.get(line.len()..).unwrap_or_default();
        let behind = behind.strip_prefix("\r\n").or(behind.get(1..));
        self.rest = behind.unwrap_or_default();
        self.number += 1;
        Some(line)
    }

    /// Adds the lines up to one that closes the quote.
    fn read_to_quote(&mut self, statement: &mut String, quote: char) -> Result<(), &'static str> {
        while let Some(line) = self.next() {
            statement.push('\n');
            statement.push_str(line);
            let before = line.rfind(quote).and_then(|end| line.get(..end));
            if before.is_some_and(|before| !before.ends_with('\\')) {
                return Ok(());
            }
        }
        Err("missing quotes")
    }
}

/// The quote that a value begins with and that its line does not close.
fn open_quote(line: &str) -> Option<char> {
    let delimiter = line.find('=').or(line.find(':')).filter(|at| *at > 0)?;
    let value = line.get(delimiter + 1..)?.trim();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let inside = value.get(1..)?.trim();
    match inside.rfind(quote) {
        Some(end) if value.as_bytes().get(end) != Some(&b'\\') => None,
        _ => Some(quote),
    }
}

fn assignment<'s>(
    statement: &'s str,
    values: &Map<String, Value>,
    left: &mut usize,
) -> Result<(&'s str, String), String> {
    let is_blank = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}');
    let no_match = || format!("line `{statement}` doesn't match format");
    let rest = match statement.strip_prefix("export") {
        Some(rest) if rest.starts_with(is_blank) => rest.trim_start_matches(is_blank),
        _ => statement,
    };
    let is_key = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    let length = rest.find(|character| !is_key(character)).unwrap_or(rest.len());
    let (key, rest) = rest.split_at(length);
    let value = match rest.trim_start_matches(is_blank).strip_prefix('=') {
        Some(value) => value,
        None => {
            rest.strip_prefix(':').filter(|rest| rest.starts_with(is_blank)).ok_or_else(no_match)?
        }
    };
    if key.is_empty() {
        return Err(no_match());
    }
    let value = written(value.trim_matches(is_blank)).ok_or_else(no_match)?.trim_matches(is_blank);
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let value = match (quoted('"'), quoted('\'')) {
        (Some(inside), _) => filled(&unescaped(inside), values, left)?,
        (None, Some(inside)) => inside.to_owned(),
        (None, None) => filled(value, values, left)?,
    };
    Ok((key, value))
}

/// The value without the comment behind it: a quoted one to the last quote that nothing but a
/// comment follows, another one to the first `#`.
fn written(value: &str) -> Option<&str> {
    // A comment goes to the end of its line, which has to be the last one.
    let last_break = value.rfind('\n').unwrap_or_default();
    let is_comment = |rest: &str| {
        let comment = rest.trim_start();
        let begins = value.len() - comment.len();
        comment.is_empty() || comment.starts_with('#') && begins >= last_break
    };
    if let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let ends = value.match_indices(quote).skip(1).map(|(at, _)| at + 1);
        let ends: Vec<_> = ends.collect();
        let end = ends.into_iter().rev().find(|end| value.get(*end..).is_some_and(is_comment));
        if let Some(end) = end {
            return value.get(..end);
        }
    }
    let end = value.find(['#', '\n']).unwrap_or(value.len());
    value.get(end..).is_some_and(is_comment).then_some(value.get(..end)?)
}

fn unescaped(text: &str) -> String {
    let text = text.replace("\\n", "\n").replace("\\r", "\r");
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, characters.as_str().chars().next()) {
            ('\\', Some(next)) if next != '$' => {
                characters.next();
                out.push(next);
            }
            _ => out.push(character),
        }
    }
    out
}

/// Fills in `$NAME` and `${NAME}`; `\$` is a dollar sign.
fn filled(text: &str, values: &Map<String, Value>, left: &mut usize) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let before = rest.get(..at).unwrap_or_default();
        let behind = rest.get(at + 1..).unwrap_or_default();
        rest = behind;
        if let Some(before) = before.strip_suffix('\\') {
            out.push_str(before);
            out.push('$');
            continue;
        }
        out.push_str(before);
        let inside = behind.strip_prefix('{').unwrap_or(behind);
        let is_name = |character: char| {
            character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_'
        };
        let length = inside.find(|character| !is_name(character)).unwrap_or(inside.len());
        let (name, after) = inside.split_at(length);
        if name.is_empty() {
            out.push('$');
            continue;
        }
        rest = after.strip_prefix('}').unwrap_or(after);
        let value = values.get(name).and_then(Value::as_str).unwrap_or_default();
        *left = left
            .checked_sub(value.len())
            .ok_or_else(|| format!("variables are filled in with more than {MAX_VALUES} bytes"))?;
        out.push_str(value);
    }
    out.push_str(rest);
    Ok(out)
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
            "A=1\n# no\n\nexport B = two words # no\r\nC: x\n",
            r#"{"A":"1","B":"two words","C":"x"}"#,
        );
        check(
            "A='a # b' # c\nB=\"a\"b\nC=\"a\\nb\\\"c\"\nD=\n",
            r#"{"A":"a # b","B":"\"a\"b","C":"a\nb\"c","D":""}"#,
        );
        check("A=\"one\ntwo\"\nB=1\n", r#"{"A":"one\ntwo","B":"1"}"#);
        check(
            "A=x\nB=${A}y\nC=\"\\$A $A\"\nD='$A'\nE=$a $NOT_SET.\n",
            r#"{"A":"x","B":"xy","C":"$A x","D":"$A","E":"$a ."}"#,
        );
    }

    #[test]
    fn what_is_none() {
        check("A=1\nexport B\n", "line 2, column 1: line `export B` doesn't match format");
        let bomb = format!("A={}\n{}", "x".repeat(1 << 20), "B=$A\n".repeat(99));
        assert!(parse(&bomb).unwrap_err().message.contains("more than 67108864 bytes"));
        check("A='x\n", "line 1, column 1: missing quotes");
        check("=x", "line 1, column 1: line `=x` doesn't match format");
    }
}
