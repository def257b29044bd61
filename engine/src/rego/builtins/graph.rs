//! Walks graphs and documents (`v1/topdown/reachable.go`, `walk.go`).

use std::collections::BTreeSet;

use super::operand::{members, object, operands, wrong_type};
use crate::rego::{BuiltinError, Host, Value};

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// Where a walk begins.
fn roots<'v>(value: &Value<'v>) -> Result<Vec<Value<'v>>, BuiltinError> {
    members(value).ok_or_else(|| wrong_type(2, value, &["{array, set}"]))
}

/// The nodes of a graph that can be reached from some nodes; what is no key of it is no node.
pub(super) fn reachable<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [graph, initial] = operands(arguments)?;
    object(graph, 1)?;
    let mut open = roots(initial)?;
    let mut reached = BTreeSet::new();
    while let Some(node) = open.pop() {
        host.step(1)?;
        if reached.contains(&node) {
            continue;
        }
        let Some(edges) = graph.get(&node) else { continue };
        let neighbours = members(&edges).unwrap_or_default();
        host.make_values(1 + neighbours.len())?;
        reached.insert(node);
        open.extend(neighbours);
    }
    Ok(Value::set(reached.into_iter().collect()))
}

/// Every path from some nodes to where it ends or meets itself.
pub(super) fn reachable_paths<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [graph, initial] = operands(arguments)?;
    object(graph, 1)?;
    let mut paths = Vec::new();
    // Nodes to go on to, each with the way there.
    let mut open: Vec<(Vec<Value<'v>>, Value<'v>)> = Vec::new();
    for root in roots(initial)? {
        let Some(edges) = graph.get(&root) else { continue };
        let neighbours = members(&edges).unwrap_or_default();
        host.make_values(2 + neighbours.len() * 2)?;
        if neighbours.is_empty() {
            paths.push(Value::from(vec![root]));
            continue;
        }
        open.extend(neighbours.into_iter().map(|neighbour| (vec![root.clone()], neighbour)));
        while let Some((mut path, node)) = open.pop() {
            host.make_values(path.len() + 1)?;
            let Some(edges) = graph.get(&node) else {
                paths.push(Value::from(path));
                continue;
            };
            let neighbours = members(&edges).unwrap_or_default();
            path.push(node);
            if neighbours.is_empty() {
                paths.push(Value::from(path));
                continue;
            }
            for neighbour in neighbours {
                // Here and in what is still open the way is kept again.
                host.make_values(path.len() + 1)?;
                match path.contains(&neighbour) {
                    true => paths.push(Value::from(path.clone())),
                    false => open.push((path.clone(), neighbour)),
                }
            }
        }
    }
    Ok(Value::set(paths))
}

/// All pairs of a path and the value there, from the outside in.
pub(super) fn walk<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole] = operands(arguments)?;
    let mut pairs = Vec::new();
    let mut open = vec![(Vec::new(), whole.clone())];
    while let Some((path, value)) = open.pop() {
        let length = value.len().unwrap_or_default();
        host.make_values(4 + (path.len() + 1).saturating_mul(length + 1))?;
        let inside = |key: Value<'v>, value: Value<'v>| {
            let mut path = path.clone();
            path.push(key);
            (path, value)
        };
        let first = open.len();
        if let Some(items) = value.as_array() {
            let items = items.iter().enumerate();
            open.extend(items.map(|(index, item)| inside(Value::from(index), item)));
        } else if let Some(entries) = value.as_object() {
            open.extend(entries.sorted().into_iter().map(|(key, value)| inside(key, value)));
        } else if let Some(members) = value.as_set() {
            open.extend(members.iter().map(|member| inside(member.clone(), member.clone())));
        }
        if let Some(added) = open.get_mut(first..) {
            added.reverse();
        }
        pairs.push(Value::from(vec![Value::from(path), value]));
    }
    Ok(Value::from(pairs))
}
