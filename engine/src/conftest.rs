//! Policies in conftest's manner: rules named `deny`, `violation` and `warn` that are sets of what
//! is wrong with an input.
//!
//! Which rules count, what their values mean and how they are counted is as in conftest 0.71
//! (`policy/engine.go`), but for two of its defects: `deny_FOO` beside `deny_foo` is judged too, and
//! what no rule of conftest can judge is said ([`Policies::oddities`]).

mod check;
mod documented;
mod names;
mod oddity;
mod policy;
mod problem;
mod trace;
mod unit_test;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::read::{Limits as ReadLimits, parse_json};
use crate::rego::{self, Program, Source as RegoSource, Version};
use crate::source::{Source, Span};
use crate::tree::{Kind, Node};

pub use crate::rego::outside::Outside;
pub use check::{Checked, Finding, Location, Query};
pub use documented::Documented;
pub(crate) use policy::{Answer, Judge, compile};
pub use problem::Problem;
pub use unit_test::{TestResult, TestVerdict};

/// Policies that were compiled together.
#[derive(Debug)]
pub struct Policies {
    program: Program,
    modules: Vec<Module>,
}

#[derive(Debug)]
struct Module {
    source: RegoSource,
    /// The package as conftest names it.
    namespace: String,
    package: Vec<Box<str>>,
    rules: Vec<RuleHead>,
}

/// What matters of one definition of a rule.
#[derive(Debug)]
struct RuleHead {
    name: Box<str>,
    /// Whether keys follow its name, such as in `deny.x`.
    has_keys: bool,
    /// Whether it is a part of a set.
    has_member: bool,
    /// Whether its value is `true` because nothing else is said.
    is_true: bool,
    is_function: bool,
    line: usize,
    span: rego::Span,
}

/// How policies are compiled.
#[derive(Debug, Default)]
pub struct Options {
    /// Whether texts are of Rego v0.
    pub is_v0: bool,
    /// Whether what nothing reads is an error too.
    pub is_strict: bool,
    /// The names of the built-in functions that may be called; none for all.
    pub allowed: Option<BTreeSet<String>>,
}

/// What policies are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The document `input`.
    pub input: Node<'q>,
    /// The document `data`, a map, but for what rules define.
    pub data: Node<'q>,
    /// The name of the file and its directory, which are below `data.conftest.file`.
    pub file: Option<(&'q str, &'q str)>,
    /// What `time.now_ns` answers.
    pub time: Timestamp,
    /// Whether what a built-in function refuses is an error.
    pub is_strict: bool,
    /// Whether what is gone through is noted.
    pub is_traced: bool,
}

/// What one question may cost.
const STEPS: u64 = 10_000_000;
const BYTES: usize = 48 << 20;

impl Policies {
    /// Compiles texts of Rego.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in OPA's words.
    pub fn compile(sources: &[Source], options: &Options) -> Result<Self, Vec<Problem>> {
        let version = if options.is_v0 { Version::V0 } else { Version::V1 };
        let sources: Vec<RegoSource> = sources
            .iter()
            .map(|source| RegoSource {
                name: Arc::clone(&source.name),
                text: Arc::clone(&source.text),
                version,
            })
            .collect();
        let limits = rego::Limits {
            allowed: options
                .allowed
                .as_ref()
                .map(|names| names.iter().map(|name| Box::from(name.as_str())).collect()),
            is_strict: options.is_strict,
            ..rego::Limits::default()
        };
        Self::of(&sources, &limits).map_err(|problems| {
            let mut problems: Vec<_> =
                problems.into_iter().map(|problem| Problem::of(problem, &sources)).collect();
            problems.sort_by(|left, right| left.span.cmp(&right.span));
            problems
        })
    }

    fn of(sources: &[RegoSource], limits: &rego::Limits) -> Result<Self, Vec<rego::Problem>> {
        let program = rego::compile(sources, limits)?;
        let mut modules = Vec::with_capacity(sources.len());
        for source in sources {
            let module = rego::parse(source).map_err(|problem| vec![problem])?;
            modules.push(Module::of(source, &module));
        }
        Ok(Self { program, modules })
    }

    /// The same with somebody who answers `parse_config` and its kin.
    #[must_use]
    pub fn asking(self, outside: Box<dyn Outside>) -> Self {
        Self { program: self.program.asking(outside), ..self }
    }

    /// The namespaces in the order of the texts, each once.
    pub fn namespaces(&self) -> Vec<&str> {
        let mut namespaces: Vec<&str> = Vec::new();
        for module in &self.modules {
            if !namespaces.contains(&module.namespace.as_str()) {
                namespaces.push(&module.namespace);
            }
        }
        namespaces
    }

    /// The line of a place in one of the texts, from 1.
    pub fn line(&self, place: &Span) -> Option<usize> {
        let module = self.modules.iter().find(|module| module.source.name == place.source)?;
        let before = module.source.text.as_bytes().get(..place.start)?;
        Some(memchr::memchr_iter(b'\n', before).count() + 1)
    }

    /// A rule that OPA takes for an object where its author means a set: `deny[msg] if { … }`.
    pub fn problematic_if(&self) -> Option<(&str, usize)> {
        let mut rules = self
            .modules
            .iter()
            .flat_map(|module| module.rules.iter().map(move |rule| (module, rule)));
        rules
            .find(|(module, rule)| {
                module.source.version == Version::V1
                    && rule.has_keys
                    && !rule.has_member
                    && rule.is_true
                    && names::Severity::of(&rule.name).is_some()
            })
            .map(|(module, rule)| (&*module.source.name, rule.line))
    }
}

impl Module {
    /// The definitions of rules that judge.
    fn judged(&self) -> impl Iterator<Item = (&RuleHead, names::Severity)> {
        let rules = self.rules.iter().filter(|rule| !rule.has_keys && !rule.is_function);
        rules.filter_map(|rule| Some((rule, names::Severity::of(&rule.name)?)))
    }

    fn of(source: &RegoSource, module: &rego::ast::Module) -> Self {
        let rules = module.rules.iter().map(|rule| RuleHead {
            name: rule.head.name.clone(),
            has_keys: !rule.head.keys.is_empty(),
            has_member: rule.head.member.is_some(),
            is_true: rule
                .head
                .value
                .as_ref()
                .is_none_or(|value| matches!(value.kind, rego::ast::TermKind::Bool(true))),
            is_function: rule.head.parameters.is_some(),
            line: rule.head.span.line(&source.text),
            span: rule.head.span,
        });
        Self {
            source: source.clone(),
            namespace: names::namespace(&module.package),
            package: module.package.clone(),
            rules: rules.collect(),
        }
    }
}

/// The names of the functions that a document of capabilities allows (`ast.Capabilities` of OPA).
///
/// # Errors
///
/// What is no such document.
pub fn allowed_functions(capabilities: &str) -> Result<BTreeSet<String>, String> {
    let tree =
        parse_json(capabilities, &ReadLimits::default()).map_err(|error| error.to_string())?;
    let builtins = match tree.root().get("builtins").map(Node::kind) {
        Some(Kind::List(items)) => items,
        None | Some(Kind::Null) => return Ok(BTreeSet::new()),
        Some(_) => return Err("expected a list in `builtins`".to_owned()),
    };
    let names = builtins.iter().map(|builtin| {
        let name = builtin.get("name").and_then(Node::as_str);
        name.map(str::to_owned).ok_or_else(|| "expected a `name` of each function".to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests;
