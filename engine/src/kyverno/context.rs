//! What the expressions of one rule see: the request, and what its context entries load.
//!
//! Entries load lazily, as upstream's deferred loaders do (pkg/engine/context/deferred.go): one
//! is loaded when its name occurs as a word in the text of an expression.

mod entry;
mod mock;
mod request;

pub(crate) use entry::{ContextEntry, EntryKind, Field, Select, Written, stays_in};
pub(crate) use request::Document;
use request::Whole;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::{ContextValue, FactError, FactKey};
use crate::jmespath::Arena;
use crate::jmespath::{Budget, Expression, FactSource, Needs, Scope, SearchError, Trace};
use crate::request::Operation;
use crate::scalar::regex::Regexes;
use crate::tree::{Node, Tree};
use crate::value::{Map, Text, Value};

pub(crate) use super::variables::Resolve;
use super::variables::incorrect;
pub(crate) use crate::facts::{Lookups, Stop};

impl FactSource for Lookups<'_> {
    fn fact(&self, key: &FactKey) -> Option<Result<Arc<Tree>, FactError>> {
        let absent = self.last_round.then_some(Err(FactError::NotFetched));
        self.facts().get(key).cloned().or(absent)
    }
}

/// The document that expressions are evaluated over, with what still has to be loaded into it.
pub(crate) struct Context<'t> {
    root: Rc<Map<'t>>,
    /// All of the request, until the document has it.
    whole: Option<Whole<'t>>,
    /// How often the document or the entries were changed.
    changes: usize,
    entries: Vec<Pending<'t>>,
    lookups: &'t Lookups<'t>,
    arena: &'t Arena,
    now: Timestamp,
    seed: u64,
    budget: Budget,
    warnings: &'t RefCell<Vec<String>>,
    trace: Option<Trace<'t>>,
    /// While an entry loads, only those before it may load for it.
    limit: usize,
    is_delete: bool,
    object: Option<Node<'t>>,
    namespace_of_policy: Option<&'t str>,
}

struct Pending<'t> {
    entry: &'t ContextEntry,
    state: State<'t>,
}

#[derive(Clone)]
enum State<'t> {
    Unloaded,
    Loading,
    Loaded(Value<'t>),
    /// Nobody answers, and the name stays unknown.
    LeftOut,
}

/// What the contexts of one evaluation share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'t> {
    pub(crate) arena: &'t Arena,
    pub(crate) lookups: &'t Lookups<'t>,
    pub(crate) now: Timestamp,
    /// What randomness follows from.
    pub(crate) seed: u64,
    /// Oddities met on the way.
    pub(crate) warnings: &'t RefCell<Vec<String>>,
}

/// What a foreach element changes, to be undone after it.
pub(crate) struct Checkpoint<'t> {
    root: Rc<Map<'t>>,
    whole: Option<Whole<'t>>,
    entries: usize,
}

impl<'t> Context<'t> {
    /// The context of a rule over the document of its request.
    pub(crate) fn new(
        document: &Document<'t>,
        surroundings: Surroundings<'t>,
        namespace_of_policy: Option<&'t str>,
    ) -> Self {
        Self {
            root: Rc::clone(&document.root),
            whole: Some(document.whole.clone()),
            changes: 0,
            entries: Vec::new(),
            lookups: surroundings.lookups,
            arena: surroundings.arena,
            now: surroundings.now,
            seed: surroundings.seed,
            budget: budget(document.object),
            warnings: surroundings.warnings,
            trace: None,
            limit: usize::MAX,
            is_delete: document.operation == Operation::Delete,
            object: document.object,
            namespace_of_policy,
        }
    }

    pub(crate) fn lookups(&self) -> &'t Lookups<'t> {
        self.lookups
    }

    /// Puts a value at the top of the document.
    pub(crate) fn set(&mut self, name: impl Into<Text<'t>>, value: Value<'t>) {
        let name = name.into();
        if &*name == "request" {
            self.whole = None;
        }
        self.changes += 1;
        Rc::make_mut(&mut self.root).insert(name, value);
    }

    /// Puts all of the request into the document.
    fn complete(&mut self) {
        let Some(whole) = self.whole.take() else { return };
        if let Some(Value::Map(parts)) = self.root.get("request") {
            let request = Value::Map(whole.with(parts));
            self.set("request", request);
        }
    }

    /// How often the document or the entries were changed.
    pub(crate) fn changes(&self) -> usize {
        self.changes
    }

