//! Rewrites a pattern of Go's `regexp/syntax` in the syntax of the `regex` crate.

use std::fmt::Write;

use super::{RegexError, go_error};

/// How often Go lets a part repeat.
const REPEAT_LIMIT: u32 = 1000;
/// Groups inside one another; Go allows 1000.
const DEPTH_LIMIT: usize = 100;

/// The pattern for the `regex` crate, or what Go says against it.
pub(super) fn translate(pattern: &str) -> Result<String, RegexError> {
    let mut translation =
        Translation { pattern, position: 0, out: String::new(), names: Vec::new() };
    translation.run()?;
    Ok(translation.out)
}

struct Translation<'a> {
    pattern: &'a str,
    position: usize,
    out: String,
    names: Vec<&'a str>,
}

/// What a repetition operator would apply to.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Part,
    /// A repetition that began at this byte.
    Repetition(usize),
}

impl<'a> Translation<'a> {
    fn rest(&self) -> &'a str {
        self.pattern.get(self.position..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a str {
        self.pattern.get(start..self.position).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        Some(character)
    }

    fn accept(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.position += wanted.len();
        }
        found
    }

    /// A character that stands for itself.
    fn literal(&mut self, character: char) {
        if character.is_ascii_alphanumeric() || !character.is_ascii() {
            self.out.push(character);
        } else {
            // Writing to a string does not fail.
            let _ = write!(self.out, "\\x{{{:x}}}", character as u32);
        }
    }

    fn run(&mut self) -> Result<(), RegexError> {
        let mut before = Before::Nothing;
        let mut depth = 0_usize;
        loop {
            let start = self.position;
            let Some(character) = self.next() else { break };
            before = match character {
                '(' => {
                    depth += 1;
                    if depth > DEPTH_LIMIT {
                        return Err(go_error("expression nests too deeply", self.pattern));
                    }
                    if self.group(start)? {
                        depth -= 1;
                        before
                    } else {
                        Before::Nothing
                    }
                }
                ')' => {
                    if depth == 0 {
                        return Err(go_error("unexpected )", self.pattern));
                    }
                    depth -= 1;
                    self.out.push(')');
                    Before::Part
                }
                '|' => {
                    self.out.push('|');
                    Before::Nothing
                }
                '*' | '+' | '?' => {
                    self.out.push(character);
                    self.repetition(start, before)?
                }
                '{' => match self.count() {
                    Some((least, most)) => {
                        let counted = self.since(start);
                        if least > REPEAT_LIMIT
                            || most.is_some_and(|most| most > REPEAT_LIMIT || most < least)
                        {
                            return Err(go_error("invalid repeat count", counted));
                        }
                        self.out.push_str(counted);
                        self.repetition(start, before)?
                    }
                    None => {
                        self.literal('{');
                        Before::Part
                    }
                },
                '[' => {
                    self.class(start)?;
                    Before::Part
                }
                '\\' => self.escape(start, before)?,
                '^' | '$' | '.' => {
                    self.out.push(character);
                    Before::Part
                }
                _ => {
                    self.literal(character);
                    Before::Part
                }
            };
        }
        if depth > 0 {
            return Err(go_error("missing closing )", self.pattern));
        }
        Ok(())
    }

    fn repetition(&mut self, start: usize, before: Before) -> Result<Before, RegexError> {
        if self.accept("?") {
            self.out.push('?');
        }
        let operator = self.since(start);
        match before {
            Before::Nothing => Err(go_error("missing argument to repetition operator", operator)),
            Before::Repetition(first) => {
                Err(go_error("invalid nested repetition operator", self.since(first)))
            }
            Before::Part => Ok(Before::Repetition(start)),
        }
    }

