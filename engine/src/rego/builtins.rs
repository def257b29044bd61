//! OPA's built-in functions.

use super::{BuiltinError, Host, Value};

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

/// Regular expressions and globs that were compiled already.
#[derive(Debug, Default)]
pub(crate) struct Patterns {}

/// The function of a name; operators have the names of their functions, such as `plus`.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

static BUILTINS: &[Builtin] = &[];
