//! `# METADATA` comments: what authors say of packages and rules.
//!
//! Upstream: `v1/ast/annotations.go` and the parser's `metadataParser`.

use super::ast::Module;
use super::{Misread, Problem, Source, Span};
use crate::read::{Limits, parse_yaml};
use crate::tree::{Kind, Node};
use crate::value::json_string;

/// What an annotation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One definition of a rule, by its number in the module.
    Rule(usize),
    /// All definitions of the rule of that definition.
    Document(usize),
    Package,
    /// The package and those below it.
    Subpackages,
}

/// What an author says.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    pub(crate) scope: Scope,
    /// A JSON object, as `rego.metadata.rule()` answers.
    pub(crate) json: String,
}

/// The annotations of a module, in the order of its text.
pub(crate) fn annotations(source: &Source, module: &Module) -> Result<Vec<Annotation>, Problem> {
    let mut found = Vec::new();
    let mut comments = module.comments.iter().copied().peekable();
    let text = &*source.text;
    while let Some(start) = comments.next() {
        if words(start, text).trim() != "METADATA" {
            continue;
        }
        let mut yaml = String::new();
        let mut last = start;
        while let Some(next) = comments.next_if(|next| follows(*next, last, text)) {
            yaml.push_str(words(next, text));
            yaml.push('\n');
            last = next;
        }
        let annotation = annotation(&yaml, start, last, module);
        found.push(annotation.map_err(|misread| misread.named(source))?);
    }
    Ok(found)
}

/// A comment without its sign.
fn words(comment: Span, text: &str) -> &str {
    comment.text(text).strip_prefix('#').unwrap_or_default().trim_end_matches('\r')
}

/// Whether a comment belongs to the one before it.
fn follows(next: Span, last: Span, text: &str) -> bool {
    next.line(text) == last.line(text) + 1 && next.column(text) == last.column(text)
}

fn annotation(yaml: &str, start: Span, last: Span, module: &Module) -> Result<Annotation, Misread> {
    let span = start.to(last);
    if yaml.trim().is_empty() {
        return Err(Misread::new("expected METADATA block, found whitespace", span));
    }
    let tree = parse_yaml(yaml, &Limits::default())
        .map_err(|error| Misread::new(format!("METADATA is no YAML: {error}"), span))?;
    let root = tree.root();
    let text = |key: &str| root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
    let is_entrypoint = root.get("entrypoint").and_then(|node| node.as_bool()) == Some(true);
    let rule = module.rules.iter().position(|rule| rule.span.start > start.start);
    let is_package = module.package_span.start > start.start;
    let scope = match (text("scope"), rule) {
        ("", _) if is_package => Scope::Package,
        ("", Some(rule)) if is_entrypoint => Scope::Document(rule),
        ("" | "rule", Some(rule)) if !is_package => Scope::Rule(rule),
        ("document", Some(rule)) if !is_package => Scope::Document(rule),
        ("package", _) if is_package => Scope::Package,
        ("subpackages", _) if is_package => Scope::Subpackages,
        (scope @ ("rule" | "document"), _) => {
            let message = format!("annotation scope '{scope}' must be applied to rule");
            return Err(Misread::new(message, span));
        }
        (scope @ ("package" | "subpackages"), _) => {
            let message = format!("annotation scope '{scope}' must be applied to package");
            return Err(Misread::new(message, span));
        }
        ("", None) => return Err(Misread::new("annotation is about no rule or package", span)),
        (scope, _) => {
            return Err(Misread::new(format!("invalid annotation scope '{scope}'"), span));
        }
    };
    Ok(Annotation { scope, json: json(root, scope, is_entrypoint) })
}

/// The fields that OPA knows, in its own shapes.
fn json(root: Node<'_>, scope: Scope, is_entrypoint: bool) -> String {
    let mut fields: Vec<(&str, String)> = Vec::new();
    let word = match scope {
        Scope::Rule(_) => "rule",
        Scope::Document(_) => "document",
        Scope::Package => "package",
        Scope::Subpackages => "subpackages",
    };
    fields.push(("scope", json_string(word)));
    for key in ["title", "description"] {
        if let Some(text) = root.get(key).and_then(|node| node.as_str()) {
            fields.push((key, json_string(text)));
        }
    }
    if is_entrypoint {
        fields.push(("entrypoint", "true".to_owned()));
    }
    for key in ["organizations", "custom", "labels"] {
        if let Some(node) = root.get(key).filter(|node| !node.is_null()) {
            fields.push((key, node.to_json()));
        }
    }
    for (key, shape) in [
        ("authors", author as fn(Node<'_>) -> String),
        ("related_resources", resource),
        ("schemas", schema),
    ] {
        if let Some(items) = root.get(key).and_then(|node| node.as_list()) {
            let items: Vec<_> = items.iter().map(shape).collect();
            fields.push((key, format!("[{}]", items.join(","))));
        }
    }
    let fields: Vec<_> =
        fields.into_iter().map(|(key, value)| format!("{}:{value}", json_string(key))).collect();
    format!("{{{}}}", fields.join(","))
}

/// `Name <mail>`, or a map of both.
fn author(node: Node<'_>) -> String {
    let Some(text) = node.as_str() else { return node.to_json() };
    let (name, mail) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, mail)) => (name.trim(), mail),
        None => (text.trim(), ""),
    };
    match mail {
        "" => format!("{{\"name\":{}}}", json_string(name)),
        _ => format!("{{\"email\":{},\"name\":{}}}", json_string(mail), json_string(name)),
    }
}

/// An address, or a map with one.
fn resource(node: Node<'_>) -> String {
    match node.as_str() {
        Some(text) => format!("{{\"ref\":{}}}", json_string(text)),
        None => node.to_json(),
    }
}

/// A document and the schema that it is said to have.
fn schema(node: Node<'_>) -> String {
    let path = |text: &str| {
        let parts: Vec<_> = text.split('.').map(json_string).collect();
        format!("[{}]", parts.join(","))
    };
    let entry = node.as_map().and_then(|entries| entries.iter().next());
    match entry.map(|(key, value)| (key, value.kind())) {
        Some((key, Kind::String(schema))) => {
            format!("{{\"path\":{},\"schema\":{}}}", path(key), path(schema))
        }
        Some((key, _)) => {
            let definition = node.get(key).map(|node| node.to_json()).unwrap_or_default();
            format!("{{\"definition\":{definition},\"path\":{}}}", path(key))
        }
        None => node.to_json(),
    }
}
