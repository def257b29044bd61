//! Whether an object could be decoded into the API's types, as Go's `encoding/json` would say it.
//!
//! Upstream decodes a whole workload before it looks at anything, so a number in `env[].value`
//! is an error there, never a pass. The tables say what each field must be; what they do not
//! know is ignored, as Go ignores it. Left out: `status` and `managedFields`.

mod volume;
mod workload;

use std::fmt::Write;

use crate::scalar::quantity::Quantity;
use crate::tree::{Entries, Kind, Node};
use crate::value::Value;

pub(super) use workload::{CRON_JOB, DEPLOYMENT, POD};

/// A struct of the API.
#[derive(Debug)]
pub(super) struct Shape {
    name: &'static str,
    fields: &'static [Field],
    /// A struct whose fields stand among the own ones; Go names it in the path of an error.
    embedded: Option<(&'static str, &'static [Field])>,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    /// A text; where its type has a name of its own, that name.
    Text(&'static str),
    Bool,
    Int32,
    Int64,
    Quantity,
    Time,
    IntOrString,
    List(&'static Self),
    Map(&'static Self),
    Object(&'static Shape),
}

/// Tells whether `node` could be decoded as `shape`, in the words of `encoding/json`.
pub(super) fn check(node: Node<'_>, shape: &'static Shape) -> Result<(), String> {
    let start = Trail { parent: None, shape: None, embedded: "", field: "" };
    let mut walk = Walk { sorted: false, saved: None };
    let wanted = Wanted::Object(shape);
    if walk.value(node, &wanted, &start).is_ok() && walk.saved.is_none() {
        return Ok(());
    }
    // Which error upstream names depends on the order of the keys; it decodes them sorted.
    let mut walk = Walk { sorted: true, saved: None };
    let aborted = walk.value(node, &wanted, &start).err();
    aborted.or(walk.saved).map_or(Ok(()), Err)
}

/// The key of `entries` that Go would decode into the field `name`: equal, or equal but for case.
pub(crate) fn decoded_entry<'t>(entries: Entries<'t>, name: &str) -> Option<(&'t str, Node<'t>)> {
    let mut similar = None;
    for (key, value) in entries.iter() {
        if key == name {
            return Some((key, value));
        }
        if similar.is_none() && key.eq_ignore_ascii_case(name) {
            similar = Some((key, value));
        }
    }
    similar
}

struct Walk {
    sorted: bool,
    /// The first field of a wrong type; decoding goes on, because a type that decodes itself
    /// (a quantity) ends it at once, and then that error is the one that is told.
    saved: Option<String>,
}

/// How a value was reached, innermost first.
struct Trail<'a> {
    parent: Option<&'a Self>,
    shape: Option<&'static Shape>,
    embedded: &'static str,
    field: &'static str,
}

impl Walk {
    fn value(&mut self, node: Node<'_>, wanted: &Wanted, trail: &Trail<'_>) -> Result<(), String> {
        match (wanted, node.kind()) {
            (_, Kind::Null)
            | (Wanted::Text(_) | Wanted::IntOrString, Kind::String(_))
            | (Wanted::Bool, Kind::Bool(_))
            | (Wanted::Int64, Kind::Int(_)) => Ok(()),
            (Wanted::Int32 | Wanted::IntOrString, Kind::Int(number))
                if i32::try_from(number).is_ok() =>
            {
                Ok(())
            }
            (Wanted::Int32 | Wanted::IntOrString, Kind::Float(number))
                if number.fract() == 0.0
                    && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) =>
            {
                Ok(())
            }
            (Wanted::Int64, Kind::Float(number))
                if number.fract() == 0.0 && number.abs() < 9.2e18 =>
            {
                Ok(())
            }
            (Wanted::Quantity, _) => quantity(node),
            (Wanted::Time, Kind::String(text)) => time(text),
            (Wanted::List(wanted), Kind::List(items)) => {
                items.iter().try_for_each(|item| self.value(item, wanted, trail))
            }
            (Wanted::Map(wanted), Kind::Map(entries)) => sorted(entries, self.sorted)
                .try_for_each(|(_, value)| self.value(value, wanted, trail)),
            (Wanted::Object(shape), Kind::Map(entries)) => {
                for (key, value) in sorted(entries, self.sorted) {
                    let Some((embedded, field)) = shape.field(key) else { continue };
                    let trail = Trail {
                        parent: Some(trail),
                        shape: Some(shape),
                        embedded,
                        field: field.name,
                    };
                    self.value(value, &field.wanted, &trail)?;
                }
                Ok(())
            }
            // These decode themselves as well.
            (Wanted::Time | Wanted::IntOrString, _) => Err(trail.tell(node, wanted)),
            _ => {
                self.saved.get_or_insert_with(|| trail.tell(node, wanted));
                Ok(())
            }
        }
    }
}

/// The entries as they are written, or by their keys.
fn sorted<'t>(entries: Entries<'t>, by_key: bool) -> impl Iterator<Item = (&'t str, Node<'t>)> {
    let mut sorted = Vec::new();
    if by_key {
        sorted.extend(entries.iter());
        sorted.sort_by_key(|(key, _)| *key);
    }
    let written = (!by_key).then(|| entries.iter()).into_iter().flatten();
    sorted.into_iter().chain(written)
}

