//! HOCON in the shape of `parser/hocon/hocon.go`: values are typed texts, and lists are the texts
//! that `github.com/go-akka/configuration` prints.
//!
//! `include` and `+=` are errors: the one needs files, the other breaks upstream.

mod resolve;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};
use crate::scan::Cursor;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut reader = Reader { cursor: Cursor::new(text), depth: 0 };
    let mut root = Object::new();
    reader.skip();
    let has_braces = reader.cursor.eat("{");
    reader.entries(&mut root, has_braces)?;
    reader.skip();
    match reader.cursor.is_at_end() {
        true => resolve::resolved(&root),
        false => Err(reader.cursor.expected("the end of the text")),
    }
}

/// Keys and all values they were given, in their order.
type Object = BTreeMap<String, Vec<Raw>>;

/// A value as it is written.
enum Raw {
    Object(Object),
    /// Pieces beside each other.
    Pieces(Vec<Piece>),
}

enum Piece {
    Text(String),
    List(Vec<Raw>),
    Substitution { path: Vec<String>, is_optional: bool },
}

struct Reader<'t> {
    cursor: Cursor<'t>,
    depth: usize,
}

impl Reader<'_> {
    /// Steps over blanks, line breaks and comments.
    fn skip(&mut self) {
        loop {
            self.cursor.take_while(|next| next.is_whitespace() || next == '\u{feff}');
            if self.cursor.peek() != Some('#') && !self.cursor.rest().starts_with("//") {
                return;
            }
            self.cursor.take_while(|next| next != '\n');
        }
    }

    fn entries(&mut self, object: &mut Object, has_braces: bool) -> Result<(), ConfigError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.cursor.error(TOO_DEEP));
        }
        loop {
            self.skip();
            match self.cursor.peek() {
                Some(',') => {
                    self.cursor.next();
                }
                Some('}') if has_braces => {
                    self.cursor.next();
                    break;
                }
                None if !has_braces => break,
                _ => self.entry(object)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn entry(&mut self, object: &mut Object) -> Result<(), ConfigError> {
        if self.cursor.rest().starts_with("include") {
            let begun = self.cursor.position;
            self.cursor.eat("include");
            self.skip();
            if self.cursor.peek() == Some('"') {
                return Err(self.cursor.error("`include` is not supported by ajj"));
            }
            self.cursor.position = begun;
        }
        let path = self.path()?;
        if self.depth + path.len() > MAX_DEPTH {
            return Err(self.cursor.error(TOO_DEEP));
        }
        self.skip();
        if self.cursor.eat("+=") {
            return Err(self.cursor.error("`+=` is not supported by ajj"));
        }
        let has_sign = self.cursor.eat("=") || self.cursor.eat(":");
        if has_sign {
            self.skip();
        }
        if self.cursor.peek() == Some('{') {
            self.cursor.next();
            return in_object(object, &path, |object| self.entries(object, true));
        }
        if !has_sign {
            return Err(self.cursor.expected("`=`, `:` or `{` behind the key"));
        }
        let value = Raw::Pieces(self.pieces()?);
        if let Some((last, before)) = path.split_last() {
            in_object(object, before, |object| {
                object.entry(last.clone()).or_default().push(value);
            });
        }
        Ok(())
    }

    /// Keys between dots; those in quotes may have dots.
    fn path(&mut self) -> Result<Vec<String>, ConfigError> {
        let mut path = Vec::new();
        loop {
            let key = match self.cursor.peek() {
                Some('"') => self.quoted()?,
                _ => {
                    let key = self.cursor.take_while(|next| {
                        !NOT_IN_TEXT.contains(&next) && !matches!(next, '.' | '\n')
                    });
                    key.trim().to_owned()
                }
            };
            if key.is_empty() {
                return Err(self.cursor.expected("a key"));
            }
            path.push(key);
            if !self.cursor.eat(".") {
                return Ok(path);
            }
        }
    }

    /// What stands beside each other until the line or the element ends.
    fn pieces(&mut self) -> Result<Vec<Piece>, ConfigError> {
        let start = self.cursor.position;
        let mut pieces = Vec::new();
        loop {
            let blanks = self.cursor.take_while(|next| matches!(next, ' ' | '\t'));
            let rest = self.cursor.rest();
            match self.cursor.peek() {
                None | Some('\n' | '\r' | ',' | '}' | ']' | '#') => break,
                _ if rest.starts_with("//") => break,
                Some(_) if !blanks.is_empty() && !pieces.is_empty() => {
                    pieces.push(Piece::Text(blanks.to_owned()));
                }
                Some(_) => {}
            }
            if rest.starts_with("\"\"\"") {
                self.cursor.eat("\"\"\"");
                match self.cursor.take_until("\"\"\"") {
                    Some(text) => pieces.push(Piece::Text(text.to_owned())),
                    None => return Err(self.cursor.error("the text is not closed by `\"\"\"`")),
                }
            } else if rest.starts_with('"') {
                pieces.push(Piece::Text(self.quoted()?));
            } else if rest.starts_with('[') {
                pieces.push(Piece::List(self.list()?));
            } else if rest.starts_with("${") {
                pieces.push(self.substitution()?);
            } else {
                let text = self.unquoted();
                if text.is_empty() {
                    return Err(self.cursor.expected("a value"));
                }
                pieces.push(Piece::Text(text));
            }
        }
        match pieces.is_empty() {
            true => Err(ConfigError::at(self.cursor.text, start, "expected a value")),
            false => Ok(pieces),
        }
    }

    fn unquoted(&mut self) -> String {
        let rest = self.cursor.rest();
        let end = rest.find(|next: char| NOT_IN_TEXT.contains(&next) || next.is_whitespace());
        let end = end.unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        // A comment ends a text too.
        let text = text.split("//").next().unwrap_or_default();
        self.cursor.position += text.len();
        text.to_owned()
    }

    fn quoted(&mut self) -> Result<String, ConfigError> {
        let start = self.cursor.position;
        self.cursor.next();
        let mut text = String::new();
        loop {
            match self.cursor.next() {
                None => {
                    let message = "the text is not closed by `\"`";
                    return Err(ConfigError::at(self.cursor.text, start, message));
                }
                Some('"') => return Ok(text),
                Some('\\') => text.push(match self.cursor.next() {
                    Some(same @ ('"' | '\\' | '/')) => same,
                    Some('b') => '\u{8}',
                    Some('f') => '\u{c}',
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('u') => {
                        let code = self.cursor.rest().get(..4);
                        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
                        let Some(code) = code else {
                            return Err(self.cursor.expected("four hexadecimal digits"));
                        };
                        self.cursor.position += 4;
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => return Err(self.cursor.error("this escape is not known")),
                }),
                Some(character) => text.push(character),
            }
        }
    }

    fn list(&mut self) -> Result<Vec<Raw>, ConfigError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.cursor.error(TOO_DEEP));
        }
        self.cursor.next();
        let mut items = Vec::new();
        loop {
            self.skip();
            match self.cursor.peek() {
                None => return Err(self.cursor.expected("`]`")),
                Some(']') => break,
                Some(',') => {
                    self.cursor.next();
                }
                Some('{') => {
                    self.cursor.next();
                    let mut object = Object::new();
                    self.entries(&mut object, true)?;
                    items.push(Raw::Object(object));
                }
                Some(_) => items.push(Raw::Pieces(self.pieces()?)),
            }
        }
        self.cursor.next();
        self.depth -= 1;
        Ok(items)
    }

    fn substitution(&mut self) -> Result<Piece, ConfigError> {
        self.cursor.eat("${");
        let is_optional = self.cursor.eat("?");
        let path = self.path()?;
        match self.cursor.eat("}") {
            true => Ok(Piece::Substitution { path, is_optional }),
            false => Err(self.cursor.expected("`}`")),
        }
    }
}

