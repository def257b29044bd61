//! The parts of a parsed expression.

use std::sync::{Arc, OnceLock};

use super::functions::Function;
use crate::scalar::regex::{Regex, RegexError, Regexes};
use crate::tree::Tree;

/// A part of an expression.
///
/// Chains (`a.b.c`, `a || b || c`) are held flat, so that depth grows with brackets only.
#[derive(Debug)]
pub(super) enum Part {
    /// `@`, or the place where nothing more is asked.
    Current,
    Field(Box<str>),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// JSON between backticks.
    Literal(Tree),
    Text(Box<str>),
    /// Each part is applied to what the former gave; a missing key ends it.
    Path(Vec<Self>),
    /// Each part is applied to what the former gave; a missing key gives null.
    Pipe(Vec<Self>),
    Or(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    Call(Box<Call>),
    /// `&expression`, an argument of functions such as `sort_by()`.
    Reference(Box<Self>),
    List(Box<[Self]>),
    Map(Box<[(Box<str>, Self)]>),
    Flatten(Box<Self>),
    /// Each item of the left, if that is a list, through the right.
    Project(Box<Self>, Box<Self>),
    /// Each value of the left, if that is a map, through the right.
    ProjectValues(Box<Self>, Box<Self>),
    /// Each item of the left for which the condition holds, through the right.
    Filter {
        left: Box<Self>,
        right: Box<Self>,
        condition: Box<Self>,
    },
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A function and its arguments.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Box<str>,
    /// None where no such function exists, which is an error when it is called, as upstream.
    pub(super) function: Option<&'static Function>,
    pub(super) arguments: Box<[Part]>,
    /// The first argument as a regular expression, once it was called for.
    regex: OnceLock<Result<Arc<Regex>, RegexError>>,
}

impl Call {
    pub(super) fn new(
        name: Box<str>,
        function: Option<&'static Function>,
        arguments: Box<[Part]>,
    ) -> Self {
        Self { name, function, arguments, regex: OnceLock::new() }
    }

    /// The first argument as a regular expression, where it is a text in the expression. The
    /// first call compiles it: most expressions are never evaluated.
    pub(super) fn regex(&self, shared: Option<&Regexes>) -> Option<Result<Arc<Regex>, RegexError>> {
        let Some(Part::Text(pattern)) = self.arguments.first() else { return None };
        let compile = || match shared {
            Some(shared) => shared.compile(pattern),
            None => Regex::compile(pattern).map(Arc::new),
        };
        Some(self.regex.get_or_init(compile).clone())
    }
}

impl Part {
    /// Whether upstream's value is a Go `int` here, which equals no number and has no order.
    pub(super) fn is_go_int(&self) -> bool {
        match self {
            Self::Call(call) => &*call.name == "compare",
            Self::Path(parts) | Self::Pipe(parts) => parts.last().is_some_and(Self::is_go_int),
            _ => false,
        }
    }

    /// Whether this may read more of a map than what stands at other keys than `name`, and what
    /// stands under `name` at one of `keys`.
    ///
    /// Recursion is as deep as the expression, which the parser bounds.
    pub(super) fn reads_beyond(&self, name: &str, keys: &[&str]) -> bool {
        let any = |parts: &[Self]| parts.iter().any(|part| part.reads_beyond(name, keys));
        let first =
            |parts: &[Self]| parts.first().is_some_and(|part| part.reads_beyond(name, keys));
        match self {
            Self::Current => true,
            Self::Field(field) => **field == *name,
            Self::Index(_) | Self::Slice(_) | Self::Literal(_) | Self::Text(_) => false,
            Self::Path(parts) => match parts.as_slice() {
                [Self::Field(field), Self::Field(key), ..] if **field == *name => {
                    !keys.contains(&&**key)
                }
                parts => first(parts),
            },
            // Only the first part is given the map.
            Self::Pipe(parts) => first(parts),
            Self::Or(parts) | Self::And(parts) => any(parts),
            Self::List(parts) => any(parts),
            Self::Map(entries) => entries.iter().any(|(_, part)| part.reads_beyond(name, keys)),
            Self::Compare(_, left, right) => {
                left.reads_beyond(name, keys) || right.reads_beyond(name, keys)
            }
            Self::Call(call) => any(&call.arguments),
            Self::Not(inner) | Self::Flatten(inner) => inner.reads_beyond(name, keys),
            // Is given what stands in another argument.
            Self::Reference(_) => false,
            Self::Project(left, _) | Self::ProjectValues(left, _) => left.reads_beyond(name, keys),
            Self::Filter { left, .. } => left.reads_beyond(name, keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::jmespath::Expression;

    #[test]
    fn what_an_expression_reads_of_the_request_is_known() {
        for (text, expected) in [
            ("request.object.spec", false),
            ("request.\"object\".spec || 'request.uid'", false),
            ("request.object.spec.[containers, initContainers][].keys(@)[]", false),
            ("length(request.object.spec.volumes[?name == 'x'])", false),
            ("request.object | @.uid", false),
            ("element.request.uid", false),
            ("serviceAccountName", false),
            ("request", true),
            ("request.uid", true),
            ("request.*", true),
            ("request | uid", true),
            ("@", true),
            ("@.request.uid", true),
            ("keys(@)", true),
            ("*.uid", true),
            ("{a: request}.a.uid", true),
            ("[request][].uid", true),
            ("request.object || request.uid", true),
            ("request.operation == request.userInfo.username", true),
            ("!(request.dryRun)", true),
            ("merge(request.object, request)", true),
            ("map(&uid, [request])", true),
            ("(request).uid", true),
        ] {
            let expression = Expression::parse(text).unwrap();
            let keys = ["object", "operation", "namespace"];
            assert_eq!(expression.reads_beyond("request", &keys), expected, "`{text}`");
        }
    }
}
