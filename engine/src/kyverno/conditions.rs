//! Blocks of conditions: preconditions, and what a deny rule denies.
//!
//! Upstream: pkg/engine/variables/evaluate.go.

use crate::value::Value;

use super::condition::{self, Operator};
use super::context::{Context, Stop};
use super::variables::{Template, TextTemplate};

/// Conditions of which any must hold, and conditions that must all hold.
#[derive(Debug)]
pub(crate) struct Conditions {
    /// `None` where the block is not there; an empty block never holds.
    pub(crate) any: Option<Vec<Condition>>,
    pub(crate) all: Vec<Condition>,
    /// Whether they were written as a plain list, as old policies do.
    pub(crate) is_list: bool,
}

/// One comparison.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) key: Template,
    pub(crate) operator: Operator,
    pub(crate) value: Template,
    pub(crate) message: Message,
}

/// A message of a policy, as it is written and taken apart.
#[derive(Debug, Default)]
pub(crate) struct Message {
    text: Box<str>,
    template: Option<TextTemplate>,
    unescaped: Box<str>,
}

/// What a block of conditions says.
pub(crate) struct Verdict<'t> {
    pub(crate) holds: bool,
    conditions: &'t Conditions,
    /// How many of `any` and of `all` were evaluated.
    evaluated: (usize, usize),
    /// Whether the last that was evaluated holds, of each.
    held: (bool, bool),
}

impl Conditions {
    /// Evaluates in order, and no further than needed.
    pub(crate) fn evaluate<'t>(&'t self, context: &mut Context<'t>) -> Result<Verdict<'t>, Stop> {
        let mut evaluated = (0, 0);
        let mut held = (false, true);
        for condition in self.any.iter().flatten() {
            evaluated.0 += 1;
            held.0 = condition.holds(context)?;
            if held.0 {
                break;
            }
        }
        for condition in &self.all {
            evaluated.1 += 1;
            held.1 = condition.holds(context)?;
            if !held.1 {
                break;
            }
        }
        let holds = (self.any.is_none() || held.0) && held.1;
        Ok(Verdict { holds, conditions: self, evaluated, held })
    }
}

impl Condition {
    fn holds<'t>(&'t self, context: &mut Context<'t>) -> Result<bool, Stop> {
        let key = side(&self.key, "key", context)?;
        let value = side(&self.value, "value", context)?;
        condition::holds(self.operator, &key, &value)
            .map_err(|error| Stop::Failed(error.to_string()))
    }
}

fn side<'t>(
    template: &'t Template,
    name: &str,
    context: &mut Context<'t>,
) -> Result<Value<'t>, Stop> {
    template.render(context).map_err(|stop| match stop {
        Stop::Failed(error) => {
            Stop::Failed(format!("failed to substitute variables in condition {name}: {error}"))
        }
        other => other,
    })
}

impl<'t> Verdict<'t> {
    /// The conditions that made it so: where it holds, those that held, else those that did not.
    fn deciding(&self) -> impl Iterator<Item = &'t Condition> + use<'t> {
        let any = self.conditions.any.as_deref().unwrap_or_default();
        let any = any.get(..self.evaluated.0).unwrap_or_default();
        let all = self.conditions.all.get(..self.evaluated.1).unwrap_or_default();
        // All but the last of `any` did not hold, and all but the last of `all` did.
        let decided = |conditions: &'t [Condition], first: bool, last: bool, wanted: bool| {
            let (end, before) =
                conditions.split_last().map_or((None, conditions), |(end, rest)| (Some(end), rest));
            let before = if first == wanted { before } else { &[] };
            before.iter().chain(end.filter(|_| last == wanted))
        };
        decided(any, false, self.held.0, self.holds).chain(decided(
            all,
            true,
            self.held.1,
            self.holds,
        ))
    }

    /// What stands between the deciding conditions' messages.
    pub(crate) fn separator(&self) -> &'static str {
        if self.conditions.is_list { ";" } else { "; " }
    }

    /// The deciding conditions' own words, joined as upstream joins them.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &'t Message> + use<'t> {
        self.deciding()
            .map(|condition| &condition.message)
            .filter(|message| !message.text.is_empty())
    }

    /// The deciding conditions' own words as they are written.
    pub(crate) fn text(&self) -> String {
        let texts: Vec<_> = self.messages().map(Message::text).collect();
        texts.join(self.separator())
    }

    /// The first part of the object that a deciding expression reads.
    pub(crate) fn place(&self, context: &mut Context<'t>) -> Option<Vec<String>> {
        self.deciding().find_map(|condition| {
            context.watch(|context| {
                // It was evaluated before: what stops it now stopped it then.
                let _ = condition.holds(context);
            })
        })
    }
}

impl Message {
    pub(crate) fn new(text: &str) -> Self {
        match TextTemplate::compile(text) {
            Ok(template) => {
                Self { text: text.into(), template: Some(template), unescaped: Box::default() }
            }
            Err(literal) => Self { text: text.into(), template: None, unescaped: literal.into() },
        }
    }

    /// As it is written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Fills in the variables; a message that is one variable may yield any value.
    pub(crate) fn render<'t>(&'t self, context: &mut Context<'t>) -> Result<Value<'t>, Stop> {
        match &self.template {
            Some(template) => template.render(context),
            None => Ok(Value::from(&*self.unescaped)),
        }
    }
}
