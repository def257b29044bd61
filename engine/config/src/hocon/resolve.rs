//! What HOCON's values are once substitutions are filled in.

use serde_json::{Map, Value};

use super::{Object, Piece, Raw};
use crate::ConfigError;
use crate::typed::typed;

/// How many substitutions may lead from one to the next.
const MAX_SUBSTITUTIONS: usize = 32;
/// How many values all substitutions together may stand for.
const MAX_VALUES: usize = 1 << 20;

pub(super) fn resolved(root: &Object) -> Result<Value, ConfigError> {
    let mut resolver = Resolver { root, depth: 0, values: 0 };
    resolver.object(root).map(Value::Object)
}

struct Resolver<'r> {
    root: &'r Object,
    depth: usize,
    values: usize,
}

/// A value whose substitutions are filled in.
enum Filled<'r> {
    Text(String),
    List(&'r [Raw]),
    Object(&'r Object),
    /// Optional, and not there.
    Nothing,
}

impl<'r> Resolver<'r> {
    fn object(&mut self, object: &'r Object) -> Result<Map<String, Value>, ConfigError> {
        let mut map = Map::new();
        for (key, values) in object {
            let value = match self.last(values)? {
                Filled::Object(object) => Value::Object(self.object(object)?),
                filled => typed(&self.shown(filled, 0)?),
            };
            map.insert(key.clone(), value);
        }
        Ok(map)
    }

    /// The last of the values of a key that is there.
    fn last(&mut self, values: &'r [Raw]) -> Result<Filled<'r>, ConfigError> {
        for value in values.iter().rev() {
            match self.filled(value)? {
                Filled::Nothing => {}
                filled => return Ok(filled),
            }
        }
        Ok(Filled::Nothing)
    }

    fn filled(&mut self, value: &'r Raw) -> Result<Filled<'r>, ConfigError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(ConfigError::new("substitutions stand for too many values"));
        }
        let pieces = match value {
            Raw::Object(object) => return Ok(Filled::Object(object)),
            Raw::Pieces(pieces) => pieces,
        };
        if let [piece] = pieces.as_slice() {
            return self.piece(piece);
        }
        let mut text = String::new();
        for piece in pieces {
            match self.piece(piece)? {
                Filled::Text(piece) => text.push_str(&piece),
                // Upstream has no value for the whole then.
                Filled::Nothing => return Ok(Filled::Nothing),
                Filled::List(_) | Filled::Object(_) => {
                    let message = "lists and objects beside other values are not supported by ajj";
                    return Err(ConfigError::new(message));
                }
            }
            if text.len() > MAX_VALUES {
                return Err(ConfigError::new("substitutions make a text too long"));
            }
        }
        Ok(Filled::Text(text))
    }

    fn piece(&mut self, piece: &'r Piece) -> Result<Filled<'r>, ConfigError> {
        match piece {
            Piece::Text(text) => Ok(Filled::Text(text.clone())),
            Piece::List(items) => Ok(Filled::List(items)),
            Piece::Substitution { path, is_optional } => {
                let name = path.join(".");
                if self.depth == MAX_SUBSTITUTIONS {
                    return Err(ConfigError::new(format!("`${{{name}}}` refers to itself")));
                }
                self.depth += 1;
                let found = match self.at(path) {
                    Some(values) => self.last(values)?,
                    None if *is_optional => Filled::Nothing,
                    None => {
                        let message = format!("`${{{name}}}` stands for nothing that is known");
                        return Err(ConfigError::new(message));
                    }
                };
                self.depth -= 1;
                Ok(found)
            }
        }
    }

    fn at(&self, path: &[String]) -> Option<&'r [Raw]> {
        let (last, before) = path.split_last()?;
        let mut object = self.root;
        for key in before {
            object = match object.get(key)?.last()? {
                Raw::Object(inner) => inner,
                Raw::Pieces(_) => return None,
            };
        }
        object.get(last).map(Vec::as_slice)
    }

    /// A value as `String()` of go-akka prints it.
    fn shown(&mut self, value: Filled<'r>, indent: usize) -> Result<String, ConfigError> {
        Ok(match value {
            Filled::Nothing => "<<unknown value>>".to_owned(),
            Filled::Text(text) => {
                let text = if text == "null" { "" } else { text.trim() };
                match text.is_empty() || text.contains([' ', '\t']) {
                    true => format!("\"{text}\""),
                    false => text.to_owned(),
                }
            }
            Filled::List(items) => {
                let mut shown = Vec::new();
                for item in items {
                    let filled = self.filled(item)?;
                    shown.push(self.shown(filled, indent + 1)?);
                }
                format!("[{}]", shown.join(","))
            }
            Filled::Object(object) => {
                let mut lines = String::new();
                for (key, values) in object {
                    let filled = self.last(values)?;
                    let value = self.shown(filled, indent + 1)?;
                    let blanks = " ".repeat((indent + 1) * 2);
                    lines.push_str(&format!("{blanks}{key} : {value}\r\n"));
                }
                format!("{{\r\n{lines}{}}}", " ".repeat(indent * 2))
            }
        })
    }
}
