//! Reads typed fields out of a tree, and says with place and nearest word what does not fit.

use std::cell::RefCell;

use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::read::Document;
use crate::tree::{Kind, Node};

/// Collects what is wrong with one document.
#[derive(Debug)]
pub(crate) struct Problems<'d> {
    /// `None` where nobody listens: of documents that were made.
    document: Option<&'d Document>,
    found: RefCell<Vec<Problem>>,
}

#[derive(Debug)]
struct Problem {
    diagnostic: Diagnostic,
    /// The node that is wrong.
    node: u32,
    /// Whether the rule is evaluated all the same, and says itself what is wrong.
    harmless: bool,
}

impl<'d> Problems<'d> {
    pub(crate) fn of(document: &'d Document) -> Self {
        Self { document: Some(document), found: RefCell::default() }
    }

    /// Counts what is wrong and forgets it.
    pub(crate) fn silent() -> Self {
        Self { document: None, found: RefCell::default() }
    }

    /// Whether nobody listens.
    pub(crate) fn is_silent(&self) -> bool {
        self.document.is_none()
    }

    /// Notes that a value is wrong.
    pub(crate) fn at(&self, node: Node<'_>, diagnostic: Diagnostic) {
        let problem = Problem { diagnostic, node: node.index(), harmless: false };
        self.found.borrow_mut().push(problem);
    }

    /// Notes that a value is wrong of which the rule will say so itself, when it is reached.
    pub(crate) fn at_later(&self, node: Node<'_>, diagnostic: Diagnostic) {
        let problem = Problem { diagnostic, node: node.index(), harmless: true };
        self.found.borrow_mut().push(problem);
    }

    /// How many errors there are that break a rule; warnings do not count.
    pub(crate) fn errors(&self) -> usize {
        let is_error = |problem: &&Problem| {
            problem.diagnostic.severity == Severity::Error && !problem.harmless
        };
        self.found.borrow().iter().filter(is_error).count()
    }

    /// The diagnostics with their places, in the order of the text.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let found = self.found.into_inner();
        let Some(document) = self.document.filter(|_| !found.is_empty()) else {
            return Vec::new();
        };
        let places = document.places();
        let mut diagnostics: Vec<_> = found
            .into_iter()
            .map(|problem| {
                let node = document.tree().node(problem.node);
                problem.diagnostic.at(Some(places.node_span(node)))
            })
            .collect();
        diagnostics.sort_by(|left, right| left.span.cmp(&right.span));
        diagnostics
    }
}

/// The fields of a map, of which each is asked for by name; what nobody asked for is unknown.
#[derive(Debug)]
pub(crate) struct Fields<'t, 'p, 'd> {
    node: Node<'t>,
    what: &'static str,
    asked: Vec<&'static str>,
    problems: &'p Problems<'d>,
    folds_case: bool,
}

impl<'t, 'p, 'd> Fields<'t, 'p, 'd> {
    /// The fields of `what`; a value that is no map is noted and has none.
    pub(crate) fn of(
        node: Node<'t>,
        what: &'static str,
        problems: &'p Problems<'d>,
    ) -> Option<Self> {
        if node.as_map().is_none() {
            problems.at(node, expected(what, "a map", node));
            return None;
        }
        Some(Self { node, what, asked: Vec::with_capacity(16), problems, folds_case: false })
    }

    /// Takes keys in another case too, with a warning, as `encoding/json` of Go does.
    pub(crate) fn fold_case(self) -> Self {
        Self { folds_case: true, ..self }
    }

