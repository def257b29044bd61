//! The check of a rule or of a foreach element, and what it answers.
//!
//! Upstream: pkg/engine/handlers/validation/validate_resource.go, whose messages are ours.

mod deny;
mod foreach;
mod patterns;

pub(crate) use foreach::Foreach;
pub(crate) use patterns::PatternSource;

use std::sync::Arc;

use crate::decision::Violation;
use crate::pointer::pointer;
use crate::tree::Node;
use crate::value::Value;

use super::conditions::{Conditions, Message};
use super::context::{Context, Stop};
use super::pod_security::PodSecurityRule;

/// What a rule demands.
#[derive(Debug)]
pub(crate) enum Check {
    /// The object fits this pattern.
    Pattern(PatternSource),
    /// The object fits one of these patterns.
    AnyPattern(PatternSource),
    /// These conditions do not hold; without conditions everything is denied.
    Deny(Option<Conditions>),
    /// Each element of each list passes.
    Foreach(Vec<Foreach>),
    /// The pod meets a level of the Pod Security Standards.
    PodSecurity(PodSecurityRule),
}

/// What a check answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Pass(Passed),
    Fail {
        message: String,
        /// The policy's own words in it.
        headline: String,
        violations: Vec<Violation>,
    },
    Skip(String),
    Error(String),
    /// Upstream answers with no row; the reason is ours.
    Nothing(&'static str),
}

/// What upstream says of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Of a pattern, or of conditions that deny.
    Rule,
    /// Of the pattern of `anyPattern` with this number.
    Pattern(usize),
    /// Of `foreach`.
    Elements,
    /// Of `podSecurity`.
    PodSecurity,
    /// A text of the policy.
    Text(String),
}

impl Passed {
    /// The whole text for the rule that answers with this name.
    pub(crate) fn text(&self, rule: &str) -> Arc<str> {
        match self {
            Self::Rule => format!("validation rule '{rule}' passed.").into(),
            Self::Pattern(position) => {
                format!("validation rule '{rule}' anyPattern[{position}] passed.").into()
            }
            Self::Elements => "rule passed".into(),
            Self::PodSecurity => format!("Validation rule '{rule}' passed.").into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// What a check is held against.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'t> {
    /// The object, or the element of a foreach with scope.
    pub(crate) value: Value<'t>,
    /// The object that it is or belongs to.
    pub(crate) object: Option<Node<'t>>,
    /// Whether it is an element, not the object.
    pub(crate) is_element: bool,
}

/// The rule that a check belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naming<'t> {
    /// The name it answers with.
    pub(crate) rule: &'t str,
    pub(crate) message: &'t Message,
}

/// The answer where entries could not be made known; `None` where nothing stands in the way.
pub(crate) fn not_loaded(deferred: Result<(), Stop>) -> Result<Option<Answer>, Stop> {
    match deferred {
        Ok(()) => Ok(None),
        Err(Stop::Failed(error)) => {
            Ok(Some(Answer::Error(format!("failed to load context: {error}"))))
        }
        Err(Stop::Missing) => Err(Stop::Missing),
    }
}

impl Check {
    /// Runs a check other than podSecurity, which needs to know of exceptions.
    pub(crate) fn run<'t>(
        &'t self,
        naming: Naming<'t>,
        subject: &Subject<'t>,
        nesting: usize,
        context: &mut Context<'t>,
    ) -> Result<Answer, Stop> {
        match self {
            Self::Pattern(source) => patterns::one(source, naming, subject, context),
            Self::AnyPattern(source) => patterns::any(source, naming, subject, context),
            Self::Deny(conditions) => deny::run(conditions.as_ref(), naming, subject, context),
            Self::Foreach(blocks) => foreach::run(blocks, naming, subject, nesting, context),
            Self::PodSecurity(_) => Ok(Answer::Nothing("podSecurity is no check of an element")),
        }
    }
}

impl Subject<'_> {
    /// Where it stands in the object, as the steps of a JSON pointer; `None` if it was computed.
    fn steps(&self) -> Option<Vec<String>> {
        match self.is_element {
            true => self.value.as_node()?.steps_from(self.object?),
            false => Some(Vec::new()),
        }
    }

    /// A place below the subject, as a JSON pointer into the object.
    fn pointer(&self, below: &[String]) -> String {
        let Some(steps) = self.steps() else { return String::new() };
        let mut place = pointer(&steps);
        place.push_str(&pointer(below));
        place
    }
}
