//! An audit for people: some findings of each rule, a table of the namespaces, and the sum.

use std::collections::BTreeMap;

use ajj_engine::report::{Counts, Exit, Report};

use super::human;
use super::table::{Align, table};

/// Of one rule, so many findings are shown; the rest is counted.
const MAX_FINDINGS: usize = 5;
/// So many rules are named for a namespace.
const WORST: usize = 3;

type RuleName<'r> = (&'r str, &'r str);

/// What is said of one namespace.
#[derive(Default)]
struct Row<'r> {
    counts: Counts,
    findings: BTreeMap<RuleName<'r>, usize>,
}

/// The whole text; what matters most stands last.
pub(crate) fn render(report: &Report, exit: &Exit, colour: bool) -> String {
    let mut out = String::new();
    let mut shown: BTreeMap<RuleName<'_>, usize> = BTreeMap::new();
    let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for object in &report.objects {
        let row = rows.entry(&object.object.namespace).or_default();
        row.counts.extend(object.counts);
        for result in object.findings() {
            let rule = (&*result.result.rule.policy, &*result.result.name);
            *row.findings.entry(rule).or_default() += 1;
            let count = shown.entry(rule).or_default();
            *count += 1;
            if *count <= MAX_FINDINGS {
                human::finding_of(report, object, result, colour, &mut out);
            }
        }
    }
    let more = shown.iter().filter(|(_, count)| **count > MAX_FINDINGS);
    for ((policy, rule), count) in more {
        let more = human::plural(count - MAX_FINDINGS, "more object");
        out.push_str(&format!("and {more} of {policy}/{rule}; -o concise lists all\n\n"));
    }
    human::diagnostics_of(&report.diagnostics, &report.sources, colour, &mut out);
    namespaces(&rows, &mut out);
    human::summary(report, exit, " of the cluster", &mut out);
    out
}

fn namespaces(rows: &BTreeMap<&str, Row<'_>>, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let head = [
        ("NAMESPACE", Align::Left),
        ("PASS", Align::Right),
        ("FAIL", Align::Right),
        ("WARN", Align::Right),
        ("ERROR", Align::Right),
        ("WORST RULES", Align::Left),
    ];
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|(namespace, row)| {
            let Counts { pass, fail, warn, error, .. } = row.counts;
            let name = if namespace.is_empty() { "(cluster)" } else { namespace };
            let mut cells = vec![name.to_owned()];
            cells.extend([pass, fail, warn, error].map(|count| count.to_string()));
            cells.push(worst(&row.findings));
            cells
        })
        .collect();
    table(&head, &rows, out);
    out.push('\n');
}

/// The rules with the most findings: `policy/rule (3), …`.
fn worst(findings: &BTreeMap<RuleName<'_>, usize>) -> String {
    let mut sorted: Vec<(&RuleName<'_>, &usize)> = findings.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let named = sorted.iter().take(WORST);
    let mut names: Vec<String> =
        named.map(|((policy, rule), count)| format!("{policy}/{rule} ({count})")).collect();
    if sorted.len() > WORST {
        names.push("…".to_owned());
    }
    names.join(", ")
}
