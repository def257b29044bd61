//! JSON patches, also of sets (`applyPatches` of `v1/topdown/json.go`, `internal/edittree`).

use super::{Answer, segments};
use crate::rego::builtins::operand::{array, failed, operands, too_deep};
use crate::rego::value::Notation;
use crate::rego::{BuiltinError, Host, Value};

/// What is done at the end of a path.
enum Edit<'v> {
    Insert(Value<'v>),
    Delete,
}

pub(in crate::rego::builtins) fn patch<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [whole, operations] = operands(arguments)?;
    let mut current = Some(whole.clone());
    for operation in array(operations, 2)?.iter() {
        current = apply(host, current, &operation)?;
    }
    current.ok_or(BuiltinError::Undefined)
}

fn apply<'v>(
    host: &Host<'_, 'v>,
    current: Option<Value<'v>>,
    operation: &Value<'v>,
) -> Result<Option<Value<'v>>, BuiltinError> {
    if operation.as_object().is_none() {
        return Err(failed(
            "must be an array of JSON-Patch objects, but at least one element is not an object",
        ));
    }
    let attribute = |name: &'static str| {
        operation
            .get(&Value::from(name))
            .ok_or_else(|| failed(format!("missing required attribute '{name}'")))
    };
    let path = attribute("path")?;
    let name = attribute("op")?;
    let Some(name) = name.as_str() else {
        return Err(failed(format!(
            "attribute 'op' must be a string but found: {}",
            name.type_name()
        )));
    };
    let path = segments(host, &path)?;
    match name {
        "add" => edit(host, current, &path, Edit::Insert(attribute("value")?), 0),
        "remove" => edit(host, current, &path, Edit::Delete, 0),
        "replace" => {
            let without = edit(host, current, &path, Edit::Delete, 0)?;
            edit(host, without, &path, Edit::Insert(attribute("value")?), 0)
        }
        "move" => {
            let from = segments(host, &attribute("from")?)?;
            let moved = at(host, current.as_ref(), &from)?;
            let without = edit(host, current, &from, Edit::Delete, 0)?;
            edit(host, without, &path, Edit::Insert(moved), 0)
        }
        "copy" => {
            let from = segments(host, &attribute("from")?)?;
            let copied = at(host, current.as_ref(), &from)?;
            edit(host, current, &path, Edit::Insert(copied), 0)
        }
        "test" => {
            let found = at(host, current.as_ref(), &path)?;
            let expected = attribute("value")?;
            if found == expected {
                return Ok(current);
            }
            let (expected, found) =
                (expected.write(Notation::Rego, host)?, found.write(Notation::Rego, host)?);
            Err(failed(format!(
                "value from EditTree != patch value.\n\nExpected: {expected}\n\nFound: {found}"
            )))
        }
        _ => Err(failed(format!("unrecognized op: '{name}'"))),
    }
}

/// The value at the end of a path.
fn at<'v>(host: &Host<'_, 'v>, current: Option<&Value<'v>>, path: &[Value<'v>]) -> Answer<'v> {
    host.step(path.len())?;
    let mut found = current.cloned().ok_or_else(deleted)?;
    for segment in path {
        found = child(host, &found, segment)?;
    }
    Ok(found)
}

fn child<'v>(host: &Host<'_, 'v>, whole: &Value<'v>, segment: &Value<'v>) -> Answer<'v> {
    let found = match whole.as_array() {
        Some(items) => items.get(index(items.len(), segment)?),
        None if whole.len().is_some() => whole.get(segment),
        None => return Err(not_composite(host, whole)?),
    };
    match found {
        Some(found) => Ok(found),
        None => Err(no_such_path(host, whole, segment)?),
    }
}

fn edit<'v>(
    host: &Host<'_, 'v>,
    current: Option<Value<'v>>,
    path: &[Value<'v>],
    change: Edit<'v>,
    depth: usize,
) -> Result<Option<Value<'v>>, BuiltinError> {
    too_deep(depth)?;
    let Some((segment, behind)) = path.split_first() else {
        return match (change, current) {
            (Edit::Insert(value), _) => Ok(Some(value)),
            (Edit::Delete, Some(_)) => Ok(None),
            (Edit::Delete, None) => Err(deleted()),
        };
    };
    let whole = current.ok_or_else(deleted)?;
    host.make_values(whole.len().unwrap_or_default() + 1)?;
    if behind.is_empty() {
        return match change {
            Edit::Insert(value) => inserted(host, &whole, segment, value).map(Some),
            Edit::Delete => removed(host, &whole, segment).map(Some),
        };
    }
    let inner = child(host, &whole, segment)?;
    let inner = edit(host, Some(inner), behind, change, depth + 1)?.ok_or_else(deleted)?;
    exchanged(&whole, segment, inner).map(Some)
}

