//! What a check found: the words of Kubernetes and the fields it objects to.

use std::fmt::{self, Write};

use super::checks::CheckId;
use crate::pointer::escape_step;

/// A control that is violated.
#[derive(Clone, Debug)]
pub(crate) struct Finding<'t> {
    pub(crate) id: CheckId,
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
    /// What Kyverno's fork of the standards says besides.
    pub(crate) addition: Option<String>,
    pub(crate) errors: Vec<FieldError<'t>>,
}

/// A field with a value that is forbidden, or without one that is required.
#[derive(Clone, Debug)]
pub(crate) struct FieldError<'t> {
    pub(crate) place: Place<'t>,
    pub(crate) required: bool,
    pub(crate) value: BadValue<'t>,
}

/// The value a [`FieldError`] objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadValue<'t> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'t str),
    Texts(Vec<&'t str>),
}

/// A field of a pod, in two notations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'t> {
    /// As Kubernetes writes it: `spec.containers[0].image`.
    pub(crate) field: String,
    /// As a JSON pointer from the pod: `/spec/containers/0/image`.
    pub(crate) pointer: String,
    /// The container's name, for a field of a container.
    pub(crate) container: Option<&'t str>,
}

impl<'t> Place<'t> {
    pub(super) fn spec() -> Self {
        Self { field: "spec".to_owned(), pointer: "/spec".to_owned(), container: None }
    }

    /// `metadata.annotations[name]`.
    pub(super) fn annotation(name: &str) -> Self {
        let field = format!("metadata.annotations[{name}]");
        let mut place =
            Self { field, pointer: "/metadata/annotations".to_owned(), container: None };
        place.step(name);
        place
    }

    pub(super) fn of_container(self, name: &'t str) -> Self {
        Self { container: Some(name), ..self }
    }

    pub(super) fn key(mut self, name: &str) -> Self {
        self.field.push('.');
        self.field.push_str(name);
        self.step(name);
        self
    }

    pub(super) fn keys(self, names: &[&str]) -> Self {
        names.iter().fold(self, |place, name| place.key(name))
    }

    pub(super) fn index(mut self, index: usize) -> Self {
        // Writing to a `String` cannot fail.
        let _ = write!(self.field, "[{index}]");
        let _ = write!(self.pointer, "/{index}");
        self
    }

    /// A name in the field's notation for what has no name in the object.
    pub(super) fn unnamed(mut self, name: &str) -> Self {
        self.field.push('.');
        self.field.push_str(name);
        self
    }

    fn step(&mut self, name: &str) {
        self.pointer.push('/');
        self.pointer.push_str(&escape_step(name));
    }

    pub(super) fn forbids(self, value: BadValue<'t>) -> FieldError<'t> {
        FieldError { place: self, required: false, value }
    }

    pub(super) fn requires(self) -> FieldError<'t> {
        FieldError { place: self, required: true, value: BadValue::None }
    }
}

impl fmt::Display for BadValue<'_> {
    /// As `%+v` of Go.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Int(value) => write!(formatter, "{value}"),
            Self::Text(text) => formatter.write_str(text),
            Self::Texts(texts) => write!(formatter, "[{}]", texts.join(" ")),
        }
    }
}

/// The items in quotes, with commas.
pub(super) fn quoted<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for item in items {
        out.push_str(if out.is_empty() { "\"" } else { ", \"" });
        out.push_str(item);
        out.push('"');
    }
    out
}

/// The word for one, or for any other number.
pub(super) fn plural<'w>(one: &'w str, many: &'w str, count: usize) -> &'w str {
    if count == 1 { one } else { many }
}

/// `container "a"`, `containers "a", "b"`.
pub(super) fn containers(names: &[&str]) -> String {
    let noun = plural("container", "containers", names.len());
    format!("{noun} {}", quoted(names.iter().copied()))
}

/// Sorted, each once.
pub(super) fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// `pod`, `container "a"`, or both: who sets what they must not set.
pub(super) fn setters(pod: bool, names: &[&str]) -> String {
    match (pod, names.is_empty()) {
        (true, true) => "pod".to_owned(),
        (true, false) => format!("pod and {}", containers(names)),
        (false, _) => containers(names),
    }
}
