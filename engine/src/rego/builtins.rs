//! OPA's built-in functions.

mod aggregates;
mod arrays;
mod crypto;
mod encoding;
mod format;
mod glob;
mod graph;
mod identifiers;
mod json;
mod net;
mod objects;
mod operand;
mod operators;
mod patterns;
mod refused;
mod regex;
mod schema;
mod strings;
mod table;
mod time;
mod tokens;
mod types;
mod units;
mod uri;
mod x509;

use super::{BuiltinError, Host, Value};

pub(crate) use patterns::Patterns;

/// A built-in function: its value, or why it has none.
pub(crate) type Function =
    for<'v> fn(&Host<'_, 'v>, &[Value<'v>]) -> Result<Value<'v>, BuiltinError>;

/// What is known of a built-in function before it is called.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    /// The types of its arguments and of its value, in OPA's words.
    pub(crate) arguments: &'static [Type],
    pub(crate) result: Type,
    pub(crate) function: Function,
    /// Whether it is refused in strict mode.
    pub(crate) deprecated: bool,
}

/// A type of Rego, as far as a literal argument can be told to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Any,
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
    Set,
    /// One of several.
    OneOf(&'static [Self]),
}

/// The function of a name; operators have the names of their functions, such as `plus`.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    let place = table::BUILTINS.binary_search_by_key(&name, |builtin| builtin.name).ok()?;
    table::BUILTINS.get(place)
}

#[cfg(test)]
mod tests;
