//! Makes an expression out of tokens: a Pratt parser with go-jmespath's binding powers.

use super::expression::{Call, Comparison, Part};
use super::functions;
use super::lexer::{self, Kind, Token};
use super::{ParseError, json};

/// Brackets, arguments and operators inside one another; upstream has no limit.
const DEPTH_LIMIT: usize = 100;

/// Binding powers (go-jmespath `parser.go`); tokens that end an expression have 0.
fn power(kind: &Kind) -> u8 {
    match kind {
        Kind::Pipe => 1,
        Kind::Or => 2,
        Kind::And => 3,
        Kind::Equal
        | Kind::NotEqual
        | Kind::Less
        | Kind::LessOrEqual
        | Kind::Greater
        | Kind::GreaterOrEqual => 5,
        Kind::Flatten => 9,
        Kind::Star => 20,
        Kind::Filter => 21,
        Kind::Dot => 40,
        Kind::Not => 45,
        Kind::OpenBrace => 50,
        Kind::OpenBracket => 55,
        Kind::OpenParenthesis => 60,
        _ => 0,
    }
}

/// A part and how deep it is.
///
/// What is applied to the result of something else counts on top of that, so that no value is made
/// with more levels than [`DEPTH_LIMIT`]: evaluating, comparing and dropping are safe.
struct Parsed {
    part: Part,
    depth: usize,
}

impl From<Part> for Parsed {
    fn from(part: Part) -> Self {
        Self { part, depth: 1 }
    }
}

/// Parses `text`, and says which functions it calls.
pub(super) fn parse(text: &str) -> Result<(Part, Vec<Box<str>>), ParseError> {
    let tokens = lexer::tokens(text)?;
    let mut parser = Parser { tokens, position: 0, level: 0, called: Vec::new() };
    let parsed = parser.expression(0)?;
    match parser.current() {
        Kind::End => Ok((parsed.part, parser.called)),
        kind => Err(parser.unexpected(&format!(
            "Unexpected token at the end of the expression: {}",
            kind.name()
        ))),
    }
}

/// What is held flat.
#[derive(Clone, Copy)]
enum Chain {
    Path,
    Pipe,
    Or,
    And,
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
    level: usize,
    called: Vec<Box<str>>,
}

const END: Kind = Kind::End;

impl Parser {
    fn ahead(&self, distance: usize) -> &Kind {
        self.tokens.get(self.position + distance).map_or(&END, |token| &token.kind)
    }

    fn current(&self) -> &Kind {
        self.ahead(0)
    }

    fn take(&mut self) -> Kind {
        let kind = self.tokens.get_mut(self.position);
        let kind = kind.map_or(END, |token| std::mem::replace(&mut token.kind, END));
        self.position += 1;
        kind
    }

    fn error_at(&self, position: usize, message: &str) -> ParseError {
        let token = self.tokens.get(position).or(self.tokens.last());
        let offset = token.map_or(0, |token| token.offset);
        ParseError::new(format!("SyntaxError: {message}"), offset)
    }

    fn unexpected(&self, message: &str) -> ParseError {
        self.error_at(self.position, message)
    }

    fn too_deep(&self) -> ParseError {
        self.unexpected(&format!("nested more than {DEPTH_LIMIT} levels deep"))
    }

    fn expect(&mut self, wanted: &Kind) -> Result<(), ParseError> {
        if self.current() == wanted {
            self.position += 1;
            return Ok(());
        }
        let found = self.current().name();
        Err(self.unexpected(&format!("Expected {}, received: {found}", wanted.name())))
    }

    /// Puts `depth` of the parts inside and one more around it.
    fn around(&self, part: Part, depth: usize) -> Result<Parsed, ParseError> {
        if depth >= DEPTH_LIMIT {
            return Err(self.too_deep());
        }
        Ok(Parsed { part, depth: depth + 1 })
    }

