//! Asks an object whether it looks as a pattern wants it.
//!
//! Upstream: `pkg/engine/validate/validate.go` and `pkg/engine/anchor/handlers.go`. The object is
//! asked twice at most: the first time for the bare outcome, which costs no memory, and, where it
//! is not a pass, once more for the words. Recursion is as deep as the pattern, not the object.

mod lookup;
mod quick;

use std::collections::BTreeMap;

use self::lookup::Lookup;
use super::anchor::Anchor;
use super::expand::Expanded;
use super::leaf::Leaf;
use super::trail::Trail;
use super::words::{as_context, describe, object_type};
use super::{
    Body, Element, Entry, Existence, Failure, ListPattern, ListShape, MapPattern, Pattern, Verdict,
};
use crate::scalar::number::format_object_value;
use crate::value::Value;

/// Whether an object looks as wanted.
pub(super) fn passes(pattern: &Pattern, resource: &Value<'_>) -> bool {
    let quick = match resource {
        Value::Node(node) => quick::check(pattern, *node),
        _ => None,
    };
    let run = || Run::new(pattern, false).element(&pattern.root, Some(resource), &Trail::ROOT);
    match quick {
        Some(outcome) => {
            debug_assert_eq!(outcome, quick_outcome(&run()), "{pattern:?} {resource:?}");
            outcome == quick::Outcome::Pass
        }
        None => run().is_ok(),
    }
}

fn quick_outcome(outcome: &Outcome) -> quick::Outcome {
    match outcome {
        Ok(()) => quick::Outcome::Pass,
        Err(stop) => match stop.kind {
            StopKind::Mismatch => quick::Outcome::Mismatch,
            StopKind::AllSkipped => quick::Outcome::AllSkipped,
            StopKind::Failure | StopKind::Forbidden | StopKind::Unplaced => quick::Outcome::Failure,
        },
    }
}

pub(super) fn check(pattern: &Pattern, resource: &Value<'_>) -> Verdict {
    if passes(pattern, resource) {
        return Verdict::Pass;
    }
    let mut thorough = Run::new(pattern, true);
    let Err(stop) = thorough.element(&pattern.root, Some(resource), &Trail::ROOT) else {
        return Verdict::Pass;
    };
    let words = stop.words.map(|words| *words).unwrap_or_default();
    match stop.kind {
        StopKind::Mismatch | StopKind::AllSkipped => Verdict::Skip(words.message),
        // Upstream gives no path where an anchor's key was nowhere seen, and takes that for an
        // error: `KeysAreMissing` in `pkg/engine/anchor/anchormap.go`.
        StopKind::Failure if thorough.misses_an_anchor() => Verdict::Error(words.message),
        StopKind::Unplaced => Verdict::Error(words.message),
        StopKind::Failure | StopKind::Forbidden => Verdict::Fail(Failure {
            unwanted: stop.kind == StopKind::Forbidden,
            path: words.path,
            steps: words.steps,
            missing: words.missing,
            expected: words.expected,
            found: words.found,
            message: words.message,
        }),
    }
}

/// One pass through a pattern.
struct Run {
    /// Whether words are wanted.
    wordy: bool,
    /// Maps of labels and annotations whose keys were expanded so far.
    expanded: Vec<Option<Expanded>>,
    /// The keys with `()` and `^()` that were asked for, and whether any map had them; only
    /// followed in the pass for words.
    anchors_seen: Option<BTreeMap<String, bool>>,
}

/// Why an object or a part of it does not pass.
struct Stop {
    kind: StopKind,
    words: Option<Box<Words>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StopKind {
    /// The value under a conditional or global anchor is another: what it stands in is skipped.
    Mismatch,
    /// Every item of a list, or everything that a map could say, was skipped.
    AllSkipped,
    /// A key is there that must not be.
    Forbidden,
    /// A value is not what is wanted.
    Failure,
    /// The same, where upstream gives no path.
    Unplaced,
}

#[derive(Default)]
struct Words {
    message: String,
    path: String,
    steps: Vec<String>,
    missing: bool,
    expected: String,
    found: String,
}

impl StopKind {
    /// Upstream looks for words in the text of the error instead, which an object's values can
    /// contain: `isError` in `pkg/engine/anchor/error.go`.
    fn skips(self) -> bool {
        matches!(self, Self::Mismatch | Self::AllSkipped)
    }
}

type Outcome = Result<(), Stop>;

impl Run {
    fn new(pattern: &Pattern, wordy: bool) -> Self {
        Self {
            wordy,
            expanded: vec![None; pattern.expansions],
            anchors_seen: wordy.then(BTreeMap::new),
        }
    }

