//! Matches and excludes that upstream refuses.

use crate::decode::Problems;
use crate::diagnostic::Diagnostic;
use crate::kyverno::schema::{CheckSpec, RuleSpec};
use crate::scalar::wildcard::Wildcard;
use crate::tree::{Kind, Node};

pub(super) fn check(
    rule: &RuleSpec<'_>,
    check: &CheckSpec<'_>,
    background: bool,
    problems: &Problems<'_>,
) {
    let Some(matching) = rule.matches else { return };
    mandatory_kinds(matching, problems);
    for (name, node) in [("match", Some(matching)), ("exclude", rule.excludes)] {
        let Some(node) = node else { continue };
        let direct = node.get("resources").filter(|resources| says_something(*resources));
        if let Some(direct) = direct
            && (!blocks(node, "any").is_empty() || !blocks(node, "all").is_empty())
        {
            let message = format!("`{name}` has `resources` beside `any` or `all`");
            let diagnostic = Diagnostic::error("resources-beside-blocks", message);
            problems.at(direct, diagnostic.help("keep one of them"));
        }
        variables(name, node, problems);
        for block in [vec![node], blocks(node, "any"), blocks(node, "all")].concat() {
            users(block, background, problems);
            selector(block, problems);
            everything(block, check, background, problems);
        }
    }
    if let Some(excluding) = rule.excludes {
        empty_set(matching, excluding, problems);
    }
}

fn blocks<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    node.get(name)
        .and_then(|list| list.as_list())
        .into_iter()
        .flat_map(|list| list.iter())
        .collect()
}

fn texts<'t>(node: Option<Node<'t>>, name: &str) -> Vec<&'t str> {
    let items = node.and_then(|node| node.get(name)?.as_list());
    items.into_iter().flat_map(|items| items.iter()).filter_map(|item| item.as_str()).collect()
}

/// Whether any field of a map has a value.
fn says_something(node: Node<'_>) -> bool {
    node.as_map().is_some_and(|entries| {
        entries.iter().any(|(_, value)| !value.is_null() && value.as_str() != Some(""))
    })
}

/// Each block that counts names kinds (`validateMatchedResourceDescription`,
/// `validateMatchKindHelper`).
fn mandatory_kinds(matching: Node<'_>, problems: &Problems<'_>) {
    let (any, all) = (blocks(matching, "any"), blocks(matching, "all"));
    let counted = if !any.is_empty() {
        any
    } else if !all.is_empty() {
        all
    } else {
        vec![matching]
    };
    for block in counted {
        let kinds = block.get("resources").and_then(|resources| resources.get("kinds")?.as_list());
        if kinds.is_none_or(|kinds| kinds.is_empty()) {
            let message = "each block of `match` must name kinds";
            problems.at(block, Diagnostic::error("match-without-kinds", message));
        }
    }
}

/// Matches are settled before there are variables.
fn variables(name: &str, node: Node<'_>, problems: &Problems<'_>) {
    let holds = |text: &str| {
        text.match_indices("{{").any(|(start, _)| {
            let inner = text.get(start + 2..).unwrap_or_default();
            let end = inner.find(['{', '}']);
            end.is_some_and(|end| inner.get(end..).is_some_and(|rest| rest.starts_with("}}")))
        })
    };
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node.kind() {
            Kind::String(text) if holds(text) => {
                let message = format!("`{name}` cannot hold variables");
                let diagnostic = Diagnostic::error("variable-in-match", message);
                problems.at(node, diagnostic.help("compare in `preconditions`"));
            }
            Kind::List(items) => open.extend(items.iter()),
            Kind::Map(entries) => {
                entries.nodes().for_each(|(key, value)| open.extend([key, value]))
            }
            _ => {}
        }
    }
}

fn users(block: Node<'_>, background: bool, problems: &Problems<'_>) {
    for subject in blocks(block, "subjects") {
        let is_account =
            subject.get("kind").and_then(|kind| kind.as_str()) == Some("ServiceAccount");
        let namespace = subject.get("namespace").and_then(|namespace| namespace.as_str());
        if is_account && namespace.is_none_or(str::is_empty) {
            let message = "a service account needs `namespace`";
            problems.at(subject, Diagnostic::error("subject", message));
        }
    }
    for role in blocks(block, "roles") {
        if role.as_str().is_some_and(|role| role.split(':').count() != 2) {
            let message = "a role is written as `namespace:name`";
            problems.at(role, Diagnostic::error("role", message));
        }
    }
    for name in ["subjects", "roles", "clusterRoles"] {
        if background && let Some(first) = blocks(block, name).first() {
            let message = format!(
                "`{name}` are not known in background scans, which this policy takes part in"
            );
            let diagnostic = Diagnostic::error("admission-variable", message);
            problems.at(*first, diagnostic.help("set `spec.background: false`"));
        }
    }
}

/// A selector asks for something (`ResourceDescription.Validate`).
fn selector(block: Node<'_>, problems: &Problems<'_>) {
    let Some(selector) = block.get("resources").and_then(|resources| resources.get("selector"))
    else {
        return;
    };
    let is_empty = |name: &str| match selector.get(name).map(|node| node.kind()) {
        Some(Kind::Map(entries)) => entries.is_empty(),
        Some(Kind::List(items)) => items.is_empty(),
        _ => true,
    };
    if selector.as_map().is_some() && is_empty("matchLabels") && is_empty("matchExpressions") {
        let message = "a selector must ask for something";
        problems.at(selector, Diagnostic::error("selector", message));
    }
}

