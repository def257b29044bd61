//! Functions of arrays (`v1/topdown/array.go`).

use super::operand::{array, integer, operands};
use crate::rego::{BuiltinError, Host, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

pub(super) fn concat<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (items, others) = (array(left, 1)?, array(right, 2)?);
    match (items.len(), others.len()) {
        (0, _) => Ok(right.clone()),
        (_, 0) => Ok(left.clone()),
        (length, more) => {
            host.make_values(length + more)?;
            Ok(Value::from(items.iter().chain(others.iter()).collect::<Vec<_>>()))
        }
    }
}

/// Takes the items of arrays in the array out of them, one level deep.
pub(super) fn flatten<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut flat = Vec::new();
    for item in array(whole, 1)?.iter() {
        match item.as_array() {
            Some(items) => {
                host.make_values(items.len())?;
                flat.extend(items.iter());
            }
            None => {
                host.make_values(1)?;
                flat.push(item);
            }
        }
    }
    Ok(Value::from(flat))
}

/// The items from one position to before another; positions beyond the ends are the ends.
pub(super) fn slice<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, start, stop] = operands(arguments)?;
    let items = array(whole, 1)?;
    let within = |position: i64, most: usize| {
        usize::try_from(position.max(0)).unwrap_or(usize::MAX).min(most)
    };
    let (start, stop) = (integer(start, 2)?, integer(stop, 3)?);
    let stop = within(stop, items.len());
    let start = within(start, stop);
    if start == 0 && stop == items.len() {
        return Ok(whole.clone());
    }
    host.make_values(stop - start)?;
    Ok(Value::from((start..stop).filter_map(|index| items.get(index)).collect::<Vec<_>>()))
}

pub(super) fn reverse<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let items = array(whole, 1)?;
    host.make_values(items.len())?;
    Ok(Value::from(items.iter().rev().collect::<Vec<_>>()))
}
