//! Checks by pattern.

use std::borrow::Cow;

use crate::decision::Violation;
use crate::kyverno::context::{Context, Resolve, Stop};
use crate::kyverno::pattern::{Failure, Pattern, Verdict};
use crate::kyverno::variables::Template;
use crate::value::Value;

use super::{Answer, Naming, Passed, Subject};

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
    let patterns = match ready(source, false, subject, context)? {
        Ok(patterns) => patterns,
        Err(answer) => return Ok(answer),
    };
    let Some(pattern) = patterns.first() else {
        return Ok(Answer::Nothing("the rule has no pattern"));
    };
    Ok(match pattern.check(&subject.value) {
        Verdict::Pass => Answer::Pass(Passed::Rule),
        Verdict::Skip(message) => Answer::Skip(message),
        Verdict::Error(error) => {
            let headline = headline(naming, context)?;
            Answer::Error(message(naming.rule, headline.as_deref(), &error, ""))
        }
        Verdict::Fail(failure) => {
            let headline = headline(naming, context)?;
            let text = headline.as_deref();
            Answer::Fail {
                message: message(naming.rule, text, &failure.message, &failure.path),
                violations: vec![violation(&failure, subject)],
                headline: headline.unwrap_or_default(),
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
    let patterns = match ready(source, true, subject, context)? {
        Ok(patterns) => patterns,
        Err(answer) => return Ok(answer),
    };
    if let Some(position) = patterns.iter().position(|pattern| pattern.passes(&subject.value)) {
        return Ok(Answer::Pass(Passed::Pattern(position)));
    }
    let rule = naming.rule;
    let mut failed = Vec::new();
    let mut skipped = Vec::new();
    let mut violations = Vec::new();
    for (position, pattern) in patterns.iter().enumerate() {
        match pattern.check(&subject.value) {
            Verdict::Pass => return Ok(Answer::Pass(Passed::Pattern(position))),
            Verdict::Skip(reason) => {
                skipped.push(format!("rule {rule}[{position}] skipped: {reason}"));
            }
            Verdict::Error(error) => {
                failed.push(format!("rule {rule}[{position}] failed: {error}"));
                violations.push(Violation {
                    path: subject.pointer(&[]),
                    message: error,
                    missing: false,
                    details: None,
                });
            }
            Verdict::Fail(failure) => {
                failed.push(format!("rule {rule}[{position}] failed at path {}", failure.path));
                violations.push(violation(&failure, subject));
            }
        }
    }
    if failed.is_empty() && skipped.is_empty() {
        return Ok(Answer::Pass(Passed::Text(naming.message.text().to_owned())));
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

/// The patterns with their variables filled in; the inner error is the rule's answer.
fn ready<'t>(
    source: &'t PatternSource,
    are_many: bool,
    subject: &Subject<'t>,
    context: &mut Context<'t>,
) -> Result<Result<Cow<'t, [Pattern]>, Answer>, Stop> {
    let rendered = match source {
        PatternSource::Compiled(_) => Value::Null,
        PatternSource::Template(template) => match template.render(context) {
            Ok(value) => value,
            Err(Stop::Failed(error)) => {
                let message = format!("variable substitution failed: {error}");
                return Ok(Err(Answer::Error(message)));
            }
            Err(Stop::Missing) => return Err(Stop::Missing),
        },
    };
    if context.is_delete() && !subject.is_element {
        let reason = "a pattern is not held against an object that is deleted";
        return Ok(Err(Answer::Nothing(reason)));
    }
    if let PatternSource::Compiled(patterns) = source {
        return Ok(Ok(Cow::Borrowed(patterns)));
    }
    let values = if are_many { rendered.items().unwrap_or_default() } else { vec![rendered] };
    Ok(match values.iter().map(Pattern::compile).collect() {
        Ok(patterns) => Ok(Cow::Owned(patterns)),
        Err(error) => Err(Answer::Error(error.to_string())),
    })
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
    let path = subject.pointer(&failure.steps);
    Violation { path, message, missing: failure.missing, details: None }
}
