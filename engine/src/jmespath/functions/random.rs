//! `random()`: a text that a simple regular expression matches.
//!
//! Upstream (`goregen`) reads the pattern without Perl's additions: there is no `\d` and no `(?…)`.

use super::Arguments;
use crate::jmespath::evaluate::{Failure, Result};

/// How often `*` and `+` repeat at most, as upstream.
const REPEAT_LIMIT: u32 = 4096;
/// How often a count may ask, as in Go.
const COUNT_LIMIT: u32 = 1000;
/// Groups inside one another.
const DEPTH_LIMIT: usize = 50;

pub(super) fn random<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let pattern = arguments.text(0);
    if pattern.is_empty() {
        return Err(Failure::failed("no pattern provided"));
    }
    arguments.steps(pattern.len())?;
    let mut parser = Parser { pattern: &pattern, position: 0 };
    let parsed = parser.alternatives(0).and_then(|part| match parser.peek() {
        None => Ok(part),
        Some(_) => Err(error("unexpected )", &pattern)),
    });
    let part = parsed.map_err(Failure::failed)?;
    let budget = arguments.evaluation.scope.budget;
    // Calls within one evaluation differ by what is left of the budget.
    let seed = arguments.evaluation.scope.seed ^ (budget.bytes_left() as u64).rotate_left(32);
    let mut random = Random(seed ^ pattern.len() as u64);
    let mut text = String::new();
    write(&part, &mut random, &mut text, arguments)?;
    arguments.made(text)
}

/// Numbers that look random: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ mixed >> 31;
        // The upper half of a product spreads evenly enough over a small range.
        (((mixed >> 32) * u64::from(limit)) >> 32) as u32
    }
}

enum Part {
    /// Ranges of characters, both ends included.
    Characters(Vec<(char, char)>),
    Sequence(Vec<Self>),
    Alternatives(Vec<Self>),
    Repeat(Box<Self>, u32, u32),
}

fn write<'t>(
    part: &Part,
    random: &mut Random,
    text: &mut String,
    arguments: &Arguments<'_, 't, '_, '_>,
) -> std::result::Result<(), Failure<'t>> {
    arguments.steps(1)?;
    match part {
        Part::Characters(ranges) => {
            let size = |(low, high): &(char, char)| *high as u32 - *low as u32 + 1;
            let mut chosen = random.below(ranges.iter().map(size).fold(0, u32::saturating_add));
            for range in ranges {
                if chosen < size(range) {
                    text.push(char::from_u32(range.0 as u32 + chosen).unwrap_or('\u{fffd}'));
                    break;
                }
                chosen -= size(range);
            }
            Ok(())
        }
        Part::Sequence(parts) => {
            parts.iter().try_for_each(|part| write(part, random, text, arguments))
        }
        Part::Alternatives(parts) => {
            let chosen = random.below(parts.len() as u32) as usize;
            parts.get(chosen).map_or(Ok(()), |part| write(part, random, text, arguments))
        }
        Part::Repeat(part, least, most) => {
            let count = least + random.below(most - least + 1);
            (0..count).try_for_each(|_| write(part, random, text, arguments))
        }
    }
}

fn error(reason: &str, part: &str) -> String {
    format!("error parsing regexp: {reason}: `{part}`")
}

struct Parser<'a> {
    pattern: &'a str,
    position: usize,
}

