//! EDN in the shape of `parser/edn/edn.go`: keys and values that are no text, list or map are
//! texts, as Go prints what `olympos.io/encoding/edn` makes of them.

use serde_json::{Map, Value};

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};
use crate::scan::Cursor;
use ajj_engine::scalar::number::{format_float, parse_float};

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut reader = Reader { cursor: Cursor::new(text), depth: 0 };
    let Some(value) = reader.value()? else {
        return Err(reader.cursor.expected("a value"));
    };
    match reader.value()? {
        None if reader.cursor.is_at_end() => Ok(value.into_json()),
        _ => Err(reader.cursor.error("expected the end of the text behind the value")),
    }
}

enum Edn {
    Text(String),
    /// Anything else that is no collection, as Go prints it.
    Printed(String),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Set(Vec<Self>),
}

struct Reader<'t> {
    cursor: Cursor<'t>,
    depth: usize,
}

impl Reader<'_> {
    /// The next value; none before a bracket that closes, and at the end.
    fn value(&mut self) -> Result<Option<Edn>, ConfigError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.cursor.error(TOO_DEEP));
        }
        loop {
            self.skip();
            if !self.cursor.eat("#_") {
                break;
            }
            if self.value()?.is_none() {
                return Err(self.cursor.expected("the value that `#_` leaves out"));
            }
        }
        let value = match self.cursor.peek() {
            None | Some(')' | ']' | '}') => None,
            Some(first) => Some(self.begun(first)?),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn begun(&mut self, first: char) -> Result<Edn, ConfigError> {
        Ok(match first {
            '(' => Edn::List(self.items(")")?),
            '[' => Edn::List(self.items("]")?),
            '{' => {
                let start = self.cursor.position;
                let mut items = self.items("}")?.into_iter();
                let mut entries = Vec::new();
                while let Some(key) = items.next() {
                    let Some(value) = items.next() else {
                        let message = "the last key of the map has no value";
                        return Err(ConfigError::at(self.cursor.text, start, message));
                    };
                    entries.push((key, value));
                }
                Edn::Map(entries)
            }
            '"' => Edn::Text(self.text()?),
            '\\' => Edn::Printed(self.character()?),
            '#' if self.cursor.peek_second() == Some('{') => {
                self.cursor.next();
                Edn::Set(self.items("}")?)
            }
            '#' => self.tagged()?,
            _ => Edn::Printed(self.word()?),
        })
    }

    /// What stands between the bracket here and the one that closes it.
    fn items(&mut self, close: &str) -> Result<Vec<Edn>, ConfigError> {
        self.cursor.next();
        let mut items = Vec::new();
        while let Some(item) = self.value()? {
            items.push(item);
        }
        match self.cursor.eat(close) {
            true => Ok(items),
            false => Err(self.cursor.expected(&format!("a value or `{close}`"))),
        }
    }

    fn skip(&mut self) {
        loop {
            self.cursor.take_while(|next| next.is_whitespace() || next == ',');
            if self.cursor.peek() != Some(';') {
                return;
            }
            self.cursor.take_while(|next| next != '\n');
        }
    }

    fn text(&mut self) -> Result<String, ConfigError> {
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
                    Some('b') => '\u{8}',
                    Some('f') => '\u{c}',
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some(same @ ('\\' | '/' | '"')) => same,
                    Some('u') => self.unicode()?,
                    _ => return Err(self.cursor.error("this escape is not known")),
                }),
                Some(character) => text.push(character),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, ConfigError> {
        let code = self.cursor.rest().get(..4);
        let Some(code) = code.and_then(|code| u32::from_str_radix(code, 16).ok()) else {
            return Err(self.cursor.expected("four hexadecimal digits"));
        };
        self.cursor.position += 4;
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// A character, which Go prints as its number.
    fn character(&mut self) -> Result<String, ConfigError> {
        self.cursor.next();
        let Some(first) = self.cursor.next().filter(|first| !first.is_whitespace()) else {
            return Err(self.cursor.expected("a character behind `\\`"));
        };
        let rest = self.cursor.take_while(is_in_word);
        let character = match (first, rest) {
            (_, "") => first,
            ('n', "ewline") => '\n',
            ('r', "eturn") => '\r',
            ('s', "pace") => ' ',
            ('t', "ab") => '\t',
            ('f', "ormfeed") => '\u{c}',
            ('u', code) if code.len() == 4 => u32::from_str_radix(code, 16)
                .ok()
                .and_then(char::from_u32)
                .ok_or_else(|| self.cursor.error("this character is not known"))?,
            _ => return Err(self.cursor.error("this character is not known")),
        };
        Ok((character as u32).to_string())
    }

    fn tagged(&mut self) -> Result<Edn, ConfigError> {
        let start = self.cursor.position;
        self.cursor.next();
        let tag = self.cursor.take_while(is_in_word).to_owned();
        if !tag.starts_with(char::is_alphabetic) {
            return Err(ConfigError::at(self.cursor.text, start, "expected a tag behind `#`"));
        }
        let Some(value) = self.value()? else {
            return Err(self.cursor.expected("the value of the tag"));
        };
        if matches!(tag.as_str(), "inst" | "base64") {
            return match (tag.as_str(), &value) {
                ("inst", Edn::Text(text)) if let Some(printed) = instant(text) => {
                    Ok(Edn::Printed(printed))
                }
                _ => {
                    let message = format!("the value of `#{tag}` is not supported by ajj");
                    Err(ConfigError::at(self.cursor.text, start, message))
                }
            };
        }
        Ok(Edn::Printed(format!("#{tag} {}", value.printed())))
    }

    /// A number, keyword or symbol, as Go prints it.
    fn word(&mut self) -> Result<String, ConfigError> {
        let start = self.cursor.position;
        let word = self.cursor.take_while(is_in_word);
        let wrong = |message: String| Err(ConfigError::at(self.cursor.text, start, message));
        let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
        if unsigned.starts_with(|digit: char| digit.is_ascii_digit()) {
            let digits = word.strip_suffix('N').unwrap_or(word);
            let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if is_whole(digits.trim_start_matches(['+', '-'])) {
                return Ok(digits.trim_start_matches('+').to_owned());
            }
            return match parse_float(word.strip_suffix('M').unwrap_or(word)) {
                Some(value) => Ok(format_float(value)),
                None => wrong(format!("`{word}` is no number")),
            };
        }
        match word {
            "" => Err(self.cursor.expected("a value")),
            "nil" => Ok("<nil>".to_owned()),
            ":" => wrong("expected a name behind `:`".to_owned()),
            word if word.starts_with("::")
                || word.starts_with(":/")
                || word.ends_with('/') && word != "/" =>
            {
                wrong(format!("`{word}` is no name"))
            }
            word => Ok(word.to_owned()),
        }
    }
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || ".*+!-_?$%&=<>:#'/".contains(character)
}