/// What `*` as a kind allows (`validateWildcard`).
fn everything(block: Node<'_>, check: &CheckSpec<'_>, background: bool, problems: &Problems<'_>) {
    let resources = block.get("resources");
    let kinds = texts(resources, "kinds");
    let Some(place) = resources.and_then(|resources| resources.get("kinds")) else { return };
    if !kinds.contains(&"*") {
        return;
    }
    let refuse = |message: &str| {
        problems.at(place, Diagnostic::error("every-kind", message));
    };
    if background {
        refuse("the kind `*` needs `spec.background: false`");
    } else if kinds.len() > 1 {
        refuse("the kind `*` stands alone");
    }
    let is_metadata = |pattern: Node<'_>| {
        pattern.as_map().is_none_or(|entries| entries.iter().all(|(key, _)| key == "metadata"))
    };
    let only_metadata = "a rule for the kind `*` can only look at `metadata`";
    match check {
        CheckSpec::Foreach(_) => refuse("a rule for the kind `*` cannot be a foreach"),
        CheckSpec::Pattern(pattern) if !is_metadata(*pattern) => refuse(only_metadata),
        CheckSpec::AnyPattern(patterns) => {
            let patterns = patterns.as_list();
            if !patterns.is_none_or(|patterns| patterns.iter().all(is_metadata)) {
                refuse(only_metadata);
            }
        }
        CheckSpec::Deny(deny) => {
            let conditions = deny.get("conditions").and_then(|conditions| conditions.as_list());
            let keys = conditions.into_iter().flat_map(|list| list.iter());
            if !keys.map(|condition| condition.get("key")).all(|key| {
                let key = key.and_then(|key| key.as_str()).unwrap_or_default();
                let of_request = key.split("{{").skip(1).any(|text| {
                    let text = text.trim_start();
                    text.starts_with("request.") || text.starts_with("serviceAccountName")
                });
                key.contains("request.object.metadata.")
                    || of_request && !key.contains("request.object.spec")
            }) {
                refuse(only_metadata);
            }
        }
        CheckSpec::Pattern(_) | CheckSpec::PodSecurity(_) => {}
    }
}

/// Whether exclude takes back all that match selects (`ValidateMatchExcludeConflict`).
fn empty_set(matching: Node<'_>, excluding: Node<'_>, problems: &Problems<'_>) {
    let refuse = || {
        let message = "`exclude` leaves nothing of what `match` selects";
        problems.at(excluding, Diagnostic::error("empty-match", message));
    };
    if !blocks(matching, "all").is_empty() || !blocks(excluding, "all").is_empty() {
        return;
    }
    let (any, other) = (blocks(matching, "any"), blocks(excluding, "any"));
    if !any.is_empty() && !other.is_empty() {
        let equal = any.iter().any(|left| other.iter().any(|right| same(*left, *right)));
        if equal {
            refuse();
        }
        return;
    }
    let is_nothing = excluding.as_map().is_none_or(|entries| {
        entries
            .iter()
            .all(|(key, value)| value.is_null() || key == "resources" && !says_something(value))
    });
    if is_nothing {
        return;
    }
    let (left, right) = (matching.get("resources"), excluding.get("resources"));
    let covers = |outer: &[&str], inner: &[&str]| {
        outer.is_empty() || !inner.is_empty() && inner.iter().all(|text| outer.contains(text))
    };
    for name in ["roles", "clusterRoles"] {
        if !covers(&texts(Some(excluding), name), &texts(Some(matching), name)) {
            return;
        }
    }
    let (subjects, others) = (blocks(excluding, "subjects"), blocks(matching, "subjects"));
    if !subjects.is_empty()
        && (others.is_empty()
            || !others.iter().all(|left| subjects.iter().any(|right| same(*left, *right))))
    {
        return;
    }
    let text = |node: Option<Node<'_>>| {
        node.and_then(|node| node.get("name")?.as_str()).unwrap_or_default().to_owned()
    };
    let name = text(right);
    if !name.is_empty() && !Wildcard::new(&name).matches(&text(left)) {
        return;
    }
    let names = texts(right, "names");
    if !names.is_empty() {
        let taken = texts(left, "names")
            .iter()
            .any(|name| names.iter().any(|taken| Wildcard::new(taken).matches(name)));
        if taken {
            refuse();
        }
        return;
    }
    for name in ["namespaces", "kinds"] {
        if !covers(&texts(right, name), &texts(left, name)) {
            return;
        }
    }
    for name in ["selector", "namespaceSelector", "annotations"] {
        let of = |node: Option<Node<'_>>| -> bool {
            node.and_then(|node| node.get(name)).is_some_and(|node| !node.is_null())
        };
        let value = |node: Option<Node<'_>>| node.and_then(|node| node.get(name)).map(plain);
        match (of(left), of(right)) {
            (false, false) => {}
            (true, true) if value(left) == value(right) => {}
            _ => return,
        }
    }
    refuse();
}

/// Whether two values are equal once what is null is left out.
fn same(left: Node<'_>, right: Node<'_>) -> bool {
    plain(left) == plain(right)
}

/// A value as text, keys sorted, without fields that are null.
fn plain(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Map(entries) => {
            let mut fields: Vec<String> = entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{key:?}:{}", plain(value)))
                .collect();
            fields.sort_unstable();
            format!("{{{}}}", fields.join(","))
        }
        Kind::List(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(","))
        }
        _ => node.to_json(),
    }
}
