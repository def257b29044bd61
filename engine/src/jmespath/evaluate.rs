//! Evaluates expressions over values (go-jmespath `interpreter.go`).

use std::collections::BTreeMap;

use super::expression::{Call, Comparison, Part};
use super::functions::{Argument, Arguments};
use super::{Scope, SearchError};
use crate::facts::FactKey;
use crate::scalar::regex::Regexes;
use crate::tree::{Kind, Node};
use crate::value::{Text, Value};

/// What the items and entries of made lists and maps count as, in bytes.
const ITEM: usize = size_of::<Value<'static>>();

/// How many items a short list has at most.
const FEW: usize = 4;

/// Why a part has no value; keys stay borrowed, as most misses become null.
#[derive(Debug)]
pub(super) enum Failure<'t> {
    NotFound(&'t str),
    Failed(Box<str>),
    Budget,
    Missing(Box<FactKey>),
}

impl Failure<'_> {
    pub(super) fn failed(message: impl Into<Box<str>>) -> Self {
        Self::Failed(message.into())
    }

    /// Whether flatten, filters and `*` turn it into null, as they do with all of upstream's errors.
    fn is_of_upstream(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::Failed(_))
    }
}

pub(super) type Result<'t> = std::result::Result<Value<'t>, Failure<'t>>;

/// Evaluates a whole expression.
pub(super) fn search<'t>(
    root: &'t Part,
    regexes: Option<&Regexes>,
    data: &Value<'t>,
    scope: &Scope<'t, '_>,
) -> std::result::Result<Value<'t>, SearchError> {
    Evaluation { scope, regexes }.part(root, data).map_err(|failure| match failure {
        Failure::NotFound(key) => SearchError::NotFound(key.into()),
        Failure::Failed(message) => SearchError::Failed(message),
        Failure::Budget => SearchError::Budget,
        Failure::Missing(key) => SearchError::Missing(key),
    })
}

/// A missing key counts as null.
fn or_null(result: Result<'_>) -> Result<'_> {
    match result {
        Err(Failure::NotFound(_)) => Ok(Value::Null),
        other => other,
    }
}

/// Null, false and what is empty; numbers never are.
pub(super) fn is_false(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::String(text) => text.is_empty(),
        Value::Int(_) | Value::Float(_) => false,
        Value::Node(_) | Value::List(_) | Value::Map(_) => value.len() == Some(0),
    }
}

pub(super) struct Evaluation<'t, 's, 'e> {
    pub(super) scope: &'s Scope<'t, 'e>,
    /// Regular expressions that are kept beyond the expression.
    pub(super) regexes: Option<&'s Regexes>,
}

