//! What annotations say of each rule: the values of `rego.metadata.rule()` and `.chain()`.

use std::fmt::Write;
use std::sync::Arc;

use super::super::syntax::annotations::{Annotation, Scope, annotations};
use super::super::syntax::ast::{Module, Rule, TermKind};
use super::super::syntax::{Problem, Source};
use crate::read::{Limits, parse_json};
use crate::tree::Tree;
use crate::value::json_string;

/// The annotations of modules that belong together.
pub(super) struct Annotations<'m> {
    modules: &'m [Module],
    found: Vec<Vec<Annotation>>,
}

/// What is said of one rule.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) rule: Arc<Tree>,
    /// The rule first, then its document, its package and those above.
    pub(super) chain: Arc<Tree>,
}

impl<'m> Annotations<'m> {
    pub(super) fn read(sources: &[Source], modules: &'m [Module]) -> Result<Self, Vec<Problem>> {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for (source, module) in sources.iter().zip(modules) {
            match annotations(source, module) {
                Ok(annotations) => found.push(annotations),
                Err(problem) => problems.push(problem),
            }
        }
        match problems.is_empty() {
            true => Ok(Self { modules, found }),
            false => Err(problems),
        }
    }

    /// What is said of a rule, by the numbers of its module and of the rule in it.
    pub(super) fn of(&self, module: usize, rule: usize) -> Metadata {
        let nothing = || Metadata { rule: tree("{}"), chain: tree("[]") };
        let Some(written) = self.modules.get(module) else { return nothing() };
        let Some(own) = written.rules.get(rule) else { return nothing() };
        let path = path(written, own);
        let here = self.found.get(module).map(Vec::as_slice).unwrap_or_default();
        let exact = here.iter().find(|known| known.scope == Scope::Rule(rule));
        let document = self.all().find(|(other, known)| match known.scope {
            Scope::Document(number) => {
                other.rules.get(number).is_some_and(|rule| self::path(other, rule) == path)
            }
            _ => false,
        });
        let mut links = vec![link(&path, exact)];
        links.extend(document.map(|(_, known)| link(&path, Some(known))));
        let package = self.all().find(|(other, known)| {
            known.scope == Scope::Package && other.package == written.package
        });
        links.extend(package.map(|(_, known)| link(&written.package, Some(known))));
        for length in (0..=written.package.len()).rev() {
            let above = written.package.get(..length).unwrap_or_default();
            let wider = self
                .all()
                .find(|(other, known)| known.scope == Scope::Subpackages && other.package == above);
            links.extend(wider.map(|(_, known)| link(above, Some(known))));
        }
        Metadata {
            rule: tree(
                exact.or(document.map(|(_, known)| known)).map_or("{}", |known| &known.json),
            ),
            chain: tree(&format!("[{}]", links.join(","))),
        }
    }

    fn all(&self) -> impl Iterator<Item = (&'m Module, &Annotation)> {
        let pairs = self.modules.iter().zip(&self.found);
        pairs.flat_map(|(module, found)| found.iter().map(move |known| (module, known)))
    }
}

/// The path of a rule below `data`, as far as it is constant.
fn path(module: &Module, rule: &Rule) -> Vec<Box<str>> {
    let keys = rule.head.keys.iter().map_while(|key| match &key.kind {
        TermKind::String(text) => Some(text.clone()),
        _ => None,
    });
    module.package.iter().cloned().chain([rule.head.name.clone()]).chain(keys).collect()
}

fn link(path: &[Box<str>], annotation: Option<&Annotation>) -> String {
    let mut json = "{".to_owned();
    if let Some(annotation) = annotation {
        // Writing to a text cannot fail.
        let _ = write!(json, "\"annotations\":{},", annotation.json);
    }
    let names: Vec<_> = path.iter().map(|name| json_string(name)).collect();
    let _ = write!(json, "\"path\":[{}]}}", names.join(","));
    json
}

/// JSON that was put together here.
fn tree(json: &str) -> Arc<Tree> {
    Arc::new(parse_json(json, &Limits::default()).unwrap_or_else(|_| Tree::null()))
}