    /// Puts a value at a path of keys, keeping what stands beside it.
    pub(crate) fn set_at(&mut self, path: &'t [String], value: &Value<'t>) {
        let Some((first, rest)) = path.split_first() else { return };
        if first == "request" {
            self.complete();
        }
        self.changes += 1;
        let root = Rc::make_mut(&mut self.root);
        let current = root.remove(first.as_str());
        root.insert(Text::Borrowed(first), merged(current, rest, value));
    }

    /// Whether the document has a value of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.root.contains_key(name)
    }

    /// Makes entries known; they load when an expression mentions them.
    ///
    /// What would be asked for and already has a value is not asked for. Where a suite answers
    /// calls, those that it answers are made at once, before the other entries are known, as
    /// upstream makes them (cmd/cli/kubectl-kyverno/store/contextloader.go).
    pub(crate) fn defer(&mut self, entries: &'t [ContextEntry]) -> Result<(), Stop> {
        let mocks_calls = !self.lookups.facts().mocked_calls.is_empty();
        let mut deferred = Vec::with_capacity(entries.len());
        for entry in entries {
            match if mocks_calls { entry.call_mock(self)? } else { None } {
                Some(value) => self.set(entry.name(), value),
                None => deferred.push(entry),
            }
        }
        for entry in deferred {
            if !(entry.asks() && self.has(entry.name())) {
                self.changes += 1;
                self.entries.push(Pending { entry, state: State::Unloaded });
            }
        }
        Ok(())
    }

    /// Puts the values of a values file or suite in, for a rule or for one foreach element of it.
    pub(crate) fn set_values(&mut self, policy: &str, rule: &str, element: Option<usize>) {
        let facts = self.lookups.facts();
        let values: Vec<&'t ContextValue> = facts.values(policy, rule, element).collect();
        for value in values {
            self.set_at(&value.path, &Value::from(value.value.root()));
        }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint<'t> {
        let whole = self.whole.clone();
        Checkpoint { root: Rc::clone(&self.root), whole, entries: self.entries.len() }
    }

    /// Goes back to a checkpoint; entries that were known then and have loaded since stay loaded.
    pub(crate) fn restore(&mut self, checkpoint: &Checkpoint<'t>) {
        self.root = Rc::clone(&checkpoint.root);
        self.whole = checkpoint.whole.clone();
        self.changes += 1;
        self.entries.truncate(checkpoint.entries);
        let loaded: Vec<_> = self
            .entries
            .iter()
            .filter_map(|pending| match &pending.state {
                State::Loaded(value) => Some((pending.entry.name(), value.clone())),
                _ => None,
            })
            .collect();
        for (name, value) in loaded {
            if !self.root.contains_key(name) {
                self.set(name, value);
            }
        }
    }

    /// Parses an expression that came to be while evaluating.
    pub(crate) fn parse(&self, text: &str) -> Result<&'t Expression, Stop> {
        self.parse_with(text, None)
    }

    fn parse_with(
        &self,
        text: &str,
        regexes: Option<&Arc<Regexes>>,
    ) -> Result<&'t Expression, Stop> {
        match Expression::parse(text) {
            Ok(expression) => {
                Ok(self.arena.expression(expression.with_regexes(regexes.map(Arc::clone))))
            }
            Err(error) => Err(Stop::Failed(incorrect(text, &error.to_string()))),
        }
    }

    /// Evaluates an expression over a value.
    pub(crate) fn search_plainly(
        &self,
        expression: &'t Expression,
        data: &Value<'t>,
    ) -> Result<Value<'t>, Stop> {
        let scope = Scope {
            arena: self.arena,
            now: self.now,
            seed: self.seed,
            budget: &self.budget,
            facts: self.lookups,
            trace: self.trace.as_ref(),
        };
        expression.search(data, &scope).map_err(|error| match error {
            SearchError::Missing(key) => {
                self.lookups.note(*key);
                Stop::Missing
            }
            other => Stop::Failed(other.to_string()),
        })
    }

    /// Evaluates an expression over a value, with upstream's words before an error.
    pub(crate) fn search(
        &self,
        expression: &'t Expression,
        data: &Value<'t>,
    ) -> Result<Value<'t>, Stop> {
        self.search_plainly(expression, data).map_err(|stop| match stop {
            Stop::Failed(error) => Stop::Failed(format!("JMESPath query failed: {error}")),
            Stop::Missing => Stop::Missing,
        })
    }

    /// Tells of an oddity, once.
    pub(crate) fn warn(&self, warning: String) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The part of the object that expressions read first while `read` runs.
    pub(crate) fn watch(&mut self, read: impl FnOnce(&mut Self)) -> Option<Vec<String>> {
        self.trace = self.object.map(Trace::new);
        read(self);
        self.trace.take()?.pointer_steps()
    }

    fn load_mentioned(&mut self, text: &str, images: bool) -> Result<(), Stop> {
        for position in 0..self.entries.len().min(self.limit) {
            let Some(pending) = self.entries.get(position) else { break };
            let unloaded = matches!(pending.state, State::Unloaded);
            if unloaded && mentions(text, pending.entry.name()) {
                self.load(position)?;
            }
        }
        if images
            && !self.has("images")
            && let Some(images) = request::images(&self.root).map_err(Stop::Failed)?
        {
            self.set("images", images);
        }
        Ok(())
    }

    fn load(&mut self, position: usize) -> Result<(), Stop> {
        let Some(pending) = self.entries.get_mut(position) else { return Ok(()) };
        let entry = pending.entry;
        self.changes += 1;
        pending.state = State::Loading;
        let limit = std::mem::replace(&mut self.limit, position);
        let value = entry.load(self);
        self.limit = limit;
        let state = match &value {
            Ok(Some(value)) => State::Loaded(value.clone()),
            Ok(None) => State::LeftOut,
            Err(_) => State::Unloaded,
        };
        if let Some(pending) = self.entries.get_mut(position) {
            pending.state = state;
        }
        if let Some(value) = value? {
            self.set(entry.name(), value);
        }
        Ok(())
    }
}

