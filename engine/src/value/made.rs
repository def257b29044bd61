//! Lists and maps that were computed: as deep as they may be, they go without recursion.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::{Text, Value};

/// The items of a list that was computed.
#[derive(Clone, Debug, Default)]
pub struct List<'t>(Vec<Value<'t>>);

/// The entries of a map that was computed.
#[derive(Clone, Debug, Default)]
pub struct Map<'t>(BTreeMap<Text<'t>, Value<'t>>);

impl<'t> From<Vec<Value<'t>>> for List<'t> {
    fn from(items: Vec<Value<'t>>) -> Self {
        Self(items)
    }
}

impl<'t> From<BTreeMap<Text<'t>, Value<'t>>> for Map<'t> {
    fn from(entries: BTreeMap<Text<'t>, Value<'t>>) -> Self {
        Self(entries)
    }
}

impl<'t> Deref for List<'t> {
    type Target = Vec<Value<'t>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'t> Deref for Map<'t> {
    type Target = BTreeMap<Text<'t>, Value<'t>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Map<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for List<'_> {
    fn drop(&mut self) {
        if self.0.iter().any(Value::holds_alone) {
            dismantle(std::mem::take(&mut self.0));
        }
    }
}

impl Drop for Map<'_> {
    fn drop(&mut self) {
        if self.0.values().any(Value::holds_alone) {
            dismantle(std::mem::take(&mut self.0).into_values().collect());
        }
    }
}

impl Value<'_> {
    /// Whether dropping this drops a list or map that has items.
    fn holds_alone(&self) -> bool {
        match self {
            Self::List(list) => Rc::strong_count(list) == 1 && !list.is_empty(),
            Self::Map(map) => Rc::strong_count(map) == 1 && !map.is_empty(),
            _ => false,
        }
    }
}

/// Takes apart what nobody else holds, level by level.
fn dismantle(mut open: Vec<Value<'_>>) {
    while let Some(value) = open.pop() {
        match value {
            Value::List(list) => {
                if let Ok(mut list) = Rc::try_unwrap(list) {
                    open.append(&mut list.0);
                }
            }
            Value::Map(map) => {
                if let Ok(mut map) = Rc::try_unwrap(map) {
                    open.extend(std::mem::take(&mut map.0).into_values());
                }
            }
            _ => {}
        }
    }
}
