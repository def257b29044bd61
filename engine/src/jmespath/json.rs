//! Reads JSON exactly as `encoding/json` of Go does, with its messages: the last of two equal
//! keys wins, numbers are 64-bit floats, and depth costs heap, not stack.

use std::collections::HashMap;

use crate::tree::{Builder, Tree};

/// How deep Go reads lists and maps inside one another.
const DEPTH_LIMIT: usize = 10_000;

/// The tree of one JSON text.
pub(crate) fn tree(text: &str) -> Result<Tree, String> {
    if u32::try_from(text.len()).is_err() {
        return Err("text is too long".to_owned());
    }
    let mut reader = Reader { text, position: 0 };
    let events = reader.document()?;
    build(&events)
}

/// The content of one JSON string, quotes included in `text`.
pub(super) fn string(text: &str) -> Result<String, String> {
    let mut reader = Reader { text, position: 0 };
    let content = reader.string()?;
    reader.end()?;
    Ok(content)
}

/// A character as Go's scanner and lexer name it in messages.
pub(super) fn quoted(character: char) -> String {
    match character {
        '\'' => "'\\''".to_owned(),
        '\n' => "'\\n'".to_owned(),
        '\r' => "'\\r'".to_owned(),
        '\t' => "'\\t'".to_owned(),
        '\\' => "'\\\\'".to_owned(),
        '\u{7}' => "'\\a'".to_owned(),
        '\u{8}' => "'\\b'".to_owned(),
        '\u{b}' => "'\\v'".to_owned(),
        '\u{c}' => "'\\f'".to_owned(),
        ' '..='~' => format!("'{character}'"),
        '\0'..='\u{7f}' => format!("'\\x{:02x}'", character as u32),
        '\u{80}'..='\u{ffff}' => format!("'\\u{:04x}'", character as u32),
        _ => format!("'\\U{:08x}'", character as u32),
    }
}

enum Event {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Key(String),
    OpenList,
    OpenMap,
    Close,
    /// The next so many events belong to a key that a later one replaces.
    Skip(usize),
}

