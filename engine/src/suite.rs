//! Test suites in the format of `kyverno test`: what is expected of policies, and whether it holds.
//!
//! A suite names files; reading them is the caller's work ([`Suite::files`]). Upstream:
//! cmd/cli/kubectl-kyverno/apis/v1alpha1 (the format), commands/test (what is counted).

mod decode;
mod entry;
mod evaluate;
mod inputs;
mod mocks;
mod objects;
mod policies;
mod report;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{FactError, FactKey};
use crate::read::Document;
use crate::source::Span;
use crate::tree::Tree;

use crate::values::Values;
use entry::Entry;
use mocks::Mocks;

pub use report::{Filter, Row, RowOutcome, SuiteReport};

/// One suite: a document of kind `Test`.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name, empty where it has none.
    pub name: String,
    document: Document,
    files: Vec<SuiteFile>,
    values: Option<Values>,
    mocks: Mocks,
    entries: Vec<Entry>,
    /// Whether something is wrong with the suite itself, so that nothing it says can be trusted.
    is_broken: bool,
}

/// A file that a suite names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteFile {
    /// The path as it is written, relative to the suite's directory.
    pub path: String,
    /// What it is for.
    pub role: FileRole,
    /// Where it is named.
    node: u32,
}

/// What a suite names a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileRole {
    /// Policies under test.
    Policy,
    /// Objects to judge.
    Resource,
    /// Objects that policies change.
    Target,
    /// Objects that policies take as parameters.
    Parameter,
    /// Values of variables.
    Values,
    /// Who asks.
    UserInfo,
    /// Exceptions from the policies.
    Exception,
    /// What the cluster holds besides the objects to judge.
    ClusterResource,
    /// Objects of a mocked global context entry.
    GlobalContext,
    /// Read by kinds of policies that this build does not evaluate; it only has to be there.
    Other,
}

/// How rows are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// What nothing answered is an error.
    #[default]
    Honest,
    /// As upstream counts, false greens included.
    Upstream,
}

/// Answers what rules ask of the cluster; `None` where nothing is known.
pub type Answer<'a> = dyn Fn(&FactKey) -> Option<Result<Arc<Tree>, FactError>> + 'a;

/// What a suite runs with.
pub struct Inputs<'i> {
    /// The documents of each file by the path that the suite names it with; a file that could not
    /// be read is missing.
    pub files: &'i BTreeMap<String, Vec<Document>>,
    /// What the cluster would answer, for suites that describe one ([`Suite::cluster_objects`]).
    pub answer: &'i Answer<'i>,
    /// The current time.
    pub time: Timestamp,
    /// How rows are counted.
    pub counting: Counting,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inputs").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl Suite {
    /// Whether a document is a suite of this format.
    pub fn recognises(document: &Document) -> bool {
        let root = document.tree().root();
        let text = |key: &str| root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
        text("apiVersion").starts_with("cli.kyverno.io/") && text("kind") == "Test"
    }

    /// Reads a suite. What is wrong with it is said with its place, and its rows become errors.
    pub fn decode(document: &Document) -> (Self, Vec<Diagnostic>) {
        decode::suite(document)
    }

    /// The files it names, in the order they are written.
    pub fn files(&self) -> &[SuiteFile] {
        &self.files
    }

    /// The text that the suite was read from.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Where a file is named.
    pub fn file_span(&self, file: &SuiteFile) -> Span {
        let node = self.document.tree().node(file.node);
        self.document.places().node_span(node)
    }

    /// Runs every row.
    pub fn run(&self, inputs: &Inputs<'_>) -> SuiteReport {
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
    pub fn cluster_objects(&self, files: &BTreeMap<String, Vec<Document>>) -> Vec<String> {
        inputs::cluster_objects(self, files)
    }
}

impl SuiteReport {
    /// Whether something was wrong with a file of the suite.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

#[cfg(test)]
mod tests;
