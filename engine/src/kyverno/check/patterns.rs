//! Checks by pattern.

use crate::decision::Violation;
use crate::kyverno::context::{Context, Resolve, Stop};
use crate::kyverno::pattern::{Failure, Pattern, Verdict};
use crate::kyverno::variables::Template;
use crate::value::Value;

use super::{Answer, Naming, Subject};

/// Patterns that are the same for every request, or that variables complete.
#[derive(Debug)]
pub(crate) enum PatternSource {
    Compiled(Vec<Pattern>),
    Template(Template),
}

/// Holds the one pattern of `pattern` against the subject.
pub(super) fn one<'t>(
    source: &'t PatternSource,
    naming: Naming<'t>,
    subject: &Subject<'t>,
    context: &mut Context<'t>,
) -> Result<Answer, Stop> {
    let rendered = match render(source, context)? {
        Ok(rendered) => rendered,
        Err(answer) => return Ok(answer),
    };
    if let Some(answer) = on_delete(subject, context) {
        return Ok(answer);
    }
    let compiled;
    let pattern = match (source, &rendered) {
        (PatternSource::Compiled(patterns), _) => match patterns.first() {
            Some(pattern) => pattern,
            None => return Ok(Answer::Nothing("the rule has no pattern")),
        },
        (PatternSource::Template(_), value) => match Pattern::compile(value) {
            Ok(pattern) => {
                compiled = pattern;
                &compiled
            }
            Err(error) => return Ok(Answer::Error(error.to_string())),
        },
    };
    Ok(match pattern.check(&subject.value) {
        Verdict::Pass => Answer::Pass(format!("validation rule '{}' passed.", naming.rule)),
        Verdict::Skip(message) => Answer::Skip(message),

        Verdict::Error(error) => {
            let headline = headline(naming, context)?;
            Answer::Error(message(naming.rule, headline.as_deref(), &error, ""))
        }
        Verdict::Fail(failure) => {
            let headline = headline(naming, context)?;
            Answer::Fail {
                message: message(naming.rule, headline.as_deref(), &failure.message, &failure.path),
                headline: headline.unwrap_or_default(),
                violations: vec![violation(&failure, subject)],
            }
        }
    })
}

/// Holds the patterns of `anyPattern` against the subject.
pub(super) fn any<'t>(
    source: &'t PatternSource,
    naming: Naming<'t>,
    subject: &Subject<'t>,
    context: &mut Context<'t>,
) -> Result<Answer, Stop> {
    let rendered = match render(source, context)? {
        Ok(rendered) => rendered,
        Err(answer) => return Ok(answer),
    };
    if let Some(answer) = on_delete(subject, context) {
        return Ok(answer);
    }
    let mut compiled = Vec::new();
    let patterns = match source {
        PatternSource::Compiled(patterns) => patterns,
        PatternSource::Template(_) => {
            for value in rendered.items().unwrap_or_default() {
                match Pattern::compile(&value) {
                    Ok(pattern) => compiled.push(pattern),
                    Err(error) => return Ok(Answer::Error(error.to_string())),
                }
            }
            &compiled
        }
    };
    let rule = naming.rule;
    let mut failed = Vec::new();
    let mut skipped = Vec::new();
    let mut violations = Vec::new();
    for (position, pattern) in patterns.iter().enumerate() {
        match pattern.check(&subject.value) {
            Verdict::Pass => {
                return Ok(Answer::Pass(format!(
                    "validation rule '{rule}' anyPattern[{position}] passed."
                )));
            }
            Verdict::Skip(reason) => {
                skipped.push(format!("rule {rule}[{position}] skipped: {reason}"));
            }
            Verdict::Error(error) => {
                failed.push(format!("rule {rule}[{position}] failed: {error}"));
                violations.push(Violation {
                    path: subject.pointer(&[]),
                    message: error,
                    missing: false,
                });
            }
            Verdict::Fail(failure) => {
                failed.push(format!("rule {rule}[{position}] failed at path {}", failure.path));
                violations.push(violation(&failure, subject));
            }
        }
    }
    if failed.is_empty() && skipped.is_empty() {
        return Ok(Answer::Pass(naming.message.text().to_owned()));
    }
    if failed.is_empty() {
        return Ok(Answer::Skip(skipped.join(" ")));
    }
    violations.dedup_by(|left, right| left == right);
    let errors = failed.join(" ");
    let headline = headline(naming, context)?;
    let message = any_message(rule, headline.as_deref(), &errors);
    Ok(Answer::Fail { message, headline: headline.unwrap_or_default(), violations })
}

/// Fills in the variables; the inner error is the rule's answer.
fn render<'t>(
    source: &'t PatternSource,
    context: &mut Context<'t>,
) -> Result<Result<Value<'t>, Answer>, Stop> {
    let PatternSource::Template(template) = source else { return Ok(Ok(Value::Null)) };
    match template.render(context) {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Failed(error)) => {
            Ok(Err(Answer::Error(format!("variable substitution failed: {error}"))))
        }
        Err(other) => Err(other),
    }
}

fn on_delete(subject: &Subject<'_>, context: &Context<'_>) -> Option<Answer> {
    (context.is_delete() && !subject.is_element)
        .then_some(Answer::Nothing("a pattern is not held against an object that is deleted"))
}

/// The rule's own message: empty where it has none, `None` where it cannot be filled in.
fn headline<'t>(naming: Naming<'t>, context: &mut Context<'t>) -> Result<Option<String>, Stop> {
    match naming.message.render(context) {
        Ok(value) => Ok(Some(value.as_str().map_or_else(|| value.to_json(), str::to_owned))),
        Err(Stop::Failed(_)) => Ok(None),
        Err(Stop::Missing) => Err(Stop::Missing),
    }
}

/// The text of a failure or error: `buildErrorMessage` upstream.
fn message(rule: &str, headline: Option<&str>, error: &str, path: &str) -> String {
    let detail = match path {
        "" => format!("execution error: {error}"),
        _ => format!("failed at path {path}"),
    };
    match headline {
        None => unfilled(rule, error),
        Some("") => format!("validation error: rule {rule} {detail}"),
        Some(text) => format!("validation error: {text}{} rule {rule} {detail}", stop_after(text)),
    }
}

/// The text of a failure of all patterns: `buildAnyPatternErrorMessage` upstream.
fn any_message(rule: &str, headline: Option<&str>, errors: &str) -> String {
    match headline {
        None => unfilled(rule, errors),
        Some("") => format!("validation error: {errors}"),
        Some(text) => format!("validation error: {text}{} {errors}", stop_after(text)),
    }
}

fn unfilled(rule: &str, error: &str) -> String {
    format!(
        "validation error: variables substitution error in rule {rule} execution error: {error}"
    )
}

fn stop_after(text: &str) -> &'static str {
    if text.ends_with('.') { "" } else { "." }
}

fn violation(failure: &Failure, subject: &Subject<'_>) -> Violation {
    let Failure { expected, found, .. } = failure;
    let message = match (failure.missing, failure.unwanted) {
        (true, _) => format!("must be {expected}, is not there"),
        (false, true) => format!("must not be there, found {found}"),
        (false, false) => format!("must be {expected}, found {found}"),
    };
    Violation { path: subject.pointer(&failure.steps), message, missing: failure.missing }
}
