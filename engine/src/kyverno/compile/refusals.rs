//! What upstream refuses when a policy is loaded, beyond its schema.
//!
//! Upstream: pkg/validation/policy/validate.go, api/kyverno/v1/spec_types.go. Here a refused rule
//! answers with an error, where upstream drops the whole policy.

mod context;
mod selection;

use std::sync::Arc;

use crate::decode::{Problems, expected, unknown_word};
use crate::diagnostic::Diagnostic;
use crate::kyverno::schema::{CheckSpec, FailureAction, RuleBody, RuleSpec, Spec};
use crate::kyverno::variables::Template;
use crate::scalar::wildcard::Wildcard;
use crate::tree::{Kind, Node, Tree};

/// Notes what is wrong with a policy outside of its rules.
pub(super) fn policy(root: Node<'_>, spec: &Spec<'_>, problems: &Problems<'_>) {
    let is_namespaced = root.get("kind").and_then(|kind| kind.as_str()) == Some("Policy");
    let metadata = root.get("metadata");
    if let Some(namespace) = metadata.and_then(|metadata| metadata.get("namespace"))
        && !is_namespaced
        && !matches!(namespace.as_str(), None | Some(""))
    {
        let message = "a ClusterPolicy has no namespace";
        let diagnostic = Diagnostic::error("namespace-of-cluster-policy", message);
        problems.at(namespace, diagnostic.help("make it a Policy, or leave the namespace out"));
    }
    for name in ["labels", "annotations"] {
        let entries = metadata.and_then(|metadata| metadata.get(name)?.as_map());
        for (_, value) in entries.into_iter().flat_map(|entries| entries.iter()) {
            if value.as_str().is_none() && !value.is_null() {
                problems.at(value, expected(name, "strings as values", value));
            }
        }
    }
    let asked = metadata.and_then(|metadata| {
        metadata.get("annotations")?.get("pod-policies.kyverno.io/autogen-controllers")
    });
    if let Some(asked) = asked.filter(|asked| asked.as_str() == Some("all")) {
        let message = "autogen knows no controllers named `all`";
        let diagnostic = Diagnostic::error("autogen-all", message);
        problems.at(asked, diagnostic.help("leave the annotation out"));
    }
    version(root, spec, problems);
    let Some(node) = root.get("spec") else { return };
    timeout(node.get("webhookTimeoutSeconds"), problems);
    timeout(
        node.get("webhookConfiguration").and_then(|webhook| webhook.get("timeoutSeconds")),
        problems,
    );
    for name in ["schemaValidation", "useServerSideApply", "mutateExistingOnPolicyUpdate"] {
        boolean(node, name, problems);
    }
    if let Some(old) = node.get("generateExistingOnPolicyUpdate").filter(|old| !old.is_null()) {
        let message = "`generateExistingOnPolicyUpdate` is no longer allowed";
        let diagnostic = Diagnostic::error("removed-field", message);
        problems.at(old, diagnostic.help("use `generate.generateExisting` in the rule"));
    }
    if !is_namespaced {
        overrides(node, spec, problems);
    }
}

/// The later version has no old forms of match and conditions.
fn version(root: Node<'_>, spec: &Spec<'_>, problems: &Problems<'_>) {
    let Some(version) = root.get("apiVersion") else { return };
    match version.as_str() {
        Some("kyverno.io/v1") => return,
        Some("kyverno.io/v2beta1") => {}
        _ => {
            let words = ["kyverno.io/v1", "kyverno.io/v2beta1"];
            return problems.at(version, unknown_word("apiVersion", version, words));
        }
    }
    for rule in &spec.rules {
        for name in ["match", "exclude"] {
            let entries = rule.get(name).and_then(|node| node.as_map());
            for (key, _) in entries.into_iter().flat_map(|entries| entries.nodes()) {
                if let Some(field) = key.as_str().filter(|field| !matches!(*field, "any" | "all")) {
                    let message = format!("unknown field `{field}` in {name} of v2beta1");
                    let diagnostic = Diagnostic::error("unknown-field", message);
                    problems.at(key, diagnostic.help("write a block of `any`"));
                }
            }
        }
        let old = [rule.get("preconditions"), rule.at(&["validate", "deny", "conditions"])];
        for node in old.into_iter().flatten().filter(|node| node.as_list().is_some()) {
            problems.at(node, expected("conditions", "a map of `any` and `all`", node));
        }
    }
}

fn timeout(node: Option<Node<'_>>, problems: &Problems<'_>) {
    let Some(node) = node.filter(|node| !node.is_null()) else { return };
    if !matches!(node.kind(), Kind::Int(1..=30)) {
        problems.at(node, expected("the timeout", "a number of seconds from 1 to 30", node));
    }
}

fn boolean(node: Node<'_>, name: &str, problems: &Problems<'_>) {
    let Some(node) = node.get(name).filter(|node| !node.is_null()) else { return };
    if node.as_bool().is_none() {
        problems.at(node, expected(name, "true or false", node));
    }
}

/// One namespace cannot be both enforced and audited (`validateNamespaces`).
fn overrides(node: Node<'_>, spec: &Spec<'_>, problems: &Problems<'_>) {
    let place = node.get("validationFailureActionOverrides").unwrap_or(node);
    let mut seen: Vec<(FailureAction, &str)> = Vec::new();
    let is_wildcard = |name: &str| name.contains(['*', '?']);
    let meet = |left: &str, right: &str| match (is_wildcard(left), is_wildcard(right)) {
        (false, false) => left == right,
        (true, _) if Wildcard::new(left).matches(right) => true,
        (_, true) => Wildcard::new(right).matches(left),
        _ => false,
    };
    for item in &spec.overrides {
        for name in item.namespaces.iter().flatten() {
            let other =
                seen.iter().find(|(action, other)| *action != item.action && meet(name, other));
            if let Some((_, other)) = other {
                let message = format!("namespaces `{name}` and `{other}` have different actions");
                problems.at(place, Diagnostic::error("conflicting-overrides", message));
            }
            seen.push((item.action, name));
        }
    }
}

