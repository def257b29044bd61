//! The order of all values, as `Compare` of OPA's `v1/ast/compare.go` has it.

use std::cmp::Ordering;

use super::{ArrayView, Value};

/// How deep values are compared by recursion; what is deeper goes over a list of what is to be
/// done.
const RECURSION: usize = 64;

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
}

impl Eq for Value<'_> {}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

/// What is still to be compared.
enum Step<'a, 'b> {
    Pair(Value<'a>, Value<'b>),
    Settled(Ordering),
}

impl<'a> Value<'a> {
    /// Where this stands relative to a value that may live shorter or longer.
    pub(crate) fn compare<'b>(&self, other: &Value<'b>) -> Ordering {
        self.compare_within(other, RECURSION)
    }

    fn compare_within<'b>(&self, other: &Value<'b>, levels: usize) -> Ordering {
        match (self, other) {
            (Self::String(left), Value::String(right)) => (**left).cmp(&**right),
            (Self::Number(left), Value::Number(right)) => left.compare(right),
            (Self::Bool(left), Value::Bool(right)) => left.cmp(right),
            (Self::Node(left), Value::Node(right)) if left.same_place(*right) => Ordering::Equal,
            _ => match self.rank().cmp(&other.rank()) {
                Ordering::Equal if levels == 0 => self.compare_deep(other),
                Ordering::Equal => self.compare_parts(other, levels - 1),
                unequal => unequal,
            },
        }
    }

    fn rank(&self) -> u8 {
        match self.type_name() {
            "null" => 0,
            "boolean" => 1,
            "number" => 2,
            "string" => 3,
            "array" => 4,
            "object" => 5,
            _ => 6,
        }
    }

    fn compare_parts<'b>(&self, other: &Value<'b>, levels: usize) -> Ordering {
        if let (Some(left), Some(right)) = (self.as_array(), other.as_array()) {
            for (left, right) in left.iter().zip(right.iter()) {
                let ordering = left.compare_within(&right, levels);
                if ordering.is_ne() {
                    return ordering;
                }
            }
            return left.len().cmp(&right.len());
        }
        if let (Some(left), Some(right)) = (self.as_set(), other.as_set()) {
            for (left, right) in left.iter().zip(right) {
                let ordering = left.compare_within(right, levels);
                if ordering.is_ne() {
                    return ordering;
                }
            }
            return left.len().cmp(&right.len());
        }
        let (Some(left), Some(right)) = (self.as_object(), other.as_object()) else {
            return Ordering::Equal;
        };
        for ((left_key, left), (right_key, right)) in left.sorted().iter().zip(right.sorted()) {
            let ordering = left_key
                .compare_within(&right_key, levels)
                .then_with(|| left.compare_within(&right, levels));
            if ordering.is_ne() {
                return ordering;
            }
        }
        left.len().cmp(&right.len())
    }

    fn compare_deep<'b>(&self, other: &Value<'b>) -> Ordering {
        let mut steps = vec![Step::Pair(self.clone(), other.clone())];
        while let Some(step) = steps.pop() {
            let ordering = match step {
                Step::Settled(ordering) => ordering,
                Step::Pair(left, right) => match left.rank().cmp(&right.rank()) {
                    Ordering::Equal if left.len().is_some() => {
                        let (left, right) = (left.parts(), right.parts());
                        steps.push(Step::Settled(left.len().cmp(&right.len())));
                        let pairs: Vec<_> = left.into_iter().zip(right).collect();
                        steps.extend(
                            pairs.into_iter().rev().map(|(left, right)| Step::Pair(left, right)),
                        );
                        Ordering::Equal
                    }
                    Ordering::Equal => left.compare_within(&right, 1),
                    unequal => unequal,
                },
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        Ordering::Equal
    }

    /// Items, members, or keys and values in turn.
    fn parts(&self) -> Vec<Self> {
        if let Some(items) = self.as_array() {
            return match items {
                ArrayView::Made(items) => items.to_vec(),
                ArrayView::Node(_) => items.iter().collect(),
            };
        }
        if let Some(entries) = self.as_object() {
            return entries.sorted().into_iter().flat_map(|(key, value)| [key, value]).collect();
        }
        self.as_set().map(<[Self]>::to_vec).unwrap_or_default()
    }
}