type Parsed<T> = std::result::Result<T, String>;

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.pattern.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.position += next.len_utf8();
        Some(next)
    }

    fn since(&self, start: usize) -> &'a str {
        self.pattern.get(start..self.position).unwrap_or_default()
    }

    fn alternatives(&mut self, depth: usize) -> Parsed<Part> {
        if depth > DEPTH_LIMIT {
            return Err(error("expression nests too deeply", self.pattern));
        }
        let mut alternatives = vec![self.sequence(depth)?];
        while self.peek() == Some('|') {
            self.position += 1;
            alternatives.push(self.sequence(depth)?);
        }
        Ok(match alternatives.len() {
            1 => alternatives.pop().unwrap_or(Part::Sequence(Vec::new())),
            _ => Part::Alternatives(alternatives),
        })
    }

    fn sequence(&mut self, depth: usize) -> Parsed<Part> {
        let mut parts: Vec<Part> = Vec::new();
        while let Some(next) = self.peek() {
            let start = self.position;
            let (least, most) = match next {
                '|' | ')' => break,
                '*' => (0, REPEAT_LIMIT),
                '+' => (1, REPEAT_LIMIT),
                '?' => (0, 1),
                '{' => match self.count()? {
                    Some(count) => count,
                    None => {
                        parts.push(self.single(depth)?);
                        continue;
                    }
                },
                _ => {
                    parts.push(self.single(depth)?);
                    continue;
                }
            };
            if next != '{' {
                self.position += 1;
            }
            let Some(part) = parts.pop() else {
                let operator = self.since(start);
                return Err(error("missing argument to repetition operator", operator));
            };
            parts.push(Part::Repeat(Box::new(part), least, most));
        }
        Ok(Part::Sequence(parts))
    }

    /// `{2}`, `{2,}` or `{2,3}`; a brace that begins no count stands for itself.
    fn count(&mut self) -> Parsed<Option<(u32, u32)>> {
        let start = self.position;
        let inner = self.rest().strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let Some((inner, _)) = inner else { return Ok(None) };
        let (least, most) = match inner.split_once(',') {
            Some((least, most)) => (least, most),
            None => (inner, inner),
        };
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(least) || !(most.is_empty() || digits(most)) {
            return Ok(None);
        }
        self.position += inner.len() + 2;
        let least: u32 = least.parse().unwrap_or(u32::MAX);
        let counted: Option<u32> = (!most.is_empty()).then(|| most.parse().unwrap_or(u32::MAX));
        let most = counted.unwrap_or(REPEAT_LIMIT);
        if least > COUNT_LIMIT || counted.is_some_and(|most| most > COUNT_LIMIT) || most < least {
            return Err(error("invalid repeat count", self.since(start)));
        }
        Ok(Some((least, most)))
    }

    fn single(&mut self, depth: usize) -> Parsed<Part> {
        let start = self.position;
        let character = match self.next() {
            Some('(') => {
                let inner = self.alternatives(depth + 1)?;
                if self.next() != Some(')') {
                    return Err(error("missing closing )", self.pattern));
                }
                return Ok(inner);
            }
            Some('^' | '$') => return Ok(Part::Sequence(Vec::new())),
            // Upstream takes any number, which hardly ever is a character.
            Some('.') => return Ok(Part::Characters(vec![(' ', '~')])),
            Some('[') => return self.class(start),
            Some('\\') => self.escaped(start)?,
            Some(character) => character,
            None => return Ok(Part::Sequence(Vec::new())),
        };
        Ok(Part::Characters(vec![(character, character)]))
    }

    fn escaped(&mut self, start: usize) -> Parsed<char> {
        match self.next() {
            None => Err(error("trailing backslash at end of expression", "")),
            Some('a') => Ok('\u{7}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('v') => Ok('\u{b}'),
            Some(other) if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(other),
            Some(_) => Err(error("invalid escape sequence", self.since(start))),
        }
    }

    fn class(&mut self, start: usize) -> Parsed<Part> {
        let negated = self.peek() == Some('^');
        self.position += usize::from(negated);
        let mut ranges = Vec::new();
        let missing = |parser: &Self| {
            Err(error("missing closing ]", parser.pattern.get(start..).unwrap_or_default()))
        };
        while ranges.is_empty() || self.peek() != Some(']') {
            let item = self.position;
            if self.rest().starts_with("[:")
                && let Some(length) = self.rest().find(":]")
            {
                self.position += length + 2;
                let Some(posix) = posix(self.since(item)) else {
                    return Err(error("invalid character class range", self.since(item)));
                };
                ranges.extend_from_slice(posix);
                continue;
            }
            let low = match self.next() {
                None => return missing(self),
                Some('\\') => self.escaped(item)?,
                Some(low) => low,
            };
            let mut high = low;
            if self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest() != "-"
            {
                self.position += 1;
                let at = self.position;
                high = match self.next() {
                    None => return missing(self),
                    Some('\\') => self.escaped(at)?,
                    Some(high) => high,
                };
                if high < low {
                    return Err(error("invalid character class range", self.since(item)));
                }
            }
            ranges.push((low, high));
        }
        self.position += 1;
        if negated {
            // Printable ASCII is enough of what is not in the class.
            let allowed = |character: &char| {
                !ranges.iter().any(|(low, high)| (low..=high).contains(&character))
            };
            ranges = (' '..='~').filter(allowed).map(|character| (character, character)).collect();
            if ranges.is_empty() {
                ranges.push(('\u{fffd}', '\u{fffd}'));
            }
        }
        Ok(Part::Characters(ranges))
    }
}

fn posix(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "[:alnum:]" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "[:alpha:]" => &[('A', 'Z'), ('a', 'z')],
        "[:digit:]" => &[('0', '9')],
        "[:lower:]" => &[('a', 'z')],
        "[:upper:]" => &[('A', 'Z')],
        "[:word:]" => &[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')],
        "[:xdigit:]" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        "[:print:]" => &[(' ', '~')],
        "[:graph:]" => &[('!', '~')],
        "[:punct:]" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "[:space:]" => &[('\t', '\r'), (' ', ' ')],
        "[:blank:]" => &[('\t', '\t'), (' ', ' ')],
        _ => return None,
    })
}
