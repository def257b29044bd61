//! Expressions, as far as their shape tells what they become.

use std::ops::Range;

use serde_json::Value;

use super::Reader;
use super::template::Part;
use crate::ConfigError;
use crate::typed::number;

/// An expression and the bytes of it.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) shape: Shape,
    pub(super) range: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A number, a truth value or null.
    Literal(Value),
    /// A literal behind `-` or `!`, with its value.
    Signed(Value),
    Template(Vec<Part>),
    /// A template that is one interpolation.
    Wrapped(Box<Expression>),
    Tuple(Vec<Expression>),
    /// Keys and values.
    Object(Vec<(Expression, Expression)>),
    /// Only the condition's bytes are shown.
    Conditional {
        condition: Range<usize>,
        yes: Box<Expression>,
        no: Box<Expression>,
    },
    /// The names and the collection of a template's `for`, and what is repeated.
    Repeated {
        names: String,
        collection: Range<usize>,
        each: Box<Expression>,
    },
    /// A name with what follows it, such as `var.image.id`.
    Traversal,
    /// Shown as it is written.
    Other,
}

/// Those of two characters before those that begin like them.
const OPERATORS: &[&str] = &["||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%"];

impl Reader<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, ConfigError> {
        self.deeper()?;
        self.skip()?;
        let condition = self.operations()?;
        let end = self.cursor.position;
        self.skip()?;
        if !self.cursor.eat("?") {
            self.cursor.position = end;
            self.depth -= 1;
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.skip()?;
        if !self.cursor.eat(":") {
            return Err(self.cursor.expected("`:` and what is so otherwise"));
        }
        let no = self.expression()?;
        self.depth -= 1;
        let range = condition.range.start..no.range.end;
        let (yes, no) = (Box::new(yes), Box::new(no));
        let shape = Shape::Conditional { condition: condition.range, yes, no };
        Ok(Expression { shape, range })
    }

    /// Terms between operators. Which of them bind more tightly changes nothing here.
    fn operations(&mut self) -> Result<Expression, ConfigError> {
        let mut first = self.term()?;
        loop {
            let end = self.cursor.position;
            self.skip()?;
            let rest = self.cursor.rest();
            let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
            let Some(operator) = operator else {
                self.cursor.position = end;
                return Ok(first);
            };
            self.cursor.eat(operator);
            self.skip()?;
            let next = self.term()?;
            first = Expression { range: first.range.start..next.range.end, shape: Shape::Other };
        }
    }

    /// A value with the steps into it.
    fn term(&mut self) -> Result<Expression, ConfigError> {
        self.deeper()?;
        let start = self.cursor.position;
        let mut term = match self.cursor.peek() {
            Some(sign @ ('-' | '!')) => {
                self.cursor.next();
                self.skip()?;
                let operand = self.term()?;
                self.depth -= 1;
                let shape = self.signed(sign, &operand)?;
                return Ok(Expression { shape, range: start..operand.range.end });
            }
            Some('(') => self.in_parentheses()?,
            Some('[') => self.tuple()?,
            Some('{') => self.object()?,
            Some('"') => template(self.quoted_template()?),
            Some('<') if self.cursor.rest().starts_with("<<") => template(self.heredoc()?),
            Some(digit) if digit.is_ascii_digit() => self.number()?,
            _ => self.name()?,
        };
        if self.steps()? && !matches!(term, Shape::Traversal) {
            term = Shape::Other;
        }
        self.depth -= 1;
        // A heredoc ends before the line break behind its last line.
        Ok(Expression { shape: term, range: start..self.cursor.position })
    }

    fn signed(&self, sign: char, operand: &Expression) -> Result<Shape, ConfigError> {
        let Shape::Literal(value) = &operand.shape else { return Ok(Shape::Other) };
        match (sign, value) {
            ('-', Value::Number(value)) => {
                let value = match value.as_i64() {
                    Some(value) => Value::from(-value),
                    None => value.as_f64().and_then(|value| number(-value)).unwrap_or_default(),
                };
                Ok(Shape::Signed(value))
            }
            ('!', Value::Bool(value)) => Ok(Shape::Signed(Value::Bool(!value))),
            _ => {
                let kind = if sign == '-' { "a number" } else { "`true` or `false`" };
                let message = format!("expected {kind} behind `{sign}`");
                Err(ConfigError::at(self.cursor.text, operand.range.start, message))
            }
        }
    }