/// The collection with another value in the place of a child that is there.
fn exchanged<'v>(whole: &Value<'v>, segment: &Value<'v>, inner: Value<'v>) -> Answer<'v> {
    if let Some(items) = whole.as_array() {
        let place = index(items.len(), segment)?;
        let items = items.iter().enumerate();
        let items = items.map(|(at, item)| if at == place { inner.clone() } else { item });
        return Ok(Value::from(items.collect::<Vec<_>>()));
    }
    if let Some(members) = whole.as_set() {
        let others = members.iter().filter(|member| *member != segment).cloned();
        return Ok(Value::set(others.chain([inner]).collect()));
    }
    let mut entries: Vec<_> = whole.as_object().map(|view| view.sorted()).unwrap_or_default();
    entries.push((segment.clone(), inner));
    Ok(Value::object(entries))
}

fn inserted<'v>(
    host: &Host<'_, 'v>,
    whole: &Value<'v>,
    segment: &Value<'v>,
    value: Value<'v>,
) -> Answer<'v> {
    if whole.as_object().is_some() {
        return exchanged(whole, segment, value);
    }
    if let Some(members) = whole.as_set() {
        if *segment != value {
            let (segment, value) =
                (segment.write(Notation::Rego, host)?, value.write(Notation::Rego, host)?);
            return Err(failed(format!(
                "set key {segment} does not equal value to be inserted {value}"
            )));
        }
        return Ok(Value::set(members.iter().cloned().chain([value]).collect()));
    }
    let Some(items) = whole.as_array() else { return Err(not_composite(host, whole)?) };
    let place = index(items.len(), segment)?;
    if place > items.len() {
        return Err(failed("index for array insertion out of bounds"));
    }
    let mut items: Vec<_> = items.iter().collect();
    items.insert(place, value);
    Ok(Value::from(items))
}

fn removed<'v>(host: &Host<'_, 'v>, whole: &Value<'v>, segment: &Value<'v>) -> Answer<'v> {
    if let Some(items) = whole.as_array() {
        let place = index(items.len(), segment)?;
        if place >= items.len() {
            return Err(failed("index for array delete out of bounds"));
        }
        let kept = items.iter().enumerate().filter(|(at, _)| *at != place);
        return Ok(Value::from(kept.map(|(_, item)| item).collect::<Vec<_>>()));
    }
    if whole.len().is_none() {
        return Err(not_composite(host, whole)?);
    }
    if whole.get(segment).is_none() {
        let segment = segment.write(Notation::Rego, host)?;
        return Err(failed(format!("cannot delete child key {segment} that does not exist")));
    }
    if let Some(members) = whole.as_set() {
        let kept = members.iter().filter(|member| *member != segment);
        return Ok(Value::set(kept.cloned().collect()));
    }
    let entries = whole.as_object().map(|view| view.sorted()).unwrap_or_default();
    Ok(Value::object(entries.into_iter().filter(|(key, _)| key != segment).collect()))
}

/// The place that a segment names in an array: a number, digits, or `-` for the end.
fn index(length: usize, segment: &Value<'_>) -> Result<usize, BuiltinError> {
    let out_of_bounds = || failed("index for array out of bounds");
    match segment {
        Value::Number(number) => {
            let place =
                number.as_i64().ok_or_else(|| failed("invalid number type for indexing"))?;
            usize::try_from(place).map_err(|_| out_of_bounds())
        }
        Value::String(text) if **text == *"-" => Ok(length),
        Value::String(text) => {
            let place: i64 = text.parse().map_err(|_| failed("invalid string for indexing"))?;
            if text.starts_with('0') && **text != *"0" {
                return Err(failed("leading zeros are not allowed in JSON paths"));
            }
            usize::try_from(place).map_err(|_| out_of_bounds())
        }
        _ => Err(failed("invalid type for indexing")),
    }
}

fn deleted() -> BuiltinError {
    failed("nil value encountered where composite value was expected")
}

fn no_such_path<'v>(
    host: &Host<'_, 'v>,
    whole: &Value<'v>,
    segment: &Value<'v>,
) -> Result<BuiltinError, BuiltinError> {
    let kind = whole.type_name();
    let (segment, whole) =
        (segment.write(Notation::Rego, host)?, whole.write(Notation::Rego, host)?);
    Ok(failed(format!("path {segment} does not exist in {kind} term {whole}")))
}

fn not_composite<'v>(host: &Host<'_, 'v>, whole: &Value<'v>) -> Result<BuiltinError, BuiltinError> {
    // A scalar, by what its type is called in Go.
    let kind = match whole {
        Value::Null => "ast.Null",
        Value::Bool(_) => "ast.Boolean",
        Value::Number(_) => "ast.Number",
        _ => "ast.String",
    };
    let whole = whole.write(Notation::Rego, host)?;
    Ok(failed(format!("expected composite type, found value: {whole} (type: {kind})")))
}