    fn expression(&mut self, binding: u8) -> Result<Parsed, ParseError> {
        self.level += 1;
        if self.level > DEPTH_LIMIT {
            return Err(self.too_deep());
        }
        let mut left = self.prefix()?;
        while binding < power(self.current()) {
            let position = self.position;
            let operator = self.take();
            left = self.infix(&operator, position, left)?;
        }
        self.level -= 1;
        Ok(left)
    }

    /// What a token means at the start of an expression.
    fn prefix(&mut self) -> Result<Parsed, ParseError> {
        let position = self.position;
        match self.take() {
            Kind::Json(text) => match json::tree(&text) {
                Ok(tree) => Ok(Part::Literal(tree).into()),
                Err(message) => {
                    let offset = self.tokens.get(position).map_or(0, |token| token.offset);
                    Err(ParseError::new(message, offset))
                }
            },
            Kind::Text(text) => Ok(Part::Text(text.into()).into()),
            Kind::Identifier(name) => Ok(Part::Field(name.into()).into()),
            Kind::QuotedIdentifier(name) => {
                if *self.current() == Kind::OpenParenthesis {
                    return Err(
                        self.error_at(position, "Can't have quoted identifier as function name.")
                    );
                }
                Ok(Part::Field(name.into()).into())
            }
            Kind::Star => {
                let right = if *self.current() == Kind::CloseBracket {
                    Part::Current.into()
                } else {
                    self.projected(20)?
                };
                self.project_values(Part::Current.into(), right)
            }
            Kind::Filter => self.filter(Part::Current.into()),
            Kind::OpenBrace => self.map(),
            Kind::Flatten => self.flatten(Part::Current.into()),
            Kind::OpenBracket => match (self.current(), self.ahead(1)) {
                (Kind::Number(_) | Kind::Colon, _) => self.index(Part::Current.into()),
                (Kind::Star, Kind::CloseBracket) => {
                    self.position += 2;
                    let right = self.projected(20)?;
                    self.project(Part::Current.into(), right)
                }
                _ => self.list(),
            },
            Kind::Current => Ok(Part::Current.into()),
            Kind::Reference => {
                let inner = self.expression(0)?;
                self.around(Part::Reference(Box::new(inner.part)), inner.depth)
            }
            Kind::Not => {
                let inner = self.expression(45)?;
                self.around(Part::Not(Box::new(inner.part)), inner.depth)
            }
            Kind::OpenParenthesis => {
                let inner = self.expression(0)?;
                self.expect(&Kind::CloseParenthesis)?;
                Ok(inner)
            }
            Kind::End => Err(self.error_at(position, "Incomplete expression")),
            other => Err(self.error_at(position, &format!("Invalid token: {}", other.name()))),
        }
    }

    /// What a token means after the expression `left`.
    fn infix(
        &mut self,
        operator: &Kind,
        position: usize,
        left: Parsed,
    ) -> Result<Parsed, ParseError> {
        let comparison = match operator {
            Kind::Dot if *self.current() == Kind::Star => {
                self.position += 1;
                let right = self.projected(40)?;
                return self.project_values(left, right);
            }
            Kind::Dot => {
                let right = self.after_dot(40)?;
                return self.chain(left, right, Chain::Path);
            }
            Kind::Pipe => {
                let right = self.expression(1)?;
                return self.chain(left, right, Chain::Pipe);
            }
            Kind::Or => {
                let right = self.expression(2)?;
                return self.chain(left, right, Chain::Or);
            }
            Kind::And => {
                let right = self.expression(3)?;
                return self.chain(left, right, Chain::And);
            }
            Kind::OpenParenthesis => return self.call(left, position),
            Kind::Filter => return self.filter(left),
            Kind::Flatten => return self.flatten(left),
            Kind::OpenBracket => {
                if matches!(self.current(), Kind::Number(_) | Kind::Colon) {
                    return self.index(left);
                }
                self.expect(&Kind::Star)?;
                self.expect(&Kind::CloseBracket)?;
                let right = self.projected(20)?;
                return self.project(left, right);
            }
            Kind::Equal => Comparison::Equal,
            Kind::NotEqual => Comparison::NotEqual,
            Kind::Less => Comparison::Less,
            Kind::LessOrEqual => Comparison::LessOrEqual,
            Kind::Greater => Comparison::Greater,
            Kind::GreaterOrEqual => Comparison::GreaterOrEqual,
            other => {
                return Err(self.unexpected(&format!("Unexpected token: {}", other.name())));
            }
        };
        let right = self.expression(5)?;
        let depth = left.depth.max(right.depth);
        self.around(Part::Compare(comparison, Box::new(left.part), Box::new(right.part)), depth)
    }

