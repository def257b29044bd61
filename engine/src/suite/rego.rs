//! Unit tests in Rego: rules named `test_…`, as `opa test` and `conftest verify` run them.
//!
//! Which modules belong together is the caller's to say; [`RegoModule`] says what each needs.

mod coverage;

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;

use super::report::{Row, RowOutcome, SuiteReport};
use crate::diagnostic::Diagnostic;
use crate::rego::outside::Outside;
use crate::rego::{self, Budget, Limits, Problem, Program, Tested, Value, Verdict, Version};
use crate::source::{Source, Span};
use crate::tree::Tree;

pub use coverage::{Coverage, FileCoverage, Lines};

/// What one test may cost.
const STEPS: u64 = 10_000_000;
const BYTES: usize = 48 << 20;

/// A text of Rego, and what it needs of others.
#[derive(Clone, Debug)]
pub struct RegoModule {
    source: rego::Source,
    package: Vec<Box<str>>,
    needs: Vec<Vec<Box<str>>>,
    has_tests: bool,
}

/// Modules whose tests are run together.
#[derive(Debug)]
pub struct RegoSuite {
    modules: Vec<RegoModule>,
    /// How many of them, from the first, have their tests run.
    own: usize,
    data: Option<Arc<Tree>>,
    outside: Option<Box<dyn Outside>>,
}

/// What running tests yields.
#[derive(Debug, Default)]
pub struct RegoReport {
    /// One row for each test, or for each case of one.
    pub report: SuiteReport,
    /// Where each row that did not pass fails.
    pub places: Vec<Option<Span>>,
    /// What the tests went through.
    pub coverage: Coverage,
}

impl RegoModule {
    /// Reads a text: as Rego v1 or, where it is none, as v0.
    ///
    /// # Errors
    ///
    /// With its place, why it is none of both.
    pub fn read(source: &Source) -> Result<Self, Box<Diagnostic>> {
        let as_version = |version| rego::Source {
            name: Arc::clone(&source.name),
            text: Arc::clone(&source.text),
            version,
        };
        let (v1, v0) = (as_version(Version::V1), as_version(Version::V0));
        let (source, module) = match (rego::parse(&v1), rego::parse(&v0)) {
            (Ok(module), _) => (v1, module),
            (Err(_), Ok(module)) => (v0, module),
            (Err(problem), Err(_)) => return Err(Box::new(diagnostic(problem))),
        };
        let is_test = |name: &str| name.starts_with("test_") || name.starts_with("todo_test_");
        let has_tests = module.rules.iter().any(|rule| is_test(&rule.head.name));
        let needs = rego::paths_below("data", &source.text);
        let needs = needs.into_iter().map(|(path, _)| path).collect();
        Ok(Self { source, package: module.package, needs, has_tests })
    }

    /// Whether there are tests in it.
    pub fn has_tests(&self) -> bool {
        self.has_tests
    }

    /// The name of its text.
    pub fn name(&self) -> &Arc<str> {
        &self.source.name
    }

    /// Whether `self` reads what `other` defines.
    pub fn needs(&self, other: &Self) -> bool {
        self.needs
            .iter()
            .any(|path| path.starts_with(&other.package) || other.package.starts_with(path))
    }

    /// Whether both define one package.
    pub fn shares_package(&self, other: &Self) -> bool {
        self.package == other.package
    }
}

impl RegoSuite {
    /// Tests of the `own` first modules, which need the others.
    pub fn new(modules: Vec<RegoModule>, own: usize, data: Option<Arc<Tree>>) -> Self {
        Self { modules, own, data, outside: None }
    }

    /// The same with somebody who answers `parse_config` and its kin.
    #[must_use]
    pub fn asking(self, outside: Box<dyn Outside>) -> Self {
        Self { outside: Some(outside), ..self }
    }

