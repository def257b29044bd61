//! The first HCL, decoded as `github.com/hashicorp/hcl` v1 does into maps (`decoder.go`): objects
//! are lists of maps, and labels are maps in maps.

mod scan;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};
use scan::{Kind, Scanner, Token};

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let text = text.replace("\r\n", "\n");
    let mut reader = Reader { scanner: Scanner::new(&text)?, depth: 0 };
    let items = reader.items(false)?;
    decoded_map(&items.iter().collect::<Vec<_>>()).map(Value::Object).map_err(|problem| {
        let (offset, message) = problem;
        ConfigError::at(&text, offset, message)
    })
}

/// A key or labels, and what they name.
struct Item {
    keys: Vec<String>,
    node: Node,
    offset: usize,
}

enum Node {
    Literal(Literal),
    List(Vec<Self>),
    Object(Vec<Item>),
}

#[derive(Clone)]
enum Literal {
    Bool(bool),
    /// As it is written, with its value.
    Number(String, Value),
    Text(String),
}

struct Reader<'t> {
    scanner: Scanner<'t>,
    depth: usize,
}

impl Reader<'_> {
    fn items(&mut self, in_object: bool) -> Result<Vec<Item>, ConfigError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.scanner.error(TOO_DEEP));
        }
        let mut items = Vec::new();
        loop {
            match self.scanner.peek() {
                Kind::End if !in_object => break,
                Kind::CloseBrace if in_object => break,
                _ => items.push(self.item()?),
            }
            if matches!(self.scanner.peek(), Kind::Comma) {
                self.scanner.next()?;
            }
        }
        self.depth -= 1;
        Ok(items)
    }

    fn item(&mut self) -> Result<Item, ConfigError> {
        let offset = self.scanner.offset();
        let mut keys = Vec::new();
        loop {
            match self.scanner.next()? {
                Token { kind: Kind::Word(word), .. } => keys.push(word),
                Token { kind: Kind::Text(text), .. } => keys.push(text),
                Token { kind: Kind::Bool(value), .. } => {
                    return Err(self.scanner.error_at(offset, &format!("`{value}` is no key")));
                }
                Token { kind: Kind::Assign, .. } if keys.len() == 1 => {
                    let node = self.value()?;
                    return Ok(Item { keys, node, offset });
                }
                Token { kind: Kind::OpenBrace, .. } if !keys.is_empty() => {
                    let node = self.object()?;
                    return Ok(Item { keys, node, offset });
                }
                Token { offset, .. } => {
                    let wanted = match keys.len() {
                        0 => "expected a key",
                        1 => "expected `=` or `{` behind the key",
                        _ => "expected `{` behind the labels",
                    };
                    return Err(self.scanner.error_at(offset, wanted));
                }
            }
        }
    }

    /// What stands behind `{`.
    fn object(&mut self) -> Result<Node, ConfigError> {
        let items = self.items(true)?;
        self.scanner.next()?;
        Ok(Node::Object(items))
    }

    fn value(&mut self) -> Result<Node, ConfigError> {
        let token = self.scanner.next()?;
        Ok(match token.kind {
            Kind::Bool(value) => Node::Literal(Literal::Bool(value)),
            Kind::Number(text, value) => Node::Literal(Literal::Number(text, value)),
            Kind::Text(text) | Kind::Heredoc(text) => Node::Literal(Literal::Text(text)),
            Kind::OpenBrace => self.object()?,
            Kind::OpenBracket => self.list()?,
            _ => return Err(self.scanner.error_at(token.offset, "expected a value")),
        })
    }

    /// What stands behind `[`.
    fn list(&mut self) -> Result<Node, ConfigError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.scanner.error(TOO_DEEP));
        }
        let mut nodes = Vec::new();
        loop {
            match self.scanner.peek() {
                Kind::CloseBracket => break,
                _ => nodes.push(self.value()?),
            }
            match self.scanner.peek() {
                Kind::Comma => {
                    self.scanner.next()?;
                }
                Kind::CloseBracket => {}
                _ => return Err(self.scanner.error("expected `,` or `]`")),
            }
        }
        self.scanner.next()?;
        self.depth -= 1;
        Ok(Node::List(nodes))
    }
}

type Problem = (usize, String);

/// An item without the first of its keys.
struct Rest<'i> {
    keys: &'i [String],
    node: &'i Node,
    offset: usize,
}

fn decoded_map(items: &[&Item]) -> Result<Map<String, Value>, Problem> {
    let rests: Vec<_> = items
        .iter()
        .map(|item| Rest { keys: &item.keys, node: &item.node, offset: item.offset })
        .collect();
    decoded(&rests)
}

