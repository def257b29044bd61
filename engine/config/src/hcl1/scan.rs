//! The tokens of the first HCL (`hcl/scanner/scanner.go`, `hcl/token/token.go`).

use serde_json::Value;

use crate::ConfigError;
use crate::scan::Cursor;
use crate::typed::number;

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Word(String),
    Text(String),
    Heredoc(String),
    Bool(bool),
    /// As it is written, with its value.
    Number(String, Value),
    Assign,
    Comma,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) offset: usize,
}

/// Gives tokens one by one, and shows the next one.
pub(super) struct Scanner<'t> {
    cursor: Cursor<'t>,
    ahead: Token,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, ConfigError> {
        let ahead = Token { kind: Kind::End, offset: 0 };
        let mut scanner = Self { cursor: Cursor::new(text), ahead };
        scanner.ahead = scanner.scan()?;
        Ok(scanner)
    }

    pub(super) fn peek(&self) -> &Kind {
        &self.ahead.kind
    }

    /// Where the next token begins.
    pub(super) fn offset(&self) -> usize {
        self.ahead.offset
    }

    pub(super) fn next(&mut self) -> Result<Token, ConfigError> {
        let next = self.scan()?;
        Ok(std::mem::replace(&mut self.ahead, next))
    }

    pub(super) fn error(&self, message: &str) -> ConfigError {
        self.error_at(self.ahead.offset, message)
    }

    pub(super) fn error_at(&self, offset: usize, message: &str) -> ConfigError {
        ConfigError::at(self.cursor.text, offset, message)
    }

    fn scan(&mut self) -> Result<Token, ConfigError> {
        self.skip()?;
        let offset = self.cursor.position;
        let Some(first) = self.cursor.peek() else {
            return Ok(Token { kind: Kind::End, offset });
        };
        let kind = match first {
            '=' => self.single(Kind::Assign),
            ',' => self.single(Kind::Comma),
            '{' => self.single(Kind::OpenBrace),
            '}' => self.single(Kind::CloseBrace),
            '[' => self.single(Kind::OpenBracket),
            ']' => self.single(Kind::CloseBracket),
            '"' => Kind::Text(self.text()?),
            '<' => Kind::Heredoc(self.heredoc()?),
            '-' | '.' | '0'..='9' => self.number()?,
            _ if first.is_alphabetic() || first == '_' => {
                let word = self
                    .cursor
                    .take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.'));
                match word {
                    "true" => Kind::Bool(true),
                    "false" => Kind::Bool(false),
                    word => Kind::Word(word.to_owned()),
                }
            }
            _ => return Err(self.cursor.expected("a key or a value")),
        };
        Ok(Token { kind, offset })
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.cursor.next();
        kind
    }

    fn skip(&mut self) -> Result<(), ConfigError> {
        loop {
            self.cursor.take_while(|next| matches!(next, ' ' | '\t' | '\n' | '\r'));
            let start = self.cursor.position;
            if self.cursor.eat("/*") {
                if self.cursor.take_until("*/").is_none() {
                    return Err(self.error_at(start, "the comment is not closed by `*/`"));
                }
            } else if self.cursor.peek() == Some('#') || self.cursor.rest().starts_with("//") {
                self.cursor.take_while(|next| next != '\n');
            } else {
                return Ok(());
            }
        }
    }

    fn number(&mut self) -> Result<Kind, ConfigError> {
        let start = self.cursor.position;
        self.cursor.eat("-");
        let is_hexadecimal = self.cursor.eat("0x") || self.cursor.eat("0X");
        if is_hexadecimal {
            self.cursor.take_while(|digit| digit.is_ascii_hexdigit());
        } else {
            self.cursor.take_while(|digit| digit.is_ascii_digit());
            if self.cursor.eat(".") {
                self.cursor.take_while(|digit| digit.is_ascii_digit());
            }
            if self.cursor.eat("e") || self.cursor.eat("E") {
                let _ = self.cursor.eat("+") || self.cursor.eat("-");
                self.cursor.take_while(|digit| digit.is_ascii_digit());
            }
        }
        let text = self.cursor.text.get(start..self.cursor.position).unwrap_or_default();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let signed =
            |digits: &str, base| i64::from_str_radix(&format!("{sign}{digits}"), base).ok();
        let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
        let value = match (hexadecimal, digits.strip_prefix('0')) {
            (Some(digits), _) => signed(digits, 16).map(Value::from),
            (None, Some(octal)) if !octal.is_empty() && !octal.contains(['.', 'e', 'E']) => {
                signed(octal, 8).map(Value::from)
            }
            _ if digits.contains(['.', 'e', 'E']) => text.parse().ok().and_then(number),
            _ => signed(digits, 10).map(Value::from),
        };
        match value {
            Some(value) => Ok(Kind::Number(text.to_owned(), value)),
            None => Err(self.error_at(start, &format!("`{text}` is no number"))),
        }
    }

    /// A text in quotes; what stands in `${ }` is as it is written.
    fn text(&mut self) -> Result<String, ConfigError> {
        let start = self.cursor.position;
        self.cursor.next();
        let mut text = String::new();
        let mut braces = 0_usize;
        loop {
            let Some(next) = self.cursor.next() else {
                return Err(self.error_at(start, "the text is not closed by `\"`"));
            };
            match next {
                '{' if braces > 0 => braces += 1,
                '}' if braces > 0 => braces -= 1,
                '$' if braces == 0 && self.cursor.peek() == Some('{') => {
                    self.cursor.next();
                    text.push_str("${");
                    braces = 1;
                    continue;
                }
                '"' if braces == 0 => return Ok(text),
                '\n' if braces == 0 => {
                    return Err(self.error_at(start, "the text is not closed by `\"`"));
                }
                '\\' if braces == 0 => {
                    text.push(self.escape()?);
                    continue;
                }
                _ => {}
            }
            text.push(next);
        }
    }

    fn escape(&mut self) -> Result<char, ConfigError> {
        let (digits, base) = match self.cursor.peek() {
            Some('0'..='7') => (3, 8),
            Some('x') => (2, 16),
            Some('u') => (4, 16),
            Some('U') => (8, 16),
            other => {
                let character = match other {
                    Some('a') => '\u{7}',
                    Some('b') => '\u{8}',
                    Some('f') => '\u{c}',
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('v') => '\u{b}',
                    Some(same @ ('\\' | '"')) => same,
                    _ => return Err(self.cursor.error("illegal char escape")),
                };
                self.cursor.next();
                return Ok(character);
            }
        };
        if base == 16 {
            self.cursor.next();
        }
        let code = self.cursor.rest().get(..digits);
        let code = code.and_then(|code| u32::from_str_radix(code, base).ok());
        let Some(character) = code.and_then(char::from_u32) else {
            return Err(self.cursor.error("illegal char escape"));
        };
        self.cursor.position += digits;
        Ok(character)
    }

    fn heredoc(&mut self) -> Result<String, ConfigError> {
        let start = self.cursor.position;
        if !self.cursor.eat("<<") {
            return Err(self.cursor.error("expected `<<` and the marker of a heredoc"));
        }
        let is_indented = self.cursor.eat("-");
        let marker = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_');
        if marker.is_empty() || !self.cursor.eat("\n") {
            return Err(self.error_at(start, "expected a marker and a line break behind `<<`"));
        }
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.cursor.take_until("\n") else {
                let message = format!("the heredoc is not closed by `{marker}`");
                return Err(self.error_at(start, &message));
            };
            let Some(indent) = line.trim_end_matches('\r').strip_suffix(marker) else {
                lines.push(line);
                continue;
            };
            if !indent.chars().all(char::is_whitespace) {
                lines.push(line);
                continue;
            }
            let is_deep = lines.iter().all(|line| line.starts_with(indent));
            let lines = lines.into_iter().map(|line| match is_indented && is_deep {
                true => line.strip_prefix(indent).unwrap_or(line),
                false => line,
            });
            let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
            if !is_indented {
                text.push_str(indent);
            }
            return Ok(text);
        }
    }
}
