//! Unit tests of policies (`runner/verify.go`).

use std::cell::RefCell;

use super::{BYTES, Policies, Question, STEPS};
use crate::rego::{Budget, Verdict};

/// What became of one test.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// The text it stands in.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// With `data`.
    pub package: String,
    /// The second test of a name ends in `#01`.
    pub name: String,
    /// Whether it passed.
    pub verdict: TestVerdict,
    /// The cases of a test that has some, and whether they passed.
    pub cases: Vec<(String, bool)>,
    /// Lines of `print`, without their places.
    pub prints: Vec<String>,
    /// What `trace` said.
    pub notes: Vec<String>,
    /// What was gone through, if that was asked for.
    pub traces: Vec<String>,
}

/// Whether a test passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestVerdict {
    /// It holds.
    Passed,
    /// An expression does not hold.
    Failed {
        /// Where it stands: file and line.
        place: String,
        /// The expression as it is written.
        expression: String,
    },
    /// It is to be done.
    Skipped,
    /// It cannot be evaluated.
    Error(String),
}

impl Policies {
    /// Runs all tests, in the order of their texts. There is no input but what tests give.
    pub fn run_tests(&self, question: &Question<'_>) -> Vec<TestResult> {
        let mut results = Vec::new();
        for test in self.program.tests() {
            let Some(module) = self.modules.get(test.module) else { continue };
            let text = &module.source.text;
            let mut result = TestResult {
                file: module.source.name.to_string(),
                line: test.span.line(text),
                package: test.package.clone(),
                name: test.name.clone(),
                verdict: TestVerdict::Skipped,
                cases: Vec::new(),
                prints: Vec::new(),
                notes: Vec::new(),
                traces: Vec::new(),
            };
            if !test.is_todo {
                let arena = typed_arena::Arena::new();
                let budget = Budget::new(STEPS, BYTES);
                let notes = RefCell::default();
                let mut asked = question.asked(&budget, &notes, &arena);
                asked.input = None;
                let tested = self.program.test(&test, asked);
                result.verdict = match tested.verdict {
                    Verdict::Passed => TestVerdict::Passed,
                    Verdict::Failed(span) => TestVerdict::Failed {
                        place: format!("{}:{}", module.source.name, span.line(text)),
                        expression: span.text(text).to_owned(),
                    },
                    Verdict::Error(error) => TestVerdict::Error(self.shown(&error)),
                };
                result.cases = tested.cases;
                if question.is_traced {
                    result.traces = self.traces(&tested.covered);
                }
                for note in notes.into_inner() {
                    match note.at {
                        Some(_) => result.prints.push(note.text),
                        None => result.notes.push(note.text),
                    }
                }
            }
            results.push(result);
        }
        results
    }
}
