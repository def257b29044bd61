//! Cuts the text of an expression into tokens.

use super::ParseError;
use super::json;

/// A token and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) offset: usize,
}

/// What a token is, with its content.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Star,
    Dot,
    Filter,
    Flatten,
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Or,
    Pipe,
    Number(String),
    Identifier(String),
    QuotedIdentifier(String),
    Comma,
    Colon,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    /// JSON between backticks, still as text.
    Json(String),
    /// Text between single quotes.
    Text(String),
    Current,
    Reference,
    And,
    Not,
    /// A lone `=`.
    Unknown,
    End,
}

impl Kind {
    /// How the upstream parser's messages call it (go-jmespath `lexer.go`).
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Star => "tStar",
            Self::Dot => "tDot",
            Self::Filter => "tFilter",
            Self::Flatten => "tFlatten",
            Self::OpenParenthesis => "tLparen",
            Self::CloseParenthesis => "tRparen",
            Self::OpenBracket => "tLbracket",
            Self::CloseBracket => "tRbracket",
            Self::OpenBrace => "tLbrace",
            Self::CloseBrace => "tRbrace",
            Self::Or => "tOr",
            Self::Pipe => "tPipe",
            Self::Number(_) => "tNumber",
            Self::Identifier(_) => "tUnquotedIdentifier",
            Self::QuotedIdentifier(_) => "tQuotedIdentifier",
            Self::Comma => "tComma",
            Self::Colon => "tColon",
            Self::Less => "tLT",
            Self::LessOrEqual => "tLTE",
            Self::Greater => "tGT",
            Self::GreaterOrEqual => "tGTE",
            Self::Equal => "tEQ",
            Self::NotEqual => "tNE",
            Self::Json(_) => "tJSONLiteral",
            Self::Text(_) => "tStringLiteral",
            Self::Current => "tCurrent",
            Self::Reference => "tExpref",
            Self::And => "tAnd",
            Self::Not => "tNot",
            Self::Unknown => "tUnknown",
            Self::End => "tEOF",
        }
    }
}

/// All tokens of `text`; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { text, position: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        tokens.push(token);
    }
    tokens.push(Token { kind: Kind::End, offset: text.len() });
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.position += character.len_utf8();
        Some(character)
    }

    /// Takes `wanted` if it is next.
    fn accept(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    fn either(&mut self, second: char, both: Kind, single: Kind) -> Kind {
        if self.accept(second) { both } else { single }
    }

    fn take_while(&mut self, start: usize, belongs: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        self.position += length;
        self.text.get(start..self.position).unwrap_or_default().to_owned()
    }

    fn token(&mut self) -> Result<Option<Token>, ParseError> {
        let rest = self.rest();
        let blank = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.position += rest.len() - blank.len();
        let offset = self.position;
        let Some(character) = self.next() else { return Ok(None) };
        let kind = match character {
            'a'..='z' | 'A'..='Z' | '_' => Kind::Identifier(
                self.take_while(offset, |next| next.is_ascii_alphanumeric() || next == '_'),
            ),
            '-' | '0'..='9' => Kind::Number(self.take_while(offset, |next| next.is_ascii_digit())),
            '.' => Kind::Dot,
            '*' => Kind::Star,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '{' => Kind::OpenBrace,
            '}' => Kind::CloseBrace,
            ']' => Kind::CloseBracket,
            '(' => Kind::OpenParenthesis,
            ')' => Kind::CloseParenthesis,
            '@' => Kind::Current,
            '[' if self.accept('?') => Kind::Filter,
            '[' if self.accept(']') => Kind::Flatten,
            '[' => Kind::OpenBracket,
            '"' => self.quoted_identifier(offset)?,
            '\'' => self.raw_text()?,
            '`' => Kind::Json(self.until('`')?.replace("\\`", "`")),
            '|' => self.either('|', Kind::Or, Kind::Pipe),
            '<' => self.either('=', Kind::LessOrEqual, Kind::Less),
            '>' => self.either('=', Kind::GreaterOrEqual, Kind::Greater),
            '!' => self.either('=', Kind::NotEqual, Kind::Not),
            '=' => self.either('=', Kind::Equal, Kind::Unknown),
            '&' => self.either('&', Kind::And, Kind::Reference),
            _ => {
                let message = format!("SyntaxError: Unknown char: {}", json::quoted(character));
                return Err(ParseError::new(message, offset));
            }
        };
        Ok(Some(Token { kind, offset }))
    }

    fn unclosed(&self, delimiter: char) -> ParseError {
        ParseError::new(format!("SyntaxError: Unclosed delimiter: {delimiter}"), self.text.len())
    }

    /// The text up to `end`; a backslash takes away the meaning of the character after it.
    fn until(&mut self, end: char) -> Result<&'a str, ParseError> {
        let start = self.position;
        loop {
            match self.next() {
                None => return Err(self.unclosed(end)),
                Some(character) if character == end => break,
                Some('\\') => {
                    self.next();
                }
                Some(_) => {}
            }
        }
        Ok(self.text.get(start..self.position - end.len_utf8()).unwrap_or_default())
    }

    fn quoted_identifier(&mut self, offset: usize) -> Result<Kind, ParseError> {
        let content = self.until('"')?;
        match json::string(&format!("\"{content}\"")) {
            Ok(text) => Ok(Kind::QuotedIdentifier(text)),
            Err(message) => Err(ParseError::new(message, offset)),
        }
    }

    /// Between single quotes only `\'` is an escape.
    fn raw_text(&mut self) -> Result<Kind, ParseError> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.unclosed('\'')),
                Some('\'') => return Ok(Kind::Text(text)),
                Some('\\') if self.accept('\'') => text.push('\''),
                Some(character) => text.push(character),
            }
        }
    }
}