impl Shape {
    fn field(&'static self, key: &str) -> Option<(&'static str, &'static Field)> {
        let (embedded, inner) = self.embedded.unwrap_or(("", &[]));
        let own = |same: &dyn Fn(&str) -> bool| {
            let inner = inner.iter().map(|field| (embedded, field));
            self.fields
                .iter()
                .map(|field| ("", field))
                .chain(inner)
                .find(|(_, field)| same(field.name))
        };
        own(&|name| name == key).or_else(|| own(&|name| name.eq_ignore_ascii_case(key)))
    }
}

impl Trail<'_> {
    fn tell(&self, node: Node<'_>, wanted: &Wanted) -> String {
        let found = match (node.kind(), wanted) {
            (Kind::Bool(_), _) => "bool".to_owned(),
            (
                Kind::Int(_) | Kind::Float(_) | Kind::BigInt(_),
                Wanted::Int32 | Wanted::Int64 | Wanted::IntOrString,
            ) => format!("number {}", Value::from(node).to_json()),
            (Kind::Int(_) | Kind::Float(_) | Kind::BigInt(_), _) => "number".to_owned(),
            (Kind::List(_), _) => "array".to_owned(),
            (Kind::Map(_), _) => "object".to_owned(),
            (Kind::String(_) | Kind::Null, _) => "string".to_owned(),
        };
        let mut steps = Vec::new();
        let mut next = Some(self);
        while let Some(trail) = next {
            steps.extend([trail.field, trail.embedded]);
            next = trail.parent;
        }
        steps.retain(|step| !step.is_empty());
        steps.reverse();
        let place = match self.shape {
            Some(shape) => format!("struct field {}.{}", shape.name, steps.join(".")),
            None => "value".to_owned(),
        };
        let mut name = String::new();
        wanted.write_name(&mut name);
        format!("json: cannot unmarshal {found} into Go {place} of type {name}")
    }
}

impl Wanted {
    fn write_name(&self, out: &mut String) {
        match self {
            Self::Text("") | Self::Time => out.push_str("string"),
            Self::Text("UID") => out.push_str("types.UID"),
            Self::Text(name) | Self::Object(Shape { name, .. }) => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "v1.{name}");
            }
            Self::Bool => out.push_str("bool"),
            Self::Int32 | Self::IntOrString => out.push_str("int32"),
            Self::Int64 => out.push_str("int64"),
            Self::Quantity => out.push_str("resource.Quantity"),
            Self::List(item) => {
                out.push_str("[]");
                item.write_name(out);
            }
            Self::Map(Self::Quantity) => out.push_str("v1.ResourceList"),
            Self::Map(item) => {
                out.push_str("map[string]");
                item.write_name(out);
            }
        }
    }
}

/// A quantity decodes itself from whatever stands there.
fn quantity(node: Node<'_>) -> Result<(), String> {
    let readable = match node.kind() {
        Kind::String(text) => Quantity::parse(text).is_some(),
        Kind::Int(_) | Kind::Float(_) | Kind::BigInt(_) => {
            Quantity::parse(&node.to_json()).is_some()
        }
        _ => false,
    };
    if readable {
        return Ok(());
    }
    Err("quantities must match the regular expression \
         '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        .to_owned())
}

/// A time decodes itself from a text. Upstream goes on to say which part it could not read.
fn time(text: &str) -> Result<(), String> {
    match text.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\"")),
    }
}

/// Writes shapes in a row: name of the static, name in Go, fields and what they must be, and after
/// `+` the struct that is embedded.
macro_rules! shapes {
    ($($name:ident $go:ident { $($field:ident: $kind:tt $($more:ident)?),* $(,)? }
        $(+ $outer:ident { $($inner:ident: $inner_kind:tt $($inner_more:ident)?),* $(,)? })?)*) => {
        $(
            pub(in crate::pod_security) static $name: Shape = Shape {
                name: stringify!($go),
                fields: &[$(Field {
                    name: stringify!($field),
                    wanted: wanted!($kind $($more)?),
                }),*],
                embedded: embedded!($($outer { $($inner: $inner_kind $($inner_more)?),* })?),
            };
        )*
    };
}

macro_rules! embedded {
    () => {
        None
    };
    ($outer:ident { $($inner:ident: $kind:tt $($more:ident)?),* }) => {
        Some((stringify!($outer), &[$(Field {
            name: stringify!($inner),
            wanted: wanted!($kind $($more)?),
        }),*]))
    };
}

macro_rules! wanted {
    (text) => {
        Wanted::Text("")
    };
    (text $name:ident) => {
        Wanted::Text(stringify!($name))
    };
    (bool) => {
        Wanted::Bool
    };
    (int32) => {
        Wanted::Int32
    };
    (int64) => {
        Wanted::Int64
    };
    (quantity) => {
        Wanted::Quantity
    };
    (time) => {
        Wanted::Time
    };
    (int_or_string) => {
        Wanted::IntOrString
    };
    ([$kind:tt $($more:ident)?]) => {
        Wanted::List(&wanted!($kind $($more)?))
    };
    ({$kind:tt $($more:ident)?}) => {
        Wanted::Map(&wanted!($kind $($more)?))
    };
    ($shape:ident) => {
        Wanted::Object(&$shape)
    };
}

use {embedded, shapes, wanted};

#[cfg(test)]
mod tests;
