//! What Rego computes with: places of trees, and what was made from them.

mod compare;
mod made;
mod print;

use std::rc::Rc;

use super::Number;
use crate::tree::{Entries, Items, Kind, Node};
use crate::value::Text;

pub(crate) use made::{Array, Object, Set};
pub(crate) use print::Notation;

/// A value during evaluation: cheap to copy, read in place where it stands in a tree.
#[derive(Clone, Debug)]
pub(crate) enum Value<'v> {
    Null,
    Bool(bool),
    Number(Number),
    String(Text<'v>),
    /// A list or a map in a tree. Scalars are never held this way: see [`Value::from`].
    Node(Node<'v>),
    Array(Rc<Array<'v>>),
    Object(Rc<Object<'v>>),
    Set(Rc<Set<'v>>),
}

/// The items of an array, wherever they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ArrayView<'a, 'v> {
    Node(Items<'v>),
    Made(&'a [Value<'v>]),
}

/// The entries of an object, wherever they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ObjectView<'a, 'v> {
    /// Keys are texts, in the order they were written.
    Node(Entries<'v>),
    /// Sorted by key.
    Made(&'a Object<'v>),
}

impl<'v> From<Node<'v>> for Value<'v> {
    /// Scalars are taken out of the tree, lists and maps are read in place.
    fn from(node: Node<'v>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool(value) => Self::Bool(value),
            Kind::Int(value) => Self::Number(Number::from(value)),
            Kind::Float(value) => Self::Number(Number::from(value)),
            Kind::BigInt(digits) => Self::Number(Number::from_digits(digits)),
            Kind::String(text) => Self::String(Text::Borrowed(text)),
            Kind::List(_) | Kind::Map(_) => Self::Node(node),
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl From<usize> for Value<'_> {
    fn from(value: usize) -> Self {
        Self::Number(Number::from(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<Number> for Value<'_> {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::String(Text::Borrowed(text))
    }
}

impl<'v> From<Vec<Self>> for Value<'v> {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(Rc::new(items.into()))
    }
}

impl<'v> Value<'v> {
    /// A set of what is in `items`, in any order and however often.
    pub(crate) fn set(items: Vec<Self>) -> Self {
        Self::Set(Rc::new(Set::collect(items)))
    }

    /// An object; of equal keys the last one counts.
    pub(crate) fn object(entries: Vec<(Self, Self)>) -> Self {
        Self::Object(Rc::new(Object::collect(entries)))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<ArrayView<'_, 'v>> {
        match self {
            Self::Array(items) => Some(ArrayView::Made(items.items())),
            Self::Node(node) => node.as_list().map(ArrayView::Node),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<ObjectView<'_, 'v>> {
        match self {
            Self::Object(object) => Some(ObjectView::Made(object)),
            Self::Node(node) => node.as_map().map(ObjectView::Node),
            _ => None,
        }
    }

    /// The members in their order, where this is a set.
    pub(crate) fn as_set(&self) -> Option<&[Self]> {
        match self {
            Self::Set(set) => Some(set.items()),
            _ => None,
        }
    }

    /// What OPA's `type_name` says.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
            Self::Set(_) => "set",
            Self::Node(node) => match node.kind() {
                Kind::List(_) => "array",
                _ => "object",
            },
        }
    }

    /// Whether an expression that has this value holds: all but `false` does.
    pub(crate) fn holds(&self) -> bool {
        !matches!(self, Self::Bool(false))
    }

    /// The value at a key: an index of an array, a key of an object, a member of a set.
    pub(crate) fn get(&self, key: &Self) -> Option<Self> {
        match self {
            Self::Node(node) => match (node.kind(), key) {
                (Kind::Map(entries), Self::String(key)) => entries.get(key).map(Self::from),
                (Kind::List(items), Self::Number(key)) => {
                    items.get(key.as_index()?).map(Self::from)
                }
                _ => None,
            },
            Self::Array(items) => items.items().get(key.as_number()?.as_index()?).cloned(),
            Self::Object(object) => object.get(key).cloned(),
            Self::Set(set) => set.get(key).cloned(),
            _ => None,
        }
    }

    /// The number of items, entries or members; `None` of a scalar.
    pub(crate) fn len(&self) -> Option<usize> {
        match self {
            Self::Node(node) => {
                node.as_list().map(|items| items.len()).or(node.as_map().map(|map| map.len()))
            }
            Self::Array(items) => Some(items.items().len()),
            Self::Object(object) => Some(object.entries().len()),
            Self::Set(set) => Some(set.items().len()),
            _ => None,
        }
    }
}

impl<'v> ArrayView<'_, 'v> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Node(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value<'v>> {
        match self {
            Self::Node(items) => items.get(index).map(Value::from),
            Self::Made(items) => items.get(index).cloned(),
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'v>> + use<'_, 'v> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<'v> ObjectView<'_, 'v> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Node(entries) => entries.len(),
            Self::Made(object) => object.entries().len(),
        }
    }

    pub(crate) fn get(&self, key: &Value<'_>) -> Option<Value<'v>> {
        match (self, key) {
            (Self::Node(entries), Value::String(key)) => entries.get(key).map(Value::from),
            (Self::Node(_), _) => None,
            (Self::Made(object), key) => object.get(key).cloned(),
        }
    }

    /// Keys and values, in any order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Value<'v>, Value<'v>)> + use<'_, 'v> {
        let (nodes, made) = match self {
            Self::Node(entries) => (Some(entries.iter()), None),
            Self::Made(object) => (None, Some(object.entries().iter())),
        };
        let nodes = nodes.into_iter().flatten();
        let nodes = nodes.map(|(key, node)| (Value::from(key), Value::from(node)));
        nodes.chain(made.into_iter().flatten().cloned())
    }

    /// Keys and values, sorted by key.
    pub(crate) fn sorted(&self) -> Vec<(Value<'v>, Value<'v>)> {
        match self {
            Self::Made(object) => object.entries().to_vec(),
            Self::Node(entries) => {
                let mut nodes: Vec<_> = entries.iter().collect();
                if !nodes.is_sorted_by_key(|(key, _)| *key) {
                    nodes.sort_by_key(|(key, _)| *key);
                }
                nodes.into_iter().map(|(key, node)| (Value::from(key), Value::from(node))).collect()
            }
        }
    }
}
