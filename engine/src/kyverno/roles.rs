//! Whether a rule asks for the roles of the user, which nobody but a cluster's bindings can tell.

use std::sync::{Arc, OnceLock};

use crate::tree::{Kind, Node, Tree};

use super::variables::{Query, TextTemplate};

/// Whether a rule asks for roles, found out when somebody wants to know: suites and manifests have
/// nobody with roles.
#[derive(Debug, Default)]
pub(crate) struct AsksRoles {
    /// The rule's place in its policy; none where it never asks.
    rule: Option<(Arc<Tree>, u32)>,
    found: OnceLock<bool>,
}

impl AsksRoles {
    /// Whether the rule at a place of a policy asks.
    pub(crate) fn of(policy: &Arc<Tree>, rule: Node<'_>) -> Self {
        Self { rule: Some((Arc::clone(policy), rule.index())), found: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> bool {
        let find = || self.rule.as_ref().is_some_and(|(tree, rule)| asks_roles(tree.node(*rule)));
        *self.found.get_or_init(find)
    }
}

/// What an expression can read of `request` without the roles being in it.
const OTHERS: [&str; 15] = [
    "object",
    "oldObject",
    "operation",
    "namespace",
    "name",
    "uid",
    "kind",
    "requestKind",
    "resource",
    "requestResource",
    "subResource",
    "requestSubResource",
    "options",
    "dryRun",
    "userInfo",
];

/// Whether a rule or an exception names roles: in a block of `match` or `exclude`, or in an
/// expression.
///
/// An expression that reads `request` or all of the document counts, since the roles are in it.
pub(crate) fn asks_roles(rule: Node<'_>) -> bool {
    let blocks = ["match", "exclude"].into_iter().filter_map(|key| rule.get(key));
    any(blocks.collect(), |key, node| {
        let is_given = node.as_list().is_some_and(|items| !items.is_empty());
        matches!(key, "roles" | "clusterRoles") && is_given
    }) || any(vec![rule], |key, node| {
        text_asks(key) || node.as_str().is_some_and(text_asks) || expression_at(key, node)
    })
}

/// Whether something holds of a value at any depth, with the key that leads to it.
fn any<'t>(nodes: Vec<Node<'t>>, holds: impl Fn(&str, Node<'t>) -> bool) -> bool {
    let mut open: Vec<(&str, Node<'_>)> = nodes.into_iter().map(|node| ("", node)).collect();
    while let Some((key, node)) = open.pop() {
        if holds(key, node) {
            return true;
        }
        match node.kind() {
            Kind::List(items) => open.extend(items.iter().map(|item| (key, item))),
            Kind::Map(entries) => open.extend(entries.iter()),
            _ => {}
        }
    }
    false
}

/// Whether a value is an expression over the document, and one that reads roles.
///
/// That of an entry with a value of its own, or of a call, reads what that gives.
fn expression_at(key: &str, node: Node<'_>) -> bool {
    let expression = match key {
        "list" => Some(node),
        "variable" if node.get("value").is_none() => node.get("jmesPath"),
        _ => None,
    };
    let text = expression.and_then(|node| node.as_str());
    // One with variables in it is looked at as a text.
    text.is_some_and(|text| {
        !text.contains("{{") && may_ask(text) && query_asks(&Query::parse(text))
    })
}

/// Whether a text has a variable that reads roles.
fn text_asks(text: &str) -> bool {
    if !text.contains("{{") || !may_ask(text) {
        return false;
    }
    let Ok(template) = TextTemplate::compile(text) else { return false };
    let mut found = Vec::new();
    template.collect(&mut found);
    found.iter().any(|variable| match variable.query {
        Some(query) => query_asks(query),
        None => nested_asks(&variable.text),
    })
}

/// Whether a text could have an expression that reads roles: most have none of these.
fn may_ask(text: &str) -> bool {
    text.contains(['@', '*'])
        || text.contains("request")
        || text.contains("{{ {{")
        || text.contains("{{{{")
}

/// One that is broken reads nothing.
fn query_asks(query: &Query) -> bool {
    matches!(query, Query::Parsed(expression) if expression.reads_beyond("request", &OTHERS))
}

/// Whether an expression reads roles of which parts, shown as `…`, are put in for each object.
fn nested_asks(text: &str) -> bool {
    // `{{ @ }}` is a part of the object.
    if text == "@" {
        return false;
    }
    // What begins with such a part, or does not parse without it, may read anything.
    let whole = (!text.trim_start().starts_with('…')).then(|| text.replace('…', "x"));
    match whole.map(|text| Query::parse(text.trim())) {
        Some(Query::Parsed(expression)) => expression.reads_beyond("request", &OTHERS),
        Some(Query::Broken { .. }) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::asks_roles;
    use crate::read::{Limits, parse_yaml};

    fn asks(rule: &str) -> bool {
        asks_roles(parse_yaml(rule, &Limits::default()).unwrap().root())
    }

    #[test]
    fn rules_that_ask_for_roles() {
        for rule in [
            "match: {any: [{clusterRoles: [cluster-admin]}]}",
            "exclude: {roles: ['shop:owner']}",
            "validate: {message: '{{ request.roles }}'}",
            "validate: {deny: {conditions: {any: [{key: \"{{ request.clusterRoles[0] }}\"}]}}}",
            "context: [{name: x, variable: {jmesPath: 'request.roles'}}]",
            "context: [{name: x, variable: {jmesPath: 'request | to_string(@)'}}]",
            "validate: {message: '{{ to_string(request) }}'}",
            "validate: {message: '{{ request.* }}'}",
            "validate: {message: '{{ request.[name, uid] }}'}",
            "validate: {message: '{{ \"request\".\"roles\" }}'}",
            "validate: {foreach: [{list: request.roles}]}",
            "validate: {message: '{{ to_string(@) }}'}",
            "validate: {message: '{{ *.roles }}'}",
            "validate: {message: '{{ request.{{ request.object.metadata.name }} }}'}",
            "validate: {message: '{{ {{ request.object.metadata.name }}.roles }}'}",
            "validate: {message: '{{{{ request.object.metadata.name }}.roles }}'}",
            "context: [{name: x, variable: {jmesPath: '@'}}]",
        ] {
            assert!(asks(rule), "{rule}");
        }
    }

    #[test]
    fn rules_that_do_not() {
        for rule in [
            "match: {any: [{resources: {kinds: [Role, ClusterRole]}, subjects: [{kind: User, name: a}]}]}",
            "validate: {message: 'only for roles that may request it'}",
            "validate: {message: '{{ request.object.metadata.name }} has {{request.userInfo.groups}}'}",
            "validate: {pattern: {spec: {resources: {requests: {memory: '?*'}}}}}",
            "context: [{name: x, variable: {jmesPath: 'requests.memory'}}]",
            "match: {any: [{roles: []}]}",
            "context: [{name: x, variable: {value: {a: 1}, jmesPath: '@'}}]",
            "context: [{name: x, apiCall: {urlPath: /api/v1/pods, jmesPath: 'items | length(@)'}}]",
            "validate: {message: '{{ request.object.spec.containers[].image.to_string(@) }}'}",
            "validate: {message: '{{ request.object.metadata.labels.{{ request.object.metadata.name }} }}'}",
            "validate: {deny: {conditions: {any: [{key: \"{{ length('{{ request.object.metadata.name }}') }}\"}]}}}",
            "validate: {message: '{{ @ }}'}",
            "validate: {pattern: {spec: {roles: [a]}}, message: '{{ request.object.spec.roles }}'}",
        ] {
            assert!(!asks(rule), "{rule}");
        }
    }
}
