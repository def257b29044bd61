//! Context entries that upstream refuses (`validateRuleContext`).

use crate::decode::Problems;
use crate::diagnostic::Diagnostic;
use crate::image;
use crate::tree::Node;

const TAKEN: [&str; 6] = [
    "images",
    "request",
    "serviceAccountName",
    "serviceAccountNamespace",
    "element",
    "elementIndex",
];

pub(super) fn check(entries: &[Node<'_>], problems: &Problems<'_>) {
    let refuse = |node: Node<'_>, message: String| {
        problems.at(node, Diagnostic::error("context-entry", message));
    };
    for entry in entries {
        if let Some(node) = entry.get("name") {
            let name = node.as_str().unwrap_or_default();
            if name.is_empty() {
                refuse(node, "a context entry needs a name".to_owned());
            }
            let taken = TAKEN.iter().find(|taken| {
                name.strip_prefix(**taken)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            if let Some(taken) = taken {
                refuse(
                    node,
                    format!("an entry cannot be named `{name}`: `{taken}` is there already"),
                );
            }
        }
        let given = |node: Node<'_>, name: &str| {
            let value = node.get(name).filter(|value| !value.is_null());
            value.is_some_and(|value| value.as_str() != Some(""))
        };
        if let Some(variable) = entry.get("variable").filter(|node| node.as_map().is_some()) {
            let has_value = variable.get("value").is_some_and(|value| !value.is_null());
            let has_path = given(variable, "jmesPath");
            if !has_value && !has_path {
                refuse(variable, "a variable needs `value` or `jmesPath`".to_owned());
            }
            let has_default = variable.get("default").is_some_and(|value| !value.is_null());
            if has_default && !has_path {
                refuse(variable, "a variable has a `default` only beside `jmesPath`".to_owned());
            }
        }
        if let Some(map) = entry.get("configMap").filter(|node| node.as_map().is_some()) {
            for name in ["name", "namespace"] {
                if !given(map, name) {
                    refuse(map, format!("a configMap entry needs `{name}`"));
                }
            }
        }
        if let Some(reference) = entry.get("imageRegistry").and_then(|node| node.get("reference")) {
            let text = reference.as_str().unwrap_or_default();
            if text.is_empty() {
                refuse(reference, "an imageRegistry entry needs `reference`".to_owned());
            } else if !text.contains("{{")
                && let Err(error) = image::parse(text, "docker.io")
            {
                refuse(reference, format!("`{text}` is no image: {error}"));
            }
        }
    }
}
