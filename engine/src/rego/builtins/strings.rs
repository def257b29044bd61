//! Functions of texts (`v1/topdown/strings.go`).

mod letters;
mod replace;

use super::operand::{
    failed, integer, operands, paid_number, part, string, strings, text, wrong_element,
    wrong_number, wrong_type,
};
use crate::rego::{BuiltinError, Host, Number, Value};
use crate::value::Text;

pub(super) use letters::{lower, upper};
pub(super) use replace::{replace, replace_n};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

fn two<'a>(
    host: &Host<'_, '_>,
    arguments: &'a [Value<'_>],
) -> Result<(&'a str, &'a str), BuiltinError> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (string(left, 1)?, string(right, 2)?);
    host.step(left.len() / 64)?;
    Ok((left, right))
}

pub(super) fn contains<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let (text, wanted) = two(host, arguments)?;
    Ok(Value::from(text.contains(wanted)))
}

pub(super) fn startswith<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let (text, wanted) = two(host, arguments)?;
    Ok(Value::from(text.starts_with(wanted)))
}

pub(super) fn endswith<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let (text, wanted) = two(host, arguments)?;
    Ok(Value::from(text.ends_with(wanted)))
}

pub(super) fn count<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let (text, wanted) = two(host, arguments)?;
    // Nothing stands before, between and behind all characters.
    Ok(Value::from(text.matches(wanted).count()))
}

/// Where a text stands in another, in characters; -1 where it does not.
pub(super) fn indexof<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let (text, wanted) = two(host, arguments)?;
    if wanted.is_empty() {
        return Err(failed("empty search character"));
    }
    let before = text.find(wanted).and_then(|start| text.get(..start));
    Ok(before.map_or(Value::from(-1_i64), |before| Value::from(before.chars().count())))
}

/// Every place where a text stands in another, in characters, even where they overlap.
pub(super) fn indexof_n<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let (text, wanted) = two(host, arguments)?;
    if wanted.is_empty() {
        return Err(failed("empty search character"));
    }
    let mut places = Vec::new();
    for (index, (start, _)) in text.char_indices().enumerate() {
        if text.get(start..).is_some_and(|rest| rest.starts_with(wanted)) {
            host.make_values(1)?;
            places.push(Value::from(index));
        }
    }
    Ok(Value::from(places))
}

/// So many characters from a place on; all of them where the length is negative.
pub(super) fn substring<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, start, length] = operands(arguments)?;
    let whole = text(whole, 1)?;
    let (start, length) = (integer(start, 2)?, integer(length, 3)?);
    let start = usize::try_from(start).map_err(|_| failed("negative offset"))?;
    host.step(whole.len() / 64)?;
    let byte_of = |text: &str, index: usize| match text.is_ascii() {
        true => index.min(text.len()),
        false => text.char_indices().nth(index).map_or(text.len(), |(byte, _)| byte),
    };
    let rest = whole.get(byte_of(whole, start)..).unwrap_or_default();
    let taken = match usize::try_from(length) {
        Ok(length) => rest.get(..byte_of(rest, length)).unwrap_or(rest),
        Err(_) => rest,
    };
    part(host, whole, taken)
}

/// The texts of a collection with another text between them.
pub(super) fn concat<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [join, whole] = operands(arguments)?;
    let join = string(join, 1)?;
    let parts = strings(host, whole, 2, &["set", "array"])?;
    if let [only] = parts.as_slice() {
        return Ok(Value::String(only.clone()));
    }
    let between = join.len().saturating_mul(parts.len().saturating_sub(1));
    let length = parts.iter().map(|part| part.len()).sum::<usize>().saturating_add(between);
    host.make(length)?;
    let mut out = String::with_capacity(length);
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            out.push_str(join);
        }
        out.push_str(part);
    }
    Ok(Value::from(out))
}

/// The parts of a text between the places of another; its characters where that is empty.
fn pieces<'v>(
    host: &Host<'_, 'v>,
    whole: &Text<'v>,
    between: &str,
    most: Option<usize>,
) -> Result<Vec<Value<'v>>, BuiltinError> {
    let mut parts = Vec::new();
    let mut add = |piece: &str| {
        host.make_values(1)?;
        parts.push(part(host, whole, piece)?);
        Ok(())
    };
    let mut rest: &str = whole;
    for taken in 1.. {
        let is_last = most.is_some_and(|most| taken >= most);
        let next = match between.is_empty() {
            true => match rest.chars().next() {
                None => break,
                Some(first) => {
                    rest.split_at_checked(first.len_utf8()).filter(|(_, rest)| !rest.is_empty())
                }
            },
            false => rest.split_once(between),
        };
        match next.filter(|_| !is_last) {
            Some((piece, behind)) => {
                add(piece)?;
                rest = behind;
            }
            None => {
                add(rest)?;
                break;
            }
        }
    }
    Ok(parts)
}

pub(super) fn split<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, between] = operands(arguments)?;
    let (whole, between) = (text(whole, 1)?, string(between, 2)?);
    host.step(whole.len() / 64)?;
    Ok(Value::from(pieces(host, whole, between, None)?))
}

