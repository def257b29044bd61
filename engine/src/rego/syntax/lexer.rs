//! Texts to tokens, with what stands between them where that matters.

use super::{Misread, Span};

/// A word, sign or literal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// Whether space, a comment or a line end stands before it.
    pub(super) spaced: bool,
    /// Whether a line ends before it.
    pub(super) on_new_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    End,
    /// A name or a keyword.
    Word,
    Number,
    /// A text in double quotes.
    String,
    /// A text in backticks.
    RawString,
    /// What stands before an expression in a template string, with its quote and brace.
    TemplatePart {
        raw: bool,
    },
    /// What ends a template string.
    TemplateEnd {
        raw: bool,
    },
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Semicolon,
    Colon,
    Dot,
    /// `:=`
    Assign,
    /// `=`
    Unify,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
    And,
    Or,
}

/// What was read: tokens, of which the last is [`Kind::End`], and comments.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Span>,
}

struct Lexer<'s> {
    text: &'s str,
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Span>,
    /// Braces that are open, and for each whether it is one of a template string, and which.
    braces: Vec<Option<Kind>>,
}

pub(super) fn tokens(text: &str) -> Result<Tokens, Misread> {
    let mut lexer =
        Lexer { text, at: 0, tokens: Vec::new(), comments: Vec::new(), braces: Vec::new() };
    while lexer.token()? {}
    Ok(Tokens { tokens: lexer.tokens, comments: lexer.comments })
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn span(&self, start: usize) -> Span {
        Span { start: start as u32, end: self.at as u32 }
    }

    fn error<T>(&self, start: usize, message: impl Into<String>) -> Result<T, Misread> {
        Err(Misread::new(message, self.span(start)))
    }

    /// Reads one token; false at the end.
    fn token(&mut self) -> Result<bool, Misread> {
        let before = self.at;
        let on_new_line = self.space();
        let spaced = self.at > before;
        let start = self.at;
        let kind = self.kind()?;
        self.tokens.push(Token { kind, span: self.span(start), spaced, on_new_line });
        Ok(kind != Kind::End)
    }

    /// Goes over space and comments; whether a line ended.
    fn space(&mut self) -> bool {
        let mut newline = false;
        loop {
            match self.peek(0) {
                b'\n' => newline = true,
                b' ' | b'\t' | b'\r' => {}
                b'#' => {
                    let start = self.at;
                    let rest = self.text.as_bytes().get(start..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    self.comments.push(self.span(start));
                    continue;
                }
                _ => return newline,
            }
            self.at += 1;
        }
    }

    fn kind(&mut self) -> Result<Kind, Misread> {
        let start = self.at;
        let first = self.peek(0);
        if start >= self.text.len() {
            return Ok(Kind::End);
        }
        if first == b'_' || first.is_ascii_alphabetic() {
            while self.peek(0) == b'_' || self.peek(0).is_ascii_alphanumeric() {
                self.at += 1;
            }
            return Ok(Kind::Word);
        }
        if first.is_ascii_digit() || (first == b'.' && self.peek(1).is_ascii_digit()) {
            return self.number();
        }
        let two = |lexer: &Self, second: u8| lexer.peek(1) == second;
        let (kind, length) = match first {
            b'"' => return self.string(start, Kind::String),
            b'`' => return self.raw_string(start, Kind::RawString),
            b'$' if two(self, b'"') => {
                self.at += 1;
                return self.template(start, false);
            }
            b'$' if two(self, b'`') => {
                self.at += 1;
                return self.template(start, true);
            }
            b'(' => (Kind::OpenParenthesis, 1),
            b')' => (Kind::CloseParenthesis, 1),
            b'[' => (Kind::OpenBracket, 1),
            b']' => (Kind::CloseBracket, 1),
            b'{' => {
                self.braces.push(None);
                (Kind::OpenBrace, 1)
            }
            b'}' => match self.braces.pop() {
                Some(Some(Kind::TemplatePart { raw })) => return self.template(start, raw),
                _ => (Kind::CloseBrace, 1),
            },
            b',' => (Kind::Comma, 1),
            b';' => (Kind::Semicolon, 1),
            b'.' => (Kind::Dot, 1),
            b':' if two(self, b'=') => (Kind::Assign, 2),
            b':' => (Kind::Colon, 1),
            b'=' if two(self, b'=') => (Kind::Equal, 2),
            b'=' => (Kind::Unify, 1),
            b'!' if two(self, b'=') => (Kind::NotEqual, 2),
            b'<' if two(self, b'=') => (Kind::LessEqual, 2),
            b'<' => (Kind::Less, 1),
            b'>' if two(self, b'=') => (Kind::GreaterEqual, 2),
            b'>' => (Kind::Greater, 1),
            b'+' => (Kind::Plus, 1),
            b'-' => (Kind::Minus, 1),
            b'*' => (Kind::Times, 1),
            b'/' => (Kind::Divide, 1),
            b'%' => (Kind::Remainder, 1),
            b'&' => (Kind::And, 1),
            b'|' => (Kind::Or, 1),
            _ => {
                let rest = self.text.get(start..).unwrap_or_default();
                let character = rest.chars().next().unwrap_or_default();
                self.at += character.len_utf8();
                return self
                    .error(start, format!("illegal token: unexpected character {character:?}"));
            }
        };
        self.at += length;
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Misread> {
        let start = self.at;
        let digits = |lexer: &mut Self| {
            let first = lexer.at;
            while lexer.peek(0).is_ascii_digit() {
                lexer.at += 1;
            }
            lexer.at > first
        };
        digits(self);
        if self.peek(0) == b'.' {
            self.at += 1;
            if !digits(self) {
                return self.error(start, "illegal number format: expected a digit after `.`");
            }
        }
        if matches!(self.peek(0), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(0), b'+' | b'-') {
                self.at += 1;
            }
            if !digits(self) {
                return self
                    .error(start, "illegal number format: expected a digit in the exponent");
            }
        }
        if self.peek(0) == b'_' || self.peek(0).is_ascii_alphanumeric() {
            return self.error(start, "illegal number format: a name begins in it");
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let leading_zero = text.len() > 1 && text.starts_with('0');
        if leading_zero && !matches!(text.as_bytes().get(1), Some(b'.' | b'e' | b'E')) {
            return self.error(start, "expected number without leading zero");
        }
        Ok(Kind::Number)
    }

    fn string(&mut self, start: usize, kind: Kind) -> Result<Kind, Misread> {
        self.at += 1;
        loop {
            match self.peek(0) {
                b'"' => break,
                b'\n' => return self.error(start, "non-terminated string"),
                0 if self.at >= self.text.len() => {
                    return self.error(start, "non-terminated string");
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(kind)
    }

    fn raw_string(&mut self, start: usize, kind: Kind) -> Result<Kind, Misread> {
        let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        match memchr::memchr(b'`', rest) {
            Some(end) => {
                self.at = start + end + 2;
                Ok(kind)
            }
            None => {
                self.at = self.text.len();
                self.error(start, "non-terminated string")
            }
        }
    }

    /// Reads on in a template string, from its quote or from the brace that ends an expression.
    fn template(&mut self, start: usize, raw: bool) -> Result<Kind, Misread> {
        let quote = if raw { b'`' } else { b'"' };
        self.at += 1;
        loop {
            match self.peek(0) {
                0 if self.at >= self.text.len() => {
                    return self.error(start, "non-terminated string");
                }
                b'\n' if !raw => return self.error(start, "non-terminated string"),
                b'{' => {
                    self.at += 1;
                    self.braces.push(Some(Kind::TemplatePart { raw }));
                    return Ok(Kind::TemplatePart { raw });
                }
                b'\\' if !raw || self.peek(1) == b'{' => self.at += 2,
                character if character == quote => {
                    self.at += 1;
                    return Ok(Kind::TemplateEnd { raw });
                }
                _ => self.at += 1,
            }
        }
    }
}