    /// Asks one place, which may not be there.
    fn element(
        &mut self,
        element: &Element,
        resource: Option<&Value<'_>>,
        trail: &Trail<'_>,
    ) -> Outcome {
        match element {
            Element::Map(pattern) => self.map_or_other(pattern, resource, trail),
            Element::List(pattern) => match resource {
                Some(list) if list.is_list() => self.list(pattern, list, trail),
                _ => Err(self.failure(trail, resource, "a list", |path| {
                    format!(
                        "validation rule failed at path {path}, resource does not satisfy the \
                         expected overlay pattern"
                    )
                })),
            },
            Element::Leaf(leaf) => self.leaf(leaf, resource, trail),
        }
    }

    fn leaf(&self, leaf: &Leaf, resource: Option<&Value<'_>>, trail: &Trail<'_>) -> Outcome {
        let value = resource.unwrap_or(&Value::Null);
        let message = |path: &str| {
            let value = format_object_value(value);
            format!("resource value '{value}' does not match '{leaf}' at path {path}")
        };
        if !value.is_list() {
            if leaf.matches(&as_context(value.clone())) {
                return Ok(());
            }
            return Err(self.failure(trail, resource, format_args!("`{leaf}`"), message));
        }
        for index in 0..value.len().unwrap_or_default() {
            let item = value.item(index).unwrap_or_default();
            if !leaf.matches(&as_context(item.clone())) {
                let place = trail.index(index);
                let mut stop = self.failure(&place, Some(&item), format_args!("`{leaf}`"), message);
                stop.tell_of(trail, message);
                return Err(stop);
            }
        }
        Ok(())
    }

    fn map_or_other(
        &mut self,
        pattern: &MapPattern,
        resource: Option<&Value<'_>>,
        trail: &Trail<'_>,
    ) -> Outcome {
        let Some(map) = resource.filter(|resource| resource.is_map()) else {
            let found = object_type(resource.unwrap_or(&Value::Null));
            return Err(self.failure(trail, resource, "a map", |path| {
                format!(
                    "pattern and resource have different structures. Path: {path}. Expected \
                     map[string]interface {{}}, found {found}"
                )
            }));
        };
        let expanded = pattern.expansion.as_ref().and_then(|expansion| {
            self.expanded.get(expansion.slot).and_then(|expanded| expanded.as_ref())
        });
        match expanded.map(|expanded| expanded.map.clone()) {
            Some(pattern) => self.map(&pattern, map, trail),
            None => self.map(pattern, map, trail),
        }
    }

    /// Asks a map: first the keys whose anchors can end the matter, then all others.
    fn map(&mut self, pattern: &MapPattern, map: &Value<'_>, trail: &Trail<'_>) -> Outcome {
        self.expand(pattern, map);
        let lookup = Lookup::new(map, pattern.entries.len());
        self.follow_anchors(pattern, &lookup);
        let (first, others) = pattern.entries.split_at_checked(pattern.first).unwrap_or_default();
        let mut skips = Skips::default();
        let mut mismatched = false;
        for entry in first {
            match self.entry(entry, &lookup, trail) {
                Ok(()) => skips.applied = true,
                Err(stop) if stop.kind.skips() => {
                    mismatched |= stop.kind == StopKind::Mismatch;
                    skips.push(stop);
                }
                // What fails after a mismatch does not count.
                Err(_) if mismatched => {}
                Err(stop) => return Err(stop),
            }
        }
        if mismatched {
            return Err(skips.into_stop());
        }
        skips.finish()?;
        others.iter().try_for_each(|entry| self.entry(entry, &lookup, trail))
    }

