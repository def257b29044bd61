//! Suites of `kyverno test`.
//!
//! Upstream: cmd/cli/kubectl-kyverno/apis/v1alpha1 (the format), commands/test (what is counted).

mod decode;
mod entry;
mod evaluate;
mod inputs;
mod mocks;
mod objects;
mod policies;
mod rows;

use std::collections::BTreeMap;

use super::file::{FileRole, SuiteFile};
use super::inputs::{Counting, Inputs};
use super::report::SuiteReport;
use crate::read::Document;
use crate::values::Values;
use entry::Entry;
use mocks::Mocks;

pub(super) use decode::suite as decode;

/// A document of kind `Test`.
#[derive(Clone, Debug, Default)]
pub(super) struct KyvernoSuite {
    /// Its name, empty where it has none.
    pub(super) name: String,
    pub(super) files: Vec<SuiteFile>,
    values: Option<Values>,
    mocks: Mocks,
    entries: Vec<Entry>,
    /// Whether something is wrong with the suite itself, so that nothing it says can be trusted.
    is_broken: bool,
}

impl KyvernoSuite {
    /// Runs every row.
    pub(super) fn run(&self, inputs: &Inputs<'_>) -> SuiteReport {
        let mut report = SuiteReport::default();
        if self.is_broken {
            report.rows = rows::all_failing(self, "the suite cannot be read");
            return report;
        }
        let missing: Vec<_> =
            self.files.iter().filter(|file| !inputs.files.contains_key(&file.path)).collect();
        if let Some(file) = missing.first() {
            let message = format!("`{}`, which the suite needs, cannot be read", file.path);
            report.rows = rows::all_failing(self, &message);
            return report;
        }
        let gathered = inputs::gather(self, inputs, &mut report.diagnostics);
        let (policies, problems) = crate::compile::compile_policies(&gathered.policies);
        let known = policies::Catalogue::of(&gathered.policies, &policies, &problems);
        report.diagnostics.extend(problems);
        if gathered.is_broken {
            report.rows = rows::all_failing(self, "a file of the suite cannot be read");
            return report;
        }
        let bench = evaluate::Bench::new(self, &policies, &gathered, inputs);
        report.rows = match inputs.counting {
            Counting::Honest => rows::honest::rows(self, &known, &bench),
            Counting::Upstream => rows::upstream::rows(self, &known, &bench),
        };
        report
    }

    /// The objects that the suite's cluster holds, as JSON; empty where the suite describes none.
    ///
    /// They are the mocked objects and, where there are any, also those under test.
    pub(super) fn cluster_objects(&self, files: &BTreeMap<String, Vec<Document>>) -> Vec<String> {
        inputs::cluster_objects(self, files)
    }
}

#[cfg(test)]
mod tests;