impl<'t> Resolve<'t> for Context<'t> {
    fn is_delete(&self) -> bool {
        self.is_delete
    }

    fn query(&mut self, expression: &'t Expression) -> Result<Value<'t>, Stop> {
        let needs = expression.needs(|expression| Needs {
            whole_request: expression.reads_beyond("request", &request::PARTS),
            images: mentions(expression.text(), "images"),
        });
        self.load_mentioned(expression.text(), needs.images)?;
        if needs.whole_request && self.whole.is_some() {
            self.complete();
        }
        let root = Value::Map(Rc::clone(&self.root));
        self.search(expression, &root)
    }

    fn query_text(
        &mut self,
        text: &str,
        regexes: Option<&Arc<Regexes>>,
    ) -> Result<Value<'t>, Stop> {
        let expression = self.parse_with(text, regexes)?;
        self.query(expression)
    }

    fn spend_text(&self, length: usize) -> Result<(), Stop> {
        if self.budget.make(length) {
            return Ok(());
        }
        Err(Stop::Failed(SearchError::Budget.to_string()))
    }

    fn weigh(&self, value: &Value<'t>) -> Result<(), Stop> {
        let is_made = matches!(value, Value::List(_) | Value::Map(_));
        if !is_made || self.budget.weigh(value) {
            return Ok(());
        }
        Err(Stop::Failed(SearchError::Budget.to_string()))
    }
}

/// What the evaluation of one rule may do, larger for larger objects.
fn budget(object: Option<Node<'_>>) -> Budget {
    let nodes = object.map_or(0, |object| object.tree().len());
    Budget::new(1_000_000 + 50 * nodes, (4 << 20) + 256 * nodes)
}

fn merged<'t>(current: Option<Value<'t>>, path: &'t [String], value: &Value<'t>) -> Value<'t> {
    let Some((first, rest)) = path.split_first() else { return value.clone() };
    let mut entries: BTreeMap<_, _> =
        current.and_then(|value| value.entries()).into_iter().flatten().collect();
    let inner = entries.remove(first.as_str());
    entries.insert(Text::Borrowed(first), merged(inner, rest, value));
    Value::from(entries)
}

/// Whether a name occurs as a word that does not follow a dot, so that `x` is mentioned in `x.y`
/// and not in `y.x`.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    if memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_none() {
        return false;
    }
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text.get(start + name.len()..).and_then(|text| text.chars().next());
        let starts = before.is_none_or(|before| before != '.' && !before.is_ascii_alphanumeric());
        let last_is_word = name.chars().next_back().is_some_and(is_word);
        starts && after.is_some_and(is_word) != last_is_word
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_name_is_mentioned_as_a_word() {
        assert!(mentions("x", "x") && mentions("x.y", "x") && mentions("a || x", "x"));
        assert!(mentions("length(x)", "x") && mentions("_x", "x"));
        assert!(!mentions("y.x", "x") && !mentions("xy", "x") && !mentions("ax", "x"));
    }
}
