//! Checks by pattern.

use crate::decision::Violation;
use crate::kyverno::context::{Context, Stop};
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
        Verdict::Error(error) => Answer::Error(message(naming, context, &error, "")?),
        Verdict::Fail(failure) => Answer::Fail {
            message: message(naming, context, &failure.message, &failure.path)?,
            violations: vec![violation(&failure, subject)],
        },
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
    let message = any_message(naming, context, &errors)?;
    Ok(Answer::Fail { message, violations })
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

/// The text of a failure or error: `buildErrorMessage` upstream.
fn message<'t>(
    naming: Naming<'t>,
    context: &mut Context<'t>,
    error: &str,
    path: &str,
) -> Result<String, Stop> {
    let rule = naming.rule;
    if naming.message.is_empty() {
        return Ok(match path {
            "" => format!("validation error: rule {rule} execution error: {error}"),
            _ => format!("validation error: rule {rule} failed at path {path}"),
        });
    }
    let text = match naming.message.render(context) {
        Ok(Value::String(text)) => text.to_string(),
        Ok(other) => other.to_json(),
        Err(Stop::Failed(_)) => {
            return Ok(format!(
                "validation error: variables substitution error in rule {rule} execution error: {error}"
            ));
        }
        Err(other) => return Err(other),
    };
    let stop = if text.ends_with('.') { "" } else { "." };
    Ok(match path {
        "" => format!("validation error: {text}{stop} rule {rule} execution error: {error}"),
        _ => format!("validation error: {text}{stop} rule {rule} failed at path {path}"),
    })
}

/// The text of a failure of all patterns: `buildAnyPatternErrorMessage` upstream.
fn any_message<'t>(
    naming: Naming<'t>,
    context: &mut Context<'t>,
    errors: &str,
) -> Result<String, Stop> {
    if naming.message.is_empty() {
        return Ok(format!("validation error: {errors}"));
    }
    match naming.message.render(context) {
        Ok(value) => {
            let text = value.as_str().map_or_else(|| value.to_json(), str::to_owned);
            let stop = if text.ends_with('.') { "" } else { "." };
            Ok(format!("validation error: {text}{stop} {errors}"))
        }
        Err(Stop::Failed(_)) => Ok(format!(
            "validation error: variables substitution error in rule {} execution error: {errors}",
            naming.rule
        )),
        Err(other) => Err(other),
    }
}

fn violation(failure: &Failure, subject: &Subject<'_>) -> Violation {
    let message = match failure.missing {
        true => format!("must be {}, is not there", failure.expected),
        false => format!("must be {}, found {}", failure.expected, failure.found),
    };
    Violation { path: subject.pointer(&failure.steps), message, missing: failure.missing }
}
