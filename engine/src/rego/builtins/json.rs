//! Parts of documents by path: `json.filter`, `json.remove`, `json.patch` (`v1/topdown/json.go`).

mod patch;

use std::collections::BTreeMap;

use super::operand::{members, object, operands, too_deep, wrong_type};
use crate::rego::{BuiltinError, Host, Value};

pub(super) use patch::patch;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Paths as a tree: what each key leads to.
#[derive(Debug)]
enum Paths<'v> {
    /// A path ends here.
    End,
    Keys(BTreeMap<Value<'v>, Self>),
}

/// The segments of a path: a JSON pointer, with or without the first slash, or an array.
fn segments<'v>(host: &Host<'_, 'v>, path: &Value<'v>) -> Result<Vec<Value<'v>>, BuiltinError> {
    if let Some(text) = path.as_str() {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        host.make(text.len())?;
        let parts = text.trim_start_matches('/').split('/');
        return parts
            .map(|part| {
                host.make_values(1)?;
                Ok(Value::from(part.replace("~1", "/").replace("~0", "~")))
            })
            .collect();
    }
    match path.as_array() {
        Some(items) => {
            host.make_values(items.len())?;
            Ok(items.iter().collect())
        }
        None => Err(BuiltinError::Type(format!(
            "operand 2 must be one of {{set, array}} containing string paths or array of path \
             segments but got {}",
            path.type_name()
        ))),
    }
}

impl<'v> Paths<'v> {
    fn of(host: &Host<'_, 'v>, value: &Value<'v>) -> Result<Self, BuiltinError> {
        let paths = members(value).ok_or_else(|| wrong_type(2, value, &["set", "array"]))?;
        let mut root = BTreeMap::new();
        let paths: Vec<_> =
            paths.iter().map(|path| segments(host, path)).collect::<Result<_, _>>()?;
        for path in paths {
            too_deep(path.len())?;
            insert(&mut root, path);
        }
        Ok(Self::Keys(root))
    }
}

/// Adds a path; one that ends earlier counts, whichever came first.
fn insert<'v>(mut keys: &mut BTreeMap<Value<'v>, Paths<'v>>, mut path: Vec<Value<'v>>) {
    let Some(last) = path.pop() else { return };
    for key in path {
        match keys.entry(key).or_insert_with(|| Paths::Keys(BTreeMap::new())) {
            Paths::End => return,
            Paths::Keys(inner) => keys = inner,
        }
    }
    keys.insert(last, Paths::End);
}

/// What the paths lead to.
pub(super) fn filter<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, paths] = operands(arguments)?;
    object(whole, 1)?;
    filtered(host, whole, &Paths::of(host, paths)?, 0)
}

fn filtered<'v>(
    host: &Host<'_, 'v>,
    whole: &Value<'v>,
    paths: &Paths<'v>,
    depth: usize,
) -> Answer<'v> {
    let Paths::Keys(keys) = paths else { return Ok(whole.clone()) };
    too_deep(depth)?;
    host.make_values(whole.len().unwrap_or_default())?;
    if let Some(entries) = whole.as_object() {
        let mut kept = Vec::new();
        for (key, value) in entries.iter() {
            if let Some(paths) = keys.get(&key) {
                kept.push((key, filtered(host, &value, paths, depth + 1)?));
            }
        }
        return Ok(Value::object(kept));
    }
    if let Some(items) = whole.as_array() {
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(paths) = keys.get(&Value::from(index.to_string())) {
                kept.push(filtered(host, &item, paths, depth + 1)?);
            }
        }
        return Ok(Value::from(kept));
    }
    if let Some(members) = whole.as_set() {
        let mut kept = Vec::new();
        for member in members {
            if let Some(paths) = keys.get(member) {
                kept.push(filtered(host, member, paths, depth + 1)?);
            }
        }
        return Ok(Value::set(kept));
    }
    Ok(whole.clone())
}

/// What the paths do not lead to; items behind one that is gone move up.
pub(super) fn remove<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, paths] = operands(arguments)?;
    object(whole, 1)?;
    let left = rest(host, whole, Some(&Paths::of(host, paths)?), 0)?;
    left.ok_or(BuiltinError::Undefined)
}

fn rest<'v>(
    host: &Host<'_, 'v>,
    whole: &Value<'v>,
    paths: Option<&Paths<'v>>,
    depth: usize,
) -> Result<Option<Value<'v>>, BuiltinError> {
    let keys = match paths {
        None => return Ok(Some(whole.clone())),
        Some(Paths::End) => return Ok(None),
        Some(Paths::Keys(keys)) => keys,
    };
    too_deep(depth)?;
    host.make_values(whole.len().unwrap_or_default())?;
    if let Some(entries) = whole.as_object() {
        let mut kept = Vec::new();
        for (key, value) in entries.iter() {
            if let Some(value) = rest(host, &value, keys.get(&key), depth + 1)? {
                kept.push((key, value));
            }
        }
        return Ok(Some(Value::object(kept)));
    }
    if let Some(items) = whole.as_array() {
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let paths = keys.get(&Value::from(index.to_string()));
            kept.extend(rest(host, &item, paths, depth + 1)?);
        }
        return Ok(Some(Value::from(kept)));
    }
    if let Some(members) = whole.as_set() {
        let mut kept = Vec::new();
        for member in members {
            kept.extend(rest(host, member, keys.get(member), depth + 1)?);
        }
        return Ok(Some(Value::set(kept)));
    }
    Ok(Some(whole.clone()))
}
