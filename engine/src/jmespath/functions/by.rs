//! Functions that apply an expression to each item of a list.

use std::cmp::Ordering;

use super::Arguments;
use super::arrays::{may_sort, order};
use crate::jmespath::evaluate::{Failure, Result};
use crate::value::Value;

pub(super) fn map<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let mut mapped = arguments.items(1)?;
    for item in &mut mapped {
        *item = arguments.evaluate(0, item)?;
    }
    Ok(Value::from(mapped))
}

pub(super) fn sort_by<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let items = arguments.items(0)?;
    if items.len() < 2 {
        return Ok(arguments.value(0));
    }
    let mut keyed = Vec::with_capacity(items.len());
    let mut kind = None;
    for item in items {
        let key = arguments.evaluate(1, &item)?;
        match kind {
            None => {
                kind = Some(key.as_str().is_some());
                if key.as_str().is_none() && key.as_f64().is_none() {
                    return Err(Failure::failed("invalid type, must be number of string"));
                }
            }
            Some(text) => {
                let same = if text { key.as_str().is_some() } else { key.as_f64().is_some() };
                if !same {
                    return Err(Failure::failed("error in sort_by comparison"));
                }
            }
        }
        keyed.push((key, item));
    }
    may_sort(arguments, keyed.len())?;
    keyed.sort_by(|(left, _), (right, _)| match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => order(left, right),
    });
    Ok(Value::from(keyed.into_iter().map(|(_, item)| item).collect::<Vec<_>>()))
}

pub(super) fn max_by<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    best_by(arguments, Ordering::Greater)
}

pub(super) fn min_by<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    best_by(arguments, Ordering::Less)
}

fn best_by<'t>(arguments: &Arguments<'_, 't, '_, '_>, wanted: Ordering) -> Result<'t> {
    let mut items = arguments.items(0)?.into_iter();
    let Some(first) = items.next() else { return Ok(Value::Null) };
    if items.len() == 0 {
        return Ok(first);
    }
    let key = arguments.evaluate(1, &first)?;
    if key.as_str().is_none() && key.as_f64().is_none() {
        return Err(Failure::failed("invalid type, must be number of string"));
    }
    let mut best = (key, first);
    for item in items {
        let key = arguments.evaluate(1, &item)?;
        if best.0.as_str().is_some() && key.as_str().is_none() {
            return Err(Failure::failed("invalid type, must be string"));
        }
        if best.0.as_f64().is_some() && key.as_f64().is_none() {
            return Err(Failure::failed("invalid type, must be number"));
        }
        if order(&key, &best.0) == wanted {
            best = (key, item);
        }
    }
    Ok(best.1)
}