impl<'t> Evaluation<'t, '_, '_> {
    /// Evaluates `part` over `value`.
    ///
    /// Recursion is as deep as the expression, which the parser bounds.
    pub(super) fn part(&self, part: &'t Part, value: &Value<'t>) -> Result<'t> {
        self.step()?;
        match part {
            Part::Current => Ok(value.clone()),
            Part::Field(key) => self.field(key, value),
            Part::Index(index) => Ok(self.index(*index, value)),
            Part::Slice(slice) => self.slice(slice, value),
            Part::Literal(tree) => Ok(tree.root().into()),
            Part::Text(text) => Ok(Value::from(&**text)),
            Part::Path(parts) => self.path(parts, value),
            Part::Pipe(parts) => {
                let mut result = value.clone();
                for part in parts {
                    result = or_null(self.part(part, &result))?;
                }
                Ok(result)
            }
            Part::Or(parts) => {
                let mut result = Value::Null;
                for part in parts {
                    result = or_null(self.part(part, value))?;
                    if !is_false(&result) {
                        break;
                    }
                }
                Ok(result)
            }
            Part::And(parts) => self.and(parts, value),
            Part::Not(inner) => {
                let inner = or_null(self.part(inner, value))?;
                Ok(Value::Bool(is_false(&inner)))
            }
            Part::Compare(comparison, left, right) => self.compare(*comparison, left, right, value),
            Part::Call(call) => self.call(call, value),
            Part::Reference(_) => Err(Failure::failed(
                "an expression reference can only be an argument of a function",
            )),
            Part::List(_) | Part::Map(_) if value.is_null() => Ok(Value::Null),
            Part::List(parts) => {
                let mut items = Vec::with_capacity(parts.len());
                for part in parts {
                    items.push(or_null(self.part(part, value))?);
                }
                self.list(items)
            }
            Part::Map(parts) => {
                let mut entries = BTreeMap::new();
                for (key, part) in parts {
                    let value = or_null(self.part(part, value))?;
                    entries.insert(Text::Borrowed(key), value);
                }
                self.map(entries)
            }
            Part::Flatten(_) => self.project(part, &Part::Current, value, true),
            Part::Project(left, right) => self.project(left, right, value, false),
            Part::ProjectValues(left, right) => self.project_values(left, right, value),
            Part::Filter { left, right, condition } => self.filter(left, right, condition, value),
        }
    }

    fn step(&self) -> std::result::Result<(), Failure<'t>> {
        if self.scope.budget.step(1) { Ok(()) } else { Err(Failure::Budget) }
    }

    /// Counts the bytes of something made.
    pub(super) fn made(&self, bytes: usize) -> std::result::Result<(), Failure<'t>> {
        if self.scope.budget.make(bytes) { Ok(()) } else { Err(Failure::Budget) }
    }

    /// A text that was made.
    pub(super) fn text(&self, text: String) -> Result<'t> {
        self.made(text.len())?;
        Ok(Value::from(text))
    }

    /// A list that was made.
    pub(super) fn list(&self, items: Vec<Value<'t>>) -> Result<'t> {
        self.made(ITEM * items.len())?;
        Ok(Value::from(items))
    }

    /// A map that was made.
    pub(super) fn map(&self, entries: BTreeMap<Text<'t>, Value<'t>>) -> Result<'t> {
        self.made(2 * ITEM * entries.len())?;
        Ok(Value::from(entries))
    }

    fn read(&self, parent: Node<'t>, child: Node<'t>) -> Value<'t> {
        if let Some(trace) = self.scope.trace {
            trace.read(parent, child);
        }
        Value::from(child)
    }

    fn field(&self, key: &'t str, value: &Value<'t>) -> Result<'t> {
        let found = match value {
            Value::Node(node) => match node.kind() {
                Kind::Map(entries) => entries.get(key).map(|child| self.read(*node, child)),
                _ => return Ok(Value::Null),
            },
            Value::Map(entries) => entries.get(key).cloned(),
            _ => return Ok(Value::Null),
        };
        found.ok_or(Failure::NotFound(key))
    }

    fn index(&self, index: i64, value: &Value<'t>) -> Value<'t> {
        let position = |length: usize| {
            let from_start = if index < 0 { index + length as i64 } else { index };
            usize::try_from(from_start).ok()
        };
        let item = match value {
            Value::Node(node) => node.as_list().and_then(|items| {
                let child = items.get(position(items.len())?)?;
                Some(self.read(*node, child))
            }),
            Value::List(items) => position(items.len()).and_then(|at| items.get(at).cloned()),
            _ => None,
        };
        item.unwrap_or_default()
    }

    fn slice(&self, slice: &[Option<i64>; 3], value: &Value<'t>) -> Result<'t> {
        let Some(items) = self.items(value)? else { return Ok(Value::Null) };
        let [start, stop, step] = *slice;
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err(Failure::failed("Invalid slice, step cannot be 0"));
        }
        let length = items.len() as i64;
        let (first, last) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let within = |bound: i64| {
            let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
            bound.clamp(first, last)
        };
        let (start, stop) = if step > 0 {
            (start.map_or(0, within), stop.map_or(length, within))
        } else {
            (start.map_or(length - 1, within), stop.map_or(-1, within))
        };
        let mut taken = Vec::new();
        let mut position = start;
        while if step > 0 { position < stop } else { position > stop } {
            taken.extend(usize::try_from(position).ok().and_then(|at| items.get(at).cloned()));
            position = position.saturating_add(step);
        }
        self.list(taken)
    }

    /// The items of a list; copying them counts as making them.
    pub(super) fn items(
        &self,
        value: &Value<'t>,
    ) -> std::result::Result<Option<Vec<Value<'t>>>, Failure<'t>> {
        if !value.is_list() {
            return Ok(None);
        }
        self.made(ITEM * value.len().unwrap_or_default())?;
        Ok(value.items())
    }

    fn path(&self, parts: &'t [Part], value: &Value<'t>) -> Result<'t> {
        let mut parts = parts.iter();
        let Some(first) = parts.next() else { return Ok(value.clone()) };
        let mut result = self.part(first, value)?;
        for part in parts {
            result = match part {
                Part::Field(key) => {
                    self.step()?;
                    self.field(key, &result)?
                }
                _ => self.part(part, &result)?,
            };
        }
        Ok(result)
    }

    fn and(&self, parts: &'t [Part], value: &Value<'t>) -> Result<'t> {
        let Some((last, parts)) = parts.split_last() else { return Ok(Value::Null) };
        for part in parts {
            let result = or_null(self.part(part, value))?;
            if is_false(&result) {
                return Ok(result);
            }
        }
        self.part(last, value)
    }

    fn compare(
        &self,
        comparison: Comparison,
        left: &'t Part,
        right: &'t Part,
        value: &Value<'t>,
    ) -> Result<'t> {
        let left_value = or_null(self.part(left, value))?;
        let right_value = or_null(self.part(right, value))?;
        let go_ints = (left.is_go_int(), right.is_go_int());
        if let Comparison::Equal | Comparison::NotEqual = comparison {
            let same_type = go_ints.0 == go_ints.1;
            let equal = same_type && self.equal(&left_value, &right_value)?;
            return Ok(Value::Bool(equal == (comparison == Comparison::Equal)));
        }
        if go_ints != (false, false) {
            return Ok(Value::Null);
        }
        let (Some(left), Some(right)) = (left_value.as_f64(), right_value.as_f64()) else {
            return Ok(Value::Null);
        };
        Ok(Value::Bool(match comparison {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Equal | Comparison::NotEqual => false,
        }))
    }

    /// Counts the steps of walking through all of a value.
    pub(super) fn weigh(&self, value: &Value<'t>) -> std::result::Result<(), Failure<'t>> {
        if self.scope.budget.weigh(value) { Ok(()) } else { Err(Failure::Budget) }
    }

    /// Whether both are equal, deeply.
    pub(super) fn equal(
        &self,
        left: &Value<'t>,
        right: &Value<'t>,
    ) -> std::result::Result<bool, Failure<'t>> {
        if left.len() != right.len() {
            return Ok(false);
        }
        if left.len().is_some() {
            self.weigh(left)?;
        }
        Ok(left.equals(right))
    }

    fn call(&self, call: &'t Call, value: &Value<'t>) -> Result<'t> {
        let argument = |part: &'t Part| {
            Ok(match part {
                Part::Reference(inner) => Argument::Expression(inner),
                _ => Argument::Value(or_null(self.part(part, value))?),
            })
        };
        // Most calls have so few arguments that they need no list.
        match &*call.arguments {
            [only] => self.apply(call, &[argument(only)?]),
            [first, second] => self.apply(call, &[argument(first)?, argument(second)?]),
            all => {
                let all: std::result::Result<Vec<_>, _> = all.iter().map(argument).collect();
                self.apply(call, &all?)
            }
        }
    }

    fn apply(&self, call: &'t Call, arguments: &[Argument<'t>]) -> Result<'t> {
        let Some(function) = call.function else {
            return Err(Failure::failed(format!("unknown function: {}", call.name)));
        };
        function.check(arguments, self)?;
        (function.call)(&Arguments { evaluation: self, call, values: arguments })
    }

    /// Calls `visit` for each item of the list that `left` gives; false where it gives none.
    ///
    /// Under `lenient`, all of upstream's errors count as no list, not only missing keys.
    fn each_item(
        &self,
        left: &'t Part,
        value: &Value<'t>,
        lenient: bool,
        visit: &mut dyn FnMut(&Value<'t>) -> std::result::Result<(), Failure<'t>>,
    ) -> std::result::Result<bool, Failure<'t>> {
        if let Part::Flatten(inner) = left {
            return self.each_item(inner, value, true, &mut |item| {
                if item.is_list() { self.visit_items(item, visit) } else { visit(item) }
            });
        }
        let or_none = |failure: Failure<'t>| match failure {
            Failure::NotFound(_) => Ok(false),
            failure if lenient && failure.is_of_upstream() => Ok(false),
            failure => Err(failure),
        };
        // A short list that is written, at the end of a path or alone, is gone through without being
        // made.
        let (last, before) = match left {
            Part::Path(parts) => parts.split_last().unwrap_or((left, &[])),
            _ => (left, [].as_slice()),
        };
        if let Part::List(parts) = last
            && parts.len() <= FEW
        {
            let value = match self.path(before, value) {
                Ok(Value::Null) => return Ok(false),
                Ok(value) => value,
                Err(failure) => return or_none(failure),
            };
            let values = match self.few(parts, &value) {
                Ok(values) => values,
                Err(failure) => return or_none(failure),
            };
            values.iter().take(parts.len()).try_for_each(visit)?;
            return Ok(true);
        }
        let list = match self.part(left, value) {
            Ok(list) => list,
            Err(failure) => return or_none(failure),
        };
        if !list.is_list() {
            return Ok(false);
        }
        self.visit_items(&list, visit)?;
        Ok(true)
    }

    /// The values of the parts of a short list, and nulls.
    fn few(
        &self,
        parts: &'t [Part],
        value: &Value<'t>,
    ) -> std::result::Result<[Value<'t>; FEW], Failure<'t>> {
        self.step()?;
        let mut values = <[Value<'t>; FEW]>::default();
        for (made, part) in values.iter_mut().zip(parts) {
            *made = or_null(self.part(part, value))?;
        }
        self.made(ITEM * parts.len())?;
        Ok(values)
    }

    fn visit_items(
        &self,
        list: &Value<'t>,
        visit: &mut dyn FnMut(&Value<'t>) -> std::result::Result<(), Failure<'t>>,
    ) -> std::result::Result<(), Failure<'t>> {
        match list {
            Value::Node(node) => {
                for item in node.as_list().iter().flat_map(|items| items.iter()) {
                    visit(&Value::from(item))?;
                }
            }
            Value::List(items) => {
                for item in items.iter() {
                    visit(item)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn project(
        &self,
        left: &'t Part,
        right: &'t Part,
        value: &Value<'t>,
        keep_null: bool,
    ) -> Result<'t> {
        let mut collected = Vec::new();
        let is_list = self.each_item(left, value, false, &mut |item| {
            let result = or_null(self.part(right, item))?;
            if keep_null || !result.is_null() {
                self.made(ITEM)?;
                collected.push(result);
            }
            Ok(())
        })?;
        Ok(if is_list { Value::from(collected) } else { Value::Null })
    }

    fn filter(
        &self,
        left: &'t Part,
        right: &'t Part,
        condition: &'t Part,
        value: &Value<'t>,
    ) -> Result<'t> {
        let mut collected = Vec::new();
        let is_list = self.each_item(left, value, true, &mut |item| {
            if is_false(&or_null(self.part(condition, item))?) {
                return Ok(());
            }
            let result = or_null(self.part(right, item))?;
            if !result.is_null() {
                self.made(ITEM)?;
                collected.push(result);
            }
            Ok(())
        })?;
        Ok(if is_list { Value::from(collected) } else { Value::Null })
    }

    fn project_values(&self, left: &'t Part, right: &'t Part, value: &Value<'t>) -> Result<'t> {
        let map = match self.part(left, value) {
            Ok(map) => map,
            Err(failure) if failure.is_of_upstream() => return Ok(Value::Null),
            Err(failure) => return Err(failure),
        };
        let Some(length) = map.len().filter(|_| map.is_map()) else { return Ok(Value::Null) };
        self.made(2 * ITEM * length)?;
        let mut collected = Vec::new();
        // Upstream goes through as many nulls as there are values first, by mistake.
        let nulls = std::iter::repeat_n(Value::Null, length);
        let values = map.entries().into_iter().flatten().map(|(_, value)| value);
        for item in nulls.chain(values) {
            let result = or_null(self.part(right, &item))?;
            if !result.is_null() {
                self.made(ITEM)?;
                collected.push(result);
            }
        }
        Ok(Value::from(collected))
    }
}
