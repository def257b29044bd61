//! The configuration of nginx in the shape of `parser/nginx/nginx.go`.
//!
//! Unlike conftest's parser, directives need not be in a list of known ones: modules bring more.

use serde_json::{Map, Value, json};

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};
use crate::scan::Cursor;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut cursor = Cursor::new(text);
    Ok(json!({ "directives": directives(&mut cursor, 0)? }))
}

fn directives(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Value>, ConfigError> {
    if depth > MAX_DEPTH {
        return Err(cursor.error(TOO_DEEP));
    }
    let mut found = Vec::new();
    loop {
        skip(cursor);
        match cursor.peek() {
            None if depth == 0 => return Ok(found),
            Some('}') if depth > 0 => {
                cursor.next();
                return Ok(found);
            }
            None => return Err(cursor.expected("`}`")),
            Some('{' | '}' | ';') => return Err(cursor.expected("a directive")),
            Some(_) => found.push(directive(cursor, depth)?),
        }
    }
}

fn directive(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, ConfigError> {
    let name = word(cursor)?.to_owned();
    let mut parameters = Vec::new();
    loop {
        skip(cursor);
        match cursor.peek() {
            Some(';') => {
                cursor.next();
                return Ok(shown(&name, parameters, None));
            }
            Some('{') if name.ends_with("_by_lua_block") => {
                skip_lua(cursor)?;
                return Ok(shown(&name, parameters, Some(Vec::new())));
            }
            Some('{') => {
                cursor.next();
                let block = directives(cursor, depth + 1)?;
                return Ok(shown(&name, parameters, Some(block)));
            }
            None | Some('}') => return Err(cursor.expected("`;`")),
            Some(_) => parameters.push(Value::from(word(cursor)?)),
        }
    }
}

fn shown(name: &str, parameters: Vec<Value>, block: Option<Vec<Value>>) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), name.into());
    if !parameters.is_empty() {
        map.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if let Some(block) = block {
        map.insert("block".to_owned(), json!({ "directives": block }));
    }
    Value::Object(map)
}

/// A word, with its quotes where it has them; `${name}` is a part of it.
fn word<'t>(cursor: &mut Cursor<'t>) -> Result<&'t str, ConfigError> {
    let start = cursor.position;
    if let Some(quote @ ('"' | '\'' | '`')) = cursor.peek() {
        cursor.next();
        loop {
            match cursor.next() {
                None => {
                    let message = format!("the text is not closed by `{quote}`");
                    return Err(ConfigError::at(cursor.text, start, message));
                }
                Some('\\') if cursor.peek() == Some(quote) => {
                    cursor.next();
                }
                Some(next) if next == quote => break,
                Some(_) => {}
            }
        }
    } else {
        let mut in_variable = false;
        let mut before = '\0';
        cursor.take_while(|next| {
            let goes_on = match next {
                '{' if before == '$' => {
                    in_variable = true;
                    true
                }
                '{' => in_variable,
                '}' => std::mem::take(&mut in_variable),
                next => !next.is_ascii_whitespace() && next != ';',
            };
            before = next;
            goes_on
        });
    }
    Ok(cursor.text.get(start..cursor.position).unwrap_or_default())
}

fn skip(cursor: &mut Cursor<'_>) {
    loop {
        cursor.take_while(|next| next.is_ascii_whitespace());
        if cursor.peek() != Some('#') {
            return;
        }
        cursor.take_while(|next| next != '\n');
    }
}

/// Steps over a block of Lua, whose braces are balanced.
fn skip_lua(cursor: &mut Cursor<'_>) -> Result<(), ConfigError> {
    let start = cursor.position;
    let mut open = 0_usize;
    while let Some(next) = cursor.next() {
        match next {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Ok(());
        }
    }
    Err(ConfigError::at(cursor.text, start, "the block is not closed by `}`"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn directives() {
        check(
            "user a; # why\nhttp {\n server { listen 80 default; }\n}\n",
            concat!(
                r#"{"directives":[{"name":"user","parameters":["a"]},{"block":{"directives":[{"block":"#,
                r#"{"directives":[{"name":"listen","parameters":["80","default"]}]},"name":"server"}]},"name":"http"}]}"#,
            ),
        );
        check(
            "log 'a; \\' {' ${b}c{}",
            r#"{"directives":[{"block":{"directives":[]},"name":"log","parameters":["'a; \\' {'","${b}c"]}]}"#,
        );
    }

    #[test]
    fn what_is_none() {
        check("a", "line 1, column 2: expected `;`, found the end of the text");
        check("a {", "line 1, column 4: expected `}`, found the end of the text");
        check("}", "line 1, column 1: expected a directive, found `}`");
        check("a 'b", "line 1, column 3: the text is not closed by `'`");
        assert!(parse(&"a {".repeat(9999)).unwrap_err().message.contains("128 levels"));
    }
}