/// A list or map that is not closed: for a map, its keys and where their entries begin.
enum Open {
    List,
    Map { keys: HashMap<String, usize>, entry: usize },
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    /// What is here does not belong here.
    fn wrong(&self, context: &str) -> String {
        // Go's scanner works on bytes, and shows a byte as the character of that number.
        match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(b'"') => format!("invalid character '\"' {context}"),
            Some(byte @ 0x80..) => format!("invalid character '{}' {context}", byte as char),
            Some(byte) => format!("invalid character {} {context}", quoted(byte as char)),
        }
    }

    fn end(&mut self) -> Result<(), String> {
        self.blank();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong("after top-level value")),
        }
    }

    fn document(&mut self) -> Result<Vec<Event>, String> {
        let mut events = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.blank();
            let mut opened = false;
            match self.peek() {
                Some(b'{') => {
                    self.position += 1;
                    events.push(Event::OpenMap);
                    open.push(Open::Map { keys: HashMap::new(), entry: 0 });
                    opened = true;
                }
                Some(b'[') => {
                    self.position += 1;
                    events.push(Event::OpenList);
                    open.push(Open::List);
                    opened = true;
                }
                Some(b'"') => {
                    let text = self.string()?;
                    events.push(Event::String(text));
                }
                Some(b't') => {
                    self.word("true")?;
                    events.push(Event::Bool(true));
                }
                Some(b'f') => {
                    self.word("false")?;
                    events.push(Event::Bool(false));
                }
                Some(b'n') => {
                    self.word("null")?;
                    events.push(Event::Null);
                }
                Some(b'-' | b'0'..=b'9') => {
                    let number = self.number()?;
                    events.push(number);
                }
                _ => return Err(self.wrong("looking for beginning of value")),
            }
            if open.len() > DEPTH_LIMIT {
                return Err("exceeded max depth".to_owned());
            }
            if !self.after_value(opened, &mut open, &mut events)? {
                self.end()?;
                return Ok(events);
            }
        }
    }

    /// Closes what ends here and goes to the next value; false where there is none.
    fn after_value(
        &mut self,
        mut opened: bool,
        open: &mut Vec<Open>,
        events: &mut Vec<Event>,
    ) -> Result<bool, String> {
        loop {
            let Some(innermost) = open.last_mut() else { return Ok(false) };
            self.blank();
            let next = self.peek();
            match innermost {
                Open::List => match next {
                    Some(b']') => {}
                    _ if opened => return Ok(true),
                    Some(b',') => {
                        self.position += 1;
                        return Ok(true);
                    }
                    _ => return Err(self.wrong("after array element")),
                },
                Open::Map { keys, entry } => {
                    match next {
                        Some(b'}') => {}
                        Some(b',') if !opened => {
                            self.position += 1;
                            self.blank();
                            if self.peek() != Some(b'"') {
                                return Err(
                                    self.wrong("looking for beginning of object key string")
                                );
                            }
                        }
                        Some(b'"') if opened => {}
                        _ if opened => {
                            return Err(self.wrong("looking for beginning of object key string"));
                        }
                        _ => return Err(self.wrong("after object key:value pair")),
                    }
                    if next != Some(b'}') {
                        self.key(keys, entry, events)?;
                        return Ok(true);
                    }
                    if !opened {
                        replace_former(keys, *entry, events);
                    }
                }
            }
            self.position += 1;
            events.push(Event::Close);
            open.pop();
            opened = false;
        }
    }

    fn key(
        &mut self,
        keys: &mut HashMap<String, usize>,
        entry: &mut usize,
        events: &mut Vec<Event>,
    ) -> Result<(), String> {
        if matches!(events.get(*entry), Some(Event::Key(_))) {
            replace_former(keys, *entry, events);
        }
        let key = self.string()?;
        self.blank();
        if self.peek() != Some(b':') {
            return Err(self.wrong("after object key"));
        }
        self.position += 1;
        *entry = events.len();
        events.push(Event::Key(key));
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let context = format!("in literal {word} (expecting {})", quoted(expected as char));
                return Err(self.wrong(&context));
            }
            self.position += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        self.position - start
    }

    fn number(&mut self) -> Result<Event, String> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else if self.digits() == 0 {
            return Err(self.wrong("in numeric literal"));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.position += 1;
            if self.digits() == 0 {
                return Err(self.wrong("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            if self.digits() == 0 {
                return Err(self.wrong("in exponent of numeric literal"));
            }
        }
        let text = self.text.get(start..self.position).unwrap_or_default();
        if whole
            && text != "-0"
            && let Ok(value) = text.parse()
        {
            return Ok(Event::Int(value));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Event::Float(value)),
            _ => Err(format!("json: cannot unmarshal number {text} into Go value of type float64")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.position += 1;
        let mut content = String::new();
        loop {
            let rest = self.text.get(self.position..).unwrap_or_default();
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            let plain = plain.unwrap_or(rest.len());
            content.push_str(rest.get(..plain).unwrap_or_default());
            self.position += plain;
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(content);
                }
                Some(b'\\') => {
                    self.position += 1;
                    self.escape(&mut content)?;
                }
                _ => return Err(self.wrong("in string literal")),
            }
        }
    }

    fn escape(&mut self, content: &mut String) -> Result<(), String> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.position += 1;
                let unit = self.unit()?;
                content.push(self.unicode(unit)?);
                return Ok(());
            }
            _ => return Err(self.wrong("in string escape code")),
        };
        self.position += 1;
        content.push(character);
        Ok(())
    }

    /// The character of a UTF-16 unit, together with the next escape where that is its second half.
    fn unicode(&mut self, unit: u32) -> Result<char, String> {
        if (0xd800..0xdc00).contains(&unit)
            && self.text.get(self.position..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            let before = self.position;
            self.position += 2;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.position = before;
        }
        Ok(char::from_u32(unit).unwrap_or('\u{fffd}'))
    }

    fn unit(&mut self) -> Result<u32, String> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| (byte as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.wrong("in \\u hexadecimal character escape"));
            };
            unit = unit * 16 + digit;
            self.position += 1;
        }
        Ok(unit)
    }
}