    /// `{n}`, `{n,}` or `{n,m}` after the brace; anything else stands for itself.
    fn count(&mut self) -> Option<(u32, Option<u32>)> {
        let (inner, _) = self.rest().split_once('}')?;
        let (least, most) = match inner.split_once(',') {
            Some((least, "")) => (least, None),
            Some((least, most)) => (least, Some(most)),
            None => (inner, None),
        };
        let number = |digits: &str| {
            let plain = !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'));
            plain.then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let least = number(least)?;
        let most = match most {
            Some(most) => Some(number(most)?),
            None => None,
        };
        self.position += inner.len() + 1;
        Some((least, most))
    }

    /// What follows `(`; true if it was only flags for the rest, such as `(?i)`.
    fn group(&mut self, start: usize) -> Result<bool, RegexError> {
        if !self.accept("?") {
            self.out.push('(');
            return Ok(false);
        }
        for prefix in ["P<", "<"] {
            let named = self.rest().strip_prefix(prefix);
            let Some(named) = named.filter(|rest| prefix != "<" || !rest.starts_with(['=', '!']))
            else {
                continue;
            };
            let Some((name, _)) = named.split_once('>') else {
                self.position = self.pattern.len();
                return Err(go_error("invalid named capture", self.since(start)));
            };
            self.position += prefix.len() + name.len() + 1;
            let valid = !name.is_empty()
                && name
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || character == '_');
            if !valid {
                return Err(go_error("invalid named capture", self.since(start)));
            }
            if name.starts_with(|first: char| first.is_ascii_digit()) || self.names.contains(&name)
            {
                // Go allows both; a template reads `$1` as a number, and takes the first of a name.
                self.out.push('(');
            } else {
                self.names.push(name);
                let _ = write!(self.out, "(?P<{name}>");
            }
            return Ok(false);
        }
        let mut flags = String::from("(?");
        let mut negated = false;
        let mut seen = false;
        loop {
            match self.next() {
                Some(flag @ ('i' | 'm' | 's' | 'U')) => {
                    seen = true;
                    flags.push(flag);
                }
                Some('-') if !negated => {
                    negated = true;
                    seen = false;
                    flags.push('-');
                }
                Some(end @ (':' | ')')) if seen || !negated => {
                    let only_flags = end == ')';
                    // `(?)` means nothing, and the `regex` crate refuses it.
                    if flags != "(?" || !only_flags {
                        self.out.push_str(&flags);
                        self.out.push(end);
                    }
                    return Ok(only_flags);
                }
                _ => {
                    return Err(go_error("invalid or unsupported Perl syntax", self.since(start)));
                }
            }
        }
    }

    /// What follows a backslash outside of brackets.
    fn escape(&mut self, start: usize, before: Before) -> Result<Before, RegexError> {
        if self.accept("Q") {
            let rest = self.rest();
            let (quoted, length) = match rest.split_once("\\E") {
                Some((quoted, _)) => (quoted, quoted.len() + 2),
                None => (rest, rest.len()),
            };
            self.position += length;
            for character in quoted.chars() {
                self.literal(character);
            }
            return Ok(if quoted.is_empty() { before } else { Before::Part });
        }
        let written = match self.peek() {
            None => return Err(go_error("trailing backslash at end of expression", "")),
            Some('A') => "\\A",
            Some('z') => "\\z",
            Some('b') => "(?-u:\\b)",
            Some('B') => "(?-u:\\B)",
            _ => "",
        };
        if !written.is_empty() {
            self.position += 1;
            self.out.push_str(written);
            return Ok(Before::Part);
        }
        if !self.shorthand(start)? {
            let character = self.escaped(start)?;
            self.literal(character);
        }
        Ok(Before::Part)
    }

