//! Texts and documents with variables: parsed once, filled in per request.
//!
//! Upstream replaces variables in a string and scans the result again until none is left
//! (pkg/engine/variables/vars.go), so text that comes from an object is evaluated as an
//! expression. Here a text is taken apart once, when the policy is compiled: what a variable
//! yields is never looked at again.

mod reference;
mod scan;

use std::sync::{Arc, OnceLock};

use crate::facts::Stop;
use crate::jmespath::Expression;
use crate::scalar::regex::Regexes;
use crate::tree::{Kind, Node, Tree};
use crate::value::{Text, Value};

use super::condition::from_expression;

/// Answers the expressions of variables.
pub(crate) trait Resolve<'t> {
    /// Evaluates an expression.
    fn query(&mut self, expression: &'t Expression) -> Result<Value<'t>, Stop>;
    /// Evaluates an expression that was put together, from a text that may have regular expressions.
    fn query_text(&mut self, text: &str, regexes: Option<&Arc<Regexes>>)
    -> Result<Value<'t>, Stop>;
    /// Whether the object goes.
    fn is_delete(&self) -> bool;
    /// Counts text that was made against what one evaluation may make.
    fn spend_text(&self, length: usize) -> Result<(), Stop>;
    /// Counts a value that is about to be written or walked through.
    fn weigh(&self, value: &Value<'t>) -> Result<(), Stop>;
}

/// A JSON value with variables in its strings and keys.
#[derive(Debug)]
pub(crate) struct Template {
    root: Part,
}

#[derive(Debug)]
enum Part {
    /// Without variables: read in place in the policy.
    Constant(Constant),
    Text(TextTemplate),
    List(Vec<Self>),
    Map(Vec<(Key, Self)>),
    /// A reference `$(…)` that leads nowhere; the rule says so when it is reached.
    Broken(String),
}

#[derive(Debug)]
enum Key {
    Constant(Box<str>),
    Text { template: TextTemplate, written: Box<str> },
}

/// A place in a tree that is kept alive.
#[derive(Debug)]
struct Constant {
    tree: Arc<Tree>,
    index: u32,
}

/// A string with at least one variable.
#[derive(Debug)]
pub(crate) struct TextTemplate {
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(Box<str>),
    Variable(Variable),
}

/// One `{{ … }}`.
#[derive(Debug)]
enum Variable {
    /// The expression stands in the policy. One that reads the object is another when the object
    /// goes, which is parsed when the first one does.
    Static { expression: Query, on_delete: Option<Box<OnceLock<Query>>> },
    /// Parts of the expression's text are variables themselves.
    Nested { segments: Vec<Segment>, regexes: Option<Arc<Regexes>> },
    /// `@`: the value at the same place in the object.
    Here,
}

/// An expression, or why it is none.
#[derive(Debug)]
pub(crate) enum Query {
    Parsed(Expression),
    Broken { text: Box<str>, error: String },
}

/// Something that was found in a template while it was compiled.
#[derive(Debug)]
pub(crate) struct FoundVariable<'v> {
    /// The expression's text; of a nested variable, the literal parts with `…` between them.
    pub(crate) text: String,
    /// The parsed expression, or the reason why it does not parse.
    pub(crate) query: Option<&'v Query>,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        match Expression::parse(text) {
            Ok(expression) => Self::Parsed(expression),
            Err(error) => Self::Broken { text: text.into(), error: error.to_string() },
        }
    }

    /// Evaluates the expression over the whole context.
    pub(crate) fn evaluate<'t>(&'t self, context: &mut dyn Resolve<'t>) -> Result<Value<'t>, Stop> {
        match self {
            Self::Parsed(expression) => context.query(expression),
            Self::Broken { text, error } => Err(Stop::Failed(incorrect(text, error))),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Parsed(expression) => expression.text(),
            Self::Broken { text, .. } => text,
        }
    }
}

/// What upstream says of an expression that does not parse (pkg/engine/context/evaluate.go).
pub(crate) fn incorrect(text: &str, error: &str) -> String {
    if text.is_empty() {
        return "invalid query (nil)".to_owned();
    }
    format!("incorrect query {text}: {error}")
}

impl Template {
    /// Takes a value apart. `node` is a place of `tree`.
    ///
    /// References `$(…)` are resolved within this value, as upstream resolves them within the
    /// document that it substitutes.
    pub(crate) fn compile(tree: &Arc<Tree>, node: Node<'_>) -> Self {
        let document = node;
        Self { root: Part::compile(tree, node, document, &mut Vec::new()) }
    }

