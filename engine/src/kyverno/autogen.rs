//! Rules for pod controllers, made from rules for pods.
//!
//! Upstream: pkg/autogen/v1. A rule is turned into another document, which is then compiled like
//! any other: the pattern moves below the pod template, and `request.object.spec` in every text
//! becomes the path of the template.

use std::borrow::Cow;
use std::sync::Arc;

use crate::matcher::KindSelector;
use crate::tree::{Builder, Kind, Node, Tree};

/// The controllers whose template is at `spec.template`, as `kind` and as a match names them.
const CONTROLLERS: [(&str, &str); 6] = [
    ("DaemonSet", "apps/v1/DaemonSet"),
    ("Deployment", "apps/v1/Deployment"),
    ("Job", "batch/v1/Job"),
    ("ReplicaSet", "apps/v1/ReplicaSet"),
    ("ReplicationController", "v1/ReplicationController"),
    ("StatefulSet", "apps/v1/StatefulSet"),
];
const CRON_JOB: &str = "CronJob";
const ANNOTATION: &str = "pod-policies.kyverno.io/autogen-controllers";
const LONGEST_NAME: usize = 63;

/// A rule that was made, as a tree of its own.
#[derive(Debug)]
pub(crate) struct Generated {
    pub(crate) tree: Arc<Tree>,
    /// The number of the rule it was made from.
    pub(crate) source: usize,
    /// The kinds of objects for which it was made: a block of its match that names others is idle.
    pub(crate) kinds: Arc<[Box<str>]>,
}

/// What is made for a policy.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// For each rule in order, one for controllers and one for CronJobs.
    pub(crate) rules: Vec<Generated>,
    /// The kinds for which anything was made: there, written rules whose names begin as those of
    /// made rules do are left out.
    pub(crate) kinds: Vec<Box<str>>,
}

/// How the name of a rule that was made begins.
pub(crate) const PREFIX: &str = "autogen-";

/// Where the pod stands in the controllers that a rule is made for.
#[derive(Clone, Copy)]
enum Shape {
    Template,
    CronJob,
}

/// The rules that are made for a policy.
pub(crate) fn generate(annotations: Option<Node<'_>>, rules: &[Node<'_>]) -> Made {
    let mut made = Made::default();
    if !is_supported(rules) {
        return made;
    }
    let asked = annotations.and_then(|annotations| annotations.get(ANNOTATION)?.as_str());
    let asked: Vec<&str> = match asked {
        Some(words) => words.split(',').filter(|word| !matches!(*word, "" | "none")).collect(),
        None => CONTROLLERS.iter().map(|(kind, _)| *kind).chain([CRON_JOB]).collect(),
    };
    let kinds: Vec<&str> = asked.iter().copied().filter(|kind| *kind != CRON_JOB).collect();
    let selectors: Vec<&str> = kinds
        .iter()
        .map(|kind| CONTROLLERS.iter().find(|(known, _)| known == kind).map_or(*kind, |(_, s)| s))
        .collect();
    let plain: Arc<[Box<str>]> = kinds.iter().map(|kind| Box::from(*kind)).collect();
    for (source, rule) in rules.iter().enumerate() {
        let name = rule.get("name").and_then(|name| name.as_str()).unwrap_or_default();
        if name.starts_with(PREFIX) || !is_about_pods(*rule) {
            continue;
        }
        let mut add = |selectors: &[&str], kinds: Arc<[Box<str>]>, shape| {
            if let Some(tree) = rewrite(*rule, selectors, shape) {
                made.kinds.extend(kinds.iter().cloned());
                made.rules.push(Generated { tree: Arc::new(tree), source, kinds });
            }
        };
        if !kinds.is_empty() {
            add(&selectors, Arc::clone(&plain), Shape::Template);
        }
        if asked.contains(&CRON_JOB) {
            add(&["batch/v1/CronJob"], Arc::from([Box::from(CRON_JOB)]), Shape::CronJob);
        }
    }
    made.kinds.sort_unstable();
    made.kinds.dedup();
    made
}

