//! What policies would deny, for people: each rule with its objects, the namespaces, and the sum.

use std::fmt::Write;

use ajj_engine::report::escape::escape;
use ajj_engine::report::{Exit, Report};

use super::human::{diagnostics_of, plural, unjudged};
use super::table::{Align, table};
use crate::impact::{DeniedOwner, Impact, RuleImpact};

/// Of one rule, so many objects are named; the rest is counted.
const MAX_OBJECTS: usize = 10;

/// Of rules that are about no object, so many are named.
const MAX_RULES: usize = 3;

/// The whole text; what matters most stands last.
///
/// `report` holds what else was found.
pub(crate) fn render(impact: &Impact, report: &Report, exit: &Exit, colour: bool) -> String {
    let mut out = String::new();
    diagnostics_of(&report.diagnostics, &report.sources, colour, &mut out);
    let mut rules: Vec<&RuleImpact> = impact.rules.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.denied.len()));
    let (about_some, about_none): (Vec<_>, Vec<_>) =
        rules.into_iter().partition(|rule| rule.objects() > 0);
    for rule in about_some {
        rule_of(rule, &mut out);
    }
    namespaces(impact, &mut out);
    let judged = plural(impact.judged, "object");
    let _ = writeln!(out, "judged {judged} with {}", plural(impact.rules.len(), "rule"));
    about_no_object(&about_none, &mut out);
    unjudged(&report.policies, &mut out);
    let _ = writeln!(out, "{} (exit code {})", exit.reason, exit.code);
    out
}

fn rule_of(rule: &RuleImpact, out: &mut String) {
    let RuleImpact { policy, rule: name, denied, .. } = rule;
    let name = format!("{policy}/{name}");
    let all = plural(rule.objects(), "object");
    let _ = writeln!(out, "{}: would deny {} of {all}", escape(&name), denied.len());
    for (owner, denied) in denied.iter().take(MAX_OBJECTS) {
        let owner = owner.to_string();
        let owned = owned(denied);
        let _ = writeln!(out, "  {}{owned}: {}", escape(&owner), escape(&denied.message));
    }
    if let Some(more) = denied.len().checked_sub(MAX_OBJECTS).filter(|more| *more > 0) {
        let more = plural(more, "more object");
        let _ = writeln!(out, "  and {more}; -o json lists all");
    }
    out.push('\n');
}

/// Rules that nothing can be said of: a line for all of them, since they are mostly many.
fn about_no_object(rules: &[&RuleImpact], out: &mut String) {
    if rules.is_empty() {
        return;
    }
    let named = rules.iter().take(MAX_RULES);
    let mut names: Vec<String> =
        named.map(|rule| escape(&format!("{}/{}", rule.policy, rule.rule)).into_owned()).collect();
    if rules.len() > MAX_RULES {
        names.push("…".to_owned());
    }
    let count = plural(rules.len(), "rule");
    let _ = writeln!(out, "  about no object: {count} ({})", names.join(", "));
}

fn owned(denied: &DeniedOwner) -> String {
    let DeniedOwner { count, is_own, .. } = *denied;
    match (is_own, count.saturating_sub(usize::from(is_own))) {
        (true, 0) => String::new(),
        (true, owned) => format!(" (and {} that it owns)", plural(owned, "object")),
        (false, owned) => format!(" (by {} that it owns)", plural(owned, "object")),
    }
}

fn namespaces(impact: &Impact, out: &mut String) {
    if impact.namespaces.is_empty() {
        return;
    }
    let head =
        [("NAMESPACE", Align::Left), ("OBJECTS", Align::Right), ("WOULD DENY", Align::Right)];
    let rows: Vec<Vec<String>> = impact
        .namespaces
        .iter()
        .map(|(namespace, found)| {
            let (objects, denied) = found.counts();
            let name = if namespace.is_empty() { "(cluster)" } else { namespace };
            vec![name.to_owned(), objects.to_string(), denied.to_string()]
        })
        .collect();
    table(&head, &rows, out);
    out.push('\n');
}