    /// Appends to a chain, or begins one.
    fn chain(&self, left: Parsed, right: Parsed, chain: Chain) -> Result<Parsed, ParseError> {
        let depth = match chain {
            Chain::Path | Chain::Pipe if right.depth > 1 => left.depth + right.depth,
            _ => left.depth.max(right.depth + 1),
        };
        if depth > DEPTH_LIMIT {
            return Err(self.too_deep());
        }
        let mut parts = match (left.part, chain) {
            (Part::Path(parts), Chain::Path)
            | (Part::Pipe(parts), Chain::Pipe)
            | (Part::Or(parts), Chain::Or)
            | (Part::And(parts), Chain::And) => parts,
            // `[0]` alone is applied to what is there already.
            (Part::Current, Chain::Path) => Vec::new(),
            (part, _) => vec![part],
        };
        match (right.part, chain) {
            // `a.(b[0])` and `(a.b)[0]` read the same places and fail alike.
            (Part::Path(more), Chain::Path) => parts.extend(more),
            (part, _) => parts.push(part),
        }
        let part = match chain {
            Chain::Path => Part::Path(parts),
            Chain::Pipe => Part::Pipe(parts),
            Chain::Or => Part::Or(parts),
            Chain::And => Part::And(parts),
        };
        Ok(Parsed { part, depth })
    }

    fn project(&self, left: Parsed, right: Parsed) -> Result<Parsed, ParseError> {
        let depth = left.depth + right.depth;
        self.around(Part::Project(Box::new(left.part), Box::new(right.part)), depth)
    }

    fn project_values(&self, left: Parsed, right: Parsed) -> Result<Parsed, ParseError> {
        let depth = left.depth + right.depth;
        self.around(Part::ProjectValues(Box::new(left.part), Box::new(right.part)), depth)
    }

    fn flatten(&mut self, left: Parsed) -> Result<Parsed, ParseError> {
        let flat = self.around(Part::Flatten(Box::new(left.part)), left.depth)?;
        let right = self.projected(9)?;
        self.project(flat, right)
    }

    fn filter(&mut self, left: Parsed) -> Result<Parsed, ParseError> {
        let condition = self.expression(0)?;
        self.expect(&Kind::CloseBracket)?;
        let right = if *self.current() == Kind::Flatten {
            Part::Current.into()
        } else {
            self.projected(21)?
        };
        let depth = (left.depth + right.depth).max(condition.depth);
        let part = Part::Filter {
            left: Box::new(left.part),
            right: Box::new(right.part),
            condition: Box::new(condition.part),
        };
        self.around(part, depth)
    }

    /// `[1]`, or a slice and what is asked of its items.
    fn index(&mut self, left: Parsed) -> Result<Parsed, ParseError> {
        if *self.current() != Kind::Colon && *self.ahead(1) != Kind::Colon {
            let number = self.number()?;
            self.expect(&Kind::CloseBracket)?;
            return self.chain(left, Part::Index(number).into(), Chain::Path);
        }
        let mut parts = [None; 3];
        let mut filled = 0;
        while *self.current() != Kind::CloseBracket && filled < 3 {
            match self.current() {
                Kind::Colon => {
                    filled += 1;
                    self.position += 1;
                }
                Kind::Number(_) => {
                    let number = self.number()?;
                    if let Some(part) = parts.get_mut(filled) {
                        *part = Some(number);
                    }
                }
                other => {
                    let message = format!("Expected tColon or tNumber, received: {}", other.name());
                    return Err(self.unexpected(&message));
                }
            }
        }
        self.expect(&Kind::CloseBracket)?;
        let sliced = self.chain(left, Part::Slice(parts).into(), Chain::Path)?;
        let right = self.projected(20)?;
        self.project(sliced, right)
    }

