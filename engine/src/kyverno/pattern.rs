//! Patterns of `validate.pattern`: what an object must look like.
//!
//! Upstream: `MatchPattern` in `pkg/engine/validate/validate.go`. A pattern is compiled once and
//! then asked often; asking allocates nothing as long as the object passes.

mod anchor;
mod compile;
mod evaluate;
mod expand;
pub(crate) mod leaf;
mod oddity;
mod trail;
mod words;

use std::sync::Arc;

use self::anchor::Anchor;
use self::expand::Expansion;
use self::leaf::Leaf;
use crate::value::Value;

pub(crate) use self::oddity::Oddity;

/// What an object must look like, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    root: Element,
    /// How many maps of labels and annotations there are whose keys are expanded.
    expansions: usize,
}

/// Says that a pattern cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternError {
    /// Nested beyond [`DEPTH_LIMIT`].
    TooDeep,
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooDeep => {
                write!(formatter, "the pattern is nested deeper than {DEPTH_LIMIT} levels")
            }
        }
    }
}

impl std::error::Error for PatternError {}

/// How deep maps and lists of a pattern may be nested.
pub(crate) const DEPTH_LIMIT: usize = 250;

/// What a pattern says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The object looks as wanted.
    Pass,
    /// The rule does not apply, with upstream's reason.
    Skip(String),
    /// The object does not look as wanted.
    Fail(Failure),
    /// Upstream cannot say where the object fails, and makes it an error of the rule.
    Error(String),
}

/// Where and why an object does not look as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The place as upstream writes it: `/spec/containers/0/image/`.
    pub(crate) path: String,
    /// The steps of the JSON pointer to the place, or to the key that should be there.
    pub(crate) steps: Vec<String>,
    /// Whether the last step leads to something that should be there and is not.
    pub(crate) missing: bool,
    /// Whether nothing may be there.
    pub(crate) unwanted: bool,
    /// What was expected there: a text in backticks, or words such as `a map`.
    pub(crate) expected: String,
    /// What was found there: a text in backticks, or words such as `a list`.
    pub(crate) found: String,
    /// The error as upstream words it.
    pub(crate) message: String,
}

impl Pattern {
    /// Reads a pattern in which no variables are left.
    pub(crate) fn compile(pattern: &Value<'_>) -> Result<Self, PatternError> {
        compile::compile(pattern)
    }

    /// Asks whether `resource` looks as wanted; whole numbers in it count as floats, as upstream.
    pub(crate) fn check(&self, resource: &Value<'_>) -> Verdict {
        evaluate::check(self, resource)
    }

    /// The same, where nobody asks why not.
    pub(crate) fn passes(&self, resource: &Value<'_>) -> bool {
        evaluate::passes(self, resource)
    }

    /// What its author may not expect of it, sorted by key.
    pub(crate) fn oddities(&self) -> Vec<Oddity> {
        oddity::of_pattern(self)
    }

    /// The first place that upstream refuses when a policy is loaded, in upstream's words.
    ///
    /// Patterns are not checked this way after variables were filled in.
    pub(crate) fn refusal(pattern: &Value<'_>) -> Option<Oddity> {
        oddity::refusal(pattern, 0)
    }
}

/// A node of a pattern.
#[derive(Clone, Debug)]
enum Element {
    Map(MapPattern),
    List(ListPattern),
    Leaf(Leaf),
}

/// What is wanted of a map.
#[derive(Clone, Debug, Default)]
struct MapPattern {
    /// In the order they are asked.
    entries: Vec<Entry>,
    /// How many entries stand before all others because of their anchors.
    first: usize,
    /// The maps of labels and annotations below `metadata`, by the key that they stand under.
    metadata: Vec<(&'static str, Arc<Expansion>)>,
    /// How its own keys are expanded, if this is a map of labels or annotations.
    expansion: Option<Arc<Expansion>>,
}

/// A key of a map and what is wanted there.
#[derive(Clone, Debug)]
struct Entry {
    /// The key with its anchor.
    written: Box<str>,
    /// The key to look for; for plain keys the same as `written`.
    key: Box<str>,
    /// Never [`Anchor::AddIfNotPresent`].
    anchor: Anchor,
    body: Arc<Body>,
}

/// What is wanted under a key.
#[derive(Clone, Debug)]
enum Body {
    /// `*` under a plain key: anything but null.
    Something,
    Element(Element),
    /// Under `^(key)`.
    Existence(Existence),
}

/// What is wanted under `^(key)`.
#[derive(Clone, Debug)]
enum Existence {
    /// Each of these must match some item; one that is no map is `None` and never does.
    Items(Vec<Option<Element>>),
    /// No list, which never holds; its type as Go writes it.
    NoList(&'static str),
}

/// What is wanted of a list.
#[derive(Clone, Debug)]
struct ListPattern {
    /// How many items the pattern has.
    length: usize,
    shape: ListShape,
}

#[derive(Clone, Debug)]
enum ListShape {
    /// `[]` never holds.
    Empty,
    /// The first item, a map, is wanted of every item.
    Maps(Box<MapPattern>),
    /// The first item, a scalar, is wanted of every item.
    Scalars(Leaf),
    /// Begins with a list: item by item.
    Positions(Vec<Element>),
}

#[cfg(test)]
mod tests;
