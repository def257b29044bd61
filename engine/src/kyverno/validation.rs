//! Runs a compiled rule against a request.

mod body;

pub(crate) use body::{Body, LateBody};

use crate::decision::{Action, Outcome};
use crate::matcher::{Labels, Selector};
use crate::request::{Operation, Request};
use crate::rule::not_compiled;
use crate::scalar::wildcard::Wildcard;
use crate::tree::Node;
use crate::value::Value;

use super::check::{Answer, Check, Naming, Passed, Subject, not_loaded};
use super::context::{Context, Document, Stop, Surroundings};
use super::pod_security::{self, Exclusion, PodSecurityOutcome, PodSecurityRule};

/// A rule of type `validate`.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) body: LateBody,
    pub(crate) allow_existing_violations: bool,
    pub(crate) actions: Actions,
}

/// What follows from a failure, by namespace.
#[derive(Debug)]
pub(crate) struct Actions {
    pub(crate) default: Action,
    pub(crate) overrides: Vec<ActionOverride>,
    /// Whether the rule or its policy enforces, overrides left aside.
    pub(crate) enforces: bool,
}

/// An action for some namespaces.
#[derive(Debug)]
pub(crate) struct ActionOverride {
    pub(crate) action: Action,
    pub(crate) namespaces: Option<Vec<Wildcard>>,
    pub(crate) selector: Option<Selector>,
}

/// What exceptions leave of a rule.
#[derive(Debug, Default)]
pub(crate) enum Exemption<'t> {
    /// All of it.
    #[default]
    None,
    /// All but some controls of the Pod Security Standards.
    Controls { exclusions: Vec<&'t Exclusion>, keys: Vec<&'t str> },
    /// Nothing: the rule is skipped, with this message.
    Whole(String),
}

/// What a rule is run with.
#[derive(Clone, Copy)]
pub(crate) struct Run<'t> {
    pub(crate) request: &'t Request,
    pub(crate) surroundings: Surroundings<'t>,
    /// The name the rule answers with.
    pub(crate) name: &'t str,
    /// The policy's name without its namespace, and its namespace.
    pub(crate) policy: (&'t str, Option<&'t str>),
}

impl Validation {
    /// Answers for a request that the rule matches. `matches_old` says whether it would match the
    /// old object too.
    pub(crate) fn run<'t>(
        &'t self,
        run: Run<'t>,
        document: &Document<'t>,
        exemption: &Exemption<'t>,
        matches_old: impl FnOnce() -> bool,
    ) -> Result<Answer, Stop> {
        let Some(body) = self.body.get() else {
            let (name, namespace) = run.policy;
            let name = namespace.map_or(name.into(), |namespace| format!("{namespace}/{name}"));
            return Ok(Answer::Error(not_compiled(&name)));
        };
        let answer = body.answer(run, document, exemption)?;
        let answer = self.judge_old(answer, body, run, exemption, matches_old)?;
        body.reword(answer, run, document)
    }

    /// What the old object violated already does not stand in the way of an update.
    fn judge_old<'t>(
        &'t self,
        answer: Answer,
        body: &'t Body,
        run: Run<'t>,
        exemption: &Exemption<'t>,
        matches_old: impl FnOnce() -> bool,
    ) -> Result<Answer, Stop> {
        let judges_old = self.actions.enforces
            && self.allow_existing_violations
            // Upstream takes a rule with preconditions for one that does not match the old object.
            && body.preconditions.is_none()
            && run.request.operation == Operation::Update
            && matches!(answer, Answer::Fail { .. })
            && matches_old();
        if !judges_old {
            return Ok(answer);
        }
        let old = Document::of_old_object(run.request);
        Ok(match body.answer(run, &old, exemption)? {
            Answer::Fail { .. } => Answer::Skip(
                "skipping the rule evaluation as pre-existing violations are allowed".to_owned(),
            ),
            _ => answer,
        })
    }
}

