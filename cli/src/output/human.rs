//! What people read: each finding with its line, what is wrong there, and what to do.

use std::collections::BTreeMap;
use std::fmt::Write;

use ajj_engine::report::{Exit, ObjectReport, PolicySummary, Report, ResultReport, Sources};
use ajj_engine::{Action, Diagnostic, Outcome, Severity, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::snippet::{Excerpt, Mark, excerpt};
use ajj_engine::report::escape::{escape, escape_lines};

/// Of one result, so many places are marked; the rest is counted.
const MAX_MARKS: usize = 10;

/// Of diagnostics with one code, so many are shown when they are warnings.
const MAX_WARNINGS: usize = 5;

/// The whole text, findings first, so that the end of a long output says what matters.
pub(crate) fn render(report: &Report, exit: &Exit, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for object in &report.objects {
        for result in object.findings() {
            block(&renderer, finding(report, object, result), &mut out);
        }
    }
    diagnostics(&report.diagnostics, &report.sources, &renderer, &mut out);
    let files = format!(" in {}", plural(report.files, "file"));
    summary(report, exit, &files, &mut out);
    out
}

/// One finding, with an empty line behind it.
pub(super) fn finding_of(
    report: &Report,
    object: &ObjectReport,
    result: &ResultReport,
    colour: bool,
    out: &mut String,
) {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    block(&renderer, finding(report, object, result), out);
}

/// Writes one finding, with an empty line behind it.
fn block(renderer: &Renderer, group: Group<'_>, out: &mut String) {
    for line in renderer.render(&[group]).lines() {
        // The renderer takes the excerpt for a second place, which has no name: the first is ours,
        // as it counts columns in the source, not in what is shown of it.
        if !is_nameless_place(line) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.push('\n');
}

fn is_nameless_place(line: &str) -> bool {
    let mut text = line.trim_start();
    while let Some(rest) = text.strip_prefix("\u{1b}[") {
        text = rest.split_once('m').map_or("", |(_, rest)| rest);
    }
    text.strip_prefix(":::").is_some_and(|rest| matches!(rest.trim_start(), "" | "\u{1b}[0m"))
}

fn note(name: &'static str, text: &str) -> annotate_snippets::Message<'static> {
    Level::NOTE.with_name(name).message(escape_lines(text).into_owned())
}

fn finding<'r>(
    report: &'r Report,
    object: &'r ObjectReport,
    result: &'r ResultReport,
) -> Group<'r> {
    let sources = &report.sources;
    let answer = &result.result;
    let level = match (answer.outcome, answer.action) {
        (Outcome::Error, _) if answer.denies() => Level::ERROR,
        (_, Action::Deny) => Level::ERROR,
        (_, Action::Warn | Action::Audit) => Level::WARNING,
    };
    let title = match answer.outcome {
        Outcome::Error => format!("the rule could not be evaluated: {}", answer.message),
        _ if !answer.headline.is_empty() => answer.headline.clone(),
        _ if answer.message.is_empty() => "the rule failed".to_owned(),
        _ => answer.message.to_string(),
    };
    let id = format!("{}/{}", answer.rule.policy, answer.name);
    let title = level.primary_title(escape_lines(&title).into_owned()).id(escape(&id).into_owned());
    let first = result.findings.first().and_then(|finding| finding.span.as_ref());
    let span = first.or(object.span.as_ref());
    let mut group = match span.and_then(|span| Some((span, shown(report, object, result, span)?))) {
        Some((span, excerpt)) => with_excerpt(sources, title, span, excerpt),
        None => place_only(sources, title, span, None),
    };
    group = group.element(note("object", &object.object.to_string()));
    let mut paths: Vec<&str> = Vec::new();
    for finding in result.findings.iter().take(MAX_MARKS) {
        let path = &*finding.violation.path;
        if !path.is_empty() && !paths.contains(&path) {
            group = group.element(note("path", path));
            paths.push(path);
        }
    }
    if let Some(more) = result.findings.len().checked_sub(MAX_MARKS).filter(|more| *more > 0) {
        group = group.element(note("note", &format!("and {more} more places")));
    }
    let mut about = vec![answer.action.as_str().to_owned()];
    if !answer.rule.severity.is_empty() {
        about.push(format!("severity {}", answer.rule.severity));
    }
    if !answer.rule.category.is_empty() {
        about.push(answer.rule.category.to_string());
    }
    group =
        group.element(note("policy", &format!("{} ({})", answer.rule.policy, about.join(", "))));
    match answer.rule.help.is_empty() {
        true => group,
        false => group.element(Level::HELP.message(escape_lines(&answer.rule.help).into_owned())),
    }
}

/// The lines of an object that show what a rule found, with what is wrong at each place.
fn shown(
    report: &Report,
    object: &ObjectReport,
    result: &ResultReport,
    span: &Span,
) -> Option<Excerpt> {
    let source = report.sources.get(&span.source)?;
    let mut marks = Vec::new();
    let mut items = BTreeMap::new();
    for finding in result.findings.iter().take(MAX_MARKS) {
        let Some(span) = finding.span.as_ref().filter(|place| place.source == span.source) else {
            continue;
        };
        marks.push(Mark {
            span: span.start..span.end,
            label: escape(&finding.violation.message).into_owned(),
            is_primary: true,
        });
        if let Some((item, place)) =
            finding.item.as_ref().and_then(|item| Some((item, item.span.as_ref()?)))
        {
            let what = if item.list.ends_with("ontainers") { "container" } else { "in" };
            let label = format!("{what} `{}`", escape(&item.name));
            items.insert((place.start, place.end), label);
        }
    }
    if marks.is_empty() {
        marks.push(Mark { span: span.start..span.end, label: String::new(), is_primary: true });
    }
    for ((start, end), label) in items {
        if !marks.iter().any(|mark| mark.is_primary && mark.span.start == start) {
            marks.push(Mark { span: start..end, label, is_primary: false });
        }
    }
    let excerpt = excerpt(source, marks, &object.hidden)?;
    // What was masked by place is looked for by value too: an anchor may stand anywhere.
    (object.redaction.apply(excerpt.text.clone()) == excerpt.text).then_some(excerpt)
}

fn with_excerpt<'r>(
    sources: &Sources,
    title: annotate_snippets::Title<'r>,
    span: &Span,
    excerpt: Excerpt,
) -> Group<'r> {
    let start = Span { source: span.source.clone(), start: excerpt.start, end: excerpt.start };
    let line = sources.place(&start).map_or(1, |place| place.start.line);
    let mut snippet = Snippet::source(excerpt.text).line_start(line);
    for mark in excerpt.marks {
        let kind = match mark.is_primary {
            true => AnnotationKind::Primary,
            false => AnnotationKind::Context,
        };
        let label = (!mark.label.is_empty()).then_some(mark.label);
        snippet = snippet.annotation(kind.span(mark.span).label(label));
    }
    match origin(sources, Some(span)) {
        Some(origin) => title.element(origin).element(snippet),
        None => title.element(snippet),
    }
}

