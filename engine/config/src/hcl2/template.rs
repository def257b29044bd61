//! Texts in quotes and heredocs, with `${ }` and `%{ }` in them.

use std::ops::Range;

use super::Reader;
use super::expression::{Expression, Shape};
use crate::ConfigError;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Part {
    /// With its escapes resolved.
    Text(String),
    Interpolation(Expression),
}

/// A part before `%{ if }` and `%{ for }` have found their ends.
enum Token {
    Text(String),
    Interpolation(Expression),
    If(Range<usize>),
    Else,
    EndIf,
    For(String, Range<usize>),
    EndFor,
}

/// What a template that is only text says.
pub(super) fn as_literal(parts: &[Part]) -> Option<String> {
    match parts {
        [] => Some(String::new()),
        [Part::Text(text)] => Some(text.clone()),
        _ => None,
    }
}

impl Reader<'_> {
    pub(super) fn quoted_template(&mut self) -> Result<Vec<Part>, ConfigError> {
        let start = self.cursor.position;
        self.cursor.eat("\"");
        let mut tokens = Vec::new();
        let mut trims_next = false;
        loop {
            let mut text = self.quoted_text(start)?;
            if std::mem::take(&mut trims_next) {
                text = text.trim_start().to_owned();
            }
            if !text.is_empty() {
                tokens.push(Token::Text(text));
            }
            if self.cursor.eat("\"") {
                return self.parts(tokens);
            }
            trims_next = self.sequence(&mut tokens)?;
        }
    }

    /// The text up to a quote, `${` or `%{`.
    fn quoted_text(&mut self, start: usize) -> Result<String, ConfigError> {
        let mut text = String::new();
        loop {
            if self.escaped_sequence(&mut text) {
                continue;
            }
            let rest = self.cursor.rest();
            if rest.starts_with(['"']) || rest.starts_with("${") || rest.starts_with("%{") {
                return Ok(text);
            }
            match self.cursor.next() {
                None | Some('\n') => {
                    let message = "the text is not closed by `\"` on its line";
                    return Err(ConfigError::at(self.cursor.text, start, message));
                }
                Some('\\') => text.push(self.escape()?),
                Some(character) => text.push(character),
            }
        }
    }

    /// Steps over `$${` and `%%{`, which stand for themselves.
    fn escaped_sequence(&mut self, text: &mut String) -> bool {
        for (written, meant) in [("$${", "${"), ("%%{", "%{")] {
            if self.cursor.eat(written) {
                text.push_str(meant);
                return true;
            }
        }
        false
    }

    fn escape(&mut self) -> Result<char, ConfigError> {
        let digits = match self.cursor.next() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('"') => return Ok('"'),
            Some('\\') => return Ok('\\'),
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.cursor.error("`\\` is followed by n, r, t, \", \\, u or U")),
        };
        let code = self.cursor.rest().get(..digits);
        let code =
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let Some(character) = code else {
            return Err(self.cursor.expected("the hexadecimal digits of a character"));
        };
        self.cursor.position += digits;
        Ok(character)
    }

    pub(super) fn heredoc(&mut self) -> Result<Vec<Part>, ConfigError> {
        let start = self.cursor.position;
        self.cursor.eat("<<");
        let is_flush = self.cursor.eat("-");
        let Some(marker) = self.identifier() else {
            return Err(self.cursor.expected("the marker of a heredoc"));
        };
        self.cursor.eat("\r");
        if !self.cursor.eat("\n") {
            return Err(self.cursor.expected("a line break behind the marker"));
        }
        let mut tokens = Vec::new();
        let mut trims_next = false;
        let mut is_line_start = true;
        loop {
            if is_line_start && self.ends_heredoc(marker) {
                break;
            }
            let mut text = String::new();
            loop {
                if self.escaped_sequence(&mut text) {
                    continue;
                }
                let rest = self.cursor.rest();
                if rest.starts_with("${") || rest.starts_with("%{") {
                    break;
                }
                match self.cursor.next() {
                    None => {
                        let message = format!("the heredoc is not closed by `{marker}`");
                        return Err(ConfigError::at(self.cursor.text, start, message));
                    }
                    Some(character) => text.push(character),
                }
                if text.ends_with('\n') {
                    break;
                }
            }
            is_line_start = text.ends_with('\n');
            if std::mem::take(&mut trims_next) {
                text = text.trim_start().to_owned();
            }
            if !text.is_empty() {
                tokens.push(Token::Text(text));
            }
            if !is_line_start {
                trims_next = self.sequence(&mut tokens)?;
            }
        }
        if is_flush {
            flush(&mut tokens);
        }
        self.parts(tokens)
    }

    /// Steps over the last line of a heredoc, but not over its break.
    fn ends_heredoc(&mut self, marker: &str) -> bool {
        let rest = self.cursor.rest();
        let Some(length) = rest.find('\n') else {
            // Upstream wants a line break too; the end of the text is as clear.
            let is_end = rest.trim() == marker;
            if is_end {
                self.cursor.position = self.cursor.text.len();
            }
            return is_end;
        };
        let line = rest.get(..length).unwrap_or_default();
        let is_end = line.trim() == marker;
        if is_end {
            self.cursor.position += line.trim_end_matches('\r').len();
        }
        is_end
    }

    /// Reads `${ }` or `%{ }`; whether the text behind it loses its blanks.
    fn sequence(&mut self, tokens: &mut Vec<Token>) -> Result<bool, ConfigError> {
        let is_control = self.cursor.eat("%{");
        if !is_control {
            self.cursor.eat("${");
        }
        if self.cursor.eat("~")
            && let Some(Token::Text(text)) = tokens.last_mut()
        {
            text.truncate(text.trim_end().len());
        }
        let token = self.without_newlines(|reader| {
            let token = match is_control {
                true => reader.control()?,
                false => Token::Interpolation(reader.expression()?),
            };
            reader.skip()?;
            Ok(token)
        })?;
        tokens.push(token);
        let trims_next = self.cursor.eat("~");
        match self.cursor.eat("}") {
            true => Ok(trims_next),
            false => Err(self.cursor.expected("`}`")),
        }
    }

    fn control(&mut self) -> Result<Token, ConfigError> {
        self.skip()?;
        match self.identifier() {
            Some("if") => Ok(Token::If(self.expression()?.range)),
            Some("else") => Ok(Token::Else),
            Some("endif") => Ok(Token::EndIf),
            Some("for") => {
                let names = self.for_names()?;
                Ok(Token::For(names, self.expression()?.range))
            }
            Some("endfor") => Ok(Token::EndFor),
            _ => Err(self.cursor.error("`%{` is followed by if, else, endif, for or endfor")),
        }
    }

    /// Parts of tokens: what stands between a control and its end is one part.
    fn parts(&self, tokens: Vec<Token>) -> Result<Vec<Part>, ConfigError> {
        /// A control that waits for its end.
        struct Open {
            control: Token,
            yes: Option<Vec<Part>>,
            /// What stands before it.
            outside: Vec<Part>,
        }
        let unbalanced =
            |what: &str| self.cursor.error(format!("`{what}` in the text before is not balanced"));
        let mut open: Vec<Open> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        for token in tokens {
            match token {
                Token::Text(text) => match parts.last_mut() {
                    Some(Part::Text(before)) => before.push_str(&text),
                    _ => parts.push(Part::Text(text)),
                },
                Token::Interpolation(expression) => parts.push(Part::Interpolation(expression)),
                control @ (Token::If(_) | Token::For(..)) => {
                    if self.depth + open.len() > crate::depth::MAX_DEPTH {
                        return Err(self.cursor.error(crate::depth::TOO_DEEP));
                    }
                    open.push(Open { control, yes: None, outside: std::mem::take(&mut parts) });
                }
                Token::Else => match open.last_mut() {
                    Some(Open { control: Token::If(_), yes: yes @ None, .. }) => {
                        *yes = Some(std::mem::take(&mut parts));
                    }
                    _ => return Err(unbalanced("else")),
                },
                Token::EndIf => {
                    let Some(Open { control: Token::If(condition), yes, outside }) = open.pop()
                    else {
                        return Err(unbalanced("endif"));
                    };
                    let (yes, no) = match yes {
                        Some(yes) => (yes, std::mem::take(&mut parts)),
                        None => (std::mem::take(&mut parts), Vec::new()),
                    };
                    let range = condition.clone();
                    let shape = Shape::Conditional { condition, yes: made(yes), no: made(no) };
                    parts = outside;
                    parts.push(Part::Interpolation(Expression { shape, range }));
                }
                Token::EndFor => {
                    let Some(Open { control: Token::For(names, collection), outside, .. }) =
                        open.pop()
                    else {
                        return Err(unbalanced("endfor"));
                    };
                    let range = collection.clone();
                    let each = made(std::mem::take(&mut parts));
                    let shape = Shape::Repeated { names, collection, each };
                    parts = outside;
                    parts.push(Part::Interpolation(Expression { shape, range }));
                }
            }
        }
        match open.is_empty() {
            true => Ok(parts),
            false => Err(unbalanced("if` or `for")),
        }
    }
}

fn made(parts: Vec<Part>) -> Box<Expression> {
    Box::new(Expression { shape: Shape::Template(parts), range: 0..0 })
}

/// Takes away what all lines of a heredoc are indented by.
fn flush(tokens: &mut [Token]) {
    let mut is_line_start = true;
    let mut least = usize::MAX;
    let mut starts = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        if std::mem::take(&mut is_line_start) {
            let indent = match token {
                Token::Text(text) if text.trim_start().is_empty() && text.ends_with('\n') => {
                    usize::MAX
                }
                Token::Text(text) => {
                    starts.push(position);
                    text.chars().take_while(|first| first.is_whitespace()).count()
                }
                _ => 0,
            };
            least = least.min(indent);
        }
        if let Token::Text(text) = token {
            is_line_start = text.ends_with('\n');
        }
    }
    for position in starts {
        if let Some(Token::Text(text)) = tokens.get_mut(position) {
            *text = text.chars().skip(least).collect();
        }
    }
}
