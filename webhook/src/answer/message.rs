//! The words of a denial.

use ajj_engine::report::escape::escape;
use ajj_engine::report::{ObjectIdentity, ResultReport};
use ajj_engine::{Outcome, Request};

use super::field_path;
use crate::decision_id::DecisionId;

/// Characters of a whole denial.
const MAX_MESSAGE: usize = 1_000;
/// Characters of the names of rules on the first line.
const MAX_NAMES: usize = 160;
/// Characters of one line behind the first.
const MAX_LINE: usize = 240;
/// Places that are shown of one rule.
const MAX_PLACES: usize = 3;

/// The text of a denial; `denials` are in the order in which they are shown.
pub(super) fn denial(request: &Request, denials: &[&ResultReport], id: DecisionId) -> String {
    let mut text = first_line(request, denials, id);
    let mut length = text.chars().count();
    for (position, result) in denials.iter().enumerate() {
        let lines = finding(request, position + 1, result);
        let added = lines.chars().count();
        let left = denials.len() - position;
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

/// Object, rules and decision: `Deployment shop/web: 2 rules deny (a, b) [decision …]`.
fn first_line(request: &Request, denials: &[&ResultReport], id: DecisionId) -> String {
    let (errors, failures): (Vec<&ResultReport>, Vec<&ResultReport>) =
        denials.iter().partition(|result| result.result.outcome == Outcome::Error);
    let mut parts = Vec::new();
    if !failures.is_empty() {
        let verb = if failures.len() == 1 { "rule denies" } else { "rules deny" };
        parts.push(format!("{} {verb} ({})", failures.len(), names(&failures)));
    }
    if !errors.is_empty() {
        let what = if errors.len() == 1 { "rule" } else { "rules" };
        parts.push(format!("{} {what} cannot be evaluated ({})", errors.len(), names(&errors)));
    }
    format!("{}: {} [decision {id}]", object_name(request), parts.join(", "))
}

/// The object as people name it, with the subresource where one was written to.
fn object_name(request: &Request) -> String {
    let identity = ObjectIdentity {
        api_version: String::new(),
        kind: request.matched_kind().kind.to_string(),
        namespace: request.object_namespace().to_owned(),
        name: match request.name.as_str() {
            "" => generated_name(request),
            name => name.to_owned(),
        },
    };
    let mut text = shorten(&escape(&identity.to_string()), 300);
    if !request.subresource.is_empty() {
        text.push_str(&format!(" ({})", shorten(&escape(&request.subresource), 60)));
    }
    text
}

/// The name of an object that the server names: in the object itself, or its prefix.
fn generated_name(request: &Request) -> String {
    let root = request.object.as_ref().or(request.old_object.as_ref()).map(|tree| tree.root());
    let text = |key: &str| root?.at(&["metadata", key])?.as_str().filter(|text| !text.is_empty());
    match (text("name"), text("generateName")) {
        (Some(name), _) => name.to_owned(),
        (None, Some(prefix)) => format!("{prefix}*"),
        (None, None) => String::new(),
    }
}

/// The names of rules, each once, as many as fit.
fn names(results: &[&ResultReport]) -> String {
    let mut unique: Vec<String> = Vec::new();
    for result in results {
        let name = escape(&result.result.rule.title()).into_owned();
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    let mut text = String::new();
    for (position, name) in unique.iter().enumerate() {
        let name = shorten(name, 80);
        if position > 0 && text.chars().count() + name.chars().count() > MAX_NAMES {
            text.push_str(&format!(", and {} more", unique.len() - position));
            break;
        }
        if position > 0 {
            text.push_str(", ");
        }
        text.push_str(&name);
    }
    text
}

/// One rule: what it is, where it failed, and what to do about it.
fn finding(request: &Request, number: usize, result: &ResultReport) -> String {
    let answer = &result.result;
    let severity = match &*answer.rule.severity {
        "" => String::new(),
        severity => format!(" ({})", escape(severity)),
    };
    let name = rule_name(result);
    let summary = match answer.outcome {
        Outcome::Error => format!("cannot be evaluated: {}", escape(&one_line(&answer.message))),
        _ => escape(&summary(result)).into_owned(),
    };
    let mut lines = String::new();
    let mut add = |line: String| {
        lines.push('\n');
        lines.push_str(&shorten(&line, MAX_LINE));
    };
    add(format!("  {number}. {name}{severity}: {summary}"));
    let root = request.object.as_ref().or(request.old_object.as_ref()).map(|tree| tree.root());
    for finding in result.findings.iter().take(MAX_PLACES) {
        let field = field_path::by_name(root, &finding.violation.path);
        let message = escape(&finding.violation.message);
        match field.is_empty() {
            true => add(format!("     {message}")),
            false => add(format!("     {field}: {message}")),
        }
    }
    if let Some(more) = result.findings.len().checked_sub(MAX_PLACES).filter(|more| *more > 0) {
        add(format!("     … and {more} more places"));
    }
    if !answer.rule.help.is_empty() && answer.outcome == Outcome::Fail {
        add(format!("     fix: {}", escape(&one_line(&answer.rule.help))));
    }
    lines
}

/// `policy/rule`, by the names that are written.
pub(super) fn rule_name(result: &ResultReport) -> String {
    let rule = &result.result.rule;
    shorten(&escape(&format!("{}/{}", rule.policy, rule.rule)), 160)
}

/// The policy's own words of a failure, else the dialect's, on one line.
pub(super) fn summary(result: &ResultReport) -> String {
    match result.result.headline.as_str() {
        "" => one_line(&result.result.message),
        headline => one_line(headline),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How a result is ordered: the worst first, failures before errors.
pub(super) fn rank(result: &ResultReport) -> (usize, bool) {
    let severity = match &*result.result.rule.severity {
        "critical" => 0,
        "high" => 1,
        "medium" => 2,
        "low" => 3,
        "info" => 5,
        _ => 4,
    };
    (severity, result.result.outcome == Outcome::Error)
}

/// The text, cut to so many characters with a mark that it was.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
            short.push('…');
            short
        }
    }
}