/// A title with its place, where no line can be shown.
fn place_only<'r>(
    sources: &Sources,
    title: annotate_snippets::Title<'r>,
    span: Option<&Span>,
    note: impl Into<Option<annotate_snippets::Message<'r>>>,
) -> Group<'r> {
    let group = Group::with_title(title);
    let group = match origin(sources, span) {
        Some(origin) => group.element(origin),
        None => group,
    };
    match note.into() {
        Some(note) => group.element(note),
        None => group,
    }
}

fn origin(sources: &Sources, span: Option<&Span>) -> Option<Origin<'static>> {
    let span = span?;
    let origin = Origin::path(escape(&span.source).into_owned());
    Some(match sources.place(span) {
        Some(place) => origin.line(place.start.line).char_column(place.start.column),
        None => origin,
    })
}

/// Diagnostics that stand alone.
pub(super) fn diagnostics_of(
    found: &[Diagnostic],
    sources: &Sources,
    colour: bool,
    out: &mut String,
) {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    diagnostics(found, sources, &renderer, out);
}

/// Diagnostics in their order; of many warnings of one kind the first few.
fn diagnostics(found: &[Diagnostic], sources: &Sources, renderer: &Renderer, out: &mut String) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for diagnostic in found {
        let count = counts.entry(diagnostic.code).or_default();
        *count += 1;
        if diagnostic.severity == Severity::Error || *count <= MAX_WARNINGS {
            block(renderer, explained(diagnostic, sources), out);
        }
        let is_last_shown = *count == MAX_WARNINGS && diagnostic.severity == Severity::Warning;
        let same = |other: &&Diagnostic| {
            other.code == diagnostic.code && other.severity == diagnostic.severity
        };
        let total = if is_last_shown { found.iter().filter(same).count() } else { 0 };
        if let Some(more) = total.checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
            let code = diagnostic.code;
            let _ = writeln!(out, "and {more} more warnings [{code}]; -o json lists them\n");
        }
    }
}