    pub(crate) fn node(&self) -> Node<'t> {
        self.node
    }

    /// The value of a field; `null` counts as absent.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<Node<'t>> {
        self.asked.push(name);
        let entries = self.node.as_map()?;
        let entry = match entries.entry(name) {
            None if self.folds_case => entries.entry_of_any_case(name),
            exact => exact,
        };
        entry.map(|(_, value)| value).filter(|node| !node.is_null())
    }

    /// Makes fields known that nothing depends on.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<&'t str> {
        let node = self.get(name)?;
        let text = node.as_str();
        if text.is_none() {
            self.problems.at(node, expected(name, "a string", node));
        }
        text
    }

    pub(crate) fn bool(&mut self, name: &'static str) -> Option<bool> {
        let node = self.get(name)?;
        let value = node.as_bool();
        if value.is_none() {
            self.problems.at(node, expected(name, "true or false", node));
        }
        value
    }

    pub(crate) fn list(&mut self, name: &'static str) -> Option<Vec<Node<'t>>> {
        let node = self.get(name)?;
        match node.as_list() {
            Some(items) => Some(items.iter().collect()),
            None => {
                self.problems.at(node, expected(name, "a list", node));
                None
            }
        }
    }

    /// A list of strings; items of another kind are noted and left out.
    pub(crate) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let problems = self.problems;
        let items = self.list(name)?.into_iter().filter_map(|item| {
            if item.as_str().is_none() {
                problems.at(item, expected(name, "a list of strings", item));
            }
            item.as_str().map(str::to_owned)
        });
        Some(items.collect())
    }

    /// A map of strings to strings.
    pub(crate) fn text_map(&mut self, name: &'static str) -> Option<Vec<(String, String)>> {
        let node = self.get(name)?;
        let Some(entries) = node.as_map() else {
            self.problems.at(node, expected(name, "a map", node));
            return None;
        };
        let problems = self.problems;
        let entries = entries.iter().filter_map(|(key, value)| {
            if value.as_str().is_none() {
                problems.at(value, expected(name, "strings as values", value));
            }
            Some((key.to_owned(), value.as_str()?.to_owned()))
        });
        Some(entries.collect())
    }

    /// One word of a closed set.
    pub(crate) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let node = self.get(name)?;
        let found = node.as_str().unwrap_or_default();
        let known = words.iter().find(|(word, _)| *word == found);
        if known.is_none() {
            self.problems.at(node, unknown_word(name, node, words.iter().map(|(word, _)| *word)));
        }
        known.map(|(_, value)| *value)
    }

    /// The fields of a field's value.
    pub(crate) fn fields(&mut self, name: &'static str) -> Option<Self> {
        let node = self.get(name)?;
        Fields::of(node, name, self.problems)
    }

    /// Notes that a field is missing.
    pub(crate) fn require(&mut self, name: &'static str) -> Option<Node<'t>> {
        let node = self.get(name);
        if node.is_none() {
            let message = format!("{} needs `{name}`", self.what);
            self.problems.at(self.node, Diagnostic::error("missing-field", message));
        }
        node
    }

    /// Notes every field that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, _) in self.node.as_map().into_iter().flat_map(|entries| entries.nodes()) {
            let name = key.as_str().unwrap_or_default();
            if self.asked.contains(&name) {
                continue;
            }
            let folded = self.asked.iter().find(|asked| asked.eq_ignore_ascii_case(name));
            if let Some(asked) = folded.filter(|_| self.folds_case) {
                let message = format!("`{name}` is read as `{asked}`");
                let diagnostic = Diagnostic::warning("key-case", message);
                self.problems.at(key, diagnostic.help(format!("write `{asked}`")));
                continue;
            }
            let message = format!("unknown field `{name}` in {}", self.what);
            let mut diagnostic = Diagnostic::error("unknown-field", message);
            diagnostic = match nearest(name, self.asked.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => {
                    let mut known = self.asked.clone();
                    known.sort_unstable();
                    known.dedup();
                    diagnostic.help(format!("known fields: {}", known.join(", ")))
                }
            };
            self.problems.at(key, diagnostic);
        }
    }
}

/// A value of the wrong kind.
pub(crate) fn expected(what: &str, wanted: &str, found: Node<'_>) -> Diagnostic {
    Diagnostic::error("wrong-type", format!("`{what}` must be {wanted}, found {}", describe(found)))
}

/// A word outside a closed set, with the nearest one in it.
pub(crate) fn unknown_word<'w>(
    what: &str,
    found: Node<'_>,
    words: impl IntoIterator<Item = &'w str>,
) -> Diagnostic {
    let words: Vec<_> = words.into_iter().collect();
    let text = found.as_str().unwrap_or_default();
    let message = format!("`{what}` cannot be {}", describe(found));
    let diagnostic = Diagnostic::error("unknown-word", message);
    match nearest(text, words.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("one of: {}", words.join(", "))),
    }
}

/// A value in few words.
pub(crate) fn describe(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => format!("`{value}`"),
        Kind::Int(value) => format!("the number {value}"),
        Kind::Float(value) => format!("the number {value}"),
        Kind::BigInt(digits) => format!("the number {digits}"),
        Kind::String(text) => format!("`{}`", text.chars().take(60).collect::<String>()),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
    }
}