/// Takes out an earlier entry of the same key as the one that begins at `entry`.
fn replace_former(keys: &mut HashMap<String, usize>, entry: usize, events: &mut [Event]) {
    let Some(Event::Key(key)) = events.get(entry) else { return };
    let former = keys.insert(key.clone(), entry);
    let Some(former) = former else { return };
    let mut depth = 0_usize;
    let mut length = 1;
    for event in events.get(former + 1..).unwrap_or_default() {
        length += 1;
        match event {
            Event::OpenList | Event::OpenMap => depth += 1,
            Event::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    if let Some(event) = events.get_mut(former) {
        *event = Event::Skip(length);
    }
}

fn build(events: &[Event]) -> Result<Tree, String> {
    let mut builder = Builder::new("".into(), false);
    let place = (0, 0);
    let mut position = 0;
    while let Some(event) = events.get(position) {
        position += 1;
        match event {
            Event::Null => builder.null(place),
            Event::Bool(value) => builder.bool(*value, place),
            Event::Int(value) => builder.int(*value, place),
            Event::Float(value) => builder.float(*value, place),
            Event::String(text) | Event::Key(text) => builder.string(text, place),
            Event::OpenList => builder.open_list(place),
            Event::OpenMap => builder.open_map(place),
            Event::Close => {
                builder.close().map_err(|duplicate| format!("duplicate key {}", duplicate.key))?;
            }
            Event::Skip(length) => position += length - 1,
        }
    }
    let finished = builder.finish();
    finished.map(|(tree, _)| tree).map_err(|duplicate| format!("duplicate key {}", duplicate.key))
}

#[cfg(test)]
mod tests {
    use super::tree;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(tree(text).map_or_else(|error| error, |tree| tree.root().to_json()), expected);
    }

    #[test]
    fn reads_values() {
        check(" [1, -2.50, 1e3, true, null, {}, []] ", "[1,-2.5,1000,true,null,{},[]]");
        check(r#""é\n\u00e9\ud83d\ude00\ud83d!""#, "\"é\\né😀\u{fffd}!\"");
        check("9223372036854775808", "9223372036854776000");
    }

    #[test]
    fn the_last_of_two_equal_keys_wins() {
        check(
            r#"{"a": {"x": [1]}, "b": 1, "a": {"a": 1, "a": 2}, "b": 3}"#,
            r#"{"a":{"a":2},"b":3}"#,
        );
    }

    #[test]
    fn names_what_is_wrong_as_go_does() {
        check("", "unexpected end of JSON input");
        check("{", "unexpected end of JSON input");
        check("1 2", "invalid character '2' after top-level value");
        check("[1 2]", "invalid character '2' after array element");
        check("[1,]", "invalid character ']' looking for beginning of value");
        check("{a: 1}", "invalid character 'a' looking for beginning of object key string");
        check(r#"{"a" 1}"#, "invalid character '1' after object key");
        check(r#"{"a": 1 "b"}"#, "invalid character '\"' after object key:value pair");
        check("trux", "invalid character 'x' in literal true (expecting 'e')");
        check("-x", "invalid character 'x' in numeric literal");
        check("1.x", "invalid character 'x' after decimal point in numeric literal");
        check("\"\\x\"", "invalid character 'x' in string escape code");
        check("1e999", "json: cannot unmarshal number 1e999 into Go value of type float64");
        check("'a'", "invalid character '\\'' looking for beginning of value");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(tree(&deep(10_000)).map(|tree| tree.len()), Ok(10_000));
        assert_eq!(
            tree(&deep(10_001)).map(|tree| tree.len()),
            Err("exceeded max depth".to_owned())
        );
    }
}
