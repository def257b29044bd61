//! What authors say of their packages and rules, for `conftest doc` (`document/metadata.go`).

use super::Policies;
use super::names::namespace;
use crate::read::{Limits, parse_json};
use crate::rego::{self, AnnotationScope, ast};
use crate::tree::Node;

/// What is said of one package or rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// The package, or the package and the rule, without `data`.
    pub path: String,
    /// How many names the path has.
    pub depth: usize,
    /// Its title; empty where there is none.
    pub title: String,
    /// Its description; empty where there is none.
    pub description: String,
    /// References, each with its description.
    pub related: Vec<(String, String)>,
}

impl Policies {
    /// Everything that is said, sorted by path.
    pub fn documented(&self) -> Vec<Documented> {
        let mut found: Vec<(Vec<Box<str>>, Documented)> = Vec::new();
        for module in &self.modules {
            // What does not read was refused when it was compiled.
            let Ok(parsed) = rego::parse(&module.source) else { continue };
            let Ok(annotations) = rego::annotations(&module.source, &parsed) else { continue };
            for annotation in annotations {
                let path = path(&parsed, annotation.scope);
                let documented = documented(&path, &annotation.json);
                found.push((path, documented));
            }
        }
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found.into_iter().map(|(_, documented)| documented).collect()
    }
}

/// The names below `data`.
fn path(module: &ast::Module, scope: AnnotationScope) -> Vec<Box<str>> {
    let mut path = module.package.clone();
    if let AnnotationScope::Rule(rule) | AnnotationScope::Document(rule) = scope {
        path.extend(module.rules.get(rule).map(|rule| rule.head.name.clone()));
    }
    path
}

fn documented(path: &[Box<str>], json: &str) -> Documented {
    let tree = parse_json(json, &Limits::default()).ok();
    let root = tree.as_ref().map(|tree| tree.root());
    let text = |node: Option<Node<'_>>, key: &str| {
        let text = node.and_then(|node| node.get(key)).and_then(Node::as_str);
        text.unwrap_or_default().to_owned()
    };
    let related = root.and_then(|root| root.get("related_resources")).and_then(Node::as_list);
    Documented {
        path: namespace(path),
        depth: path.len(),
        title: text(root, "title"),
        description: text(root, "description"),
        related: related
            .into_iter()
            .flat_map(|items| items.iter())
            .map(|item| (text(Some(item), "ref"), text(Some(item), "description")))
            .collect(),
    }
}
