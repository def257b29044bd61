//! The Rego of a template: compiled once for all its constraints, asked for its violations.
//!
//! Upstream: constraint/pkg/client/drivers/rego (compilers.go, driver.go).

mod checks;
mod place;

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;
use typed_arena::Arena;

use super::template::{Rego, Template};
use crate::diagnostic::Diagnostic;
use crate::rego::{
    self, Budget, BuiltinError, EvaluationError, Host, Limits, Member, Notation, Note, Problem,
    Source, Value, Version,
};
use crate::tree::{Node, Tree};

/// The Rego of a template.
#[derive(Debug)]
pub(crate) struct Program {
    program: rego::Program,
    /// The path of the rule `violation`.
    violation: Vec<Box<str>>,
    sources: Vec<Source>,
    /// Whether it reads `input.review.namespaceObject`.
    pub(super) reads_namespace: bool,
    /// Whether it reads `data.inventory`.
    pub(super) reads_inventory: bool,
}

/// What one evaluation runs within, and what it makes.
pub(super) struct Workspace {
    arena: Arena<Tree>,
    budget: Budget,
    notes: RefCell<Vec<Note>>,
    now: Timestamp,
    seed: u64,
}

/// A step is about one item looked at: a constraint that goes through some thousand objects of the
/// inventory for each of some hundred is far below.
const MAX_STEPS: u64 = 10_000_000;

/// So many bytes may be made.
const MAX_BYTES: usize = 48 << 20;

/// What nothing may call here: evaluation reads no network. Gatekeeper's chart forbids it too.
const FORBIDDEN: [&str; 1] = ["http.send"];

impl Workspace {
    pub(super) fn new(now: Timestamp, seed: u64) -> Self {
        Self {
            arena: Arena::new(),
            budget: Budget::new(MAX_STEPS, MAX_BYTES),
            notes: RefCell::default(),
            now,
            seed,
        }
    }

    /// A value as JSON; sets are lists.
    pub(super) fn json(&self, value: &Value<'_>) -> Result<String, String> {
        let host = Host {
            arena: &self.arena,
            now: self.now,
            seed: self.seed,
            budget: &self.budget,
            notes: &self.notes,
            patterns: &Default::default(),
        };
        value.write(Notation::Json, &host).map_err(|error| match error {
            BuiltinError::Type(text) | BuiltinError::Failed(text) | BuiltinError::Halt(text) => {
                text
            }
            BuiltinError::Undefined => "the value cannot be written".to_owned(),
        })
    }
}

impl Program {
    /// Compiles a template's Rego; what is wrong is said with its place in the template.
    pub(super) fn compile(template: &Template, rego: &Rego) -> Result<Arc<Self>, Vec<Diagnostic>> {
        let tree = template.document.tree();
        let nodes: Vec<Node<'_>> =
            [rego.entry].iter().chain(&rego.libs).map(|index| tree.node(*index)).collect();
        let version = if rego.is_v1 { Version::V1 } else { Version::V0 };
        let sources: Vec<Source> = nodes
            .iter()
            .enumerate()
            .map(|(number, node)| Source {
                name: name(number).into(),
                text: node.as_str().unwrap_or_default().into(),
                version,
            })
            .collect();
        let said = |problems: Vec<Problem>| {
            let places = place::TextPlaces::new(&template.document, &nodes, &sources);
            problems.into_iter().map(|problem| places.diagnostic(problem)).collect::<Vec<_>>()
        };
        let (checked, problems) = checks::check(&sources);
        if !problems.is_empty() {
            return Err(said(problems));
        }
        let limits = Limits {
            forbidden: FORBIDDEN.into_iter().map(Box::from).collect(),
            ..Limits::default()
        };
        let program = rego::compile(&sources, &limits).map_err(said)?;
        let mut violation = checked.package;
        violation.push("violation".into());
        Ok(Arc::new(Self {
            program,
            violation,
            reads_namespace: sources.iter().any(|source| source.text.contains("namespaceObject")),
            reads_inventory: checked.reads_inventory,
            sources,
        }))
    }

    /// The members of the set `violation`; an error reads as Gatekeeper's.
    pub(super) fn violations<'v>(
        &'v self,
        input: Value<'v>,
        data: Value<'v>,
        workspace: &'v Workspace,
    ) -> Result<Vec<Member<'v>>, String> {
        let path: Vec<&str> = self.violation.iter().map(AsRef::as_ref).collect();
        let asked = rego::Asked {
            input: Some(input),
            data,
            now: workspace.now,
            seed: workspace.seed,
            budget: &workspace.budget,
            arena: &workspace.arena,
            notes: &workspace.notes,
            strict: false,
        };
        self.program.members(&path, asked).map_err(|error| self.message(&error))
    }

    /// `file:row: code: message`, as OPA writes an error (v1/topdown/errors.go).
    fn message(&self, error: &EvaluationError) -> String {
        let (number, span) = error.at;
        let place = self
            .sources
            .get(number)
            .map(|source| format!("{}:{}: ", source.name, span.line(&source.text)));
        format!("{}{}: {}", place.unwrap_or_default(), error.code, error.message)
    }
}

/// What upstream calls a module of a template, so that errors read the same.
fn name(number: usize) -> String {
    match number.checked_sub(1) {
        None => "template".to_owned(),
        Some(lib) => format!("libs[\"lib_{lib}\"]"),
    }
}
