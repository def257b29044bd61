//! Functions on lists that need no expression.

use super::Arguments;
use crate::jmespath::evaluate::{Failure, Result};
use crate::value::Value;

pub(super) fn contains<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let wanted = arguments.value(1);
    if let Value::String(text) = arguments.value(0) {
        arguments.read(text.len())?;
        return Ok(Value::Bool(wanted.as_str().is_some_and(|wanted| text.contains(wanted))));
    }
    for item in arguments.items(0)? {
        // Go cannot compare lists and maps this way; upstream crashes.
        if wanted.is_list() && item.is_list() || wanted.is_map() && item.is_map() {
            return Err(arguments.error("lists and maps cannot be compared"));
        }
        if item.equals(&wanted) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn reverse<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    if let Value::String(text) = arguments.value(0) {
        arguments.may_make(Some(text.len()))?;
        return arguments.made(text.chars().rev().collect());
    }
    let mut items = arguments.items(0)?;
    items.reverse();
    Ok(Value::from(items))
}

/// The order of two numbers or two texts, in which not-a-number equals all.
pub(super) fn order(left: &Value<'_>, right: &Value<'_>) -> std::cmp::Ordering {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => left.cmp(right),
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
    }
}

/// Counts the steps of sorting.
pub(super) fn may_sort<'t>(
    arguments: &Arguments<'_, 't, '_, '_>,
    count: usize,
) -> std::result::Result<(), Failure<'t>> {
    let rounds = usize::BITS - count.leading_zeros();
    arguments.steps(count.saturating_mul(rounds as usize))
}

pub(super) fn sort<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let mut items = arguments.items(0)?;
    may_sort(arguments, items.len())?;
    // A list of floats with not-a-number has no order that `sort_by` could rely on.
    items.sort_by(|left, right| match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => order(left, right),
    });
    Ok(Value::from(items))
}

pub(super) fn max<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    best(arguments, std::cmp::Ordering::Greater)
}

pub(super) fn min<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    best(arguments, std::cmp::Ordering::Less)
}

/// The first item than which no other is further in the direction of `wanted`.
fn best<'t>(arguments: &Arguments<'_, 't, '_, '_>, wanted: std::cmp::Ordering) -> Result<'t> {
    let items = arguments.items(0)?;
    let best = items.into_iter().reduce(
        |best, item| {
            if order(&item, &best) == wanted { item } else { best }
        },
    );
    Ok(best.unwrap_or_default())
}
