//! Makes a [`Pattern`] of a value: anchors read, keys in the order they are asked.

use std::sync::Arc;

use super::anchor::Anchor;
use super::expand::Expansion;
use super::leaf::Leaf;
use super::words::pattern_type;
use super::{
    Body, DEPTH_LIMIT, Element, Entry, Existence, ListPattern, ListShape, MapPattern, Pattern,
    PatternError,
};
use crate::value::{Text, Value};

pub(super) fn compile(pattern: &Value<'_>) -> Result<Pattern, PatternError> {
    let mut compiler = Compiler { expansions: 0 };
    let (root, _) = compiler.element(pattern, Role::Plain, 0)?;
    Ok(Pattern { root, expansions: compiler.expansions })
}

struct Compiler {
    expansions: usize,
}

/// What upstream takes a map for, because of the keys that lead to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    /// Under `metadata`.
    Metadata,
    /// Under `metadata.labels` or `metadata.annotations`.
    Expanded,
}

/// An entry that is not in its place yet, and whether anchors are nested in it.
pub(super) type Unordered = (Entry, bool);

impl Compiler {
    /// Compiles a value, and says whether it has anchors.
    fn element(
        &mut self,
        pattern: &Value<'_>,
        role: Role,
        depth: usize,
    ) -> Result<(Element, bool), PatternError> {
        if pattern.is_map() {
            let (map, anchored) = self.map(pattern, role, depth)?;
            return Ok((Element::Map(map), anchored));
        }
        if pattern.is_list() {
            let (list, anchored) = self.list(pattern, depth)?;
            return Ok((Element::List(list), anchored));
        }
        Ok((Element::Leaf(Leaf::compile(pattern)), false))
    }

    fn map(
        &mut self,
        pattern: &Value<'_>,
        role: Role,
        depth: usize,
    ) -> Result<(MapPattern, bool), PatternError> {
        if depth >= DEPTH_LIMIT {
            return Err(PatternError::TooDeep);
        }
        let written = pattern.entries().unwrap_or_default();
        let roles = roles(&written, role);
        let mut entries = Vec::with_capacity(written.len());
        let mut anchored = false;
        for (position, (key, value)) in written.iter().enumerate() {
            let role = roles
                .iter()
                .find_map(|(chosen, role)| (*chosen == position).then_some(*role))
                .unwrap_or(Role::Plain);
            let (entry, nested) = self.entry(key, value, role, depth)?;
            anchored |= nested || entry.anchor != Anchor::None;
            entries.push((entry, nested));
        }
        let expansion = match role {
            Role::Expanded => Expansion::new(&written, &entries, self.expansions),
            Role::Plain | Role::Metadata => None,
        };
        self.expansions += usize::from(expansion.is_some());
        let mut map = arrange(entries);
        map.expansion = expansion.map(Arc::new);
        if roles.iter().any(|(_, role)| *role == Role::Metadata) {
            map.metadata = expansions_below(&map);
        }
        Ok((map, anchored))
    }

    fn entry(
        &mut self,
        written: &str,
        value: &Value<'_>,
        role: Role,
        depth: usize,
    ) -> Result<Unordered, PatternError> {
        let (anchor, key) = match Anchor::parse(written) {
            (Anchor::AddIfNotPresent, _) => (Anchor::None, written),
            parsed => parsed,
        };
        let (body, nested) = match anchor {
            Anchor::Existence => self.existence(value, depth + 1)?,
            Anchor::None if value.as_str() == Some("*") => (Body::Something, false),
            _ => {
                let (element, nested) = self.element(value, role, depth + 1)?;
                (Body::Element(element), nested)
            }
        };
        let entry =
            Entry { written: written.into(), key: key.into(), anchor, body: Arc::new(body) };
        Ok((entry, nested))
    }

    fn existence(&mut self, value: &Value<'_>, depth: usize) -> Result<(Body, bool), PatternError> {
        let Some(items) = value.items() else {
            return Ok((
                Body::Existence(Existence::NoList(pattern_type(value))),
                has_anchors(value, depth)?,
            ));
        };
        let mut anchored = false;
        let mut wanted = Vec::with_capacity(items.len());
        for item in items {
            if item.is_map() {
                let (element, nested) = self.element(&item, Role::Plain, depth + 1)?;
                anchored |= nested;
                wanted.push(Some(element));
            } else {
                anchored |= has_anchors(&item, depth + 1)?;
                wanted.push(None);
            }
        }
        Ok((Body::Existence(Existence::Items(wanted)), anchored))
    }

