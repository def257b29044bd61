//! Whether two globs have a text in common, in the syntax of `yashtewari/glob-intersection`:
//! characters, `.`, sets, and `+` or `*` behind them.

use std::collections::BTreeSet;

use super::Answer;
use crate::rego::builtins::operand::{failed, operands, string};
use crate::rego::{BuiltinError, Host, Value};

/// One character of a text.
#[derive(Debug)]
enum Token {
    One(char),
    Any,
    /// Ranges, both ends included.
    Set(Vec<(char, char)>),
}

/// How often a token may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    One,
    OneOrMore,
    ZeroOrMore,
}

type Glob = Vec<(Token, Times)>;

pub(in crate::rego::builtins) fn globs_match<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (string(left, 1)?, string(right, 2)?);
    host.make((left.len() + right.len()).saturating_mul(32))?;
    let (left, right) = (read(left)?, read(right)?);
    let states = (left.len() + 1).saturating_mul(right.len() + 1);
    host.step(states.saturating_mul(4))?;
    Ok(Value::from(intersect(&left, &right)))
}

/// Walks both globs at once: a state is how far each is, and whether its token there was seen.
fn intersect(left: &Glob, right: &Glob) -> bool {
    let mut open = vec![(0, 0)];
    let mut seen = BTreeSet::from([(0, 0)]);
    while let Some((at, other)) = open.pop() {
        if at == left.len() * 2 && other == right.len() * 2 {
            return true;
        }
        let mut reached = Vec::new();
        // Past a token that need not stand, or stood already.
        reached.extend(skip(left, at).map(|at| (at, other)));
        reached.extend(skip(right, other).map(|other| (at, other)));
        if let (Some((token, _)), Some((with, _))) = (left.get(at / 2), right.get(other / 2))
            && token.shares_with(with)
        {
            let after = |glob: &Glob, at: usize| match glob.get(at / 2) {
                Some((_, Times::One)) | None => (at / 2 + 1) * 2,
                _ => at | 1,
            };
            reached.push((after(left, at), after(right, other)));
        }
        open.extend(reached.into_iter().filter(|state| seen.insert(*state)));
    }
    false
}

fn skip(glob: &Glob, at: usize) -> Option<usize> {
    let (_, times) = glob.get(at / 2)?;
    let may = *times == Times::ZeroOrMore || at % 2 == 1;
    may.then_some((at / 2 + 1) * 2)
}

impl Token {
    fn shares_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::One(left), Self::One(right)) => left == right,
            (Self::One(one), Self::Set(ranges)) | (Self::Set(ranges), Self::One(one)) => {
                ranges.iter().any(|(low, high)| (low..=high).contains(&one))
            }
            (Self::Set(left), Self::Set(right)) => left
                .iter()
                .any(|(low, high)| right.iter().any(|(from, to)| low <= to && from <= high)),
        }
    }
}

fn read(text: &str) -> Result<Glob, BuiltinError> {
    let mut glob = Glob::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let token = match character {
            '\\' => Token::One(rest.next().ok_or_else(|| wrong(text, "input ends with a \\"))?),
            '.' => Token::Any,
            '[' => Token::Set(read_set(text, &mut rest)?),
            ']' => return Err(wrong(text, "set-close ']' with no preceding '['")),
            '+' | '*' => {
                return Err(wrong(
                    text,
                    &format!("flag '{character}' must be preceded by a non-flag"),
                ));
            }
            _ => Token::One(character),
        };
        let times = match rest.peek() {
            Some('+') => Times::OneOrMore,
            Some('*') => Times::ZeroOrMore,
            _ => Times::One,
        };
        if times != Times::One {
            rest.next();
        }
        glob.push((token, times));
    }
    Ok(glob)
}

fn read_set(
    text: &str,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<Vec<(char, char)>, BuiltinError> {
    let mut ranges = Vec::new();
    let mut before = None;
    let unclosed = || wrong(text, "found [ without matching ]");
    loop {
        match rest.next().ok_or_else(unclosed)? {
            ']' => return Ok(ranges),
            '-' => {
                let low = before.take().ok_or_else(|| {
                    wrong(text, "range character '-' must be preceded by a Unicode character")
                })?;
                let high = match rest.next().ok_or_else(unclosed)? {
                    ']' | '-' => {
                        let message = "range character '-' cannot be followed by a special symbol";
                        return Err(wrong(text, message));
                    }
                    '\\' => rest.next().ok_or_else(unclosed)?,
                    high => high,
                };
                if high < low {
                    return Err(wrong(text, "range is out of order"));
                }
                ranges.push((low, high));
            }
            character => {
                let one = match character {
                    '\\' => rest.next().ok_or_else(unclosed)?,
                    _ => character,
                };
                ranges.push((one, one));
                before = Some(one);
            }
        }
    }
}

fn wrong(text: &str, what: &str) -> BuiltinError {
    failed(format!("input:{text}, {what}: the input provided is invalid"))
}