/// Whether all rules leave autogen on, and one names a pod or a controller (`CanAutoGen`).
fn is_supported(rules: &[Node<'_>]) -> bool {
    let mut needed = false;
    for rule in rules {
        if rule.get("generate").is_some() || patches_json(*rule) {
            return false;
        }
        for resources in blocks(rule.get("match")).chain(blocks(rule.get("exclude"))) {
            let has = |name: &str| resources.get(name).is_some_and(|node| !node.is_null());
            let has_names = resources
                .get("names")
                .and_then(|names| names.as_list())
                .is_some_and(|names| !names.is_empty());
            let name = resources.get("name").and_then(|name| name.as_str()).unwrap_or_default();
            let kinds = kinds(resources);
            let mixed = kinds.len() > 1 && kinds.iter().any(|kind| names_pod(kind));
            let narrowed = !name.is_empty() || has_names || has("selector") || has("annotations");
            if narrowed || mixed {
                return false;
            }
            needed |= kinds.iter().any(|kind| {
                *kind == "Pod"
                    || *kind == CRON_JOB
                    || CONTROLLERS.iter().any(|(controller, _)| controller == kind)
            });
        }
    }
    needed
}

fn patches_json(rule: Node<'_>) -> bool {
    let Some(mutate) = rule.get("mutate") else { return false };
    let patches = |node: Node<'_>| node.get("patchesJson6902").is_some_and(|node| !node.is_null());
    let foreach = mutate.get("foreach").and_then(|node| node.as_list());
    patches(mutate) || foreach.is_some_and(|blocks| blocks.iter().any(patches))
}

/// The `resources` of a match: its own, and those of its any and all blocks.
fn blocks<'t>(matches: Option<Node<'t>>) -> impl Iterator<Item = Node<'t>> {
    let own = matches.and_then(|node| node.get("resources"));
    let listed = move |name: &str| {
        matches.and_then(|node| node.get(name)?.as_list()).into_iter().flat_map(|list| list.iter())
    };
    let nested: Vec<_> = listed("any").chain(listed("all")).collect();
    own.into_iter().chain(nested.into_iter().filter_map(|block| block.get("resources")))
}

fn kinds(resources: Node<'_>) -> Vec<&str> {
    let kinds = resources.get("kinds").and_then(|kinds| kinds.as_list());
    kinds.into_iter().flat_map(|kinds| kinds.iter()).filter_map(|kind| kind.as_str()).collect()
}

/// Whether a kind is `Pod`, with or without group, version and subresource.
fn names_pod(kind: &str) -> bool {
    KindSelector::parse(kind).exact_kind() == Some("Pod")
}

/// Whether a rule matches pods and, if it excludes kinds, excludes pods.
fn is_about_pods(rule: Node<'_>) -> bool {
    let named = |block: &str| -> Vec<_> { blocks(rule.get(block)).flat_map(kinds).collect() };
    let excluded = named("exclude");
    named("match").iter().any(|kind| names_pod(kind))
        && (excluded.is_empty() || excluded.iter().any(|kind| names_pod(kind)))
}

/// The rule for controllers; `None` where its type is not generated.
fn rewrite(rule: Node<'_>, kinds: &[&str], shape: Shape) -> Option<Tree> {
    let mut writer = Writer { builder: Builder::new("".into(), false), kinds, shape };
    writer.builder.open_map((0, 0));
    for (key, value) in rule.as_map()?.iter() {
        match key {
            "imageExtractors" => continue,
            "name" => {
                writer.key(key);
                let prefix = match shape {
                    Shape::Template => "autogen",
                    Shape::CronJob => "autogen-cronjob",
                };
                let name = format!("{prefix}-{}", value.as_str().unwrap_or_default());
                let end = name.floor_char_boundary(LONGEST_NAME);
                writer.builder.string(name.get(..end).unwrap_or_default(), (0, 0));
            }
            "match" | "exclude" => {
                writer.key(key);
                writer.selection(value);
            }
            "validate" => {
                writer.key(key);
                writer.validate(value)?;
            }
            _ => {
                writer.key(key);
                writer.copy(value);
            }
        }
    }
    writer.builder.finish().ok().map(|(tree, _)| tree)
}

struct Writer<'k> {
    builder: Builder,
    kinds: &'k [&'k str],
    shape: Shape,
}

