//! Regular expressions as Go's `regexp` reads them, on the `regex` crate.
//!
//! Both are RE2's children; [`translate`] bridges what differs: Perl classes are ASCII, `\Q..\E`,
//! octal escapes, `{` and `[` that stand for themselves, and what only one of them refuses.

mod shared;
mod translate;

pub(crate) use shared::Regexes;

use std::borrow::Cow;

/// Longer patterns are refused; upstream has no limit.
const PATTERN_LIMIT: usize = 16 * 1024;
/// The memory of a compiled pattern; beyond it compiling is an error, never a stall.
const PROGRAM_LIMIT: usize = 2 * 1024 * 1024;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Regex {
    program: regex::Regex,
    pattern_length: usize,
}

/// Why a pattern is none, as Go words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError(pub String);

impl std::fmt::Display for RegexError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Regex {
    /// Reads a pattern in Go's syntax.
    pub fn compile(pattern: &str) -> Result<Self, RegexError> {
        if pattern.len() > PATTERN_LIMIT {
            return Err(RegexError(format!(
                "regular expression is longer than {PATTERN_LIMIT} bytes"
            )));
        }
        let translated = translate::translate(pattern)?;
        let compiled = regex::RegexBuilder::new(&translated)
            .size_limit(PROGRAM_LIMIT)
            .dfa_size_limit(PROGRAM_LIMIT)
            .nest_limit(150)
            .build();
        match compiled {
            Ok(program) => Ok(Self { program, pattern_length: pattern.len() }),
            Err(regex::Error::CompiledTooBig(_)) => Err(go_error("expression too large", pattern)),
            Err(_) => Err(go_error("invalid syntax", pattern)),
        }
    }

    /// Whether any part of `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.program.is_match(text)
    }

    /// Where the parts of `text` that match stand, one behind the other; an empty match right behind
    /// another one is none.
    pub(crate) fn matches<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.program.find_iter(text).map(|found| found.as_str())
    }

    /// The matches with their groups; a group that took no part is empty.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> impl Iterator<Item = Vec<&'t str>> {
        self.program.captures_iter(text).map(|captures| {
            captures.iter().map(|group| group.map_or("", |group| group.as_str())).collect()
        })
    }

    /// About how much work a search of `length` bytes may be, in steps of a budget.
    pub fn cost(&self, length: usize) -> usize {
        (length / 16 + 1) * (1 + self.pattern_length / 128)
    }

    /// Replaces every match by `template`, with `$1` and `${name}` filled in as Go does; None if
    /// the result would be longer than `limit` bytes.
    pub fn replace_all(&self, text: &str, template: &str, limit: usize) -> Option<String> {
        let pieces = template_pieces(template);
        self.replace(text, limit, |captures, out| {
            for piece in &pieces {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Group(number) => {
                        out.push_str(captures.get(*number).map_or("", |group| group.as_str()));
                    }
                    Piece::Name(name) => {
                        out.push_str(captures.name(name).map_or("", |group| group.as_str()));
                    }
                }
            }
        })
    }

    /// Replaces every match by `replacement` as it is; None if the result would be longer than
    /// `limit` bytes.
    pub fn replace_all_literal(
        &self,
        text: &str,
        replacement: &str,
        limit: usize,
    ) -> Option<String> {
        self.replace(text, limit, |_, out| out.push_str(replacement))
    }

    fn replace(
        &self,
        text: &str,
        limit: usize,
        mut write: impl FnMut(&regex::Captures<'_>, &mut String),
    ) -> Option<String> {
        let mut out = String::new();
        let mut end = 0;
        for captures in self.program.captures_iter(text) {
            let whole = captures.get(0)?;
            out.push_str(text.get(end..whole.start())?);
            write(&captures, &mut out);
            end = whole.end();
            if out.len() > limit {
                return None;
            }
        }
        out.push_str(text.get(end..)?);
        (out.len() <= limit).then_some(out)
    }
}

fn go_error(reason: &str, part: &str) -> RegexError {
    RegexError(format!("error parsing regexp: {reason}: `{part}`"))
}

enum Piece<'a> {
    Text(Cow<'a, str>),
    Group(usize),
    Name(&'a str),
}

/// Cuts a replacement as Go's `Regexp.Expand` does: a `$` that begins no reference stays.
fn template_pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        pieces.push(Piece::Text(before.into()));
        if let Some(after) = after.strip_prefix('$') {
            pieces.push(Piece::Text("$".into()));
            rest = after;
            continue;
        }
        let (braced, name_on) =
            after.strip_prefix('{').map_or((false, after), |inner| (true, inner));
        let length = name_on
            .find(|character: char| !(character.is_alphanumeric() || character == '_'))
            .unwrap_or(name_on.len());
        let (name, behind) = name_on.split_at(length);
        let behind = if braced { behind.strip_prefix('}') } else { Some(behind) };
        let (false, Some(behind)) = (name.is_empty(), behind) else {
            pieces.push(Piece::Text("$".into()));
            rest = after;
            continue;
        };
        let numbered = name.bytes().all(|byte| byte.is_ascii_digit())
            && name.len() <= 8
            && (name == "0" || !name.starts_with('0'));
        pieces.push(match name.parse() {
            Ok(number) if numbered => Piece::Group(number),
            _ => Piece::Name(name),
        });
        rest = behind;
    }
    pieces.push(Piece::Text(rest.into()));
    pieces
}

#[cfg(test)]
mod tests;