fn decoded(items: &[Rest<'_>]) -> Result<Map<String, Value>, Problem> {
    let mut out = Map::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    // Upstream finds the items of a name whatever its case.
    let mut by_name: BTreeMap<String, Vec<&Rest<'_>>> = BTreeMap::new();
    for item in items {
        if let Some(first) = item.keys.first() {
            by_name.entry(first.to_lowercase()).or_default().push(item);
        }
    }
    for item in items {
        let Some((key, rest)) = item.keys.split_first() else {
            let message = "one of its blocks has labels and another one has none";
            return Err((item.offset, message.to_owned()));
        };
        if done.contains(key.as_str()) {
            continue;
        }
        if rest.is_empty() {
            let known = out.remove(key);
            let value = decoded_into(known, item)?;
            out.insert(key.clone(), value);
            continue;
        }
        // All items of a name with labels are decoded together.
        done.insert(key);
        let mut list = match out.remove(key) {
            Some(Value::Array(list)) => list,
            Some(_) => return Err((item.offset, format!("`{key}` is a value and a block"))),
            None => Vec::new(),
        };
        for item in by_name.get(&key.to_lowercase()).into_iter().flatten() {
            let keys = item.keys.get(1..).unwrap_or_default();
            let rest = Rest { keys, node: item.node, offset: item.offset };
            list.push(Value::Object(decoded(&[rest])?));
        }
        out.insert(key.clone(), Value::Array(list));
    }
    Ok(out)
}

/// The value of an item, in the type of the value that its key has already.
fn decoded_into(known: Option<Value>, item: &Rest<'_>) -> Result<Value, Problem> {
    let clash = |what: &str| {
        let key = item.keys.first().map(String::as_str).unwrap_or_default();
        (item.offset, format!("`{key}` is {what} before and something else here"))
    };
    match (known, item.node) {
        (None, Node::Literal(literal)) => Ok(literal_value(literal)),
        (None, Node::List(nodes)) => list(nodes).map(Value::Array),
        (None, Node::Object(items)) => Ok(Value::Array(vec![object(items)?])),
        (Some(Value::Array(mut known)), Node::List(nodes)) => {
            known.extend(list(nodes)?);
            Ok(Value::Array(known))
        }
        (Some(Value::Array(mut known)), Node::Object(items)) => {
            known.push(object(items)?);
            Ok(Value::Array(known))
        }
        (Some(Value::Array(_)), Node::Literal(_)) => Err(clash("a list")),
        (Some(Value::Bool(_)), Node::Literal(literal @ Literal::Bool(_))) => {
            Ok(literal_value(literal))
        }
        (Some(Value::Number(_)), Node::Literal(literal @ Literal::Number(..))) => {
            Ok(literal_value(literal))
        }
        (Some(Value::Number(_)), Node::Literal(Literal::Text(text))) => {
            text.parse::<i64>().map(Value::from).map_err(|_| clash("a number"))
        }
        (Some(Value::String(_)), Node::Literal(Literal::Text(text) | Literal::Number(text, _))) => {
            Ok(Value::String(text.clone()))
        }
        _ => Err(clash("a value of one type")),
    }
}

fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Number(_, value) => value.clone(),
        Literal::Text(text) => Value::String(text.clone()),
    }
}

/// The items of a list: objects among them are maps, not lists of maps.
fn list(nodes: &[Node]) -> Result<Vec<Value>, Problem> {
    let values = nodes.iter().map(|node| match node {
        Node::Literal(literal) => Ok(literal_value(literal)),
        Node::List(nodes) => list(nodes).map(Value::Array),
        Node::Object(items) => object(items),
    });
    values.collect()
}

fn object(items: &[Item]) -> Result<Value, Problem> {
    decoded_map(&items.iter().collect::<Vec<_>>()).map(Value::Object)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &str) {
        crate::testing::check(parse, text, expected);
    }

    #[test]
    fn objects_are_lists() {
        check("a { b = 1 }\na { b = 2 }\n", r#"{"a":[{"b":1},{"b":2}]}"#);
        check(
            "r \"x\" \"y\" { b = 1 }\nr \"x\" \"z\" {}\n",
            r#"{"r":[{"x":[{"y":[{"b":1}]}]},{"x":[{"z":[{}]}]}]}"#,
        );
        check("a = [1, {b = 2}, [\"c\"], ]\n", r#"{"a":[1,{"b":2},["c"]]}"#);
        check("a = { b = 1, c = true }", r#"{"a":[{"b":1,"c":true}]}"#);
    }

    #[test]
    fn literals() {
        check(
            "a = 0x10\nb = -1.50\nc = 1e3\nd = 010 # c\ne = \"x${y(\"z\")}\\n\"",
            r#"{"a":16,"b":-1.5,"c":1000,"d":8,"e":"x${y(\"z\")}\n"}"#,
        );
        check("a = <<E\n x\nE\nb = <<-E\n   x\n    y\n   E\n", r#"{"a":" x\n","b":"x\n y\n"}"#);
        check(
            "a = 1\na = \"2\"\nb = \"x\"\nb = 3\nc = [1]\nc = [2]",
            r#"{"a":2,"b":"3","c":[1,2]}"#,
        );
        check("\"a b\" = 1 // c\n/* d */ e.f-g = 2", r#"{"a b":1,"e.f-g":2}"#);
    }

    #[test]
    fn what_is_none() {
        check("a\n", "line 2, column 1: expected `=` or `{` behind the key");
        check("a b = 1\n", "line 1, column 5: expected `{` behind the labels");
        check("a = [1 2]", "line 1, column 8: expected `,` or `]`");
        check("a = b", "line 1, column 5: expected a value");
        check("a = \"x\n\"", "line 1, column 5: the text is not closed by `\"`");
        check("a {\n", "line 2, column 1: expected a key");
        check(
            "a \"b\" {}\na {}\n",
            "line 2, column 1: one of its blocks has labels and another one has none",
        );
        for text in ["a = [".to_owned() + &"[".repeat(9999), "a {".repeat(9999)] {
            assert!(parse(&text).unwrap_err().message.contains("128 levels"));
        }
    }
}
