//! Checks by conditions that deny.

use crate::decision::Violation;
use crate::kyverno::conditions::{Conditions, Verdict};
use crate::kyverno::context::{Context, Stop};
use crate::pointer::pointer;
use crate::value::Value;

use super::{Answer, Naming, Passed, Subject};

pub(super) fn run<'t>(
    conditions: Option<&'t Conditions>,
    naming: Naming<'t>,
    subject: &Subject<'t>,
    context: &mut Context<'t>,
) -> Result<Answer, Stop> {
    let Some(conditions) = conditions else {
        let message = message(naming, None, context)?;
        return Ok(failed(message, naming, subject.pointer(&[])));
    };
    let verdict = match conditions.evaluate(context) {
        Ok(verdict) => verdict,
        Err(Stop::Failed(error)) => {
            return Ok(Answer::Error(format!("failed to check deny conditions: {error}")));
        }
        Err(other) => return Err(other),
    };
    if !verdict.holds {
        return Ok(Answer::Pass(Passed::Rule));
    }
    let message = message(naming, Some(&verdict), context)?;
    let place = verdict.place(context).or_else(|| subject.steps());
    let path = place.map(|steps| pointer(&steps)).unwrap_or_default();
    Ok(failed(message, naming, path))
}

fn failed(message: String, naming: Naming<'_>, path: String) -> Answer {
    let violation = Violation {
        path,
        message: "is denied by the rule's conditions".to_owned(),
        missing: false,
        details: None,
    };
    let headline = if naming.message.is_empty() { String::new() } else { message.clone() };
    Answer::Fail { message, headline, violations: vec![violation] }
}

/// `getDenyMessage` upstream: where a variable cannot be filled in, only the conditions' own
/// messages are left, as they are written.
fn message<'t>(
    naming: Naming<'t>,
    verdict: Option<&Verdict<'t>>,
    context: &mut Context<'t>,
) -> Result<String, Stop> {
    let own: Vec<_> = verdict.into_iter().flat_map(Verdict::messages).collect();
    let separator = verdict.map_or("", Verdict::separator);
    if naming.message.is_empty() && own.is_empty() {
        return Ok(format!("validation error: rule {} failed", naming.rule));
    }
    if let ([], false) = (own.as_slice(), naming.message.is_empty())
        && let Some(text) = alone(naming, context)?
    {
        return Ok(text);
    }
    let mut text = String::new();
    let rule = std::iter::once(naming.message).filter(|message| !message.is_empty());
    for (position, part) in rule.chain(own).enumerate() {
        text.push_str(match position {
            0 => "",
            1 if !naming.message.is_empty() => "; ",
            _ => separator,
        });
        match part.render(context) {
            Ok(Value::String(part)) => text.push_str(&part),
            Ok(other) => text.push_str(&other.to_json()),
            Err(Stop::Failed(_)) => return Ok(verdict.map(Verdict::text).unwrap_or_default()),
            Err(other) => return Err(other),
        }
    }
    Ok(text)
}

/// A message that is one variable must yield a text.
fn alone<'t>(naming: Naming<'t>, context: &mut Context<'t>) -> Result<Option<String>, Stop> {
    const NO_TEXT: &str =
        "the produced message didn't resolve to a string, check your policy definition.";
    match naming.message.render(context) {
        Ok(Value::String(_)) | Err(Stop::Failed(_)) => Ok(None),
        Ok(_) => Ok(Some(NO_TEXT.to_owned())),
        Err(other) => Err(other),
    }
}
