//! Functions on texts (Kyverno `functions.go`; `starts_with`, `ends_with`, `join` of JMESPath).

use std::sync::Arc;

use super::{Arguments, scalar_text};
use crate::jmespath::evaluate::{Failure, Result};
use crate::scalar::regex::Regex;
use crate::scalar::semver::{Range, Version};
use crate::scalar::wildcard;
use crate::value::{Text, Value};

/// Upstream's result is a Go `int`; see `Part::is_go_int`.
pub(super) fn compare<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::Int(arguments.text(0).cmp(&arguments.text(1)) as i64))
}

pub(super) fn equal_fold<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (left, right) = (arguments.text(0), arguments.text(1));
    arguments.read(left.len())?;
    Ok(Value::Bool(left.chars().map(fold).eq(right.chars().map(fold))))
}

fn fold(character: char) -> char {
    lower(upper(character))
}

/// The capital letter, where that is one letter; Go maps letter by letter.
fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

fn lower(character: char) -> char {
    // `İ` is the only one whose small form is several characters; Go's is the first of them.
    character.to_lowercase().next().unwrap_or(character)
}

pub(super) fn to_upper<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.may_make(Some(text.len()))?;
    arguments.made(text.chars().map(upper).collect())
}

pub(super) fn to_lower<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.may_make(Some(text.len()))?;
    arguments.made(text.chars().map(lower).collect())
}

pub(super) fn to_boolean<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.may_make(Some(text.len()))?;
    match &*text.chars().map(lower).collect::<String>() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => Err(arguments
            .error(&format!("lowercase argument must be 'true' or 'false' (provided: '{text}')"))),
    }
}

pub(super) fn replace<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    // As a conversion to `int` does in Go: towards zero.
    let most = arguments.number(3) as i64;
    replace_most(arguments, usize::try_from(most).unwrap_or(usize::MAX))
}

pub(super) fn replace_all<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    replace_most(arguments, usize::MAX)
}

fn replace_most<'t>(arguments: &Arguments<'_, 't, '_, '_>, most: usize) -> Result<'t> {
    let (text, old, new) = (arguments.text(0), arguments.text(1), arguments.text(2));
    arguments.read(text.len())?;
    let count = text.matches(&*old).take(most).count();
    let grown = new.len().saturating_sub(old.len()).checked_mul(count);
    arguments.may_make(grown.and_then(|grown| grown.checked_add(text.len())))?;
    arguments.made(text.replacen(&*old, &new, most))
}

pub(super) fn trim<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (text, cut) = (arguments.text(0), arguments.text(1));
    arguments.steps(text.len().saturating_mul(cut.len()) / 64)?;
    arguments.made(text.trim_matches(|character| cut.contains(character)).to_owned())
}

pub(super) fn trim_prefix<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (text, prefix) = (arguments.text(0), arguments.text(1));
    match text.strip_prefix(&*prefix) {
        Some(rest) => arguments.made(rest.to_owned()),
        None => Ok(Value::String(text)),
    }
}

pub(super) fn starts_with<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::Bool(arguments.text(0).starts_with(&*arguments.text(1))))
}

pub(super) fn ends_with<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::Bool(arguments.text(0).ends_with(&*arguments.text(1))))
}

pub(super) fn split<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (text, separator) = (arguments.text(0), arguments.text(1));
    arguments.read(text.len())?;
    let count =
        if separator.is_empty() { text.len() } else { text.matches(&*separator).count() + 1 };
    // The list itself is counted below.
    arguments.evaluation.made(text.len())?;
    arguments.may_make(count.checked_mul(size_of::<Value<'_>>()))?;
    let part = |part: &str| Value::from(part.to_owned());
    let parts: Vec<Value<'t>> = if separator.is_empty() {
        text.chars().map(|character| Value::from(character.to_string())).collect()
    } else {
        text.split(&*separator).map(part).collect()
    };
    arguments.evaluation.list(parts)
}