fn explained(diagnostic: &Diagnostic, sources: &Sources) -> Group<'static> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = escape_lines(&diagnostic.message).into_owned();
    let title = level.primary_title(message).id(diagnostic.code);
    let span = diagnostic.span.as_ref();
    let group = match span.and_then(|span| Some((span, marked(sources, span)?))) {
        Some((span, excerpt)) => with_excerpt(sources, title, span, excerpt),
        None => place_only(sources, title, span, None),
    };
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(escape_lines(help).into_owned())),
        None => group,
    }
}

/// The line of a diagnostic, unless it may show a value of a Secret, which could not be read.
fn marked(sources: &Sources, span: &Span) -> Option<Excerpt> {
    let source = sources.get(&span.source)?;
    let before = source.text.get(..source.text.floor_char_boundary(span.start))?;
    let after = source.text.get(before.len()..)?;
    let document = [
        before.rfind("\n---").map_or(before, |found| before.get(found..).unwrap_or_default()),
        after.find("\n---").map_or(after, |found| after.get(..found).unwrap_or_default()),
    ];
    let has_text = !after.is_empty() || !before.is_empty();
    if !has_text || document.iter().any(|part| names_a_secret(part)) {
        return None;
    }
    let mark = Mark { span: span.start..span.end, label: String::new(), is_primary: true };
    excerpt(source, vec![mark], &[])
}

/// Whether a text that may be broken has a `kind: Secret`, as YAML or JSON.
fn names_a_secret(text: &str) -> bool {
    text.match_indices("kind").any(|(position, key)| {
        let after = text.get(position + key.len()..).unwrap_or_default();
        let is_space = |character: char| character.is_whitespace() || "\"'".contains(character);
        let value = after.trim_start_matches(is_space).strip_prefix(':');
        let value = value.map(|value| value.trim_start_matches(is_space));
        value.is_some_and(|value| value.starts_with("Secret"))
    })
}

/// The last lines: what was checked, and what was not.
pub(super) fn summary(report: &Report, exit: &Exit, place: &str, out: &mut String) {
    let summary = report.summary();
    let results = summary.results;
    let _ = writeln!(
        out,
        "checked {}{place} with {}: {} pass, {} fail, {} warn, {} error, {} skip",
        plural(summary.objects, "object"),
        plural(report.policies.rules, "rule"),
        results.pass,
        results.fail,
        results.warn,
        results.error,
        results.skip,
    );
    if summary.unmatched > 0 {
        let names = report.objects.iter().filter(|object| object.is_unmatched());
        let names: Vec<String> = names.map(|object| object.object.to_string()).collect();
        let matched = if summary.unmatched == 1 { "matches" } else { "match" };
        let _ = writeln!(
            out,
            "  not matched: {} {matched} no rule ({})",
            plural(summary.unmatched, "object"),
            first_few(&names)
        );
    }
    unjudged(&report.policies, out);
    if !report.others.is_empty() {
        let mut names: Vec<String> = report.others.iter().map(|name| name.to_string()).collect();
        names.dedup();
        let documents = plural(report.others.len(), "document");
        let _ = writeln!(out, "  not Kubernetes objects: {documents} ({})", first_few(&names));
    }
    let _ = writeln!(out, "{} (exit code {})", exit.reason, exit.code);
}

/// The rules that say nothing: lines below those that count the others.
pub(super) fn unjudged(policies: &PolicySummary, out: &mut String) {
    if !policies.not_evaluated.is_empty() {
        let kinds: Vec<String> = policies
            .not_evaluated
            .iter()
            .map(|rules| plural(rules.count, &format!("{} rule", rules.kind)))
            .collect();
        let _ = writeln!(out, "  not evaluated: {}", kinds.join(", "));
    }
    if policies.broken > 0 {
        let broken = plural(policies.broken, "rule");
        let verb = if policies.broken == 1 { "does" } else { "do" };
        let _ = writeln!(out, "  broken: {broken} {verb} not compile");
    }
}

pub(super) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn first_few(names: &[String]) -> String {
    let mut text = names.iter().take(3).map(|name| escape(name)).collect::<Vec<_>>().join(", ");
    if names.len() > 3 {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::names_a_secret;

    #[test]
    fn secrets_are_known_however_they_are_written() {
        for (text, expected) in [
            ("kind: Secret", true),
            ("a: [\nkind:   'Secret'\n", true),
            (r#"{"data": {"a": "b"}, "kind" : "Secret""#, true),
            ("kind: SecretList", true),
            ("kinds: [Secret]", false),
            ("kind: Pod # of Secrets", false),
        ] {
            assert_eq!(names_a_secret(text), expected, "{text}");
        }
    }
}
