//! `object.subset`: whether one collection is in another (`v1/topdown/subset.go`).

use super::Answer;
use crate::rego::builtins::operand::{operands, too_deep};
use crate::rego::value::ArrayView;
use crate::rego::{BuiltinError, Host, Value};

pub(in crate::rego::builtins) fn subset<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [whole, part] = operands(arguments)?;
    if let Some(found) = contains(host, whole, part, 0)? {
        return Ok(Value::from(found));
    }
    if let (Some(items), Some(members)) = (whole.as_array(), part.as_set()) {
        host.step(items.len())?;
        // An empty set is in any array that has an item, as upstream counts.
        let found = items.iter().filter(|item| part.get(item).is_some()).count();
        return Ok(Value::from(found >= members.len() && items.len() > 0));
    }
    let message = "both arguments object.subset must be of the same type or array and set";
    Err(BuiltinError::Type(message.to_owned()))
}

/// Whether a collection is in another of the same type; none where the types differ.
fn contains<'v>(
    host: &Host<'_, 'v>,
    whole: &Value<'v>,
    part: &Value<'v>,
    depth: usize,
) -> Result<Option<bool>, BuiltinError> {
    too_deep(depth)?;
    if let (Some(_), Some(wanted)) = (whole.as_object(), part.as_object()) {
        host.step(wanted.len())?;
        for (key, value) in wanted.iter() {
            let found = match whole.get(&key) {
                None => false,
                // Collections that are the same are in each other, so they need not be compared.
                Some(found) => match contains(host, &found, &value, depth + 1)? {
                    Some(found) => found,
                    None => found == value,
                },
            };
            if !found {
                return Ok(Some(false));
            }
        }
        return Ok(Some(true));
    }
    if let (Some(_), Some(wanted)) = (whole.as_set(), part.as_set()) {
        host.step(wanted.len())?;
        return Ok(Some(wanted.iter().all(|member| whole.get(member).is_some())));
    }
    if let (Some(items), Some(wanted)) = (whole.as_array(), part.as_array()) {
        host.step((items.len() + 1).saturating_mul(wanted.len() + 1))?;
        return Ok(Some(contains_run(items, wanted)));
    }
    Ok(None)
}

/// Whether the items stand in the array behind each other.
fn contains_run(items: ArrayView<'_, '_>, wanted: ArrayView<'_, '_>) -> bool {
    (0..=items.len()).any(|start| {
        let same = |(offset, wanted)| items.get(start + offset).is_some_and(|item| item == wanted);
        start + wanted.len() <= items.len() && wanted.iter().enumerate().all(same)
    })
}
