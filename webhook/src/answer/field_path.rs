//! JSON pointers as the Kubernetes API and its users write fields.

use ajj_engine::report::escape::escape;
use ajj_engine::{Node, pointer_steps};

/// As the API writes it: `spec.containers[0].image`.
pub(super) fn by_index(root: Option<Node<'_>>, pointer: &str) -> String {
    write(root, pointer, |_, step| step.to_owned())
}

/// As people know it: items of lists by their name, `spec.containers[web].image`.
pub(super) fn by_name(root: Option<Node<'_>>, pointer: &str) -> String {
    write(root, pointer, |item, step| {
        let name = item.and_then(|item| item.get("name")).and_then(|name| name.as_str());
        name.filter(|name| !name.is_empty()).unwrap_or(step).to_owned()
    })
}

fn write(
    root: Option<Node<'_>>,
    pointer: &str,
    item_name: impl Fn(Option<Node<'_>>, &str) -> String,
) -> String {
    let mut path = String::new();
    let mut node = root;
    for step in pointer_steps(pointer).unwrap_or_default() {
        let is_item = node.is_some_and(|node| node.as_list().is_some());
        let next = node.and_then(|node| match node.nearest(&[step.as_str()]) {
            (next, 1) => Some(next),
            _ => None,
        });
        if is_item {
            path.push_str(&format!("[{}]", escape(&item_name(next, &step))));
        } else if step.is_empty() || step.contains(['.', '/', '[', ']', ' ']) {
            path.push_str(&format!("[{}]", escape(&step)));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&escape(&step));
        }
        node = next;
    }
    path
}