    fn number(&mut self) -> Result<i64, ParseError> {
        let offset = self.tokens.get(self.position).map_or(0, |token| token.offset);
        let Kind::Number(digits) = self.take() else {
            return Err(ParseError::new(
                "strconv.Atoi: parsing \"\": invalid syntax".to_owned(),
                offset,
            ));
        };
        digits.parse().map_err(|_| {
            let reason = if digits == "-" { "invalid syntax" } else { "value out of range" };
            ParseError::new(format!("strconv.Atoi: parsing \"{digits}\": {reason}"), offset)
        })
    }

    fn call(&mut self, left: Parsed, position: usize) -> Result<Parsed, ParseError> {
        let (Part::Field(name) | Part::Text(name)) = left.part else {
            return Err(self.error_at(position, "Unexpected token: tLparen"));
        };
        let mut arguments = Vec::new();
        let mut depth = 1;
        while *self.current() != Kind::CloseParenthesis {
            let argument = self.expression(0)?;
            if *self.current() == Kind::Comma {
                self.position += 1;
            }
            let applied = matches!(argument.part, Part::Reference(_));
            depth = if applied { depth + argument.depth } else { depth.max(argument.depth) };
            arguments.push(argument.part);
        }
        self.position += 1;
        self.called.push(name.clone());
        let function = functions::find(&name);
        let call = Call::new(name, function, arguments.into());
        self.around(Part::Call(Box::new(call)), depth)
    }

    fn list(&mut self) -> Result<Parsed, ParseError> {
        let mut parts = Vec::new();
        let mut depth = 1;
        loop {
            let item = self.expression(0)?;
            depth = depth.max(item.depth);
            parts.push(item.part);
            if *self.current() == Kind::CloseBracket {
                break;
            }
            self.expect(&Kind::Comma)?;
        }
        self.position += 1;
        self.around(Part::List(parts.into()), depth)
    }

    fn map(&mut self) -> Result<Parsed, ParseError> {
        let mut parts = Vec::new();
        let mut depth = 1;
        loop {
            if !matches!(self.current(), Kind::Identifier(_) | Kind::QuotedIdentifier(_)) {
                return Err(self.unexpected("Expected tQuotedIdentifier or tUnquotedIdentifier"));
            }
            let (Kind::Identifier(key) | Kind::QuotedIdentifier(key)) = self.take() else {
                return Err(self.unexpected("Incomplete expression"));
            };
            self.expect(&Kind::Colon)?;
            let value = self.expression(0)?;
            depth = depth.max(value.depth);
            parts.push((key.into_boxed_str(), value.part));
            match self.current() {
                Kind::Comma => self.position += 1,
                Kind::CloseBrace => {
                    self.position += 1;
                    break;
                }
                _ => {}
            }
        }
        self.around(Part::Map(parts.into()), depth)
    }

    fn after_dot(&mut self, binding: u8) -> Result<Parsed, ParseError> {
        match self.current() {
            Kind::QuotedIdentifier(_) | Kind::Identifier(_) | Kind::Star => {
                self.expression(binding)
            }
            Kind::OpenBracket => {
                self.position += 1;
                self.list()
            }
            Kind::OpenBrace => {
                self.position += 1;
                self.map()
            }
            _ => Err(self.unexpected("Expected identifier, lbracket, or lbrace")),
        }
    }

    /// What is asked of each item of a projection.
    fn projected(&mut self, binding: u8) -> Result<Parsed, ParseError> {
        match self.current() {
            kind if power(kind) < 10 => Ok(Part::Current.into()),
            Kind::OpenBracket | Kind::Filter => self.expression(binding),
            Kind::Dot => {
                self.position += 1;
                self.after_dot(binding)
            }
            _ => Err(self.unexpected("Error")),
        }
    }
}