    fn entry(&mut self, entry: &Entry, lookup: &Lookup<'_, '_>, trail: &Trail<'_>) -> Outcome {
        let value = lookup.get(&entry.key);
        let place = trail.key(&entry.key);
        match (entry.anchor, value) {
            (Anchor::None | Anchor::AddIfNotPresent, value) => {
                self.body(&entry.body, value.as_ref(), &place, trail)
            }
            (Anchor::Condition, None) => Err(self.mismatch("conditional", None)),
            (Anchor::Condition, Some(value)) => self
                .body(&entry.body, Some(&value), &place, trail)
                .map_err(|stop| self.mismatch("conditional", Some(stop))),
            (Anchor::Global, Some(value)) => self
                .body(&entry.body, Some(&value), &place, trail)
                .map_err(|stop| self.mismatch("global", Some(stop))),
            (Anchor::Equality | Anchor::Existence, Some(value)) => {
                self.body(&entry.body, Some(&value), &place, trail)
            }
            (Anchor::Negation, Some(value)) => {
                let mut stop = self.failure(&place, Some(&value), "no such key", |path| {
                    format!("negation anchor matched in resource: {path} is not allowed")
                });
                stop.kind = StopKind::Forbidden;
                Err(stop)
            }
            (Anchor::Global | Anchor::Equality | Anchor::Negation | Anchor::Existence, None) => {
                Ok(())
            }
        }
    }

    fn body(
        &mut self,
        body: &Body,
        value: Option<&Value<'_>>,
        place: &Trail<'_>,
        above: &Trail<'_>,
    ) -> Outcome {
        match body {
            Body::Element(element) => self.element(element, value, place),
            Body::Something => match value {
                Some(value) if !value.is_null() => Ok(()),
                _ => {
                    let mut stop = self.failure(place, value, "a value", |_| String::new());
                    let key = place.last();
                    stop.tell_of(above, |path| format!("{path}/{key} not found"));
                    Err(stop)
                }
            },
            Body::Existence(wanted) => self.existence(wanted, value, place),
        }
    }

    /// Asks whether each pattern matches some item.
    fn existence(
        &mut self,
        wanted: &Existence,
        value: Option<&Value<'_>>,
        place: &Trail<'_>,
    ) -> Outcome {
        let Some(list) = value.filter(|value| value.is_list()) else {
            let found = object_type(value.unwrap_or(&Value::Null));
            return Err(self.existence_failure(value, place, |_| {
                format!(
                    "invalid resource type {found}: Existence ^ () anchor can be used only on \
                     list/array type resource"
                )
            }));
        };
        let wanted = match wanted {
            Existence::Items(wanted) => wanted,
            Existence::NoList(found) => {
                return Err(self.existence_failure(value, place, |_| {
                    format!(
                        "invalid pattern type {found}: Pattern has to be of list to compare \
                         against resource"
                    )
                }));
            }
        };
        for wanted in wanted {
            let Some(wanted) = wanted else {
                return Err(self.existence_failure(value, place, |_| {
                    "invalid pattern type []interface {}: Pattern has to be of type map to \
                     compare against items in resource"
                        .to_owned()
                }));
            };
            if !self.any_item(wanted, list, place) {
                return Err(self.existence_failure(value, place, |path| {
                    format!("existence anchor validation failed at path {path}")
                }));
            }
        }
        Ok(())
    }

    fn any_item(&mut self, wanted: &Element, list: &Value<'_>, place: &Trail<'_>) -> bool {
        let wordy = std::mem::replace(&mut self.wordy, false);
        let found = (0..list.len().unwrap_or_default()).any(|index| {
            let item = list.item(index);
            self.element(wanted, item.as_ref(), &place.index(index)).is_ok()
        });
        self.wordy = wordy;
        found
    }

    fn list(&mut self, pattern: &ListPattern, list: &Value<'_>, trail: &Trail<'_>) -> Outcome {
        let length = list.len().unwrap_or_default();
        match &pattern.shape {
            ListShape::Empty => Err(self.failure(
                trail,
                Some(list),
                "what no list can be: the pattern is empty",
                |_| "pattern Array empty".to_owned(),
            )),
            ListShape::Scalars(leaf) => self.leaf(leaf, Some(list), trail),
            ListShape::Maps(pattern) => {
                let mut skips = Skips::default();
                for index in 0..length {
                    let item = list.item(index);
                    skips.count(self.map_or_other(pattern, item.as_ref(), &trail.index(index)))?;
                }
                skips.finish()
            }
            ListShape::Positions(positions) => {
                if length < positions.len() {
                    let wanted = positions.len();
                    let mut stop = self.failure(trail, Some(list), "more items", |_| {
                        format!(
                            "validate Array failed, array length mismatch, resource Array len is \
                             {length} and pattern Array len is {wanted}"
                        )
                    });
                    stop.kind = StopKind::Unplaced;
                    return Err(stop);
                }
                let mut skips = Skips::default();
                for (index, wanted) in positions.iter().enumerate() {
                    let item = list.item(index);
                    skips.count(self.element(wanted, item.as_ref(), &trail.index(index)))?;
                }
                skips.finish()
            }
        }
    }