    /// The value, where there are no variables in it.
    pub(crate) fn as_constant(&self) -> Option<Value<'_>> {
        match &self.root {
            Part::Constant(constant) => Some(constant.value()),
            _ => None,
        }
    }

    /// Fills in the variables.
    pub(crate) fn render<'t>(&'t self, context: &mut dyn Resolve<'t>) -> Result<Value<'t>, Stop> {
        self.render_at(context, "")
    }

    /// Fills in the variables of a value that stands at a path of what errors speak of.
    pub(crate) fn render_at<'t>(
        &'t self,
        context: &mut dyn Resolve<'t>,
        path: &str,
    ) -> Result<Value<'t>, Stop> {
        self.root.render(context, &mut path.to_owned())
    }

    /// The references that lead nowhere.
    pub(crate) fn broken(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.root.collect_broken(&mut found);
        found
    }
}

impl Constant {
    fn value(&self) -> Value<'_> {
        Value::from(self.tree.node(self.index))
    }
}

impl Part {
    fn compile(
        tree: &Arc<Tree>,
        node: Node<'_>,
        document: Node<'_>,
        path: &mut Vec<String>,
    ) -> Self {
        if !has_markup(node) {
            return Self::Constant(Constant { tree: Arc::clone(tree), index: node.index() });
        }
        match node.kind() {
            Kind::String(text) => match reference::resolve(text, document, path) {
                Ok(text) => TextTemplate::compile(&text)
                    .map_or_else(|literal| Self::Constant(Constant::text(&literal)), Self::Text),
                Err(error) => Self::Broken(error),
            },
            Kind::List(items) => {
                let parts = items.iter().enumerate().map(|(position, item)| {
                    path.push(position.to_string());
                    let part = Self::compile(tree, item, document, path);
                    path.pop();
                    part
                });
                Self::List(parts.collect())
            }
            Kind::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by_key(|(key, _)| *key);
                let parts = sorted.into_iter().map(|(key, value)| {
                    path.push(key.to_owned());
                    let part = Self::compile(tree, value, document, path);
                    path.pop();
                    let key = match is_marked(key).then(|| TextTemplate::compile(key)) {
                        Some(Ok(template)) => Key::Text { template, written: key.into() },
                        Some(Err(literal)) => Key::Constant(literal.into()),
                        None => Key::Constant(key.into()),
                    };
                    (key, part)
                });
                Self::Map(parts.collect())
            }
            _ => Self::Constant(Constant { tree: Arc::clone(tree), index: node.index() }),
        }
    }

    fn render<'t>(
        &'t self,
        context: &mut dyn Resolve<'t>,
        path: &mut String,
    ) -> Result<Value<'t>, Stop> {
        match self {
            Self::Constant(constant) => Ok(constant.value()),
            Self::Text(template) => template.render_at(context, path),
            Self::Broken(error) => Err(Stop::Failed(error.clone())),
            Self::List(parts) => {
                let mut items = Vec::with_capacity(parts.len());
                for (position, part) in parts.iter().enumerate() {
                    let length = path.len();
                    path.push_str(&format!("/{position}"));
                    items.push(part.render(context, path)?);
                    path.truncate(length);
                }
                Ok(Value::from(items))
            }
            Self::Map(parts) => {
                let mut entries = std::collections::BTreeMap::new();
                for (key, part) in parts {
                    let length = path.len();
                    let key = match key {
                        Key::Constant(key) => Text::Borrowed(key),
                        Key::Text { template, written } => {
                            match template.render_at(context, path)? {
                                Value::String(text) => text,
                                _ => {
                                    return Err(Stop::Failed(format!(
                                        "expected string after substituting variables in key \
                                         \"{written}\""
                                    )));
                                }
                            }
                        }
                    };
                    path.push('/');
                    path.push_str(&key.replace('/', "\\/"));
                    let value = part.render(context, path)?;
                    path.truncate(length);
                    entries.insert(key, value);
                }
                Ok(Value::from(entries))
            }
        }
    }

    fn collect_broken<'v>(&'v self, found: &mut Vec<&'v str>) {
        match self {
            Self::Constant(_) | Self::Text(_) => {}
            Self::Broken(error) => found.push(error),
            Self::List(parts) => parts.iter().for_each(|part| part.collect_broken(found)),
            Self::Map(parts) => parts.iter().for_each(|(_, part)| part.collect_broken(found)),
        }
    }
}

impl Constant {
    fn text(text: &str) -> Self {
        let tree = Arc::new(Tree::from_text(text));
        let index = tree.root().index();
        Self { tree, index }
    }
}

