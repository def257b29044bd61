//! Whether a rule asks for the roles of the user, which nobody but a cluster's bindings can tell.

use crate::tree::{Kind, Node};

use super::variables::TextTemplate;

/// Whether a rule or an exception names roles: in a block of `match` or `exclude`, or in an
/// expression.
///
/// An expression that reads `request` as a whole counts, since the roles are in it.
pub(crate) fn asks_roles(rule: Node<'_>) -> bool {
    let blocks = ["match", "exclude"].into_iter().filter_map(|key| rule.get(key));
    any(blocks.collect(), |key, node| {
        let is_given = node.as_list().is_some_and(|items| !items.is_empty());
        matches!(key, "roles" | "clusterRoles") && is_given
    }) || any(vec![rule], |key, node| {
        text_asks(key, "") || node.as_str().is_some_and(|text| text_asks(text, key))
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

/// Whether a text has an expression that reads roles; `key` says where the whole text is one.
fn text_asks(text: &str, key: &str) -> bool {
    if !text.contains("{{") {
        return matches!(key, "jmesPath" | "list") && expression_asks(text);
    }
    // What no expression says is not said by a part of it either.
    if !expression_asks(text) {
        return false;
    }
    let Ok(template) = TextTemplate::compile(text) else { return false };
    let mut found = Vec::new();
    template.collect(&mut found);
    found.iter().any(|variable| expression_asks(&variable.text))
}

/// `request.object` reads a part; `request`, `request.*` and `request.[…]` read the roles as well.
fn expression_asks(text: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices("request").any(|(at, word)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let rest = text.get(at + word.len()..).unwrap_or_default();
        if before.is_some_and(is_word) || rest.starts_with(is_word) {
            return false;
        }
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        let part = rest.strip_prefix('.').map(|part| part.trim_start_matches('"'));
        part.filter(|part| part.starts_with(char::is_alphabetic))
            .is_none_or(|part| part.starts_with("roles") || part.starts_with("clusterRoles"))
    })
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
            "validate: {pattern: {spec: {roles: [a]}}, message: '{{ request.object.spec.roles }}'}",
        ] {
            assert!(!asks(rule), "{rule}");
        }
    }
}
