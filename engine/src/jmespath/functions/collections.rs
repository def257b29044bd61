//! Functions that take lists and maps apart or put them together.

use std::collections::BTreeMap;

use super::numbers::whole;
use super::{Arguments, scalar_text};
use crate::jmespath::evaluate::Result;
use crate::value::{Text, Value};

pub(super) fn length<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let length = match arguments.value(0) {
        Value::String(text) => {
            arguments.read(text.len())?;
            text.chars().count()
        }
        value => value.len().unwrap_or_default(),
    };
    Ok(Value::Int(length as i64))
}

/// Sorted here; upstream's order is random.
pub(super) fn keys<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let keys = arguments.entries(0)?.into_iter().map(|(key, _)| Value::String(key));
    Ok(Value::from(keys.collect::<Vec<_>>()))
}

/// In the order of their keys here; upstream's order is random.
pub(super) fn values<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let values = arguments.entries(0)?.into_iter().map(|(_, value)| value);
    Ok(Value::from(values.collect::<Vec<_>>()))
}

pub(super) fn merge<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let mut merged = BTreeMap::new();
    for position in 0..arguments.values.len() {
        merged.extend(arguments.entries(position)?);
    }
    arguments.evaluation.map(merged)
}

pub(super) fn not_null<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let mut values = (0..arguments.values.len()).map(|position| arguments.value(position));
    Ok(values.find(|value| !value.is_null()).unwrap_or_default())
}

pub(super) fn to_array<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let value = arguments.value(0);
    if value.is_list() { Ok(value) } else { arguments.evaluation.list(vec![value]) }
}

pub(super) fn type_name<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    Ok(Value::from(match arguments.value(0) {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        value if value.is_list() => "array",
        _ => "object",
    }))
}

/// Whether all entries of the first map are in the second.
pub(super) fn label_match<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let labels = arguments.value(1);
    for (key, value) in arguments.entries(0)? {
        arguments.steps(labels.len().unwrap_or_default() / 16)?;
        let Some(found) = labels.get(&key) else { return Ok(Value::Bool(false)) };
        if !arguments.evaluation.equal(&found, &value)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

pub(super) fn lookup<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (collection, wanted) = (arguments.value(0), arguments.value(1));
    if collection.is_map() {
        let Value::String(key) = wanted else {
            return Err(arguments.error("argument #2 is not of type String"));
        };
        return Ok(collection.get(&key).unwrap_or_default());
    }
    let Some(number) = wanted.as_f64() else {
        return Err(arguments.error("argument #2 is not of type Number"));
    };
    let index =
        whole(number).map_err(|reason| arguments.error(&format!("argument #2: {reason}")))?;
    Ok(usize::try_from(index).ok().and_then(|index| collection.item(index)).unwrap_or_default())
}

pub(super) fn items<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let (key_name, value_name) = (arguments.text(1), arguments.text(2));
    let pair = |key: Value<'t>, value: Value<'t>| {
        // The value wins where both have one name.
        arguments
            .evaluation
            .map(BTreeMap::from([(key_name.clone(), key), (value_name.clone(), value)]))
    };
    let list = if arguments.value(0).is_map() {
        let entries = arguments.entries(0)?.into_iter();
        entries
            .map(|(key, value)| pair(Value::String(key), value))
            .collect::<std::result::Result<Vec<_>, _>>()
    } else {
        let items = arguments.items(0)?.into_iter().enumerate();
        items.map(|(index, value)| pair(Value::Int(index as i64), value)).collect()
    };
    Ok(Value::from(list?))
}

pub(super) fn object_from_lists<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let keys = arguments.items(0)?;
    let mut values = arguments.items(1)?.into_iter();
    let mut object: BTreeMap<Text<'t>, Value<'t>> = BTreeMap::new();
    for key in keys {
        let Some(key) = scalar_text(&key) else {
            return Err(arguments.error("argument #1 is not of type StringArray"));
        };
        object.insert(key, values.next().unwrap_or_default());
    }
    arguments.evaluation.map(object)
}