/// A time of RFC 3339 as Go prints it.
fn instant(text: &str) -> Option<String> {
    let (date, time) = text.split_once('T')?;
    let (time, zone) = match time.strip_suffix('Z') {
        Some(time) => (time, "+0000 UTC".to_owned()),
        None => {
            let at = time.rfind(['+', '-'])?;
            let (time, offset) = time.split_at(at);
            let offset = offset.replace(':', "");
            (
                time,
                if offset == "+0000" || offset == "-0000" {
                    "+0000 UTC".to_owned()
                } else {
                    format!("{offset} {offset}")
                },
            )
        }
    };
    let is_date =
        date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let known = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let is_time = time.len() >= 8 && time.bytes().all(known);
    let time = match time.split_once('.') {
        Some((whole, fraction)) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
        }
        None => time.to_owned(),
    };
    (is_date && is_time).then(|| format!("{date} {time} {zone}"))
}

impl Edn {
    fn into_json(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text),
            Self::List(items) => items.into_iter().map(Self::into_json).collect(),
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    map.insert(key.printed(), value.into_json());
                }
                Value::Object(map)
            }
            other => Value::String(other.printed()),
        }
    }

    /// What `%v` of Go prints.
    fn printed(&self) -> String {
        let sorted = |mut items: Vec<String>| {
            items.sort();
            items.join(" ")
        };
        match self {
            Self::Text(text) | Self::Printed(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::printed).collect();
                format!("[{}]", items.join(" "))
            }
            Self::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{}", key.printed(), value.printed()));
                format!("map[{}]", sorted(entries.collect()))
            }
            Self::Set(items) => {
                let items = items.iter().map(|item| format!("{}:true", item.printed()));
                format!("map[{}]", sorted(items.collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn values_are_texts() {
        check(
            "{:a 1, \"b\" [x nil true] ; c\n :d #{:f :e} #_:g}",
            r#"{":a":"1",":d":"map[:e:true :f:true]","b":["x","<nil>","true"]}"#,
        );
        check("[1N +2 -3.50 1e3 1.5M \\a \\newline]", r#"["1","2","-3.5","1000","1.5","97","10"]"#);
        check(
            "(#duration \"20m\" #inst \"2032-01-01T12:20:50.520Z\")",
            r##"["#duration 20m","2032-01-01 12:20:50.52 +0000 UTC"]"##,
        );
        check(r#""a\n\u00e9""#, r#""a\né""#);
    }

    #[test]
    fn what_is_none() {
        check("{:a}", "line 1, column 1: the last key of the map has no value");
        check("[1", "line 1, column 3: expected a value or `]`, found the end of the text");
        check("1 2", "line 1, column 4: expected the end of the text behind the value");
        check("", "line 1, column 1: expected a value, found the end of the text");
        assert!(parse(&"[".repeat(9999)).unwrap_err().message.contains("128 levels"));
        assert!(parse(&"#_".repeat(9999)).unwrap_err().message.contains("128 levels"));
    }
}
