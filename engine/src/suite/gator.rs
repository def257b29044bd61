//! Suites of gator: constraints of Gatekeeper, each tried on objects.
//!
//! Upstream: pkg/gator/verify (suite.go, runner.go, assertion.go).

mod assertion;
mod decode;
mod review;
mod run;

use super::file::SuiteFile;
use super::inputs::Inputs;
use super::report::{Row, RowOutcome, SuiteReport};
use assertion::Assertion;

pub(super) use decode::suite as decode;
pub use review::reviewed;

/// A document of kind `Suite`.
#[derive(Clone, Debug, Default)]
pub(super) struct GatorSuite {
    /// Its name, empty where it has none.
    pub(super) name: String,
    pub(super) files: Vec<SuiteFile>,
    tests: Vec<Test>,
    skip: bool,
    /// Whether something is wrong with the suite itself, so that nothing it says can be trusted.
    is_broken: bool,
}

/// A template with a constraint, and what they are tried on.
#[derive(Clone, Debug, Default)]
struct Test {
    name: String,
    template: String,
    constraint: String,
    cases: Vec<Case>,
    /// Whether the constraint is expected not to fit the template's schema.
    invalid: bool,
    skip: bool,
}

/// An object, and what is expected of it.
#[derive(Clone, Debug, Default)]
struct Case {
    name: String,
    object: String,
    inventory: Vec<String>,
    assertions: Vec<Assertion>,
    skip: bool,
}

/// Where an expectation stands: a test, one of its cases, one of that one's assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    test: usize,
    case: Option<usize>,
    assertion: Option<usize>,
}

impl GatorSuite {
    /// The places of all expectations; each is one row.
    fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (test, written) in self.tests.iter().enumerate() {
            let whole = Place { test, case: None, assertion: None };
            if written.invalid || written.cases.is_empty() {
                places.push(whole);
                continue;
            }
            for (case, written) in written.cases.iter().enumerate() {
                let whole = Place { case: Some(case), ..whole };
                match written.assertions.len() {
                    0 => places.push(whole),
                    count => places.extend(
                        (0..count).map(|assertion| Place { assertion: Some(assertion), ..whole }),
                    ),
                }
            }
        }
        places
    }

    /// The steps that lead to an expectation by its number.
    pub(super) fn steps_to(&self, number: usize) -> Vec<String> {
        let Some(place) = self.places().get(number).copied() else { return Vec::new() };
        let mut steps = vec!["tests".to_owned(), place.test.to_string()];
        for (name, number) in [("cases", place.case), ("assertions", place.assertion)] {
            if let Some(number) = number {
                steps.extend([name.to_owned(), number.to_string()]);
            }
        }
        steps
    }

    fn test(&self, place: Place) -> Option<&Test> {
        self.tests.get(place.test)
    }

    fn case(&self, place: Place) -> Option<&Case> {
        self.test(place)?.cases.get(place.case?)
    }

    fn assertion(&self, place: Place) -> Option<&Assertion> {
        self.case(place)?.assertions.get(place.assertion?)
    }

    /// A row without an answer. It names the constraint's file until the constraint is known.
    fn row(&self, number: usize, place: Place) -> Row {
        let test = self.test(place);
        let case = self.case(place).map(|case| case.name.as_str());
        let resource = match (case, place.assertion) {
            (Some(case), Some(assertion)) => format!("{case}/{assertion}"),
            (Some(case), None) => case.to_owned(),
            (None, _) => String::new(),
        };
        let expected = match (self.assertion(place), test.is_some_and(|test| test.invalid)) {
            (Some(assertion), _) => assertion.wanted(),
            (None, true) => "invalid".to_owned(),
            (None, false) => String::new(),
        };
        Row {
            entry: number,
            policy: test.map(|test| test.constraint.clone()).unwrap_or_default(),
            rule: test.map(|test| test.name.clone()).unwrap_or_default(),
            resource,
            expected,
            actual: "none".into(),
            ..Row::default()
        }
    }

    /// Runs every row.
    pub(super) fn run(&self, inputs: &Inputs<'_>) -> SuiteReport {
        let mut report = SuiteReport::default();
        let mut bench = run::Bench::new(self, inputs);
        for (number, place) in self.places().into_iter().enumerate() {
            let row = self.row(number, place);
            let skips = self.skip
                || self.test(place).is_some_and(|test| test.skip)
                || self.case(place).is_some_and(|case| case.skip);
            report.rows.push(match (self.is_broken, skips) {
                (true, _) => Row { message: "the suite cannot be read".to_owned(), ..row },
                (false, true) => Row { outcome: RowOutcome::Skipped, ..bench.named(place, row) },
                (false, false) => bench.run(place, row),
            });
        }
        report.diagnostics = bench.into_diagnostics();
        report
    }
}

#[cfg(test)]
mod tests;
