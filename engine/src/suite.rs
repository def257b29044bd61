//! Test suites in the formats that people have: what is expected of policies, and whether it holds.
//!
//! A suite names files; reading them is the caller's work ([`Suite::files`]).

mod file;
mod gator;
mod inputs;
mod kyverno;
mod rego;
mod report;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::read::Document;
use crate::source::Span;
use gator::GatorSuite;
use kyverno::KyvernoSuite;

pub use file::{FileRole, SuiteFile};
pub use gator::reviewed;
pub use inputs::{Answer, Counting, Inputs};
pub(crate) use rego::diagnostic as rego_diagnostic;
pub use rego::{Coverage, FileCoverage, Lines, RegoModule, RegoReport, RegoSuite};
pub use report::{Filter, Row, RowOutcome, SuiteReport};

/// One suite, of any format.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name, empty where it has none.
    pub name: String,
    document: Document,
    content: Content,
}

/// What a suite says, by its format; closed on purpose.
#[derive(Clone, Debug)]
enum Content {
    Kyverno(Box<KyvernoSuite>),
    Gator(GatorSuite),
}

/// The format of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuiteFormat {
    /// `kyverno-test.yaml`: kind `Test` of `cli.kyverno.io`.
    Kyverno,
    /// `suite.yaml` of gator: kind `Suite` of `test.gatekeeper.sh`.
    Gator,
}

impl SuiteFormat {
    const ALL: [Self; 2] = [Self::Kyverno, Self::Gator];

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kyverno => "kyverno-test",
            Self::Gator => "gator",
        }
    }

    /// The group and kind that its documents have.
    pub fn group_and_kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Kyverno => ("cli.kyverno.io", "Test"),
            Self::Gator => ("test.gatekeeper.sh", "Suite"),
        }
    }

    /// The format of a document, if it is a suite.
    pub fn of(document: &Document) -> Option<Self> {
        let root = document.tree().root();
        let text = |key: &str| root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
        let (group, _) = text("apiVersion").split_once('/')?;
        Self::ALL.into_iter().find(|format| format.group_and_kind() == (group, text("kind")))
    }
}

impl Suite {
    /// Reads a suite; `None` where the document is none. What is wrong with it is said with its
    /// place, and its rows become errors.
    pub fn decode(document: &Document) -> Option<(Self, Vec<Diagnostic>)> {
        let (name, content, diagnostics) = match SuiteFormat::of(document)? {
            SuiteFormat::Kyverno => {
                let (suite, found) = kyverno::decode(document);
                (suite.name.clone(), Content::Kyverno(Box::new(suite)), found)
            }
            SuiteFormat::Gator => {
                let (suite, found) = gator::decode(document);
                (suite.name.clone(), Content::Gator(suite), found)
            }
        };
        Some((Self { name, document: document.clone(), content }, diagnostics))
    }

    /// Its format.
    pub fn format(&self) -> SuiteFormat {
        match self.content {
            Content::Kyverno(_) => SuiteFormat::Kyverno,
            Content::Gator(_) => SuiteFormat::Gator,
        }
    }

    /// The files it names, in the order they are written.
    pub fn files(&self) -> &[SuiteFile] {
        match &self.content {
            Content::Kyverno(suite) => &suite.files,
            Content::Gator(suite) => &suite.files,
        }
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

    /// The steps that lead to what a row expects, as a JSON pointer has them.
    pub fn steps_to(&self, row: &Row) -> Vec<String> {
        match &self.content {
            Content::Kyverno(_) => vec!["results".to_owned(), row.entry.to_string()],
            Content::Gator(suite) => suite.steps_to(row.entry),
        }
    }

    /// Runs every row.
    pub fn run(&self, inputs: &Inputs<'_>) -> SuiteReport {
        match &self.content {
            Content::Kyverno(suite) => suite.run(inputs),
            Content::Gator(suite) => suite.run(inputs),
        }
    }

    /// The objects that the suite's cluster holds, as JSON; empty where the suite describes none.
    pub fn cluster_objects(&self, files: &BTreeMap<String, Vec<Document>>) -> Vec<String> {
        match &self.content {
            Content::Kyverno(suite) => suite.cluster_objects(files),
            // Each of its cases has an inventory of its own.
            Content::Gator(_) => Vec::new(),
        }
    }
}

impl SuiteReport {
    /// Whether something was wrong with a file of the suite.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}
