//! What this build claims to evaluate: the validate rules of classic policies, without CEL.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ajj_engine::{Document, Limits, Node, Source, read};

/// Of some policies, which rules are in reach.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// By policy and rule.
    rules: BTreeMap<(String, String), bool>,
    others: usize,
}

pub(crate) fn documents(file: &Path, name: &str) -> Vec<Document> {
    let source = Source::new(Arc::<str>::from(name), crate::golden::read(file));
    read(&source, &Limits::default()).documents
}

fn text<'t>(node: Node<'t>, keys: &[&str]) -> &'t str {
    node.at(keys).and_then(|node| node.as_str()).unwrap_or_default()
}

impl Reach {
    pub(crate) fn add(&mut self, documents: &[Document]) {
        for document in documents {
            let root = document.tree().root();
            let group = text(root, &["apiVersion"]).split('/').next().unwrap_or_default();
            match (group, text(root, &["kind"])) {
                ("kyverno.io", "ClusterPolicy" | "Policy") => self.add_policy(root),
                (group, kind) if kind.ends_with("Policy") && group.contains('.') => {
                    self.others += 1;
                }
                _ => {}
            }
        }
    }

    fn add_policy(&mut self, root: Node<'_>) {
        let policy = text(root, &["metadata", "name"]);
        let rules = root.at(&["spec", "rules"]).and_then(|rules| rules.as_list());
        for rule in rules.iter().flat_map(|rules| rules.iter()) {
            let validate = rule.get("validate");
            let known = validate.is_some_and(|validate| {
                ["cel", "manifests", "assert"].iter().all(|other| validate.get(other).is_none())
            });
            self.rules.insert((policy.to_owned(), text(rule, &["name"]).to_owned()), known);
        }
    }

    /// Whether a rule is in reach, by the name it is written with or answers with.
    pub(crate) fn has(&self, policy: &str, rule: &str) -> bool {
        let policy = policy.rsplit('/').next().unwrap_or(policy);
        let known = |rule: &str| self.rules.get(&(policy.to_owned(), rule.to_owned())).copied();
        let plain = rule.strip_prefix("autogen-cronjob-").or(rule.strip_prefix("autogen-"));
        known(rule).or_else(|| plain.and_then(known)).unwrap_or(false)
    }

    /// Whether all rules are in reach, and there is one.
    pub(crate) fn is_whole(&self) -> bool {
        self.others == 0 && !self.rules.is_empty() && self.rules.values().all(|known| *known)
    }
}