impl Writer<'_> {
    fn key(&mut self, key: &str) {
        let key = self.moved(key);
        self.builder.string(&key, (0, 0));
    }

    /// A match or exclude: blocks that name pods name the controllers instead.
    fn selection(&mut self, node: Node<'_>) {
        let Some(entries) = node.as_map() else { return self.copy(node) };
        let is_nested = |name: &str| {
            node.get(name).and_then(|list| list.as_list()).is_some_and(|list| !list.is_empty())
        };
        let nested = is_nested("any") || is_nested("all");
        self.builder.open_map((0, 0));
        for (key, value) in entries.iter() {
            self.key(key);
            match (key, value.as_list()) {
                ("any" | "all", Some(blocks)) => {
                    self.builder.open_list((0, 0));
                    for block in blocks.iter() {
                        self.block(block);
                    }
                    let _ = self.builder.close();
                }
                ("resources", _) if !nested => self.resources(value, true),
                _ => self.copy(value),
            }
        }
        let _ = self.builder.close();
    }

    fn block(&mut self, block: Node<'_>) {
        let Some(entries) = block.as_map() else { return self.copy(block) };
        self.builder.open_map((0, 0));
        for (key, value) in entries.iter() {
            self.key(key);
            if key == "resources" {
                let pods = kinds(value).iter().any(|kind| names_pod(kind));
                self.resources(value, pods || matches!(self.shape, Shape::CronJob));
            } else {
                self.copy(value);
            }
        }
        let _ = self.builder.close();
    }

    fn resources(&mut self, resources: Node<'_>, replace: bool) {
        let Some(entries) = resources.as_map() else { return self.copy(resources) };
        self.builder.open_map((0, 0));
        for (key, value) in entries.iter() {
            self.key(key);
            if key == "kinds" && replace {
                self.builder.open_list((0, 0));
                for kind in self.kinds {
                    self.builder.string(kind, (0, 0));
                }
                let _ = self.builder.close();
            } else {
                self.copy(value);
            }
        }
        let _ = self.builder.close();
    }

    fn validate(&mut self, node: Node<'_>) -> Option<()> {
        let entries = node.as_map()?;
        let is_generated = entries.iter().any(|(key, _)| {
            matches!(key, "pattern" | "anyPattern" | "deny" | "foreach" | "podSecurity" | "cel")
        });
        if !is_generated {
            return None;
        }
        self.builder.open_map((0, 0));
        for (key, value) in entries.iter() {
            self.key(key);
            match (key, value.as_list()) {
                ("pattern", _) => self.below_template(value),
                ("anyPattern", Some(patterns)) => {
                    self.builder.open_list((0, 0));
                    for pattern in patterns.iter() {
                        self.below_template(pattern);
                    }
                    let _ = self.builder.close();
                }
                _ => self.copy(value),
            }
        }
        let _ = self.builder.close();
        Some(())
    }

    fn below_template(&mut self, pattern: Node<'_>) {
        let steps: &[&str] = match self.shape {
            Shape::Template => &["spec", "template"],
            Shape::CronJob => &["spec", "jobTemplate", "spec", "template"],
        };
        for step in steps {
            self.builder.open_map((0, 0));
            self.builder.string(step, (0, 0));
        }
        self.copy(pattern);
        for _ in steps {
            let _ = self.builder.close();
        }
    }

    /// A value with the paths in its texts moved; the depth of a policy is bounded by its parser.
    fn copy(&mut self, node: Node<'_>) {
        match node.kind() {
            Kind::Null => self.builder.null((0, 0)),
            Kind::Bool(value) => self.builder.bool(value, (0, 0)),
            Kind::Int(value) => self.builder.int(value, (0, 0)),
            Kind::Float(value) => self.builder.float(value, (0, 0)),
            Kind::BigInt(digits) => self.builder.big_int(digits, (0, 0)),
            Kind::String(text) => {
                let text = self.moved(text);
                self.builder.string(&text, (0, 0));
            }
            Kind::List(items) => {
                self.builder.open_list((0, 0));
                items.iter().for_each(|item| self.copy(item));
                let _ = self.builder.close();
            }
            Kind::Map(entries) => {
                self.builder.open_map((0, 0));
                for (key, value) in entries.iter() {
                    self.key(key);
                    self.copy(value);
                }
                let _ = self.builder.close();
            }
        }
    }

    /// Prefixes count too, as upstream replaces bytes: `request.object.specialX` moves.
    fn moved<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains("bject.") {
            return Cow::Borrowed(text);
        }
        let template = match self.shape {
            Shape::Template => "spec.template",
            Shape::CronJob => "spec.jobTemplate.spec.template",
        };
        let mut moved = text.to_owned();
        for field in ["spec", "metadata"] {
            for object in ["request.object", "request.oldObject"] {
                let from = format!("{object}.{field}");
                if moved.contains(&from) {
                    moved = moved.replace(&from, &format!("{object}.{template}.{field}"));
                }
            }
        }
        Cow::Owned(moved)
    }
}
