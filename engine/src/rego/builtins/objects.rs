//! Functions of objects and of sets of sets (`v1/topdown/object.go`, `sets.go`, `subset.go`).

mod subset;

use std::collections::BTreeMap;

use super::operand::{array, members, object, operands, set, too_deep, wrong_element, wrong_type};
use crate::rego::{BuiltinError, Host, Value};

pub(super) use subset::subset;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// The value at a key or, where the key is an array, at the end of a path; else a default.
pub(super) fn get<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, path, default] = operands(arguments)?;
    object(whole, 1)?;
    let Some(path) = path.as_array() else {
        return Ok(whole.get(path).unwrap_or_else(|| default.clone()));
    };
    host.step(path.len())?;
    let mut found = Some(whole.clone());
    for key in path.iter() {
        found = found.and_then(|value| value.get(&key));
    }
    Ok(found.unwrap_or_else(|| default.clone()))
}

pub(super) fn keys<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let entries = object(whole, 1)?;
    host.make_values(entries.len())?;
    Ok(Value::set(entries.iter().map(|(key, _)| key).collect()))
}

/// The keys that an array, a set or an object names.
fn named_keys<'v>(host: &Host<'_, 'v>, value: &Value<'v>) -> Answer<'v> {
    host.make_values(value.len().unwrap_or_default())?;
    match (value.as_object(), members(value)) {
        (Some(entries), _) => Ok(Value::set(entries.iter().map(|(key, _)| key).collect())),
        (None, Some(members)) => Ok(Value::set(members)),
        _ => Err(wrong_type(2, value, &["object", "set", "array"])),
    }
}

fn picked<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>], keep_named: bool) -> Answer<'v> {
    let [whole, keys] = operands(arguments)?;
    let entries = object(whole, 1)?;
    let keys = named_keys(host, keys)?;
    host.make_values(entries.len() * 2)?;
    let kept = entries.iter().filter(|(key, _)| keys.get(key).is_some() == keep_named);
    Ok(Value::object(kept.collect()))
}

pub(super) fn filter<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    picked(host, arguments, true)
}

pub(super) fn remove<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    picked(host, arguments, false)
}

/// Both objects in one; where both have a key, objects are merged and else the second counts.
pub(super) fn union<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    match (object(left, 1)?.len(), object(right, 2)?.len()) {
        (0, _) => Ok(right.clone()),
        (_, 0) => Ok(left.clone()),
        _ => merge(host, left, right, 0),
    }
}

/// All objects of an array in one, the later ones over the earlier ones.
pub(super) fn union_n<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut merged: Option<Value<'v>> = None;
    for item in array(whole, 1)?.iter() {
        if item.as_object().is_none() {
            return Err(wrong_element(1, whole, &item, "object"));
        }
        merged = Some(match merged {
            Some(merged) => merge(host, &merged, &item, 0)?,
            None => item,
        });
    }
    Ok(merged.unwrap_or_else(|| Value::object(Vec::new())))
}

fn merge<'v>(host: &Host<'_, 'v>, left: &Value<'v>, right: &Value<'v>, depth: usize) -> Answer<'v> {
    let (Some(entries), Some(others)) = (left.as_object(), right.as_object()) else {
        return Ok(right.clone());
    };
    too_deep(depth)?;
    host.make_values((entries.len() + others.len()) * 2)?;
    let mut merged: BTreeMap<Value<'v>, Value<'v>> = entries.iter().collect();
    for (key, value) in others.iter() {
        let value = match merged.get(&key) {
            Some(known) => merge(host, known, &value, depth + 1)?,
            None => value,
        };
        merged.insert(key, value);
    }
    Ok(Value::object(merged.into_iter().collect()))
}

/// What is in any of the sets of a set.
pub(super) fn set_union<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut all = Vec::new();
    for member in set(whole, 1)? {
        let members = set(member, 1)?;
        host.make_values(members.len())?;
        all.extend_from_slice(members);
    }
    Ok(Value::set(all))
}

/// What is in all of the sets of a set.
pub(super) fn set_intersection<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut common: Option<Value<'v>> = None;
    for member in set(whole, 1)? {
        set(member, 1)?;
        common = Some(match common {
            Some(common) => super::operators::keep(host, &common, member, true)?,
            None => member.clone(),
        });
    }
    Ok(common.unwrap_or_else(|| Value::set(Vec::new())))
}