    fn list(
        &mut self,
        pattern: &Value<'_>,
        depth: usize,
    ) -> Result<(ListPattern, bool), PatternError> {
        if depth >= DEPTH_LIMIT {
            return Err(PatternError::TooDeep);
        }
        let length = pattern.len().unwrap_or_default();
        let Some(first) = pattern.item(0) else {
            return Ok((ListPattern { length, shape: ListShape::Empty }, false));
        };
        if first.is_list() {
            let mut anchored = false;
            let mut positions = Vec::with_capacity(length);
            for item in pattern.items().into_iter().flatten() {
                let (element, nested) = self.element(&item, Role::Plain, depth + 1)?;
                anchored |= nested;
                positions.push(element);
            }
            let shape = ListShape::Positions(positions);
            return Ok((ListPattern { length, shape }, anchored));
        }
        // What follows the first item means nothing but for the order in which keys are asked.
        let mut anchored = has_anchors(pattern, depth)?;
        let shape = if first.is_map() {
            let (map, nested) = self.map(&first, Role::Plain, depth + 1)?;
            anchored |= nested;
            ListShape::Maps(Box::new(map))
        } else {
            ListShape::Scalars(Leaf::compile(&first))
        };
        Ok((ListPattern { length, shape }, anchored))
    }
}

/// Which of the entries stand for metadata, labels and annotations, by position.
///
/// Where a key stands there twice, with and without an anchor, upstream takes one at random, we
/// the first.
fn roles(entries: &[(Text<'_>, Value<'_>)], role: Role) -> Vec<(usize, Role)> {
    let position = |wanted: &str| {
        entries.iter().position(|(written, _)| {
            let (_, key) = Anchor::parse(written);
            key == wanted
        })
    };
    let named = |wanted: &'static str, role: Role| position(wanted).map(|found| (found, role));
    let metadata = named("metadata", Role::Metadata);
    let candidates = match role {
        Role::Plain => [metadata, None, None],
        Role::Metadata => {
            [metadata, named("labels", Role::Expanded), named("annotations", Role::Expanded)]
        }
        Role::Expanded => [None, None, None],
    };
    candidates.into_iter().flatten().collect()
}

/// The expansions of the maps of labels and annotations in the metadata of `map`.
fn expansions_below(map: &MapPattern) -> Vec<(&'static str, Arc<Expansion>)> {
    let expansion = |entry: &Entry, tag: &'static str| match &*entry.body {
        Body::Element(Element::Map(labels)) if Anchor::parse(&entry.written).1 == tag => {
            labels.expansion.clone().map(|expansion| (tag, expansion))
        }
        _ => None,
    };
    let metadata = map.entries.iter().filter_map(|entry| match &*entry.body {
        Body::Element(Element::Map(metadata)) if Anchor::parse(&entry.written).1 == "metadata" => {
            Some(metadata)
        }
        _ => None,
    });
    metadata
        .flat_map(|metadata| &metadata.entries)
        .flat_map(|entry| ["labels", "annotations"].map(|tag| expansion(entry, tag)))
        .flatten()
        .collect()
}

/// Puts entries into the order they are asked in; they come sorted by their written keys.
///
/// First those with anchors that can end the matter, then, backwards, global anchors and what has
/// anchors somewhere within, then the rest; upstream: `validateMap` and
/// `getSortedNestedAnchorResource` in `pkg/engine/validate`.
pub(super) fn arrange(entries: Vec<Unordered>) -> MapPattern {
    let (mut ordered, others): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(entry, _)| entry.anchor.comes_first());
    let first = ordered.len();
    let (early, late): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|(entry, anchored)| *anchored || entry.anchor == Anchor::Global);
    ordered.extend(early.into_iter().rev());
    ordered.extend(late);
    let entries = ordered.into_iter().map(|(entry, _)| entry).collect();
    MapPattern { entries, first, ..MapPattern::default() }
}

/// Whether there are anchors anywhere within.
fn has_anchors(pattern: &Value<'_>, depth: usize) -> Result<bool, PatternError> {
    let nested = pattern.is_map() || pattern.is_list();
    if nested && depth >= DEPTH_LIMIT {
        return Err(PatternError::TooDeep);
    }
    for (key, value) in pattern.entries().into_iter().flatten() {
        let (anchor, _) = Anchor::parse(&key);
        let is_anchor = !matches!(anchor, Anchor::None | Anchor::AddIfNotPresent);
        if is_anchor || has_anchors(&value, depth + 1)? {
            return Ok(true);
        }
    }
    for item in pattern.items().into_iter().flatten() {
        if has_anchors(&item, depth + 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}