    /// Expands the keys of labels and annotations, if `map` has them.
    fn expand(&mut self, pattern: &MapPattern, map: &Value<'_>) {
        for (tag, expansion) in &pattern.metadata {
            let labels = map.get("metadata").and_then(|metadata| metadata.get(tag));
            if let Some(labels) = labels.filter(|labels| labels.is_map())
                && let Some(slot) = self.expanded.get_mut(expansion.slot)
            {
                *slot = Some(expansion.apply(slot.as_ref(), &labels));
            }
        }
    }

    fn follow_anchors(&mut self, pattern: &MapPattern, lookup: &Lookup<'_, '_>) {
        let Some(anchors_seen) = &mut self.anchors_seen else { return };
        for entry in &pattern.entries {
            if matches!(entry.anchor, Anchor::Condition | Anchor::Existence) {
                let seen = lookup.get(&entry.key).is_some();
                match anchors_seen.get_mut(&*entry.written) {
                    Some(before) => *before |= seen,
                    None => {
                        anchors_seen.insert(entry.written.to_string(), seen);
                    }
                }
            }
        }
    }

    fn misses_an_anchor(&self) -> bool {
        self.anchors_seen.iter().flat_map(BTreeMap::values).any(|seen| !seen)
    }

    /// That a conditional or global anchor does not hold, because of what was found there.
    fn mismatch(&self, anchor: &str, cause: Option<Stop>) -> Stop {
        let words = self.wordy.then(|| {
            let cause = cause.and_then(|stop| stop.words).map(|words| words.message);
            let reason = cause
                .unwrap_or_else(|| format!("{anchor} anchor key doesn't exist in the resource"));
            let message = format!("{anchor} anchor mismatch: {reason}");
            Box::new(Words { message, ..Words::default() })
        });
        Stop { kind: StopKind::Mismatch, words }
    }

    fn existence_failure(
        &self,
        value: Option<&Value<'_>>,
        place: &Trail<'_>,
        message: impl Fn(&str) -> String,
    ) -> Stop {
        self.failure(place, value, "a list with an item like the pattern", message)
    }

    /// That something else is wanted at `place`; `message` is given the path.
    fn failure(
        &self,
        place: &Trail<'_>,
        found: Option<&Value<'_>>,
        expected: impl std::fmt::Display,
        message: impl Fn(&str) -> String,
    ) -> Stop {
        let words = self.wordy.then(|| {
            let path = place.path();
            Box::new(Words {
                message: message(&path),
                path,
                steps: place.steps(),
                missing: found.is_none(),
                expected: expected.to_string(),
                found: describe(found),
            })
        });
        Stop { kind: StopKind::Failure, words }
    }
}

impl Stop {
    /// Words the error, but not the place, as one of `trail`.
    fn tell_of(&mut self, trail: &Trail<'_>, message: impl Fn(&str) -> String) {
        if let Some(words) = &mut self.words {
            words.path = trail.path();
            words.message = message(&words.path);
        }
    }
}

/// What was skipped so far of a list or map.
#[derive(Default)]
struct Skips {
    applied: bool,
    any: bool,
    message: String,
}

impl Skips {
    fn count(&mut self, outcome: Outcome) -> Outcome {
        match outcome {
            Ok(()) => self.applied = true,
            Err(stop) if stop.kind.skips() => self.push(stop),
            Err(stop) => return Err(stop),
        }
        Ok(())
    }

    fn push(&mut self, stop: Stop) {
        if let Some(words) = stop.words {
            if self.any {
                self.message.push_str("; ");
            }
            self.message.push_str(&words.message);
        }
        self.any = true;
    }

    /// Skips the whole if something was skipped and nothing applied.
    fn finish(self) -> Outcome {
        if self.any && !self.applied { Err(self.into_stop()) } else { Ok(()) }
    }

    fn into_stop(self) -> Stop {
        let wordy = !self.message.is_empty();
        let words = wordy.then(|| Box::new(Words { message: self.message, ..Words::default() }));
        Stop { kind: StopKind::AllSkipped, words }
    }
}
