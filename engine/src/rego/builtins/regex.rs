//! Regular expressions in Go's syntax (`v1/topdown/regex.go`).

mod intersect;
mod template;

use super::operand::{failed, integer, operands, part, string, text};
use super::patterns;
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::regex::Regex;

pub(super) use intersect::globs_match;
pub(super) use template::template_match;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

pub(super) fn is_valid<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [pattern] = operands(arguments)?;
    let Some(pattern) = pattern.as_str() else { return Ok(Value::from(false)) };
    host.step(1 + pattern.len() / 8)?;
    Ok(Value::from(Regex::compile(pattern).is_ok()))
}

pub(super) fn is_match<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [pattern, value] = operands(arguments)?;
    let (pattern, value) = (string(pattern, 1)?, string(value, 2)?);
    let regex = patterns::regex(host, pattern)?;
    host.step(regex.cost(value.len()))?;
    Ok(Value::from(regex.is_match(value)))
}

/// Replaces every match by a template of Go (`$1`, `${name}`).
pub(super) fn replace<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, pattern, template] = operands(arguments)?;
    let (value, pattern) = (string(whole, 1)?, string(pattern, 2)?);
    let template = string(template, 3)?;
    let regex = patterns::regex(host, pattern)?;
    host.step(regex.cost(value.len()))?;
    match regex.replace_all(value, template, host.budget.bytes_left()) {
        Some(replaced) if replaced == value => Ok(whole.clone()),
        Some(replaced) => host.text(replaced),
        None => Err(host.too_much_data()),
    }
}

/// The parts between the matches (`Regexp.Split` of Go with -1).
pub(super) fn split<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [pattern, value] = operands(arguments)?;
    let (pattern, value) = (string(pattern, 1)?, text(value, 2)?);
    let regex = patterns::regex(host, pattern)?;
    host.step(regex.cost(value.len()))?;
    if value.is_empty() && !pattern.is_empty() {
        return Ok(Value::from(vec![Value::from("")]));
    }
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in regex.matches(value) {
        end = found.as_ptr() as usize - value.as_ptr() as usize;
        if end + found.len() > 0 {
            host.make_values(1)?;
            parts.push(part(host, value, value.get(start..end).unwrap_or_default())?);
        }
        start = end + found.len();
        host.step(regex.cost(value.len() - start) / 8)?;
    }
    if end != value.len() {
        host.make_values(1)?;
        parts.push(part(host, value, value.get(start..).unwrap_or_default())?);
    }
    Ok(Value::from(parts))
}

/// The first `count` matches, all of them where that is negative.
fn most(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

pub(super) fn find_n<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [pattern, value, count] = operands(arguments)?;
    let (pattern, value) = (string(pattern, 1)?, text(value, 2)?);
    let count = most(integer(count, 3)?);
    let regex = patterns::regex(host, pattern)?;
    host.step(regex.cost(value.len()))?;
    let mut found = Vec::new();
    for one in regex.matches(value).take(count) {
        host.make_values(1)?;
        host.step(regex.cost(value.len()) / 8)?;
        found.push(part(host, value, one)?);
    }
    Ok(Value::from(found))
}

pub(super) fn find_all_string_submatch_n<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [pattern, value, count] = operands(arguments)?;
    let (pattern, value) = (string(pattern, 1)?, text(value, 2)?);
    let count = most(integer(count, 3)?);
    let regex = patterns::regex(host, pattern)?;
    host.step(regex.cost(value.len()))?;
    let mut found = Vec::new();
    for groups in regex.captures(value).take(count) {
        host.make_values(1 + groups.len())?;
        host.step(regex.cost(value.len()) / 8)?;
        let groups: Vec<_> =
            groups.into_iter().map(|group| part(host, value, group)).collect::<Result<_, _>>()?;
        found.push(Value::from(groups));
    }
    Ok(Value::from(found))
}

/// One byte that delimits (`builtinRegexMatchTemplate`).
fn delimiter(text: &str, name: &str, shown_length: usize) -> Result<u8, BuiltinError> {
    match text.as_bytes() {
        [only] => Ok(*only),
        _ => Err(failed(format!(
            "{name} delimiter has to be exactly one character long but is {shown_length} long"
        ))),
    }
}
