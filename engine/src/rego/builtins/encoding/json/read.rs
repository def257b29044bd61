//! Reads JSON as Go's decoder does: numbers keep their texts, the last of equal keys counts.

use crate::rego::builtins::operand::failed;
use crate::rego::{BuiltinError, Host, Number, Value};

/// How deep Go reads lists and maps inside one another.
const DEEPEST: usize = 10_000;

struct Reader<'t> {
    text: &'t str,
    place: usize,
}

/// What is open: the items so far, or the entries and the key whose value comes.
enum Open<'v> {
    List(Vec<Value<'v>>),
    Map(Vec<(Value<'v>, Value<'v>)>, Value<'v>),
}

/// Reads one value, and nothing behind it but space.
pub(in crate::rego::builtins) fn json_value<'v>(
    host: &Host<'_, 'v>,
    text: &str,
) -> Result<Value<'v>, BuiltinError> {
    host.step(text.len() / 8)?;
    let mut reader = Reader { text, place: 0 };
    let mut open: Vec<Open<'v>> = Vec::new();
    loop {
        host.make_values(1)?;
        let mut value = match reader.start(host)? {
            Some(value) => value,
            None => {
                let opened = reader.open(host)?;
                match opened {
                    Ok(empty) => empty,
                    Err(opened) => {
                        open.push(opened);
                        if open.len() > DEEPEST {
                            return Err(failed("exceeded max depth"));
                        }
                        continue;
                    }
                }
            }
        };
        // The value may be the last one of what is open, and so on.
        loop {
            let Some(inner) = open.last_mut() else {
                reader.space();
                return match reader.peek() {
                    None => Ok(value),
                    Some(_) => Err(match reader.unexpected("after top-level value") {
                        BuiltinError::Failed(message) => failed(format!("error: {message}")),
                        other => other,
                    }),
                };
            };
            reader.space();
            match (inner, reader.next()) {
                (Open::List(items), Some(b',')) => {
                    items.push(value);
                    break;
                }
                (Open::Map(entries, key), Some(b',')) => {
                    entries.push((std::mem::replace(key, Value::Null), value));
                    *key = reader.key(host)?;
                    break;
                }
                (Open::List(items), Some(b']')) => {
                    items.push(value);
                    value = Value::from(std::mem::take(items));
                    open.pop();
                }
                (Open::Map(entries, key), Some(b'}')) => {
                    entries.push((std::mem::replace(key, Value::Null), value));
                    value = Value::object(std::mem::take(entries));
                    open.pop();
                }
                (inner, found) => {
                    reader.place -= usize::from(found.is_some());
                    return Err(reader.unexpected(match inner {
                        Open::List(_) => "after array element",
                        Open::Map(..) => "after object key:value pair",
                    }));
                }
            }
        }
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.place += 1;
        Some(byte)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.place += 1;
        }
    }

    fn unexpected(&self, place: &str) -> BuiltinError {
        let rest = self.text.get(self.place..).unwrap_or_default();
        failed(match rest.chars().next() {
            None if self.text.trim_ascii().is_empty() => "EOF".to_owned(),
            None => "unexpected EOF".to_owned(),
            Some(found) => format!("invalid character {found:?} {place}"),
        })
    }

    /// A scalar; none where a list or a map begins.
    fn start<'v>(&mut self, host: &Host<'_, 'v>) -> Result<Option<Value<'v>>, BuiltinError> {
        self.space();
        let rest = self.text.get(self.place..).unwrap_or_default();
        for (word, value) in
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
        {
            if rest.starts_with(word) {
                self.place += word.len();
                return Ok(Some(value));
            }
            if self.peek() == word.bytes().next() {
                return Err(self.broken(word));
            }
        }
        match self.peek() {
            Some(b'[' | b'{') => Ok(None),
            Some(b'"') => self.string(host).map(Some),
            Some(b'-' | b'0'..=b'9') => self.number(host).map(Some),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    /// The error of a word that is not all there.
    fn broken(&self, word: &str) -> BuiltinError {
        let rest = self.text.get(self.place..).unwrap_or_default();
        let pairs = word.chars().zip(rest.chars().map(Some).chain(std::iter::repeat(None)));
        let wrong = pairs.into_iter().find(|(wanted, found)| Some(*wanted) != *found);
        failed(match wrong {
            Some((wanted, Some(found))) => {
                format!("invalid character {found:?} in literal {word} (expecting {wanted:?})")
            }
            _ => "unexpected EOF".to_owned(),
        })
    }

    /// Goes into a list or a map, or past an empty one.
    fn open<'v>(
        &mut self,
        host: &Host<'_, 'v>,
    ) -> Result<Result<Value<'v>, Open<'v>>, BuiltinError> {
        let bracket = self.next();
        self.space();
        match (bracket, self.peek()) {
            (Some(b'['), Some(b']')) => {
                self.place += 1;
                Ok(Ok(Value::from(Vec::new())))
            }
            (Some(b'['), _) => Ok(Err(Open::List(Vec::new()))),
            (_, Some(b'}')) => {
                self.place += 1;
                Ok(Ok(Value::object(Vec::new())))
            }
            _ => Ok(Err(Open::Map(Vec::new(), self.key(host)?))),
        }
    }

    /// A key and the colon behind it.
    fn key<'v>(&mut self, host: &Host<'_, 'v>) -> Result<Value<'v>, BuiltinError> {
        host.make_values(1)?;
        self.space();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string(host)?;
        self.space();
        match self.peek() {
            Some(b':') => {
                self.place += 1;
                Ok(key)
            }
            _ => Err(self.unexpected("after object key")),
        }
    }

    fn number<'v>(&mut self, host: &Host<'_, 'v>) -> Result<Value<'v>, BuiltinError> {
        let start = self.place;
        if self.peek() == Some(b'-') {
            self.place += 1;
        }
        match self.next() {
            Some(b'0') => {}
            Some(b'1'..=b'9') => self.digits(),
            _ => {
                self.place -= usize::from(self.place > start + 1);
                return Err(self.unexpected("in numeric literal"));
            }
        }
        if self.peek() == Some(b'.') {
            self.place += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.place += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.place += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let text = self.text.get(start..self.place).unwrap_or_default();
        host.make(text.len())?;
        Ok(Value::from(Number::from_digits(text)))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.place += 1;
        }
    }

    fn some_digits(&mut self, place: &str) -> Result<(), BuiltinError> {
        match self.peek() {
            Some(b'0'..=b'9') => {
                self.digits();
                Ok(())
            }
            _ => Err(self.unexpected(place)),
        }
    }

    fn string<'v>(&mut self, host: &Host<'_, 'v>) -> Result<Value<'v>, BuiltinError> {
        self.place += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.place..).unwrap_or_default();
            let plain = rest.find(|c: char| c < ' ' || c == '"' || c == '\\').unwrap_or(rest.len());
            out.push_str(rest.get(..plain).unwrap_or_default());
            self.place += plain;
            match self.peek() {
                Some(b'"') => {
                    self.place += 1;
                    return host.text(out);
                }
                Some(b'\\') => {
                    self.place += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, BuiltinError> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.place += 1;
                return self.unicode();
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.place += 1;
        Ok(plain)
    }

    /// `\u00e4` behind the `u`, or two such that are one character; half of such is replaced.
    fn unicode(&mut self) -> Result<char, BuiltinError> {
        let high = self.four_digits()?;
        if let Some(character) = char::from_u32(high) {
            return Ok(character);
        }
        let behind = self.place;
        if self.text.get(behind..).is_some_and(|rest| rest.starts_with("\\u")) {
            self.place += 2;
            let low = self.four_digits()?;
            if (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.place = behind;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Result<u32, BuiltinError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.place += 1;
        }
        Ok(code)
    }
}
