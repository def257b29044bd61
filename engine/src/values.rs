//! Values of variables: what a values file puts into requests and into the context of rules.
//!
//! Upstream: cmd/cli/kubectl-kyverno/variables, store.

mod cases;

pub use cases::Case;
pub(crate) use cases::plain_name;

use std::sync::Arc;

use crate::decode::{Fields, Problems, expected};
use crate::diagnostic::Diagnostic;
use crate::facts::{ContextValue, Facts};
use crate::read::Document;
use crate::request::GroupVersionKind;
use crate::tree::{Node, Tree};

/// What a values file says.
#[derive(Clone, Debug, Default)]
pub struct Values {
    global: Vec<Setting>,
    policies: Vec<PolicyValues>,
    /// Namespace objects with their labels, by name.
    pub(crate) namespaces: Vec<(String, Arc<Tree>)>,
    pub(crate) subresources: Vec<Subresource>,
}

/// A value and the keys that lead to it.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) path: Vec<String>,
    pub(crate) value: Arc<Tree>,
}

#[derive(Clone, Debug, Default)]
struct PolicyValues {
    policy: String,
    resources: Vec<(String, Vec<Setting>)>,
    rules: Vec<(String, Vec<Setting>)>,
}

/// A kind whose objects stand for a subresource of another.
#[derive(Clone, Debug)]
pub(crate) struct Subresource {
    pub(crate) kind: GroupVersionKind,
    pub(crate) parent: GroupVersionKind,
    /// Such as `scale`.
    pub(crate) name: String,
}

/// Reads what stands under `values`, or in a values file.
pub(crate) fn spec(mut fields: Fields<'_, '_, '_>, problems: &Problems<'_>) -> Values {
    let mut values =
        Values { global: settings(&mut fields, "globalValues", problems), ..Values::default() };
    for node in fields.list("policies").unwrap_or_default() {
        values.policies.extend(policy(node, problems));
    }
    // Whole namespaces stand before mere selectors.
    for node in fields.list("namespaces").unwrap_or_default() {
        let name = node.at(&["metadata", "name"]).and_then(|name| name.as_str());
        match name {
            Some(name) => values.namespaces.push((name.to_owned(), Arc::new(node.to_tree()))),
            None => problems.at(node, expected("namespaces", "a namespace with a name", node)),
        }
    }
    for node in fields.list("namespaceSelector").unwrap_or_default() {
        let Some(item) = Fields::of(node, "a namespace selector", problems) else { continue };
        let mut item = item.fold_case();
        item.require("name");
        let name = item.text("name").unwrap_or_default().to_owned();
        item.text_map("labels");
        item.finish();
        // A namespace object differs from the selector only by where its labels stand.
        let labels = node.get("labels");
        values.namespaces.push((name, Arc::new(Tree::wrap(&["metadata", "labels"], labels))));
    }
    for node in fields.list("subresources").unwrap_or_default() {
        values.subresources.extend(subresource(node, problems));
    }
    fields.finish();
    values
}

fn policy(node: Node<'_>, problems: &Problems<'_>) -> Option<PolicyValues> {
    let mut fields = Fields::of(node, "a policy's values", problems)?.fold_case();
    fields.require("name");
    let mut values =
        PolicyValues { policy: fields.text("name")?.to_owned(), ..PolicyValues::default() };
    for node in fields.list("resources").unwrap_or_default() {
        let Some(item) = Fields::of(node, "a resource's values", problems) else { continue };
        let mut item = item.fold_case();
        item.require("name");
        let name = item.text("name").unwrap_or_default().to_owned();
        values.resources.push((name, settings(&mut item, "values", problems)));
        item.finish();
    }
    for node in fields.list("rules").unwrap_or_default() {
        let Some(item) = Fields::of(node, "a rule's values", problems) else { continue };
        let mut item = item.fold_case();
        item.require("name");
        let name = item.text("name").unwrap_or_default().to_owned();
        let mut all = settings(&mut item, "values", problems);
        all.extend(element_settings(&mut item, problems));
        values.rules.push((name, all));
        item.finish();
    }
    fields.finish();
    Some(values)
}

/// The values of foreach elements: upstream gives every element the first one.
fn element_settings(fields: &mut Fields<'_, '_, '_>, problems: &Problems<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    let Some(node) = fields.get("foreachValues") else { return found };
    let Some(entries) = node.as_map() else {
        problems.at(node, expected("foreachValues", "a map", node));
        return found;
    };
    for (key, value) in entries.nodes() {
        let Some(items) = value.as_list() else {
            problems.at(value, expected("foreachValues", "a list of values", value));
            continue;
        };
        if items.len() > 1 {
            let message = "only the first value is used, for every element";
            problems.at(key, Diagnostic::warning("one-value-only", message));
        }
        if let Some(first) = items.get(0) {
            setting(key, first, problems, &mut found);
        }
    }
    found
}

fn settings(
    fields: &mut Fields<'_, '_, '_>,
    name: &'static str,
    problems: &Problems<'_>,
) -> Vec<Setting> {
    let mut found = Vec::new();
    let Some(node) = fields.get(name) else { return found };
    match node.as_map() {
        Some(entries) => {
            for (key, value) in entries.nodes() {
                setting(key, value, problems, &mut found);
            }
        }
        None => problems.at(node, expected(name, "a map", node)),
    }
    found
}

