//! The language of Terraform, in the shape of `github.com/tmccombs/hcl2json` (`convert/convert.go`):
//! blocks are lists under their labels, expressions that are no literals are their source in `${ }`.

mod convert;
mod expression;
mod template;

use serde_json::{Map, Value};

use crate::ConfigError;
use crate::depth::{MAX_DEPTH, TOO_DEEP};
use crate::scan::Cursor;

pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    let mut reader = Reader { cursor: Cursor::new(text), depth: 0, newlines_matter: true };
    let body = reader.body(true)?;
    Ok(Value::Object(body))
}

/// Reads a text without tokens in between: what a character means depends on where it stands.
pub(super) struct Reader<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) depth: usize,
    /// Whether a line break ends something here; not so in parentheses and brackets.
    pub(super) newlines_matter: bool,
}

impl<'t> Reader<'t> {
    /// Attributes and blocks, to the end of the text or to `}`.
    fn body(&mut self, is_root: bool) -> Result<Map<String, Value>, ConfigError> {
        let mut attributes = Map::new();
        let mut out = Map::new();
        loop {
            self.skip_lines()?;
            match self.cursor.peek() {
                None if is_root => break,
                Some('}') if !is_root => {
                    self.cursor.next();
                    break;
                }
                _ => {}
            }
            self.item(&mut attributes, &mut out)?;
            self.end_of_line()?;
        }
        // Attributes win over blocks of their name.
        out.extend(attributes);
        Ok(out)
    }

    fn item(
        &mut self,
        attributes: &mut Map<String, Value>,
        blocks: &mut Map<String, Value>,
    ) -> Result<(), ConfigError> {
        let start = self.cursor.position;
        let name =
            self.identifier().ok_or_else(|| self.cursor.expected("an argument or a block"))?;
        self.skip()?;
        if self.cursor.peek() == Some('=') {
            let (name, value) = self.attribute(name)?;
            if attributes.insert(name.to_owned(), value).is_some() {
                let message = format!("the argument `{name}` is there twice");
                return Err(ConfigError::at(self.cursor.text, start, message));
            }
            return Ok(());
        }
        let mut path = vec![name.to_owned()];
        while self.cursor.peek() != Some('{') {
            path.push(self.label()?);
            self.skip()?;
        }
        let block = self.block()?;
        put_block(blocks, path, block)
            .map_err(|message| ConfigError::at(self.cursor.text, start, message))
    }

    fn attribute(&mut self, name: &'t str) -> Result<(&'t str, Value), ConfigError> {
        self.cursor.eat("=");
        let value = self.expression()?;
        Ok((name, convert::value(&value, self.cursor.text)))
    }

    fn label(&mut self) -> Result<String, ConfigError> {
        if let Some(name) = self.identifier() {
            return Ok(name.to_owned());
        }
        if self.cursor.peek() != Some('"') {
            return Err(self.cursor.expected("a label or `{`"));
        }
        let start = self.cursor.position;
        let parts = self.quoted_template()?;
        match template::as_literal(&parts) {
            Some(text) => Ok(text),
            None => {
                let message = "expected a label without `${ }`";
                Err(ConfigError::at(self.cursor.text, start, message))
            }
        }
    }

    /// What stands between braces: lines, or one argument on the same line.
    fn block(&mut self) -> Result<Value, ConfigError> {
        self.deeper()?;
        self.cursor.eat("{");
        self.skip()?;
        let body = match self.cursor.peek() {
            Some('\n' | '\r') | None => self.body(false)?,
            Some('}') => {
                self.cursor.next();
                Map::new()
            }
            Some(_) => {
                let name = self.identifier();
                let name = name.ok_or_else(|| self.cursor.expected("an argument or `}`"))?;
                self.skip()?;
                if self.cursor.peek() != Some('=') {
                    return Err(self.cursor.expected("`=`: a block on one line has one argument"));
                }
                let (name, value) = self.attribute(name)?;
                self.skip()?;
                if !self.cursor.eat("}") {
                    return Err(self.cursor.expected("`}` on the same line"));
                }
                Map::from_iter([(name.to_owned(), value)])
            }
        };
        self.depth -= 1;
        Ok(Value::Object(body))
    }

    /// Steps over a line break, or finds the end of the text.
    fn end_of_line(&mut self) -> Result<(), ConfigError> {
        self.skip()?;
        match self.cursor.peek() {
            None => Ok(()),
            Some('\n') => {
                self.cursor.next();
                Ok(())
            }
            Some(_) => Err(self.cursor.expected("the end of the line")),
        }
    }

    fn skip_lines(&mut self) -> Result<(), ConfigError> {
        loop {
            self.skip()?;
            if self.cursor.peek() != Some('\n') {
                return Ok(());
            }
            self.cursor.next();
        }
    }

    /// Steps over blanks and comments, and over line breaks where they do not matter.
    pub(super) fn skip(&mut self) -> Result<(), ConfigError> {
        loop {
            let matter = self.newlines_matter;
            self.cursor.take_while(|character| {
                matches!(character, ' ' | '\t' | '\r') || !matter && character == '\n'
            });
            let start = self.cursor.position;
            if self.cursor.eat("/*") {
                if self.cursor.take_until("*/").is_none() {
                    let message = "the comment is not closed by `*/`";
                    return Err(ConfigError::at(self.cursor.text, start, message));
                }
            } else if self.cursor.peek() == Some('#') || self.cursor.rest().starts_with("//") {
                self.cursor.take_while(|character| character != '\n');
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn identifier(&mut self) -> Option<&'t str> {
        let is_first = |first: char| first.is_alphabetic() || first == '_';
        self.cursor.peek().filter(|first| is_first(*first))?;
        Some(self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '-')))
    }

    pub(super) fn deeper(&mut self) -> Result<(), ConfigError> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(self.cursor.error(TOO_DEEP)),
            false => Ok(()),
        }
    }
}

/// Puts a block under its type and labels, beside those of the same.
fn put_block(
    blocks: &mut Map<String, Value>,
    path: Vec<String>,
    block: Value,
) -> Result<(), String> {
    let name = path.join(".");
    let mut out = blocks;
    let mut path = path.into_iter().peekable();
    while let Some(key) = path.next() {
        if path.peek().is_none() {
            return match out.entry(key).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(known) => {
                    known.push(block);
                    Ok(())
                }
                _ => Err(format!("the block `{name}` is there with more labels too")),
            };
        }
        match out.entry(key).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => out = inner,
            _ => return Err(format!("the block `{name}` is there with fewer labels too")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
