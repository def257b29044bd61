//! What the variables of a rule may be, checked before anything is evaluated.
//!
//! Upstream: pkg/validation/policy/validate.go (`hasInvalidVariables`), background.go.

use crate::decode::Problems;
use crate::diagnostic::{Diagnostic, nearest};
use crate::jmespath::Expression;
use crate::kyverno::context::mentions;
use crate::kyverno::schema::{CheckSpec, RuleBody, RuleSpec};
use crate::kyverno::variables::{Query, TextTemplate, is_marked};
use crate::tree::{Kind, Node};

/// Words that stand in every context, as parts of an expression.
const KNOWN: [&str; 6] =
    ["request", "serviceAccountName", "serviceAccountNamespace", "element", "image", "@"];
/// What is not known when existing objects are scanned.
const ADMISSION_ONLY: [&str; 5] = [
    "request.userInfo",
    "request.roles",
    "request.clusterRoles",
    "serviceAccountName",
    "serviceAccountNamespace",
];

struct Checker<'c, 'd> {
    /// The names of all context entries of the rule.
    names: Vec<Known>,
    background: bool,
    problems: &'c Problems<'d>,
}

/// A context entry, and whether only its `data` and `metadata` can be asked for.
struct Known {
    name: String,
    is_map: bool,
}

impl Known {
    fn begins(&self, text: &str) -> bool {
        match text.strip_prefix(self.name.as_str()) {
            Some(rest) if self.is_map => [".data", ".metadata"].iter().any(|field| {
                rest.strip_prefix(field)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }),
            rest => rest.is_some(),
        }
    }
}

/// Notes expressions that do not parse, functions nobody knows, and variables that no context has.
pub(super) fn check(rule: &RuleSpec<'_>, background: bool, problems: &Problems<'_>) {
    let RuleBody::Validate(validate) = &rule.body else { return };
    let mut names = Vec::new();
    let check = match validate.check {
        CheckSpec::Pattern(node)
        | CheckSpec::AnyPattern(node)
        | CheckSpec::Deny(node)
        | CheckSpec::Foreach(node)
        | CheckSpec::PodSecurity(node) => node,
    };
    rule.context.iter().for_each(|entry| entry_name(*entry, &mut names));
    collect_names(check, &mut names);
    let checker = Checker { names, background, problems };
    let is_foreach = matches!(validate.check, CheckSpec::Foreach(_));
    for entry in &rule.context {
        checker.walk(*entry, false);
        checker.paths(*entry);
    }
    if let Some(node) = rule.preconditions {
        checker.walk(node, false);
    }
    checker.walk(check, is_foreach);
    rule.report_properties.iter().for_each(|(_, node)| checker.walk(*node, false));
    if let Some(node) = validate.message_node {
        checker.walk(node, false);
    }
}

fn entry_name(entry: Node<'_>, names: &mut Vec<Known>) {
    if let Some(name) = entry.get("name").and_then(|name| name.as_str()) {
        let is_map = entry.get("configMap").is_some_and(|map| !map.is_null());
        names.push(Known { name: name.to_owned(), is_map });
    }
}

/// The names of entries in the `context` lists below a node.
fn collect_names(node: Node<'_>, names: &mut Vec<Known>) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node.kind() {
            Kind::List(items) => open.extend(items.iter()),
            Kind::Map(entries) => {
                let context = entries.get("context").and_then(|context| context.as_list());
                context.into_iter().flat_map(|list| list.iter()).for_each(|entry| {
                    entry_name(entry, names);
                });
                open.extend(entries.iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
}

impl Checker<'_, '_> {
    fn walk(&self, node: Node<'_>, in_foreach: bool) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match node.kind() {
                Kind::String(text) => self.text(node, text, in_foreach),
                Kind::List(items) => open.extend(items.iter()),
                Kind::Map(entries) => {
                    for (key, value) in entries.nodes() {
                        self.text(key, key.as_str().unwrap_or_default(), in_foreach);
                        open.push(value);
                    }
                }
                _ => {}
            }
        }
    }

    /// The expressions of an entry that stand without braces.
    fn paths(&self, entry: Node<'_>) {
        for kind in ["variable", "apiCall", "imageRegistry", "globalReference"] {
            let Some(path) = entry.get(kind).and_then(|body| body.get("jmesPath")) else {
                continue;
            };
            let text = path.as_str().unwrap_or_default();
            if !text.contains("{{") && !text.is_empty() {
                self.query(path, &Query::parse(text));
            }
        }
    }

    fn text(&self, node: Node<'_>, text: &str, in_foreach: bool) {
        if !is_marked(text) {
            return;
        }
        let Ok(template) = TextTemplate::compile(text) else { return };
        let mut found = Vec::new();
        template.collect(&mut found);
        for variable in found {
            self.name(node, &variable.text, in_foreach);
            if let Some(query) = variable.query {
                self.query(node, query);
            }
        }
    }

    fn name(&self, node: Node<'_>, text: &str, in_foreach: bool) {
        let is_element = text.starts_with("element");
        if is_element && !in_foreach {
            let message = format!("variable `{text}` stands outside of foreach");
            self.problems.at(node, Diagnostic::error("element-outside-foreach", message));
            return;
        }
        if self.background
            && let Some(word) = ADMISSION_ONLY.iter().find(|word| mentions(text, word))
        {
            let message = format!(
                "`{word}` is not known in background scans, which this policy takes part in"
            );
            self.problems.at(
                node,
                Diagnostic::error("admission-variable", message)
                    .help("set `spec.background: false`"),
            );
            return;
        }
        let known = KNOWN.iter().any(|word| text.contains(word))
            || self.names.iter().any(|known| known.begins(&text.replace('"', "")))
            || calls_function(text);
        if !known {
            let first = text.split(['.', '[', ' ', '|']).next().unwrap_or_default();
            let names = self.names.iter().map(|known| known.name.as_str()).chain(KNOWN);
            let mut diagnostic = Diagnostic::error(
                "unknown-variable",
                format!("variable `{text}` is in no context of this rule"),
            );
            if let Some(near) = nearest(first, names) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            self.problems.at(node, diagnostic);
        }
    }

    fn query(&self, node: Node<'_>, query: &Query) {
        match query {
            Query::Broken { text, error } => {
                let message = format!("`{text}` is no JMESPath expression: {error}");
                self.problems.at(node, Diagnostic::error("expression", message));
            }
            Query::Parsed(expression) => {
                for name in expression.functions() {
                    if Expression::is_function(name) {
                        continue;
                    }
                    let message = format!("unknown function `{name}`");
                    let mut diagnostic = Diagnostic::error("unknown-function", message);
                    if let Some(near) = nearest(name, Expression::function_names()) {
                        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    }
                    self.problems.at(node, diagnostic);
                }
            }
        }
    }
}

/// `[a-z_0-9]+\(` with something after it.
fn calls_function(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.bytes()
        .zip(text.bytes().skip(1))
        .any(|(before, bracket)| is_name(before) && bracket == b'(')
}