fn setting(key: Node<'_>, value: Node<'_>, problems: &Problems<'_>, found: &mut Vec<Setting>) {
    let text = key.as_str().unwrap_or_default();
    match split_path(text) {
        Some(path) => flatten(path, value, found),
        None => {
            let message = format!("`{text}` is no path: quotes must enclose a whole part of it");
            problems.at(key, Diagnostic::error("variable-path", message));
        }
    }
}

/// Maps merge into what is there: each of their leaves is a value of its own.
fn flatten(path: Vec<String>, value: Node<'_>, found: &mut Vec<Setting>) {
    let mut pending = vec![(path, value)];
    while let Some((path, value)) = pending.pop() {
        let deeper = value.as_map().filter(|map| !map.is_empty() && path.len() < MAX_PARTS);
        match deeper {
            None => found.push(Setting { path, value: Arc::new(value.to_tree()) }),
            Some(entries) => pending.extend(entries.iter().rev().map(|(key, value)| {
                let mut path = path.clone();
                path.push(key.to_owned());
                (path, value)
            })),
        }
    }
}

/// How many parts a path may have.
const MAX_PARTS: usize = 64;

/// The parts of a dotted path, of which some may stand in double quotes.
///
/// Upstream reads it as a line of comma-separated values with a dot for the comma
/// (`AddVariable` in pkg/engine/context/context.go).
fn split_path(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_part(quoted)?,
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                let (part, after) = rest.split_at(end);
                if part.contains('"') {
                    return None;
                }
                (part.to_owned(), after)
            }
        };
        if parts.len() == MAX_PARTS {
            return None;
        }
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// What stands before the closing quote, and what comes after it; two quotes stand for one.
fn quoted_part(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return Some((part, after)),
        }
    }
}

fn subresource(node: Node<'_>, problems: &Problems<'_>) -> Option<Subresource> {
    let mut fields = Fields::of(node, "a subresource", problems)?.fold_case();
    fields.require("subresource");
    fields.require("parentResource");
    let kind = |node: Option<Node<'_>>| {
        let text = |key: &str| node.and_then(|node| node.get(key)?.as_str()).unwrap_or_default();
        GroupVersionKind {
            group: text("group").into(),
            version: text("version").into(),
            kind: text("kind").into(),
        }
    };
    let own = fields.get("subresource");
    let parent = fields.get("parentResource");
    fields.finish();
    let name = own?.get("name").and_then(|name| name.as_str()).unwrap_or_default();
    let Some((_, name)) = name.split_once('/') else {
        let message = "`name` of a subresource must be like `deployments/scale`";
        problems.at(own?, Diagnostic::error("subresource-name", message));
        return None;
    };
    Some(Subresource { kind: kind(own), parent: kind(parent), name: name.to_owned() })
}

impl Values {
    /// Reads a values file (`kind: Values` of cli.kyverno.io); nothing counts where something in
    /// it is wrong.
    pub fn read(document: &Document) -> (Self, Vec<Diagnostic>) {
        let problems = Problems::of(document);
        let mut values = Self::default();
        if let Some(fields) = Fields::of(document.tree().root(), "a values file", &problems) {
            let mut fields = fields.fold_case();
            fields.ignore(&["apiVersion", "kind", "metadata"]);
            values = spec(fields, &problems);
        }
        (values, problems.into_diagnostics())
    }

    /// Whether namespaces are described; those that are not have no labels then.
    pub fn describes_namespaces(&self) -> bool {
        !self.namespaces.is_empty()
    }

    /// What the values say of a namespace: an object with its labels.
    pub fn namespace(&self, name: &str) -> Option<&Arc<Tree>> {
        self.namespaces.iter().find(|(known, _)| known == name).map(|(_, tree)| tree)
    }

    /// What is set for a policy on an object of this name; later settings win.
    pub(crate) fn settings<'v, 'n>(
        &'v self,
        policy: &'n str,
        resource: &'n str,
    ) -> impl Iterator<Item = &'v Setting> + use<'v, 'n> {
        let own = self
            .policies
            .iter()
            .filter(move |values| values.policy == policy)
            .flat_map(|values| &values.resources)
            .filter(move |(name, _)| name == resource)
            .flat_map(|(_, settings)| settings);
        self.global.iter().chain(own)
    }

    /// Puts the values of rules into facts, also for the rules that autogen makes of them.
    pub(crate) fn add_rule_values(&self, facts: &mut Facts) {
        for values in &self.policies {
            for (rule, settings) in &values.rules {
                for prefix in ["", "autogen-", "autogen-cronjob-"] {
                    let rule: Arc<str> = format!("{prefix}{rule}").into();
                    for setting in settings {
                        facts.insert_value(ContextValue {
                            policy: Some(values.policy.as_str().into()),
                            rule: Some(Arc::clone(&rule)),
                            element: None,
                            path: setting.path.clone(),
                            value: Arc::clone(&setting.value),
                        });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split_path;

    #[test]
    fn paths() {
        for (text, expected) in [
            ("a", Some(&["a"][..])),
            ("request.object.metadata.name", Some(&["request", "object", "metadata", "name"])),
            (r#"a."b.c/d".e"#, Some(&["a", "b.c/d", "e"])),
            (r#"a."b""c""#, Some(&["a", "b\"c"])),
            ("a..b", Some(&["a", "", "b"])),
            (r#"a.b"c"#, None),
            (r#"a."b"#, None),
            (r#"a."b"c"#, None),
        ] {
            let found = split_path(text);
            let expected = expected.map(|parts| parts.iter().map(ToString::to_string).collect());
            assert_eq!(found, expected, "{text}");
        }
    }
}