impl TextTemplate {
    /// Takes a text apart; `Err` holds the text as it reads where there is no variable in it.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let segments = scan::segments(text);
        match segments.as_slice() {
            [] => Err(String::new()),
            [Segment::Literal(literal)] => Err(literal.to_string()),
            _ => Ok(Self { segments }),
        }
    }

    /// Fills in the variables. A variable that is the whole text keeps its type.
    pub(crate) fn render<'t>(&'t self, context: &mut dyn Resolve<'t>) -> Result<Value<'t>, Stop> {
        self.render_at(context, "")
    }

    fn render_at<'t>(
        &'t self,
        context: &mut dyn Resolve<'t>,
        path: &str,
    ) -> Result<Value<'t>, Stop> {
        if let [Segment::Variable(variable)] = self.segments.as_slice() {
            let value = variable.evaluate(context, path)?;
            context.weigh(&value)?;
            return Ok(from_expression(&value));
        }
        Ok(Value::from(join(&self.segments, context, path)?))
    }

    /// All variables, in the order they are written.
    pub(crate) fn collect<'v>(&'v self, found: &mut Vec<FoundVariable<'v>>) {
        for segment in &self.segments {
            if let Segment::Variable(variable) = segment {
                variable.collect(found);
            }
        }
    }
}

fn join<'t>(
    segments: &'t [Segment],
    context: &mut dyn Resolve<'t>,
    path: &str,
) -> Result<String, Stop> {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Variable(variable) => match variable.evaluate(context, path)? {
                Value::String(value) => text.push_str(&value),
                other => {
                    context.weigh(&other)?;
                    text.push_str(&other.to_json());
                }
            },
        }
        context.spend_text(text.len())?;
    }
    Ok(text)
}

impl Variable {
    fn evaluate<'t>(
        &'t self,
        context: &mut dyn Resolve<'t>,
        path: &str,
    ) -> Result<Value<'t>, Stop> {
        let at = |text: &str, stop| match stop {
            Stop::Failed(error) => {
                Stop::Failed(format!("failed to resolve {text} at path {path}: {error}"))
            }
            other => other,
        };
        match self {
            Self::Static { expression, on_delete: changed } => {
                let query = match changed {
                    Some(changed) if context.is_delete() => {
                        changed.get_or_init(|| Query::parse(&on_delete(expression.text())))
                    }
                    _ => expression,
                };
                query.evaluate(context).map_err(|stop| at(query.text(), stop))
            }
            Self::Nested { segments, regexes } => {
                let mut text = join(segments, context, path)?.trim().to_owned();
                if context.is_delete() {
                    text = on_delete(&text);
                }
                context.query_text(&text, regexes.as_ref()).map_err(|stop| at(&text, stop))
            }
            Self::Here => {
                let object = match context.query_text("target", None) {
                    Ok(_) => "target",
                    Err(Stop::Failed(_)) => "request.object",
                    Err(other) => return Err(other),
                };
                let mut text = scan::expression_of_path(object, path);
                if context.is_delete() {
                    text = on_delete(&text);
                }
                context.query_text(&text, None).map_err(|stop| at(&text, stop))
            }
        }
    }

    fn collect<'v>(&'v self, found: &mut Vec<FoundVariable<'v>>) {
        match self {
            Self::Static { expression, .. } => found.push(FoundVariable {
                text: expression.text().to_owned(),
                query: Some(expression),
            }),
            Self::Nested { segments, .. } => {
                let mut text = String::new();
                for segment in segments {
                    match segment {
                        Segment::Literal(literal) => text.push_str(literal),
                        Segment::Variable(variable) => {
                            variable.collect(found);
                            text.push('…');
                        }
                    }
                }
                found.push(FoundVariable { text, query: None });
            }
            Self::Here => found.push(FoundVariable { text: "@".to_owned(), query: None }),
        }
    }

    fn nested(segments: Vec<Segment>) -> Self {
        let literals = segments.iter().filter_map(|segment| match segment {
            Segment::Literal(literal) => Some(&**literal),
            Segment::Variable(_) => None,
        });
        let regexes = Regexes::of(literals);
        Self::Nested { segments, regexes }
    }

    fn parse(text: &str) -> Self {
        if text == "@" {
            return Self::Here;
        }
        let on_delete = text.contains(OBJECT).then(Box::default);
        Self::Static { expression: Query::parse(text), on_delete }
    }
}

const OBJECT: &str = "request.object";

/// On delete the object is the old one (pkg/engine/variables/vars.go).
fn on_delete(text: &str) -> String {
    text.replace(OBJECT, "request.oldObject")
}

/// Whether a value holds a variable, a reference or an escape anywhere.
fn has_markup(node: Node<'_>) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node.kind() {
            Kind::String(text) if is_marked(text) => return true,
            Kind::List(items) => open.extend(items.iter()),
            Kind::Map(entries) => {
                for (key, value) in entries.iter() {
                    if is_marked(key) {
                        return true;
                    }
                    open.push(value);
                }
            }
            _ => {}
        }
    }
    false
}

/// Whether a text holds `{{` or `$(`.
pub(crate) fn is_marked(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut pairs = bytes.iter().zip(bytes.iter().skip(1));
    pairs.any(|pair| matches!(pair, (b'{', b'{') | (b'$', b'(')))
}

#[cfg(test)]
mod tests;
