//! Upstream: `anyin.go`, `anynotin.go`, `allin.go`, `allnotin.go`, `in.go`, `notin.go`.

use super::json_strings::{self, Json};
use super::range::Range;
use super::{ConditionError, Effort, text_of};
use crate::scalar::wildcard::contains_wildcard;
use crate::value::{Text, Value};

pub(super) fn any_in<'t>(
    key: &Value<'t>,
    value: &Value<'t>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    match Sides::of(key, value) {
        Sides::Nothing => Ok(false),
        Sides::One(key) => Ok(contains(value, &key, effort)? == Some(true)),
        Sides::Same => Ok(true),
        Sides::Range(keys, range) => Ok(keys.any(range.inside())),
        Sides::Lists(keys, values) => any(&keys, &values, true, effort),
        Sides::Number(keys, number) => any(&keys, &Texts::One(number), true, effort),
    }
}

pub(super) fn any_not_in<'t>(
    key: &Value<'t>,
    value: &Value<'t>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    match Sides::of(key, value) {
        Sides::Nothing | Sides::Same => Ok(false),
        Sides::One(key) => Ok(contains(value, &key, effort)? == Some(false)),
        Sides::Range(keys, range) => Ok(keys.any(range.outside())),
        Sides::Lists(keys, values) => any(&keys, &values, false, effort),
        Sides::Number(keys, number) => any(&keys, &Texts::One(number), false, effort),
    }
}

pub(super) fn all_in<'t>(
    key: &Value<'t>,
    value: &Value<'t>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    match Sides::of(key, value) {
        Sides::Nothing | Sides::Number(..) => Ok(false),
        Sides::One(key) => Ok(contains(value, &key, effort)? == Some(true)),
        Sides::Same => Ok(true),
        Sides::Range(keys, range) => Ok(keys.all(range.inside())),
        Sides::Lists(keys, values) => Ok(!any(&keys, &values, false, effort)?),
    }
}

pub(super) fn all_not_in<'t>(
    key: &Value<'t>,
    value: &Value<'t>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    match Sides::of(key, value) {
        Sides::Nothing | Sides::Number(..) | Sides::Same => Ok(false),
        Sides::One(key) => Ok(contains(value, &key, effort)? == Some(false)),
        // Unlike `AnyNotIn`, what cannot be compared counts as not in the range.
        Sides::Range(keys, range) => Ok(!keys.any(range.inside())),
        Sides::Lists(keys, values) => Ok(!any(&keys, &values, true, effort)?),
    }
}

pub(super) fn is_in<'t>(
    key: &Value<'t>,
    value: &Value<'t>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    match Strings::of(key, value, effort)? {
        Strings::One(key) => Ok(contains_deprecated(value, &key, effort)? == Some(true)),
        Strings::Same => Ok(true),
        Strings::Subset(subset) => Ok(subset),
        Strings::Nothing => Ok(false),
    }
}

pub(super) fn is_not_in<'t>(
    key: &Value<'t>,
    value: &Value<'t>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    match Strings::of(key, value, effort)? {
        Strings::One(key) => Ok(contains_deprecated(value, &key, effort)? == Some(false)),
        // As upstream: a list of one key is not in the same text.
        Strings::Same => Ok(true),
        Strings::Subset(subset) => Ok(!subset),
        Strings::Nothing => Ok(false),
    }
}