/// What no text without quotes has.
const NOT_IN_TEXT: &[char] = &[
    '$', '"', '{', '}', '[', ']', ':', '=', '+', ',', '#', '`', '^', '?', '!', '@', '*', '&', '\\',
];

/// What is done with the object under a key: objects of one key are one, and come behind anything
/// else the key has.
fn in_object<T>(object: &mut Object, path: &[String], work: impl FnOnce(&mut Object) -> T) -> T {
    let Some((key, rest)) = path.split_first() else { return work(object) };
    let values = object.entry(key.clone()).or_default();
    let mut inner = match values.pop() {
        Some(Raw::Object(inner)) => inner,
        other => {
            values.extend(other);
            Object::new()
        }
    };
    let done = in_object(&mut inner, rest, work);
    values.push(Raw::Object(inner));
    done
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn values_are_typed_texts() {
        check(
            "a { b = 1, c : true\n d = two words # no\n e = \"\" }",
            r#"{"a":{"b":1,"c":true,"d":"\"two words\"","e":"\"\""}}"#,
        );
        check(
            "a.b.\"c.d\" = 1s\na { e = null, f = on }",
            r#"{"a":{"b":{"c.d":"1s"},"e":"\"\"","f":"on"}}"#,
        );
        check(
            "a { b = [1, \"x y\", {c = 2}], d = \"\"\"x\ny\"\"\" }",
            "{\"a\":{\"b\":\"[1,\\\"x y\\\",{\\r\\n    c : 2\\r\\n  }]\",\"d\":\"x\\ny\"}}",
        );
        check("{ a { b = 1 }, a { c = 2 }\na.b = { d = 3 } }", r#"{"a":{"b":{"d":3},"c":2}}"#);
    }

    #[test]
    fn substitutions() {
        check(
            "a { b = 9\n b = ${?NO}\n c = ${a.b} ${d.e}\n f = ${?NO} }\nd.e = x // y",
            r#"{"a":{"b":9,"c":"\"9 x\"","f":"<<unknown value>>"},"d":{"e":"x"}}"#,
        );
        check("a.b = ${c}\n", "`${c}` stands for nothing that is known");
        check("a.b = ${a.c}\na.c = ${a.b}\n", "`${a.c}` refers to itself");
        check("a.b = ${c}\nc { d = 1 }\n", r#"{"a":{"b":{"d":1}},"c":{"d":1}}"#);
    }

    #[test]
    fn what_is_none() {
        check(
            "a",
            "line 1, column 2: expected `=`, `:` or `{` behind the key, found the end of the text",
        );
        check("a = \n", "line 2, column 1: expected a value");
        check("a { b = 1", "line 1, column 10: expected a key, found the end of the text");
        check("include \"x\"\n", "line 1, column 9: `include` is not supported by ajj");
        check("a += 1", "line 1, column 5: `+=` is not supported by ajj");
        for text in ["a {".repeat(9999), "a = ".to_owned() + &"[".repeat(9999), "a.".repeat(9999)] {
            assert!(parse(&text).is_err());
        }
    }
}