impl Body {
    /// `reportProperties` can hold a text for each outcome (pkg/engine/api/ruleresponse.go).
    fn reword<'t>(
        &'t self,
        mut answer: Answer,
        run: Run<'t>,
        document: &Document<'t>,
    ) -> Result<Answer, Stop> {
        let outcome = match &answer {
            Answer::Pass(_) => Outcome::Pass,
            Answer::Fail { .. } => Outcome::Fail,
            Answer::Skip(_) => Outcome::Skip,
            Answer::Error(_) => Outcome::Error,
            Answer::Nothing(_) => return Ok(answer),
        };
        let Some((_, message)) = self.messages.iter().find(|(known, _)| *known == outcome) else {
            return Ok(answer);
        };
        let mut context = Context::new(document, run.surroundings, run.policy.1);
        let rendered = context.defer(&self.context).and_then(|()| message.render(&mut context));
        let reworded = match rendered {
            Ok(value) => value.as_str().unwrap_or(message.text()).to_owned(),
            Err(Stop::Failed(_)) => message.text().to_owned(),
            Err(Stop::Missing) => return Err(Stop::Missing),
        };
        match &mut answer {
            Answer::Pass(passed) => *passed = Passed::Text(reworded),
            Answer::Fail { message: text, .. } | Answer::Skip(text) | Answer::Error(text) => {
                *text = reworded;
            }
            Answer::Nothing(_) => {}
        }
        Ok(answer)
    }

    fn answer<'t>(
        &'t self,
        run: Run<'t>,
        document: &Document<'t>,
        exemption: &Exemption<'t>,
    ) -> Result<Answer, Stop> {
        let mut context = Context::new(document, run.surroundings, run.policy.1);
        context.set_values(run.policy.0, run.name, None);
        if let Some(answer) = not_loaded(context.defer(&self.context))? {
            return Ok(answer);
        }
        if let Some(preconditions) = &self.preconditions {
            match preconditions.evaluate(&mut context) {
                Ok(verdict) if verdict.holds => {}
                Ok(verdict) => {
                    let text = verdict.text();
                    let separator = if text.is_empty() { "" } else { "; " };
                    return Ok(Answer::Skip(format!("preconditions not met{separator}{text}")));
                }
                Err(Stop::Failed(error)) => {
                    let message = format!("failed to evaluate preconditions: {error}");
                    return Ok(Answer::Error(message));
                }
                Err(other) => return Err(other),
            }
        }
        if let Exemption::Whole(message) = exemption {
            return Ok(Answer::Skip(message.clone()));
        }
        if let Check::PodSecurity(rule) = &self.check {
            return Ok(pod_security(rule, exemption, document, run, self.message.text()));
        }
        let value = document.object.map(Value::from).unwrap_or_default();
        let subject = Subject { value, object: document.object, is_element: false };
        let naming = Naming { rule: run.name, message: &self.message };
        self.check.run(naming, &subject, 0, &mut context)
    }
}

fn pod_security<'t>(
    rule: &PodSecurityRule,
    exemption: &Exemption<'t>,
    document: &Document<'t>,

    run: Run<'t>,
    headline: &str,
) -> Answer {
    let Some(object) = document.object.filter(|_| document.operation != Operation::Delete) else {
        return Answer::Nothing("there is no object to judge");
    };
    let (excused, keys): (&[&Exclusion], &[&str]) = match exemption {
        Exemption::Controls { exclusions, keys } => (exclusions, keys),
        _ => (&[], &[]),
    };
    match pod_security::evaluate(rule, excused, object, &run.request.kind.kind, run.name) {
        Ok(PodSecurityOutcome::Pass) => Answer::Pass(Passed::PodSecurity),
        Ok(PodSecurityOutcome::Excepted) => {
            Answer::Skip(format!("rule is skipped due to policy exceptions {}", keys.join(", ")))
        }
        Ok(PodSecurityOutcome::Fail(failure)) => Answer::Fail {
            headline: headline.to_owned(),
            message: failure.message,
            violations: failure.violations,
        },
        Err(error) => Answer::Error(error),
    }
}

impl Actions {
    /// The action for a namespace; `Err` where its labels must be known first. `labels` are `None`
    /// where nobody asked for them yet.
    pub(crate) fn settle(
        &self,
        namespace: &str,
        labels: Option<Option<Node<'_>>>,
    ) -> Result<Action, NeedsLabels> {
        for item in &self.overrides {
            let named = item
                .namespaces
                .as_ref()
                .is_none_or(|names| names.iter().any(|name| name.matches(namespace)));
            if !named {
                continue;
            }
            match (&item.selector, labels) {
                (None, _) if item.namespaces.is_some() => return Ok(item.action),
                (None, _) => {}
                (Some(_), None) if !namespace.is_empty() => return Err(NeedsLabels),
                (Some(selector), labels) => {
                    // A selector that cannot be asked overrides nothing, as upstream.
                    if selector.matches(Labels(labels.flatten())) == Ok(true) {
                        return Ok(item.action);
                    }
                }
            }
        }
        Ok(self.default)
    }
}

/// The labels of the object's namespace must be known first.
#[derive(Debug)]
pub(crate) struct NeedsLabels;
