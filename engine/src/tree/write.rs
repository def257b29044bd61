//! Writes a tree as JSON.

use super::Node;
use crate::value::Value;

impl Node<'_> {
    /// The JSON text, keys sorted, as `encoding/json` of Go writes it.
    pub fn to_json(self) -> String {
        Value::from(self).to_json()
    }
}
