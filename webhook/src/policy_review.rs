//! The admission of policies themselves: what would not compile is refused when it is applied.

use ajj_engine::report::escape::escape;
use ajj_engine::{Operation, Request};

use crate::answer::{Answer, Cause, Denial, shorten};
use crate::exceptions::{DOES_NOT_COUNT, ExceptionsFrom};
use crate::policies::check::{Checked, Finding, check, name, source};

/// Characters of a whole denial.
const MAX_MESSAGE: usize = 1_000;
/// Characters of one line of it.
const MAX_LINE: usize = 300;
const MAX_CAUSES: usize = 32;
const MAX_WARNINGS: usize = 16;
const MAX_WARNING: usize = 200;

/// Answers the review of a policy or exception; `None` where the review is about something else.
pub(crate) fn judge_policy(request: &Request, exceptions: &ExceptionsFrom) -> Option<Answer> {
    let kind = &request.kind;
    let is_policy = matches!(&*kind.kind, "ClusterPolicy" | "Policy" | "PolicyException");
    if &*kind.group != "kyverno.io" || !is_policy {
        return None;
    }
    // A status says nothing that is enforced, and what goes is not compiled.
    let Some(object) = request
        .object
        .as_ref()
        .filter(|_| request.subresource.is_empty() && request.operation != Operation::Delete)
    else {
        return Some(Answer::default());
    };
    let checked = check(object.root());
    let old = request.old_object.as_ref().map(|old| source(old.root()).text);
    // Whoever only takes away a finalizer must not be held up by what is wrong already.
    let is_unchanged = old.is_some_and(|old| old == checked.source.text);
    let mut answer = Answer { warnings: warnings(&checked), ..Answer::default() };
    if exceptions.ignores(object.root()) {
        answer.warnings.insert(0, shorten(DOES_NOT_COUNT, MAX_WARNING));
    }
    if is_unchanged {
        let known =
            checked.errors.iter().map(|finding| format!("does not compile: {}", line(finding)));
        answer.warnings.splice(0..0, known.map(|text| shorten(&text, MAX_WARNING)));
        answer.warnings.truncate(MAX_WARNINGS);
    } else if !checked.errors.is_empty() {
        answer.denial = Some(Denial {
            message: message(&name(object.root()), &checked.errors),
            name: request.name.clone(),
            group: request.resource.group.to_string(),
            resource: request.resource.resource.to_string(),
            causes: causes(&checked.errors),
        });
    }
    Some(answer)
}

/// The first line stands alone: which policy, and what is wrong in one word each.
fn message(policy: &str, errors: &[Finding]) -> String {
    let mut codes: Vec<&str> = Vec::new();
    for error in errors {
        if !codes.contains(&error.code) {
            codes.push(error.code);
        }
    }
    let count = match errors.len() {
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    let policy = shorten(&escape(policy), 300);
    let mut text = format!("{policy} does not compile: {count} ({})", codes.join(", "));
    text = shorten(&text, 500);
    let mut length = text.chars().count();
    for (position, error) in errors.iter().enumerate() {
        let mut lines = format!("\n  {}. {}", position + 1, shorten(&line(error), MAX_LINE));
        if !error.help.is_empty() {
            lines.push_str(&format!("\n     help: {}", shorten(&escape(&error.help), MAX_LINE)));
        }
        let left = errors.len() - position;
        let added = lines.chars().count();
        // Room for the line that says how many are left out.
        let reserve = if left > 1 { 40 } else { 0 };
        if length + added + reserve > MAX_MESSAGE {
            text.push_str(&format!("\n  … and {left} more"));
            break;
        }
        text.push_str(&lines);
        length += added;
    }
    text
}

/// Field, message and code on one line.
fn line(finding: &Finding) -> String {
    let text = match finding.field.as_str() {
        "" => format!("{} [{}]", finding.message, finding.code),
        field => format!("{field}: {} [{}]", finding.message, finding.code),
    };
    escape(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

fn causes(errors: &[Finding]) -> Vec<Cause> {
    let cause = |error: &Finding| Cause {
        reason: match error.code {
            "missing-field" => "FieldValueRequired",
            "unknown-word" => "FieldValueNotSupported",
            _ => "FieldValueInvalid",
        },
        message: shorten(&escape(&format!("{}: {}", error.code, error.message)), 400),
        field: error.field.clone(),
    };
    errors.iter().take(MAX_CAUSES).map(cause).collect()
}

fn warnings(checked: &Checked) -> Vec<String> {
    let odd = checked.warnings.iter().map(line);
    let others = checked.not_evaluated.iter().map(|other| {
        let (rules, are) = if other.count == 1 { ("rule", "is") } else { ("rules", "are") };
        format!("{} {rules} of type {} {are} not evaluated by ajj", other.count, other.kind)
    });
    let mut warnings: Vec<String> = Vec::new();
    for text in odd.chain(others) {
        let text = shorten(&text, MAX_WARNING);
        if !warnings.contains(&text) {
            warnings.push(text);
        }
    }
    if warnings.len() > MAX_WARNINGS {
        let more = warnings.len() - (MAX_WARNINGS - 1);
        warnings.truncate(MAX_WARNINGS - 1);
        warnings.push(format!("… and {more} more"));
    }
    warnings
}

#[cfg(test)]
mod tests;
