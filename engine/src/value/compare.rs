//! Whether two values are the same.

use super::Value;

impl Value<'_> {
    /// Whether both are equal, deeply; a whole number equals a float of the same size.
    pub fn equals(&self, other: &Value<'_>) -> bool {
        let mut pairs = vec![(self.clone(), other.clone())];
        while let Some((left, right)) = pairs.pop() {
            match (&left, &right) {
                (Value::Null, Value::Null) => {}
                (Value::Bool(left), Value::Bool(right)) if left == right => {}
                (Value::String(left), Value::String(right)) if **left == **right => {}
                (Value::Int(left), Value::Int(right)) if left == right => {}
                (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_))
                    if left.as_f64() == right.as_f64() => {}
                _ if left.is_list() && right.is_list() && left.len() == right.len() => {
                    let items = left.items().into_iter().zip(right.items());
                    pairs.extend(items.flat_map(|(left, right)| left.into_iter().zip(right)));
                }
                _ if left.is_map() && right.is_map() && left.len() == right.len() => {
                    for (key, value) in left.entries().into_iter().flatten() {
                        let Some(counterpart) = right.get(&key) else { return false };
                        pairs.push((value, counterpart));
                    }
                }
                _ => return false,
            }
        }
        true
    }
}