/// Notes what is wrong with a rule.
pub(super) fn rule(
    tree: &Arc<Tree>,
    rule: &RuleSpec<'_>,
    background: bool,
    problems: &Problems<'_>,
) {
    let RuleBody::Validate(validate) = &rule.body else { return };
    for error in Template::compile(tree, rule.node).broken() {
        problems.at(rule.node, Diagnostic::error("reference", error));
    }
    boolean(rule.node, "skipBackgroundRequests", problems);
    for (name, what) in [("imageExtractors", "verifyImages"), ("celPreconditions", "validate.cel")]
    {
        if let Some(node) = rule.node.get(name).filter(|node| !node.is_null()) {
            let message = format!("`{name}` stands only beside {what}");
            problems.at(node, Diagnostic::error("misplaced-field", message));
        }
    }
    for (name, node) in &rule.report_properties {
        if node.as_str().is_none() {
            problems.at(*node, expected(name, "a string", *node));
        }
    }
    selection::check(rule, &validate.check, background, problems);
    context::check(&rule.context, problems);
    if let Some(node) = rule.preconditions {
        conditions(node, problems);
    }
    if let CheckSpec::Deny(node) = validate.check
        && let Some(node) = node.get("conditions")
    {
        conditions(node, problems);
    }
    labels(&validate.check, problems);
    foreach(&validate.check, problems);
}

/// Key, operator and value must be there; a request's operation is compared with known words
/// (`validateConditionValues`).
fn conditions(node: Node<'_>, problems: &Problems<'_>) {
    let listed = |name: &str| node.get(name).and_then(|list| list.as_list());
    let lists = [node.as_list(), listed("any"), listed("all")];
    for condition in lists.into_iter().flatten().flat_map(|list| list.iter()) {
        let (Some(key), Some(value)) = (condition.get("key"), condition.get("value")) else {
            let message = "a condition needs `key` and `value`";
            problems.at(condition, Diagnostic::error("incomplete-condition", message));
            continue;
        };
        for side in [key, value] {
            if side.is_null() {
                // What the operator makes of null is known all the same.
                let message = "`key` and `value` of a condition cannot be null";
                problems.at_later(side, Diagnostic::error("incomplete-condition", message));
            }
        }
        let key: String = key.as_str().unwrap_or_default().chars().filter(|c| *c != ' ').collect();
        if key != "{{request.operation}}" {
            continue;
        }
        let values: Vec<Node<'_>> = match value.as_list() {
            Some(items) => items.iter().collect(),
            None => vec![value],
        };
        for item in values {
            let text = item.as_str().unwrap_or_default();
            let is_variable =
                value.as_list().is_none() && text.starts_with("{{") && text.ends_with("}}");
            if !is_variable && !matches!(text, "CREATE" | "UPDATE" | "DELETE" | "CONNECT") {
                let words = ["CREATE", "UPDATE", "DELETE", "CONNECT"];
                problems.at(item, unknown_word("request.operation", item, words));
            }
        }
    }
}

/// Labels and annotations in patterns are strings (`isLabelAndAnnotationsString`).
fn labels(check: &CheckSpec<'_>, problems: &Problems<'_>) {
    match check {
        CheckSpec::Pattern(node) => pattern_labels(*node, problems),
        CheckSpec::AnyPattern(node) => {
            let patterns = node.as_list();
            patterns
                .into_iter()
                .flat_map(|list| list.iter())
                .for_each(|pattern| pattern_labels(pattern, problems));
        }
        CheckSpec::Foreach(node) => {
            let blocks = node.as_list().into_iter().flat_map(|list| list.iter());
            let mut patterns = blocks.filter_map(|block| block.get("pattern"));
            if let Some(pattern) = patterns.find(|pattern| pattern.as_map().is_some()) {
                pattern_labels(pattern, problems);
            }
        }
        CheckSpec::Deny(_) | CheckSpec::PodSecurity(_) => {}
    }
}

fn pattern_labels(pattern: Node<'_>, problems: &Problems<'_>) {
    let places = [pattern.get("metadata"), pattern.at(&["spec", "template", "metadata"])];
    for metadata in places.into_iter().flatten() {
        for name in ["labels", "annotations"] {
            let entries = metadata.get(name).and_then(|labels| labels.as_map());
            for (_, value) in entries.into_iter().flat_map(|entries| entries.iter()) {
                if value.as_str().is_none() {
                    // What the pattern makes of other values is known all the same.
                    let message = format!("`{name}` in patterns hold only strings");
                    let diagnostic = Diagnostic::error("label-pattern", message);
                    problems.at_later(value, diagnostic.help("put the value into quotes"));
                }
            }
        }
    }
}

/// The schema has no lists as preconditions here, and a foreach must hold something.
fn foreach(check: &CheckSpec<'_>, problems: &Problems<'_>) {
    let CheckSpec::Foreach(node) = check else { return };
    for block in node.as_list().into_iter().flat_map(|list| list.iter()) {
        if let Some(node) = block.get("preconditions").filter(|node| node.as_list().is_some()) {
            problems.at(node, expected("preconditions", "a map of `any` and `all`", node));
        }
        if let Some(inner) = block.get("foreach")
            && inner.as_list().is_some_and(|list| list.is_empty())
        {
            let message = "a nested foreach holds no block";
            problems.at(inner, Diagnostic::error("nothing-to-check", message));
        }
    }
}

#[cfg(test)]
mod tests;
