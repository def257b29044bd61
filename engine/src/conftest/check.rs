//! Asks the rules of one namespace about one input.

use std::cell::RefCell;
use std::sync::Arc;

use super::names::{Severity, exempted};
use super::{BYTES, Policies, Question, STEPS};
use crate::read::{Limits, parse_json};
use crate::rego::{Asked, Budget, Covered, EvaluationError, Host, Notation, Note, Value};
use crate::tree::Tree;

/// What the rules of one namespace say about one input.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// How many rules have nothing to say, one for each definition.
    pub successes: usize,
    /// What `warn` says.
    pub warnings: Vec<Finding>,
    /// What `deny` and `violation` say.
    pub failures: Vec<Finding>,
    /// Which rules are exempted, once for each time.
    pub exceptions: Vec<Finding>,
    /// What was asked.
    pub queries: Vec<Query>,
    /// Values that no message can be read from, and that conftest leaves out.
    pub unread: Vec<String>,
}

/// One thing that a rule says.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// Its `msg`.
    pub message: String,
    /// Its `_loc`.
    pub location: Option<Location>,
    /// A map of its other entries, with the query under `query`.
    pub metadata: Option<Arc<Tree>>,
}

/// Where a rule says that something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The name of a file; empty where there is none.
    pub file: String,
    /// A number as the rule wrote it; empty where there is none.
    pub line: String,
}

/// One question and what came of it beside its answer.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Such as `data.main.deny`.
    pub text: String,
    /// Lines of `print`, each with its place.
    pub prints: Vec<String>,
    /// What was gone through, if that was asked for.
    pub traces: Vec<String>,
}

impl Policies {
    /// Asks each rule of a namespace.
    ///
    /// # Errors
    ///
    /// Why a rule cannot be evaluated, or its value not be read: nothing counts then.
    pub fn check(&self, namespace: &str, question: &Question<'_>) -> Result<Checked, String> {
        let mut rules: Vec<&str> = Vec::new();
        let mut package: &[Box<str>] = &[];
        let mut definitions = 0;
        for module in self.modules.iter().filter(|module| module.namespace == namespace) {
            package = &module.package;
            for (rule, _) in module.judged() {
                definitions += 1;
                if !rules.contains(&&*rule.name) {
                    rules.push(&rule.name);
                }
            }
        }
        let package: Vec<&str> = package.iter().map(AsRef::as_ref).collect();
        let mut checked = Checked::default();
        for rule in rules {
            self.check_rule(namespace, &package, rule, question, &mut checked)?;
        }
        let found = checked.failures.len() + checked.warnings.len() + checked.exceptions.len();
        let rest = usize::saturating_sub(definitions, found + checked.successes);
        checked.successes += rest;
        Ok(checked)
    }

    fn check_rule(
        &self,
        namespace: &str,
        package: &[&str],
        rule: &str,
        question: &Question<'_>,
        checked: &mut Checked,
    ) -> Result<(), String> {
        let arena = typed_arena::Arena::new();
        let name = exempted(rule);
        let query = format!("data.{namespace}.exception[_][_] == \"{name}\"");
        let path = [package, &["exception"]].concat();
        let answer = self
            .ask(&path, question, &arena)
            .map_err(|error| format!("query exception: evaluating policy: {error}"))?;
        let exempting = answer.value.as_ref().map_or(0, |exceptions| {
            let exemptions = children(exceptions);
            let names = exemptions.iter().flat_map(children);
            names.filter(|exempted| exempted.as_str() == Some(name)).count()
        });
        let exception = Finding { message: query.clone(), ..Finding::default() };
        checked.exceptions.extend(std::iter::repeat_n(exception, exempting));
        checked.queries.push(answer.query(query));

        let query = format!("data.{namespace}.{rule}");
        let path = [package, &[rule]].concat();
        let failed = |error: String| format!("query rule: {error}");
        let answer = self
            .ask(&path, question, &arena)
            .map_err(|error| failed(format!("evaluating policy: {error}")))?;
        let mut found = Vec::new();
        if let Some(value) = &answer.value {
            let members = match (value.as_set(), value.as_array()) {
                (Some(members), _) => members.to_vec(),
                (None, Some(items)) => items.iter().collect(),
                (None, None) => Vec::new(),
            };
            if members.is_empty() {
                found.push(Finding::default());
            }
            for member in &members {
                let budget = Budget::new(STEPS, BYTES);
                match self.finding(member, &query, &budget, &arena).map_err(failed)? {
                    Ok(finding) => found.push(finding),
                    Err(unread) => checked.unread.push(unread),
                }
            }
        }
        checked.queries.push(answer.query(query));
        if exempting > 0 {
            return Ok(());
        }
        for finding in found {
            match Severity::of(rule) {
                _ if finding.message.is_empty() => checked.successes += 1,
                Some(Severity::Warning) => checked.warnings.push(finding),
                _ => checked.failures.push(finding),
            }
        }
        Ok(())
    }