    fn in_parentheses(&mut self) -> Result<Shape, ConfigError> {
        self.cursor.eat("(");
        self.without_newlines(|reader| {
            reader.expression()?;
            reader.skip()?;
            match reader.cursor.eat(")") {
                true => Ok(Shape::Other),
                false => Err(reader.cursor.expected("`)`")),
            }
        })
    }

    fn number(&mut self) -> Result<Shape, ConfigError> {
        let start = self.cursor.position;
        let digits = |cursor: &mut crate::scan::Cursor<'_>| {
            !cursor.take_while(|digit| digit.is_ascii_digit()).is_empty()
        };
        digits(&mut self.cursor);
        if self.cursor.peek() == Some('.')
            && self.cursor.peek_second().is_some_and(|digit| digit.is_ascii_digit())
        {
            self.cursor.next();
            digits(&mut self.cursor);
        }
        if matches!(self.cursor.peek(), Some('e' | 'E')) {
            self.cursor.next();
            if matches!(self.cursor.peek(), Some('+' | '-')) {
                self.cursor.next();
            }
            if !digits(&mut self.cursor) {
                return Err(self.cursor.expected("digits of an exponent"));
            }
        }
        let text = self.cursor.text.get(start..self.cursor.position).unwrap_or_default();
        let value = match text.parse::<i64>() {
            Ok(value) => Some(Value::from(value)),
            Err(_) => text.parse().ok().and_then(number),
        };
        match value {
            Some(value) => Ok(Shape::Literal(value)),
            None => {
                let message = format!("the number `{text}` is too large");
                Err(ConfigError::at(self.cursor.text, start, message))
            }
        }
    }

    /// A word, a call, or the name of something.
    fn name(&mut self) -> Result<Shape, ConfigError> {
        let Some(name) = self.identifier() else {
            return Err(self.cursor.expected("an expression"));
        };
        let end = self.cursor.position;
        self.skip()?;
        let mut is_call = false;
        while self.cursor.eat("::") {
            is_call = true;
            self.skip()?;
            if self.identifier().is_none() {
                return Err(self.cursor.expected("the name of a function"));
            }
            self.skip()?;
        }
        if self.cursor.peek() == Some('(') {
            self.cursor.next();
            return self.without_newlines(Self::arguments);
        }
        if is_call {
            return Err(self.cursor.expected("`(`"));
        }
        self.cursor.position = end;
        Ok(match name {
            "true" => Shape::Literal(Value::Bool(true)),
            "false" => Shape::Literal(Value::Bool(false)),
            "null" => Shape::Literal(Value::Null),
            _ => Shape::Traversal,
        })
    }

    fn arguments(&mut self) -> Result<Shape, ConfigError> {
        loop {
            self.skip()?;
            if self.cursor.eat(")") {
                return Ok(Shape::Other);
            }
            self.expression()?;
            self.skip()?;
            if self.cursor.eat("...") {
                self.skip()?;
                return match self.cursor.eat(")") {
                    true => Ok(Shape::Other),
                    false => Err(self.cursor.expected("`)` behind `...`")),
                };
            }
            if !self.cursor.eat(",") && self.cursor.peek() != Some(')') {
                return Err(self.cursor.expected("`,` or `)`"));
            }
        }
    }

    fn tuple(&mut self) -> Result<Shape, ConfigError> {
        self.cursor.eat("[");
        self.without_newlines(|reader| {
            if reader.begins_for()? {
                return reader.for_expression(']');
            }
            let mut items = Vec::new();
            loop {
                reader.skip()?;
                if reader.cursor.eat("]") {
                    return Ok(Shape::Tuple(items));
                }
                items.push(reader.expression()?);
                reader.skip()?;
                if !reader.cursor.eat(",") && reader.cursor.peek() != Some(']') {
                    return Err(reader.cursor.expected("`,` or `]`"));
                }
            }
        })
    }

    fn object(&mut self) -> Result<Shape, ConfigError> {
        self.cursor.eat("{");
        let begun = self.cursor.position;
        let for_expression = self.without_newlines(|reader| match reader.begins_for()? {
            true => reader.for_expression('}').map(Some),
            false => Ok(None),
        })?;
        if let Some(shape) = for_expression {
            return Ok(shape);
        }
        self.cursor.position = begun;
        let outside = std::mem::replace(&mut self.newlines_matter, true);
        let mut items = Vec::new();
        loop {
            self.skip()?;
            if self.cursor.eat("}") {
                break;
            }
            if self.cursor.eat("\n") {
                continue;
            }
            let key = self.expression()?;
            self.skip()?;
            if !self.cursor.eat("=") && !self.cursor.eat(":") {
                return Err(self.cursor.expected("`=` and a value"));
            }
            let value = self.expression()?;
            items.push((key, value));
            self.skip()?;
            if !self.cursor.eat(",") && !matches!(self.cursor.peek(), Some('\n' | '}')) {
                return Err(self.cursor.expected("`,`, a line break or `}`"));
            }
        }
        self.newlines_matter = outside;
        Ok(Shape::Object(items))
    }

    /// Steps over the word `for`, if it stands here.
    fn begins_for(&mut self) -> Result<bool, ConfigError> {
        let begun = self.cursor.position;
        self.skip()?;
        let is_for = self.identifier() == Some("for");
        if !is_for {
            self.cursor.position = begun;
        }
        Ok(is_for)
    }

    /// What stands behind `for`, to the bracket that closes it.
    fn for_expression(&mut self, close: char) -> Result<Shape, ConfigError> {
        self.for_names()?;
        self.expression()?;
        self.skip()?;
        if !self.cursor.eat(":") {
            return Err(self.cursor.expected("`:` and what is made of each item"));
        }
        self.expression()?;
        self.skip()?;
        match (self.cursor.eat("=>"), close) {
            (true, '}') => {
                self.expression()?;
                self.skip()?;
                self.cursor.eat("...");
            }
            (false, ']') => {}
            _ => return Err(self.cursor.error("`{for` makes `key => value`, `[for` makes values")),
        }
        self.skip()?;
        let begun = self.cursor.position;
        match self.identifier() {
            Some("if") => {
                self.expression()?;
                self.skip()?;
            }
            _ => self.cursor.position = begun,
        }
        if self.cursor.peek() != Some(close) {
            return Err(self.cursor.expected(&format!("`{close}`")));
        }
        self.cursor.next();
        Ok(Shape::Other)
    }

    /// `value in` or `key, value in`, as `hcl2json` writes it.
    pub(super) fn for_names(&mut self) -> Result<String, ConfigError> {
        self.skip()?;
        let wanted = "the name of a value";
        let mut names = self.identifier().ok_or_else(|| self.cursor.expected(wanted))?.to_owned();
        self.skip()?;
        if self.cursor.eat(",") {
            self.skip()?;
            let second = self.identifier().ok_or_else(|| self.cursor.expected(wanted))?;
            names.push_str(", ");
            names.push_str(second);
            self.skip()?;
        }
        match self.identifier() {
            Some("in") => Ok(names),
            _ => Err(self.cursor.expected("`in` and a collection")),
        }
    }

    /// Steps over `.name`, `[index]`, `[*]` and `.*`; whether there are any.
    fn steps(&mut self) -> Result<bool, ConfigError> {
        let mut any = false;
        loop {
            let end = self.cursor.position;
            self.skip()?;
            if self.cursor.peek() == Some('[') {
                self.cursor.next();
                self.without_newlines(|reader| {
                    reader.skip()?;
                    if reader.cursor.peek() == Some('*') {
                        reader.cursor.next();
                    } else {
                        reader.expression()?;
                    }
                    reader.skip()?;
                    match reader.cursor.eat("]") {
                        true => Ok(()),
                        false => Err(reader.cursor.expected("`]`")),
                    }
                })?;
            } else if self.cursor.peek() == Some('.') && !self.cursor.rest().starts_with("...") {
                self.cursor.next();
                self.skip()?;
                let index = self.cursor.take_while(|digit| digit.is_ascii_digit());
                if index.is_empty() && !self.cursor.eat("*") && self.identifier().is_none() {
                    return Err(self.cursor.expected("a name behind `.`"));
                }
            } else {
                self.cursor.position = end;
                return Ok(any);
            }
            any = true;
        }
    }

    pub(super) fn without_newlines<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let outside = std::mem::replace(&mut self.newlines_matter, false);
        let result = read(self);
        self.newlines_matter = outside;
        result
    }
}

fn template(mut parts: Vec<Part>) -> Shape {
    match parts.pop() {
        Some(Part::Interpolation(expression)) if parts.is_empty() => {
            Shape::Wrapped(Box::new(expression))
        }
        last => {
            parts.extend(last);
            Shape::Template(parts)
        }
    }
}
