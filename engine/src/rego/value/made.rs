//! Arrays, objects and sets that were computed: as deep as they may be, they go without recursion.

use std::rc::Rc;

use super::Value;

/// The items of an array that was computed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Array<'v>(Vec<Value<'v>>);

/// The entries of an object that was computed, sorted by key, each key once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'v>(Vec<(Value<'v>, Value<'v>)>);

/// The members of a set, sorted, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set<'v>(Vec<Value<'v>>);

impl<'v> From<Vec<Value<'v>>> for Array<'v> {
    fn from(items: Vec<Value<'v>>) -> Self {
        Self(items)
    }
}

impl<'v> Array<'v> {
    pub(crate) fn items(&self) -> &[Value<'v>] {
        &self.0
    }
}

impl<'v> Set<'v> {
    /// What is in `items`, in any order and however often.
    pub(crate) fn collect(mut items: Vec<Value<'v>>) -> Self {
        if !items.is_sorted_by(|left, right| left < right) {
            items.sort();
            items.dedup();
        }
        Self(items)
    }

    pub(crate) fn items(&self) -> &[Value<'v>] {
        &self.0
    }

    pub(crate) fn get(&self, member: &Value<'_>) -> Option<&Value<'v>> {
        let found = self.0.binary_search_by(|known| known.compare(member)).ok()?;
        self.0.get(found)
    }
}

impl<'v> Object<'v> {
    /// The entries in any order; of equal keys the last one counts.
    pub(crate) fn collect(mut entries: Vec<(Value<'v>, Value<'v>)>) -> Self {
        if !entries.is_sorted_by(|left, right| left.0 < right.0) {
            // Stable: the last of equal keys is last still.
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            entries.reverse();
            entries.dedup_by(|later, kept| later.0 == kept.0);
            entries.reverse();
        }
        Self(entries)
    }

    pub(crate) fn entries(&self) -> &[(Value<'v>, Value<'v>)] {
        &self.0
    }

    pub(crate) fn get(&self, key: &Value<'_>) -> Option<&Value<'v>> {
        let found = self.0.binary_search_by(|(known, _)| known.compare(key)).ok()?;
        self.0.get(found).map(|(_, value)| value)
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        if self.0.iter().any(Value::holds_alone) {
            dismantle(std::mem::take(&mut self.0));
        }
    }
}

impl Drop for Set<'_> {
    fn drop(&mut self) {
        if self.0.iter().any(Value::holds_alone) {
            dismantle(std::mem::take(&mut self.0));
        }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        if self.0.iter().any(|(key, value)| key.holds_alone() || value.holds_alone()) {
            dismantle(flat(std::mem::take(&mut self.0)));
        }
    }
}

fn flat<'v>(entries: Vec<(Value<'v>, Value<'v>)>) -> Vec<Value<'v>> {
    entries.into_iter().flat_map(|(key, value)| [key, value]).collect()
}

impl Value<'_> {
    /// Whether dropping this drops something that has parts.
    fn holds_alone(&self) -> bool {
        match self {
            Self::Array(items) => Rc::strong_count(items) == 1 && !items.0.is_empty(),
            Self::Object(object) => Rc::strong_count(object) == 1 && !object.0.is_empty(),
            Self::Set(set) => Rc::strong_count(set) == 1 && !set.0.is_empty(),
            _ => false,
        }
    }
}

/// Takes apart what nobody else holds, level by level.
fn dismantle(mut open: Vec<Value<'_>>) {
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => {
                if let Ok(mut items) = Rc::try_unwrap(items) {
                    open.append(&mut items.0);
                }
            }
            Value::Set(set) => {
                if let Ok(mut set) = Rc::try_unwrap(set) {
                    open.append(&mut set.0);
                }
            }
            Value::Object(object) => {
                if let Ok(mut object) = Rc::try_unwrap(object) {
                    open.extend(flat(std::mem::take(&mut object.0)));
                }
            }
            _ => {}
        }
    }
}