    /// What a member of a rule's set says (`output/result.go`, `NewResult`), or that it says
    /// nothing.
    pub(super) fn finding<'v>(
        &self,
        member: &Value<'v>,
        query: &str,
        budget: &Budget,
        arena: &'v typed_arena::Arena<Tree>,
    ) -> Result<Result<Finding, String>, String> {
        let notes = RefCell::default();
        let host = self.host(budget, &notes, arena);
        let write = |value: &Value<'_>| {
            value
                .write(Notation::Json, &host)
                .map_err(|_| "what the rule says is too large".to_owned())
        };
        let quoted = Value::from(query.to_owned());
        if let Some(message) = member.as_str() {
            let metadata = tree(&format!("{{\"query\":{}}}", write(&quoted)?))?;
            let message = message.to_owned();
            return Ok(Ok(Finding { message, location: None, metadata: Some(metadata) }));
        }
        let Some(entries) = member.as_object() else {
            return Ok(Err(format!(
                "{query} has a member that is neither a text nor an object with `msg`: {}",
                write(member)?
            )));
        };
        let (mut message, mut location, mut metadata) = (None, None, Vec::new());
        for (key, value) in entries.sorted() {
            match key.as_str() {
                Some("msg") => message = value.as_str().map(str::to_owned),
                Some("_loc") => location = located(&value),
                Some("query") => {}
                _ => {
                    let key = match key.as_str() {
                        Some(_) => write(&key)?,
                        None => write(&Value::from(write(&key)?))?,
                    };
                    metadata.push(format!("{key}:{}", write(&value)?));
                }
            }
        }
        let Some(message) = message else {
            return Err("new result: \"msg\" field must be present and a string".to_owned());
        };
        metadata.push(format!("\"query\":{}", write(&quoted)?));
        let metadata = tree(&format!("{{{}}}", metadata.join(",")))?;
        Ok(Ok(Finding { message, location, metadata: Some(metadata) }))
    }

    pub(super) fn host<'h, 'v>(
        &'v self,
        budget: &'h Budget,
        notes: &'h RefCell<Vec<Note>>,
        arena: &'v typed_arena::Arena<Tree>,
    ) -> Host<'h, 'v> {
        Host {
            arena,
            now: jiff::Timestamp::UNIX_EPOCH,
            seed: 0,
            budget,
            notes,
            patterns: self.program.patterns(),
        }
    }

    fn ask<'v>(
        &'v self,
        path: &[&str],
        question: &Question<'v>,
        arena: &'v typed_arena::Arena<Tree>,
    ) -> Result<Answer<'v>, String> {
        let budget = Budget::new(STEPS, BYTES);
        let notes = RefCell::default();
        let asked = question.asked(&budget, &notes, arena);
        let (value, covered) = match question.is_traced {
            true => self.program.evaluate_covered(path, asked),
            false => (self.program.evaluate(path, asked), Covered::new()),
        };
        let value = value.map_err(|error| self.shown(&error))?;
        let prints = notes.into_inner().iter().filter_map(|note| self.printed(note)).collect();
        Ok(Answer { value, prints, traces: self.traces(&covered) })
    }

    /// A line of `print` with its place, as conftest's hook writes it; none of what `trace` says.
    pub(super) fn printed(&self, note: &Note) -> Option<String> {
        let (module, span) = note.at?;
        let source = &self.modules.get(module)?.source;
        Some(format!("{}:{}: {}", source.name, span.line(&source.text), note.text))
    }

    /// An error as OPA shows it.
    pub(super) fn shown(&self, error: &EvaluationError) -> String {
        let (module, span) = error.at;
        let place = self
            .modules
            .get(module)
            .map(|module| format!("{}:{}: ", module.source.name, span.line(&module.source.text)));
        format!("{}{}: {}", place.unwrap_or_default(), error.code, error.message)
    }
}

/// The value of a document, and what was said on the way.
struct Answer<'v> {
    value: Option<Value<'v>>,
    prints: Vec<String>,
    traces: Vec<String>,
}

impl Answer<'_> {
    fn query(self, text: String) -> Query {
        Query { text, prints: self.prints, traces: self.traces }
    }
}

impl<'v> Question<'v> {
    pub(super) fn asked<'h>(
        &self,
        budget: &'h Budget,
        notes: &'h RefCell<Vec<Note>>,
        arena: &'v typed_arena::Arena<Tree>,
    ) -> Asked<'h, 'v> {
        Asked {
            input: Some(Value::from(self.input)),
            data: self.data(),
            now: self.time,
            seed: 0,
            budget,
            arena,
            notes,
            strict: self.is_strict,
        }
    }

    /// The document `data` with the name of the file in it.
    fn data(&self) -> Value<'v> {
        let Some((name, directory)) = self.file else { return Value::from(self.data) };
        let text = |text: &str| Value::from(text.to_owned());
        let file = Value::object(vec![(text("name"), text(name)), (text("dir"), text(directory))]);
        let data = Value::from(self.data);
        let entries = |value: Option<Value<'v>>| {
            value.and_then(|value| value.as_object().map(|entries| entries.sorted()))
        };
        let mut conftest = entries(self.data.get("conftest").map(Value::from)).unwrap_or_default();
        conftest.push((text("file"), file));
        let mut all = entries(Some(data)).unwrap_or_default();
        all.push((text("conftest"), Value::object(conftest)));
        Value::object(all)
    }
}

/// What stands below a value, whatever its keys are.
pub(super) fn children<'v>(value: &Value<'v>) -> Vec<Value<'v>> {
    if let Some(members) = value.as_set() {
        return members.to_vec();
    }
    if let Some(items) = value.as_array() {
        return items.iter().collect();
    }
    let entries = value.as_object().map(|entries| entries.sorted()).unwrap_or_default();
    entries.into_iter().map(|(_, value)| value).collect()
}

fn located(value: &Value<'_>) -> Option<Location> {
    let entries = value.as_object()?;
    let file = entries.get(&Value::from("file")).and_then(|file| file.as_str().map(str::to_owned));
    let line = entries.get(&Value::from("line"));
    let line = line.and_then(|line| line.as_number().map(ToString::to_string));
    let location = Location { file: file.unwrap_or_default(), line: line.unwrap_or_default() };
    (location != Location::default()).then_some(location)
}

fn tree(json: &str) -> Result<Arc<Tree>, String> {
    parse_json(json, &Limits::default()).map(Arc::new).map_err(|error| error.to_string())
}
