//! Globs with delimiters, as `gobwas/glob` reads them: written as regular expressions.

use super::operand::{array, failed, operands, string, wrong_type};
use super::{patterns, strings};
use crate::rego::{BuiltinError, Host, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Whether a text matches; no delimiters where that is `null`, and the dot where there are none
/// in the array (`v1/topdown/glob.go`).
pub(super) fn is_match<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [pattern, delimiters, value] = operands(arguments)?;
    let pattern = string(pattern, 1)?;
    let delimiters = match delimiters {
        Value::Null => String::new(),
        list if list.as_array().is_some() => {
            let items = array(list, 2)?;
            host.step(items.len())?;
            let characters: String = items
                .iter()
                .map(|item| strings::delimiter(list, &item))
                .collect::<Result<_, _>>()?;
            if characters.is_empty() { ".".to_owned() } else { characters }
        }
        other => return Err(wrong_type(2, other, &["array", "null"])),
    };
    let value = string(value, 3)?;
    let key = format!("glob {delimiters} {pattern}");
    let regex = patterns::translated(host, &key, || translate(host, pattern, &delimiters))?;
    host.step(regex.cost(value.len()))?;
    Ok(Value::from(regex.is_match(value)))
}

/// A text as a pattern that matches it alone.
pub(super) fn quote_meta<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [text] = operands(arguments)?;
    let text = string(text, 1)?;
    host.make(text.len().saturating_mul(2))?;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if "*?\\[]{}".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    Ok(Value::from(out))
}

fn translate(host: &Host<'_, '_>, pattern: &str, delimiters: &str) -> Result<String, BuiltinError> {
    host.make(pattern.len().saturating_mul(8 + delimiters.len() * 8))?;
    let mut single = String::new();
    match delimiters.is_empty() {
        true => single.push('.'),
        false => {
            single.push_str("[^");
            delimiters.chars().for_each(|delimiter| literal(delimiter, &mut single));
            single.push(']');
        }
    }
    let mut out = r"(?s)\A(?:".to_owned();
    let mut open = 0_usize;
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            ',' if open > 0 => out.push('|'),
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            '[' => class(&mut rest, &mut out)?,
            '?' => out.push_str(&single),
            '*' if rest.next_if_eq(&'*').is_some() => out.push_str(".*"),
            '*' => {
                out.push_str(&single);
                out.push('*');
            }
            // A backslash at the end stands for nothing.
            '\\' => {
                if let Some(escaped) = rest.next() {
                    literal(escaped, &mut out);
                }
            }
            _ => literal(character, &mut out),
        }
    }
    // Braces that nobody closed end with the pattern.
    out.extend(std::iter::repeat_n(')', open));
    out.push_str(r")\z");
    Ok(out)
}

/// `[abc]`, `[!abc]`, `[a-z]` or `[!a-z]`, behind the bracket.
fn class(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
) -> Result<(), BuiltinError> {
    let ended = || failed("unexpected end of input");
    out.push_str(if rest.next_if_eq(&'!').is_some() { "[^" } else { "[" });
    let first = rest.next().ok_or_else(ended)?;
    if rest.next_if_eq(&'-').is_some() {
        let last = rest.next().ok_or_else(ended)?;
        if last < first {
            return Err(failed(format!(
                "hi character '{last}' should be greater than lo '{first}'"
            )));
        }
        literal(first, out);
        out.push('-');
        literal(last, out);
        if rest.next().ok_or_else(ended)? != ']' {
            return Err(failed("expected close range character"));
        }
        out.push(']');
        return Ok(());
    }
    let mut next = first;
    let mut any = false;
    while next != ']' {
        let listed = if next == '\\' { rest.next().ok_or_else(ended)? } else { next };
        literal(listed, out);
        any = true;
        next = rest.next().ok_or_else(ended)?;
    }
    if !any {
        return Err(failed("could not parse range"));
    }
    out.push(']');
    Ok(())
}

/// A character that stands for itself in Go's syntax, inside and outside of brackets.
fn literal(character: char, out: &mut String) {
    if character.is_ascii_alphanumeric() {
        out.push(character);
    } else {
        out.push_str(&format!("\\x{{{:x}}}", character as u32));
    }
}
