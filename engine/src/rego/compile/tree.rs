//! Groups definitions by what they define, and finds definitions that contradict one another.

use std::collections::BTreeMap;

use super::super::program::{Branch, Node, RuleKind};
use super::Fault;
use super::core::{Definition, Term, TermKind};

/// All rules by their paths.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) groups: Vec<Group>,
    pub(super) branches: Vec<Branch>,
    pub(super) arities: Vec<Option<usize>>,
}

/// The definitions of one path.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) path: Vec<Box<str>>,
    pub(super) kind: RuleKind,
    pub(super) definitions: Vec<Definition>,
}

type Faults = Vec<(usize, Fault)>;

/// Groups definitions; packages are there even where they define nothing. The rules of the module
/// that is a query are in no document.
pub(super) fn table<'m>(
    definitions: Vec<Definition>,
    packages: impl Iterator<Item = &'m [Box<str>]>,
    query: Option<usize>,
) -> (Table, Faults) {
    let mut faults = Faults::new();
    let mut by_path: BTreeMap<Vec<Box<str>>, Vec<Definition>> = BTreeMap::new();
    for definition in definitions {
        by_path.entry(definition.path.clone()).or_default().push(definition);
    }
    fold(&mut by_path, &mut faults);
    let mut groups = Vec::with_capacity(by_path.len());
    for (path, definitions) in by_path {
        let kind = kind(&path, &definitions, &mut faults);
        groups.push(Group { path, kind, definitions });
    }
    let mut branches = vec![Branch::default()];
    let is_query = |group: &Group| {
        query.is_some() && group.definitions.iter().any(|rule| Some(rule.module) == query)
    };
    for (number, group) in groups.iter().enumerate().filter(|(_, group)| !is_query(group)) {
        insert(&mut branches, &group.path, number);
    }
    for package in packages {
        open(&mut branches, package);
    }
    let arities = groups
        .iter()
        .map(|group| match group.kind {
            RuleKind::Function(arity) => Some(arity),
            _ => None,
        })
        .collect();
    (Table { groups, branches, arities }, faults)
}

/// What is defined below an object that other definitions fill belongs to that object.
fn fold(by_path: &mut BTreeMap<Vec<Box<str>>, Vec<Definition>>, faults: &mut Faults) {
    let paths: Vec<_> = by_path.keys().cloned().collect();
    for path in paths {
        let above = (1..path.len()).rev().find_map(|length| {
            let prefix = path.get(..length)?;
            by_path.contains_key(prefix).then(|| prefix.to_vec())
        });
        let Some(above) = above else { continue };
        let fills = by_path
            .get(&above)
            .is_some_and(|upper| upper.iter().all(|definition| !definition.keys.is_empty()));
        if !fills {
            if let Some(first) = by_path.get(&above).and_then(|upper| upper.first()) {
                let message = format!(
                    "rule data.{} conflicts with [data.{}]",
                    above.join("."),
                    path.join(".")
                );
                faults.push((first.module, Fault::of_type(first.span, message)));
            }
            continue;
        }
        for mut definition in by_path.remove(&path).unwrap_or_default() {
            let span = definition.span;
            let more = definition.path.split_off(above.len());
            let more = more.into_iter().map(|key| Term { kind: TermKind::String(key), span });
            definition.keys = more.chain(definition.keys).collect();
            by_path.entry(above.clone()).or_default().push(definition);
        }
    }
}

fn kind(path: &[Box<str>], definitions: &[Definition], faults: &mut Faults) -> RuleKind {
    let of = |definition: &Definition| match &definition.parameters {
        Some(parameters) => RuleKind::Function(parameters.len()),
        None if definition.keys.is_empty() && definition.member.is_none() => RuleKind::Complete,
        None => RuleKind::Partial,
    };
    let Some(first) = definitions.first() else { return RuleKind::Complete };
    let kind = of(first);
    let is_set = |definition: &Definition| {
        (definition.member.is_some(), definition.keys.is_empty() && definition.member.is_some())
    };
    let differs = definitions.iter().find(|definition| {
        of(definition) != kind
            || (kind == RuleKind::Partial && is_set(definition).1 != is_set(first).1)
    });
    let name = path.join(".");
    if let Some(other) = differs {
        let message = format!("conflicting rules data.{name} found");
        faults.push((other.module, Fault::of_type(other.span, message)));
    }
    let mut defaults = definitions.iter().filter(|definition| definition.is_default).skip(1);
    if let Some(second) = defaults.next() {
        let message = format!("multiple default rules data.{name} found");
        faults.push((second.module, Fault::of_type(second.span, message)));
    }
    kind
}

fn insert(branches: &mut Vec<Branch>, path: &[Box<str>], rule: usize) {
    let Some((last, above)) = path.split_last() else { return };
    let branch = open(branches, above).and_then(|branch| branches.get_mut(branch));
    if let Some(branch) = branch {
        branch.children.insert(last.clone(), Node::Rule(rule));
    }
}

/// The branch of a path, made where it is not there; none where a rule stands on the way, which
/// was said as a conflict.
fn open(branches: &mut Vec<Branch>, path: &[Box<str>]) -> Option<usize> {
    let mut at = 0;
    for (depth, key) in path.iter().enumerate() {
        let next = branches.len();
        let node = *branches.get_mut(at)?.children.entry(key.clone()).or_insert(Node::Branch(next));
        let Node::Branch(child) = node else { return None };
        at = child;
        if at == next {
            let path = path.get(..=depth).unwrap_or_default().into();
            branches.push(Branch { path, ..Branch::default() });
        }
    }
    Some(at)
}