pub(super) fn join<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let separator = arguments.text(0);
    let items = arguments.items(1)?;
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    let length = texts
        .iter()
        .try_fold(0_usize, |sum, text| sum.checked_add(text.len())?.checked_add(separator.len()));
    arguments.may_make(length.map(|length| length.saturating_sub(separator.len())))?;
    arguments.made(texts.join(&separator))
}

pub(super) fn truncate<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    let length = arguments.number(1);
    // Beyond 64 bits Go's conversion gives the least number, which cuts all.
    let length = if length < 9.2e18 { length as i64 } else { 0 };
    arguments.read(text.len())?;
    let length = usize::try_from(length).unwrap_or(0);
    match text.char_indices().nth(length) {
        Some((end, _)) => arguments.made(text.get(..end).unwrap_or_default().to_owned()),
        None => Ok(Value::String(text)),
    }
}

/// Go's `filepath.Join` of one part: empty elements, `.` and `..` are resolved by text alone.
pub(super) fn path_canonicalize<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let path = arguments.text(0);
    arguments.read(path.len())?;
    if path.is_empty() {
        return Ok(Value::String(path));
    }
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            _ => kept.push(element),
        }
    }
    let joined = kept.join("/");
    arguments.made(match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    })
}

/// The argument at `position` as text.
fn scalar<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    position: usize,
) -> std::result::Result<Text<'t>, Failure<'t>> {
    scalar_text(&arguments.value(position)).ok_or_else(|| {
        arguments.error(&format!("argument #{} is not of type String or Real", position + 1))
    })
}

pub(super) fn pattern_match<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let pattern = arguments.text(0);
    let text = scalar(arguments, 1)?;
    arguments.steps(pattern.len().saturating_mul(text.len()) / 64)?;
    Ok(Value::Bool(wildcard::matches(&pattern, &text)))
}

/// The first argument as a regular expression: compiled once where the expression has it.
fn regex<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    named: bool,
) -> std::result::Result<Arc<Regex>, Failure<'t>> {
    let compiled = match arguments.call.regex(arguments.evaluation.regexes) {
        Some(compiled) => compiled,
        None => {
            let pattern = arguments.text(0);
            arguments.steps(1000 + 50 * pattern.len())?;
            Regex::compile(&pattern).map(Arc::new)
        }
    };
    compiled.map_err(
        |error| {
            if named { arguments.error(&error.0) } else { Failure::failed(error.0) }
        },
    )
}

pub(super) fn regex_match<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = scalar(arguments, 1)?;
    let regex = regex(arguments, false)?;
    arguments.steps(regex.cost(text.len()))?;
    Ok(Value::Bool(regex.is_match(&text)))
}

pub(super) fn regex_replace_all<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (text, template) = (scalar(arguments, 1)?, scalar(arguments, 2)?);
    let regex = regex(arguments, true)?;
    arguments.steps(regex.cost(text.len()))?;
    let limit = arguments.evaluation.scope.budget.bytes_left();
    match regex.replace_all(&text, &template, limit) {
        Some(replaced) => arguments.made(replaced),
        None => Err(Failure::Budget),
    }
}

pub(super) fn regex_replace_all_literal<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (text, replacement) = (scalar(arguments, 1)?, scalar(arguments, 2)?);
    let regex = regex(arguments, true)?;
    arguments.steps(regex.cost(text.len()))?;
    let limit = arguments.evaluation.scope.budget.bytes_left();
    match regex.replace_all_literal(&text, &replacement, limit) {
        Some(replaced) => arguments.made(replaced),
        None => Err(Failure::Budget),
    }
}

/// Upstream reads what is no version as 0.0.0.
pub(super) fn semver_compare<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (version, range) = (arguments.text(0), arguments.text(1));
    arguments.read(version.len() + range.len())?;
    let Some(range) = Range::parse(&range) else {
        return Err(Failure::failed(format!("Could not parse Range \"{range}\"")));
    };
    let version = Version::parse(&version).or_else(|| Version::parse("0.0.0"));
    Ok(Value::Bool(version.is_some_and(|version| range.contains(&version))))
}