/// The first parts, or the last ones where the number is negative.
pub(super) fn split_n<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, between, count] = operands(arguments)?;
    let (whole, between, count) = (text(whole, 1)?, string(between, 2)?, integer(count, 3)?);
    host.step(whole.len() / 64)?;
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let most = (count >= 0).then(|| wanted.saturating_add(1));
    let mut parts = pieces(host, whole, between, most)?;
    if count >= 0 {
        parts.truncate(wanted);
        return Ok(Value::from(parts));
    }
    let skipped = parts.len().saturating_sub(wanted);
    Ok(Value::from(parts.split_off(skipped)))
}

fn trimmed<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    trim: for<'t> fn(&'t str, &str) -> &'t str,
) -> Answer<'v> {
    let [whole, unwanted] = operands(arguments)?;
    let (whole, unwanted) = (text(whole, 1)?, string(unwanted, 2)?);
    host.step(whole.len() / 64 * (1 + unwanted.len() / 8))?;
    part(host, whole, trim(whole, unwanted))
}

pub(super) fn trim<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    trimmed(host, arguments, |text, unwanted| text.trim_matches(|c| unwanted.contains(c)))
}

pub(super) fn trim_left<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    trimmed(host, arguments, |text, unwanted| text.trim_start_matches(|c| unwanted.contains(c)))
}

pub(super) fn trim_right<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    trimmed(host, arguments, |text, unwanted| text.trim_end_matches(|c| unwanted.contains(c)))
}

pub(super) fn trim_prefix<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    trimmed(host, arguments, |text, prefix| text.strip_prefix(prefix).unwrap_or(text))
}

pub(super) fn trim_suffix<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    trimmed(host, arguments, |text, suffix| text.strip_suffix(suffix).unwrap_or(text))
}

pub(super) fn trim_space<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let whole = text(whole, 1)?;
    part(host, whole, whole.trim())
}

pub(super) fn reverse<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let whole = string(whole, 1)?;
    host.make(whole.len())?;
    Ok(Value::from(whole.chars().rev().collect::<String>()))
}

/// A text, or the texts of a collection.
fn one_or_more<'v>(
    host: &Host<'_, 'v>,
    value: &Value<'v>,
    position: usize,
) -> Result<Vec<Text<'v>>, BuiltinError> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        _ => strings(host, value, position, &["string", "set", "array"]),
    }
}

fn any_matches<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
    matches: fn(&str, &str) -> bool,
) -> Answer<'v> {
    let [texts, wanted] = operands(arguments)?;
    let (texts, wanted) = (one_or_more(host, texts, 1)?, one_or_more(host, wanted, 2)?);
    host.step(texts.len().saturating_mul(wanted.len()))?;
    let found = texts.iter().any(|text| wanted.iter().any(|wanted| matches(text, wanted)));
    Ok(Value::from(found))
}

pub(super) fn any_prefix_match<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    any_matches(host, arguments, |text, prefix| text.starts_with(prefix))
}

pub(super) fn any_suffix_match<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    any_matches(host, arguments, |text, suffix| text.ends_with(suffix))
}

/// An integer in base 2, 8, 10 or 16; of a fraction the part before the point.
pub(super) fn format_int<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value, base] = operands(arguments)?;
    let value = paid_number(host, value, 1)?;
    let radix = match super::operand::number(base, 2)? {
        Number::Int(radix @ (2 | 8 | 10 | 16)) => *radix as u32,
        _ => {
            let message = "operand 2 must be one of {2, 8, 10, 16}";
            return Err(BuiltinError::Type(message.to_owned()));
        }
    };
    let whole = value.truncated().map_err(|error| wrong_number(error, 1))?;
    host.text(whole.to_str_radix(radix))
}

/// A text of pieces, each of which stands by itself or in a set of its own
/// (`v1/topdown/template_string.go`); nothing in the set is an undefined piece.
pub(super) fn template_string<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [pieces] = operands(arguments)?;
    let mut out = String::new();
    for piece in super::operand::array(pieces, 1)?.iter() {
        let shown = match piece.as_set() {
            Some([]) => Value::from("<undefined>"),
            Some([only]) => only.clone(),
            Some(_) => {
                return Err(BuiltinError::Halt(
                    "template-strings must not produce multiple outputs".to_owned(),
                ));
            }
            None => piece,
        };
        let text = match shown.as_str() {
            Some(text) => Text::from(text).to_string(),
            None => shown.write(crate::rego::value::Notation::Rego, host)?,
        };
        host.make(text.len())?;
        out.push_str(&text);
    }
    Ok(Value::from(out))
}

/// The pairs of an object whose keys and values are texts.
fn text_pairs<'v>(value: &Value<'v>) -> Result<Vec<(Text<'v>, Text<'v>)>, BuiltinError> {
    let wrong =
        |what| BuiltinError::Type(format!("operand 1 non-string {what} found in pattern object"));
    let entries = value.as_object().ok_or_else(|| wrong_type(1, value, &["object"]))?.sorted();
    entries
        .into_iter()
        .map(|(key, value)| match (key, value) {
            (Value::String(key), Value::String(value)) => Ok((key, value)),
            (Value::String(_), _) => Err(wrong("value")),
            _ => Err(wrong("key")),
        })
        .collect()
}

/// Whether all of a text is one character, as a delimiter has to be.
pub(super) fn delimiter(whole: &Value<'_>, item: &Value<'_>) -> Result<char, BuiltinError> {
    let text = item.as_str().ok_or_else(|| wrong_element(2, whole, item, "string"))?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(wrong_element(2, whole, item, "rune")),
    }
}