/// Key and value as texts.
enum Sides<'v, 't> {
    /// A key that is no list.
    One(Text<'t>),
    Lists(Texts<'v, 't>, Texts<'v, 't>),
    /// A list of keys and a number or a truth value, which not all operators take.
    Number(Texts<'v, 't>, Text<'t>),
    Range(Texts<'v, 't>, Range<'t>),
    /// A list of one key, and the same text.
    Same,
    /// One side is nothing that could be in something, or the other nothing to be in.
    Nothing,
}

impl<'v, 't> Sides<'v, 't> {
    fn of(key: &'v Value<'t>, value: &'v Value<'t>) -> Self {
        if is_scalar(key) {
            return Self::One(text_of(key));
        }
        let Some(keys) = Texts::of(key) else { return Self::Nothing };
        let Value::String(text) = value else {
            return match Texts::of(value) {
                Some(values) => Self::Lists(keys, values),
                None if is_scalar(value) => Self::Number(keys, text_of(value)),
                None => Self::Nothing,
            };
        };
        if keys.len() == 1 && *keys.get(0) == **text {
            return Self::Same;
        }
        if let Some(range) = Range::parse(text) {
            return Self::Range(keys, range);
        }
        match json_strings::read(text) {
            Json::Strings(strings) => {
                Self::Lists(keys, Texts::Made(strings.into_iter().map(Text::from).collect()))
            }
            Json::Invalid => Self::Lists(keys, Texts::One(text.clone())),
            Json::Other => Self::Nothing,
        }
    }
}

/// Texts that are looked for, or looked through. Those of a list are taken when they are asked for:
/// most are strings, of which nothing has to be made.
enum Texts<'v, 't> {
    List(&'v Value<'t>),
    Made(Vec<Text<'t>>),
    One(Text<'t>),
}

impl<'v, 't> Texts<'v, 't> {
    /// The items, where the value is a list.
    fn of(value: &'v Value<'t>) -> Option<Self> {
        value.is_list().then_some(Self::List(value))
    }

    fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len().unwrap_or_default(),
            Self::Made(texts) => texts.len(),
            Self::One(_) => 1,
        }
    }

    fn get(&self, position: usize) -> Text<'t> {
        match self {
            Self::List(list) => text_of(&list.item(position).unwrap_or_default()),
            Self::Made(texts) => texts.get(position).cloned().unwrap_or(Text::Borrowed("")),
            Self::One(text) => text.clone(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = Text<'t>> + use<'_, 'v, 't> {
        (0..self.len()).map(|position| self.get(position))
    }

    fn any(&self, holds: impl Fn(&Text<'t>) -> bool) -> bool {
        self.iter().any(|text| holds(&text))
    }

    fn all(&self, holds: impl Fn(&Text<'t>) -> bool) -> bool {
        self.iter().all(|text| holds(&text))
    }
}

fn is_scalar(value: &Value<'_>) -> bool {
    matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_))
}

/// Whether one key is in a value; none where the value is nothing to be in.
fn contains<'t>(
    value: &Value<'t>,
    key: &Text<'t>,
    effort: &mut Effort,
) -> Result<Option<bool>, ConditionError> {
    if let Value::String(text) = value {
        if effort.matches(text, key)? {
            return Ok(Some(true));
        }
        if let Some(range) = Range::parse(text) {
            return Ok(Some(range.inside()(key)));
        }
        return Ok(match json_strings::read(text) {
            Json::Strings(strings) => Some(strings.iter().any(|string| **string == **key)),
            Json::Invalid => Some(false),
            Json::Other => None,
        });
    }
    if !value.is_list() {
        return Ok(None);
    }
    for position in 0..value.len().unwrap_or_default() {
        let item = value.item(position).unwrap_or_default();
        if matches_either_way(&text_of(&item), key, effort)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

fn matches_either_way(
    left: &str,
    right: &str,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    Ok(effort.matches(left, right)? || effort.matches(right, left)?)
}

/// Whether any key is among the values, or any is not.
fn any(
    keys: &Texts<'_, '_>,
    values: &Texts<'_, '_>,
    among: bool,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    if keys.len() <= FEW_KEYS && !keys.any(|key| contains_wildcard(key)) {
        for key in keys.iter() {
            if is_among(&key, values, effort)? == among {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let values: Vec<_> = values.iter().collect();
    let pool = Pool::of(&values);
    for key in keys.iter() {
        if pool.contains(&key, effort)? == among {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Up to so many keys, looking at each value costs less than sorting them.
const FEW_KEYS: usize = 4;

/// Whether a key without wildcards matches one of the values; the same as [`Pool::contains`].
fn is_among(
    key: &str,
    values: &Texts<'_, '_>,
    effort: &mut Effort,
) -> Result<bool, ConditionError> {
    if values.any(|value| **value == *key) {
        return Ok(true);
    }
    for pattern in values.iter().filter(|value| contains_wildcard(value)) {
        if matches_either_way(&pattern, key, effort)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Values that many keys are looked for in.
struct Pool<'v> {
    /// Those that match only themselves, sorted.
    literals: Vec<&'v str>,
    patterns: Vec<&'v str>,
}

impl<'v> Pool<'v> {
    fn of(values: &'v [Text<'_>]) -> Self {
        let texts = values.iter().map(|value| &**value);
        let (patterns, mut literals): (Vec<_>, Vec<_>) =
            texts.partition(|value| contains_wildcard(value));
        literals.sort_unstable();
        Self { literals, patterns }
    }

    /// Whether the key matches a value, or a value the key.
    fn contains(&self, key: &str, effort: &mut Effort) -> Result<bool, ConditionError> {
        if contains_wildcard(key) {
            for literal in &self.literals {
                if effort.matches(key, literal)? {
                    return Ok(true);
                }
            }
        } else if self.literals.binary_search(&key).is_ok() {
            return Ok(true);
        }
        for pattern in &self.patterns {
            if matches_either_way(pattern, key, effort)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Key and value as `In` and `NotIn` take them: without wildcards where the key is a list.
enum Strings<'t> {
    /// A key that is no list.
    One(Text<'t>),
    /// Whether all keys are among the values.
    Subset(bool),
    /// A list of one key, and the same text.
    Same,
    Nothing,
}

impl<'t> Strings<'t> {
    fn of(key: &Value<'t>, value: &Value<'_>, effort: &Effort) -> Result<Self, ConditionError> {
        if is_scalar(key) {
            return Ok(Self::One(text_of(key)));
        }
        let Some(keys) = key.items() else { return Ok(Self::Nothing) };
        if let Some(item) = keys.iter().find(|item| item.as_str().is_none()) {
            return Err(ConditionError::KeyItemNotString {
                operator: effort.operator,
                found: text_of(item).to_string(),
            });
        }
        let mut keys = keys.iter().filter_map(Value::as_str);
        let mut values = match value {
            Value::String(text) => {
                if keys.clone().eq([&**text]) {
                    return Ok(Self::Same);
                }
                match json_strings::read(text) {
                    Json::Strings(strings) => strings.into_iter().map(Text::from).collect(),
                    Json::Other | Json::Invalid => return Ok(Self::Nothing),
                }
            }
            _ => {
                let Some(items) = value.items() else { return Ok(Self::Nothing) };
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    let Value::String(text) = item else { return Ok(Self::Nothing) };
                    values.push(text);
                }
                values
            }
        };
        values.sort_unstable();
        Ok(Self::Subset(
            keys.all(|key| values.binary_search_by(|value| (**value).cmp(key)).is_ok()),
        ))
    }
}

fn contains_deprecated<'t>(
    value: &Value<'t>,
    key: &Text<'t>,
    effort: &mut Effort,
) -> Result<Option<bool>, ConditionError> {
    let Value::String(text) = value else { return contains(value, key, effort) };
    if effort.matches(text, key)? {
        return Ok(Some(true));
    }
    Ok(match json_strings::read(text) {
        Json::Strings(strings) => Some(strings.iter().any(|string| **string == **key)),
        _ => None,
    })
}