    /// Compiles the modules and runs the tests.
    pub fn run(mut self, time: Timestamp) -> RegoReport {
        let sources: Vec<_> = self.modules.iter().map(|module| module.source.clone()).collect();
        let program = match rego::compile(&sources, &Limits::default()) {
            Ok(program) => match self.outside.take() {
                Some(outside) => program.asking(outside),
                None => program,
            },
            Err(problems) => {
                let diagnostics = problems.into_iter().map(diagnostic).collect();
                let report = SuiteReport { diagnostics, ..SuiteReport::default() };
                return RegoReport { report, ..RegoReport::default() };
            }
        };
        let mut all = RegoReport::default();
        let mut covered = rego::Covered::new();
        for test in program.tests() {
            if test.module >= self.own {
                continue;
            }
            if test.is_todo {
                all.add(skipped(&test), None);
                continue;
            }
            let (mut tested, notes) = self.tested(&program, &test, time);
            covered.append(&mut tested.covered);
            self.enter(&test, tested, &notes, &mut all);
        }
        all.coverage = Coverage::of(&sources, &program.coverable(), &covered, |module| {
            self.modules.get(module).is_some_and(|module| !module.has_tests)
        });
        all
    }

    fn tested(
        &self,
        program: &Program,
        test: &rego::Test,
        time: Timestamp,
    ) -> (Tested, Vec<String>) {
        let arena = typed_arena::Arena::new();
        let budget = Budget::new(STEPS, BYTES);
        let notes = RefCell::default();
        let data =
            self.data.as_ref().map_or_else(|| Value::object(Vec::new()), |tree| tree.root().into());
        let asked = rego::Asked {
            input: None,
            data,
            now: time,
            seed: 0,
            budget: &budget,
            arena: &arena,
            notes: &notes,
            strict: false,
        };
        let tested = program.test(test, asked);
        let notes = notes.take().into_iter().map(|note| note.text).collect();
        (tested, notes)
    }

    fn enter(&self, test: &rego::Test, tested: Tested, notes: &[String], all: &mut RegoReport) {
        let place = |(module, span): (usize, rego::Span)| {
            let source = &self.modules.get(module)?.source;
            let (start, end) = (span.start as usize, span.end as usize);
            Some(Span { source: Arc::clone(&source.name), start, end })
        };
        let (actual, outcome, message, at) = match tested.verdict {
            Verdict::Passed => ("pass", RowOutcome::Passed, String::new(), None),
            Verdict::Failed(span) => {
                let source = self.modules.get(test.module).map(|module| &module.source);
                let written = source.map(|source| span.text(&source.text)).unwrap_or_default();
                let message = format!("`{}` does not hold", shortened(written));
                ("fail", RowOutcome::Failed, message, Some((test.module, span)))
            }
            Verdict::Error(error) => {
                let message = format!("{}: {}", error.code, error.message);
                ("error", RowOutcome::Error, message, Some(error.at))
            }
        };
        let message =
            notes.iter().fold(message, |message, note| format!("{message}\nprint: {note}"));
        let at = at.and_then(place);
        let row = Row { actual: actual.into(), outcome, message, ..row(test) };
        if tested.cases.is_empty() {
            return all.add(row, at);
        }
        for (case, passed) in tested.cases {
            let (actual, outcome) = match passed {
                true => ("pass", RowOutcome::Passed),
                false => ("fail", RowOutcome::Failed),
            };
            let message = if passed { String::new() } else { row.message.clone() };
            let place = at.clone().filter(|_| !passed);
            let actual = actual.into();
            all.add(Row { resource: case, actual, outcome, message, ..row.clone() }, place);
        }
    }
}

impl RegoReport {
    fn add(&mut self, row: Row, place: Option<Span>) {
        let entry = self.report.rows.len();
        self.report.rows.push(Row { entry, ..row });
        self.places.push(place);
    }
}

/// The package as it is written, and the rule.
fn row(test: &rego::Test) -> Row {
    let package = test.package.strip_prefix("data.").unwrap_or(&test.package);
    Row {
        policy: package.to_owned(),
        rule: test.name.clone(),
        expected: "pass".to_owned(),
        ..Row::default()
    }
}

fn skipped(test: &rego::Test) -> Row {
    let message = "is to be done: its name begins with `todo_`".to_owned();
    Row { actual: "skip".into(), outcome: RowOutcome::Skipped, message, ..row(test) }
}

/// An expression in one line.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(120) {
        Some((end, _)) => format!("{} …", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// What is wrong with a module, in OPA's words.
pub(crate) fn diagnostic(problem: Problem) -> Diagnostic {
    let (start, end) = (problem.span.start as usize, problem.span.end as usize);
    let span = Span { source: problem.source, start, end };
    Diagnostic::error("rego", format!("{}: {}", problem.code, problem.message)).at(Some(span))
}

#[cfg(test)]
mod tests;
