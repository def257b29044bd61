//! Properties as `github.com/magiconair/properties` reads them (`lex.go`, `properties.go`): texts
//! only, with `${key}` filled in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ConfigError;
use crate::scan::Cursor;

/// How many keys may lead from one to the next.
const MAX_EXPANSIONS: usize = 64;
/// The bytes of all values whose keys are filled in, counted at each step.
const MAX_EXPANDED: usize = 64 << 20;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut cursor = Cursor::new(text);
    let mut entries: BTreeMap<String, String> = BTreeMap::new();
    loop {
        cursor.take_while(|character| is_blank(character) || is_break(character));
        match cursor.peek() {
            None => break,
            Some('#' | '!') => {
                cursor.take_while(|character| !is_break(character));
                continue;
            }
            Some(_) => {}
        }
        let key = read(&mut cursor, false)?;
        cursor.take_while(is_blank);
        if matches!(cursor.peek(), Some(':' | '=')) {
            cursor.next();
        }
        cursor.take_while(is_blank);
        let value = read(&mut cursor, true)?;
        // A delimiter without a key is an error upstream too.
        if key.is_empty() {
            return Err(cursor.error("expected a key before the value"));
        }
        entries.insert(key, value);
    }
    let mut values = Map::new();
    let mut left = MAX_EXPANDED;
    for (key, value) in &entries {
        let expanded = expand(value, &entries, &mut left)
            .map_err(|message| ConfigError::new(format!("key `{key}`: {message}")))?;
        values.insert(key.clone(), Value::String(expanded));
    }
    Ok(Value::Object(values))
}

/// Reads a key, or a value to the end of its line.
fn read(cursor: &mut Cursor<'_>, is_value: bool) -> Result<String, ConfigError> {
    let mut out = String::new();
    while let Some(character) = cursor.peek() {
        let ends = match is_value {
            true => is_break(character),
            false => is_blank(character) || is_break(character) || matches!(character, ':' | '='),
        };
        if ends {
            break;
        }
        cursor.next();
        if character != '\\' {
            out.push(character);
            continue;
        }
        match cursor.peek() {
            Some(next) if is_value && is_break(next) => {
                cursor.next();
                cursor.take_while(is_blank);
            }
            Some('u') => {
                cursor.next();
                out.push(unicode(cursor)?);
            }
            Some(escaped) => {
                cursor.next();
                out.push(match escaped {
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
            }
            None => return Err(cursor.error("expected a character behind `\\`")),
        }
    }
    Ok(out)
}

fn unicode(cursor: &mut Cursor<'_>) -> Result<char, ConfigError> {
    let digits =
        cursor.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(digits) = digits else {
        return Err(cursor.error("expected four hexadecimal digits behind `\\u`"));
    };
    cursor.position += 4;
    let code = u32::from_str_radix(digits, 16).unwrap_or_default();
    // Halves of surrogate pairs are no characters; Go replaces them too.
    Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// Fills in `${key}`. A key that is not there is empty, as one of the environment that is not set.
fn expand(
    value: &str,
    entries: &BTreeMap<String, String>,
    left: &mut usize,
) -> Result<String, String> {
    let mut value = value.to_owned();
    for _ in 0..MAX_EXPANSIONS {
        let Some(start) = value.find("${") else { return Ok(value) };
        let behind = value.get(start + 2..).unwrap_or_default();
        let Some(length) = behind.find('}') else {
            return Err("`${` is not closed by `}`".to_owned());
        };
        let name = behind.get(..length).unwrap_or_default();
        let filled = entries.get(name).map_or("", String::as_str);
        let rest = behind.get(length + 1..).unwrap_or_default();
        let before = value.get(..start).unwrap_or_default();
        *left = left
            .checked_sub(before.len() + filled.len() + rest.len())
            .ok_or_else(|| format!("keys are filled in with more than {MAX_EXPANDED} bytes"))?;
        value = format!("{before}{filled}{rest}");
    }
    Err("it refers to itself, or through too many keys".to_owned())
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{c}')
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn keys_and_values() {
        check("a=1\nb : two words \n! no\n# no\nc\n", r#"{"a":"1","b":"two words ","c":""}"#);
        check("a = x\\\n   y\nk\\ k=\\u00e9\\t\n", r#"{"a":"xy","k k":"é\t"}"#);
        check("a=1\na=2", r#"{"a":"2"}"#);
        check("a=x${b}z\nb=y${c}\n", r#"{"a":"xyz","b":"y"}"#);
    }

    #[test]
    fn what_is_none() {
        check("a=${a}\n", "key `a`: it refers to itself, or through too many keys");
        let bomb: String = (0..99).map(|key| format!("k{key}=${{a}}\n")).collect();
        let bomb = format!("a={}\n{bomb}", "x".repeat(1 << 20));
        assert!(parse(&bomb).unwrap_err().message.contains("more than 67108864 bytes"));
        check("a=${b\n", "key `a`: `${` is not closed by `}`");
        check("a=\\u12\n", "line 1, column 5: expected four hexadecimal digits behind `\\u`");
        check("=1", "line 1, column 3: expected a key before the value");
    }
}
