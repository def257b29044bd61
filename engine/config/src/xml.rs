//! XML in the shape of `github.com/basgys/goxml2json`: attributes begin with `-`, texts beside
//! children are `#content`, and elements of one name are a list.
//!
//! As there, of several texts in an element the last one counts. Unlike there, an XML that is
//! broken is an error, not what stood before.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    // A text goes on through references; anything else ends it.
    let mut written = None::<String>;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or_default();
        let wrong = |message: String| ConfigError::at(text, at, message);
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or_default();
            ConfigError::at(text, at, error.to_string())
        })?;
        match &event {
            Event::Text(part) => {
                written.get_or_insert_default().push_str(&part.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) => named(reference).map(str::to_owned),
                    Err(_) => None,
                };
                let character = character.ok_or_else(|| {
                    wrong(format!("`&{};` stands for nothing that is known", &**reference))
                })?;
                written.get_or_insert_default().push_str(&character);
                continue;
            }
            _ => {}
        }
        if let (Some(written), Some(element)) = (written.take(), open.last_mut()) {
            element.text = trimmed(&written).to_owned();
        }
        match event {
            Event::Start(start) => {
                if open.len() > MAX_DEPTH {
                    return Err(wrong(TOO_DEEP.to_owned()));
                }
                open.push(Element::of(&start).map_err(wrong)?);
            }
            Event::Empty(start) => {
                let element = Element::of(&start).map_err(wrong)?;
                if let Some(parent) = open.last_mut() {
                    parent.add(element);
                }
            }
            Event::End(_) => {
                if let (Some(element), Some(parent)) = (open.pop(), open.last_mut()) {
                    parent.add(element);
                }
            }
            Event::CData(data) => {
                if let Some(element) = open.last_mut() {
                    element.text = trimmed(&data).to_owned();
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (open.pop(), open.pop()) {
        (Some(root), None) if !root.children.is_empty() => Ok(root.into_value()),
        (_, None) => Err(ConfigError::at(text, text.len(), "expected an element, found none")),
        (Some(element), Some(_)) => {
            let message = format!("the element `{}` is not closed", element.name);
            Err(ConfigError::at(text, text.len(), message))
        }
        (None, Some(_)) => Err(ConfigError::new("an element is closed twice")),
    }
}

#[derive(Default)]
struct Element {
    name: String,
    /// Attributes and elements by their names.
    children: Map<String, Value>,
    text: String,
}

impl Element {
    fn of(start: &BytesStart<'_>) -> Result<Self, String> {
        let name = start.local_name().as_ref().to_owned();
        let mut element = Self { name, ..Self::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = format!("-{}", attribute.key.local_name().as_ref());
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?
                .into_owned();
            element.insert(name, Value::String(value));
        }
        Ok(element)
    }

    fn add(&mut self, child: Self) {
        self.insert(child.name.clone(), child.into_value());
    }

    fn insert(&mut self, name: String, value: Value) {
        // Single values are lists of one until the element is closed.
        let values = self.children.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(value);
        }
    }

    fn into_value(self) -> Value {
        if self.children.is_empty() {
            return Value::String(self.text);
        }
        let mut map = Map::new();
        if !self.text.is_empty() {
            map.insert("#content".to_owned(), Value::String(self.text));
        }
        for (name, value) in self.children {
            let value = match value {
                Value::Array(mut values) if values.len() == 1 => values.pop().unwrap_or_default(),
                values => values,
            };
            map.insert(name, value);
        }
        Value::Object(map)
    }
}

/// What the references stand for that need no declaration.
fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return None,
    })
}

/// A text without what cannot be seen at its ends.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn shapes() {
        check("<?xml version=\"1.0\"?>\n<a>x</a>", r#"{"a":"x"}"#);
        check(
            "<a b='1' n:c='2'>x<d/><d>y</d></a>",
            r##"{"a":{"#content":"x","-b":"1","-c":"2","d":["","y"]}}"##,
        );
        check("<p:a>&lt;&#65;<!-- c --> z </p:a>", r#"{"a":"z"}"#);
        check("<a><![CDATA[ x & y ]]></a>", r#"{"a":"x & y"}"#);
        check("<a><b>1</b>\n<b>2</b>\n</a>", r#"{"a":{"b":["1","2"]}}"#);
    }

    #[test]
    fn what_is_none() {
        check("<a>\n&nope;</a>", "line 2, column 1: `&nope;` stands for nothing that is known");
        check("<a><b></b>", "line 1, column 11: the element `a` is not closed");
        check(" ", "line 1, column 2: expected an element, found none");
        let error = parse("<a></b>").unwrap_err().to_string();
        assert!(error.starts_with("line 1, column 4: "), "{error}");
        assert!(parse(&"<a>".repeat(200)).unwrap_err().message.contains("128 levels"));
    }
}