    /// `\d`, `\pL` and their like, in brackets or not.
    fn shorthand(&mut self, start: usize) -> Result<bool, RegexError> {
        let written = match self.peek() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('s') => "[\\t\\n\\x0C\\r ]",
            Some('S') => "[^\\t\\n\\x0C\\r ]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('p' | 'P') => return self.property(start).map(|()| true),
            _ => return Ok(false),
        };
        self.position += 1;
        self.out.push_str(written);
        Ok(true)
    }

    fn property(&mut self, start: usize) -> Result<(), RegexError> {
        let mut negated = self.next() == Some('P');
        let invalid = |part: &str| Err(go_error("invalid character class range", part));
        let name = match self.next() {
            Some('{') => {
                let Some((name, _)) = self.rest().split_once('}') else {
                    return invalid(self.since(start));
                };
                self.position += name.len() + 1;
                match name.strip_prefix('^') {
                    Some(name) => {
                        negated = !negated;
                        name.to_owned()
                    }
                    None => name.to_owned(),
                }
            }
            Some(letter) => letter.to_string(),
            None => return invalid(self.since(start)),
        };
        let known = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|character| character.is_ascii_alphabetic() || character == '_');
        if !known {
            return invalid(self.since(start));
        }
        if name == "Any" {
            self.out.push_str(if negated {
                "[^\\x{0}-\\x{10FFFF}]"
            } else {
                "[\\x{0}-\\x{10FFFF}]"
            });
            return Ok(());
        }
        let _ = write!(self.out, "\\{}{{{name}}}", if negated { 'P' } else { 'p' });
        Ok(())
    }

    /// The character that an escape stands for.
    fn escaped(&mut self, start: usize) -> Result<char, RegexError> {
        let Some(character) = self.next() else {
            return Err(go_error("trailing backslash at end of expression", ""));
        };
        let code = match character {
            'a' => 0x7,
            'f' => 0xc,
            't' => 0x9,
            'n' => 0xa,
            'r' => 0xd,
            'v' => 0xb,
            '1'..='7' if !matches!(self.peek(), Some('0'..='7')) => {
                return Err(go_error("invalid escape sequence", self.since(start)));
            }
            '0'..='7' => {
                let mut code = character.to_digit(8).unwrap_or_default();
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|digit| digit.to_digit(8)) else {
                        break;
                    };
                    self.position += 1;
                    code = code * 8 + digit;
                }
                code
            }
            'x' => return self.hexadecimal(start),
            _ if character.is_ascii() && !character.is_ascii_alphanumeric() => {
                return Ok(character);
            }
            _ => return Err(go_error("invalid escape sequence", self.since(start))),
        };
        char::from_u32(code).ok_or_else(|| go_error("invalid escape sequence", self.since(start)))
    }

    fn hexadecimal(&mut self, start: usize) -> Result<char, RegexError> {
        let digits = if self.accept("{") {
            let inner = self.rest().split_once('}').map(|(inner, _)| inner);
            self.position += inner.map_or(0, |inner| inner.len() + 1);
            inner
        } else {
            let two = self.rest().get(..2);
            self.position += two.map_or(0, str::len);
            two
        };
        digits
            .filter(|digits| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32)
            .ok_or_else(|| go_error("invalid escape sequence", self.since(start)))
    }

    /// What follows `[`.
    fn class(&mut self, start: usize) -> Result<(), RegexError> {
        self.out.push('[');
        if self.accept("^") {
            self.out.push('^');
        }
        let mut first = true;
        while first || self.peek() != Some(']') {
            if self.peek().is_none() {
                let part = self.pattern.get(start..).unwrap_or_default();
                return Err(go_error("missing closing ]", part));
            }
            first = false;
            let item = self.position;
            if self.rest().starts_with("[:")
                && let Some(length) = self.rest().find(":]")
            {
                self.position += length + 2;
                let name = self.since(item);
                let letters =
                    name.trim_start_matches("[:").trim_start_matches('^').trim_end_matches(":]");
                if !POSIX.contains(&letters) {
                    return Err(go_error("invalid character class range", name));
                }
                self.out.push_str(name);
                continue;
            }
            if self.peek() == Some('\\') {
                self.position += 1;
                let shorthand = self.shorthand(item)?;
                self.position = if shorthand { self.position } else { item };
                if shorthand {
                    continue;
                }
            }
            let low = self.class_character(start)?;
            let mut high = low;
            if self.rest().starts_with('-')
                && !self.rest().starts_with("-]")
                && self.rest().len() > 1
            {
                self.position += 1;
                high = self.class_character(start)?;
                if high < low {
                    return Err(go_error("invalid character class range", self.since(item)));
                }
            }
            self.literal(low);
            if high != low {
                self.out.push('-');
                self.literal(high);
            }
        }
        self.position += 1;
        self.out.push(']');
        Ok(())
    }

    fn class_character(&mut self, start: usize) -> Result<char, RegexError> {
        let at = self.position;
        match self.next() {
            Some('\\') => self.escaped(at),
            Some(character) => Ok(character),
            None => {
                let part = self.pattern.get(start..).unwrap_or_default();
                Err(go_error("missing closing ]", part))
            }
        }
    }
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];
