//! `ajj policy test`: runs the tests of policies.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ajj_engine::report::Sources;
use ajj_engine::suite::{Counting, Coverage, Filter, Inputs, Row, RowOutcome};
use ajj_engine::{Diagnostic, FactError, FactKey, Severity, Source, Span, Tree};
use ajj_facts::{FactSource, Offline};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::args::{Format, RowFilter, TestArguments};
use crate::command_error::CommandError;
use crate::conftest::ConfigFunctions;
use crate::output::{self, test_human, test_json};
use crate::rego_suites::{self, FoundRego};
use crate::suites::{Found, Library, SuiteFiles, find};
use crate::ui::Ui;

/// What running all suites yields, for every output.
#[derive(Debug, Default)]
pub(crate) struct TestReport {
    pub(crate) suites: Vec<SuiteRun>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The texts that spans point into.
    pub(crate) sources: Sources,
    pub(crate) milliseconds: f64,
    /// What tests in Rego went through, where that was asked for.
    pub(crate) coverage: Option<Coverage>,
}

/// One suite with its rows.
#[derive(Debug)]
pub(crate) struct SuiteRun {
    pub(crate) path: String,
    /// Its format, in the word of reports.
    pub(crate) format: &'static str,
    pub(crate) milliseconds: f64,
    pub(crate) rows: Vec<Row>,
    /// Where the entry of each row that did not pass stands.
    pub(crate) places: Vec<Option<Span>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    sources: Vec<Source>,
}

/// How many rows there are of each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) rows: usize,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) errors: usize,
    pub(crate) skipped: usize,
}

pub(crate) fn run(ui: &Ui, arguments: &TestArguments) -> Result<u8, CommandError> {
    output::check(&arguments.outputs)?;
    if arguments.outputs.iter().any(|output| output.format == Format::Concise) {
        return Err(CommandError::user("`ajj policy test` has the formats human and json"));
    }
    let start = Instant::now();
    let mut suites = find(&arguments.paths);
    let library = Library::new(std::mem::take(&mut suites.others));
    let counting = if arguments.compat { Counting::Upstream } else { Counting::Honest };
    let filter = filter(&arguments.filter);
    let time = Timestamp::now();
    let runs: Vec<SuiteRun> = ui.with_progress("files", Some(suites.found.len()), |done| {
        let runs = suites.found.par_iter().map(|found| {
            let run = run_suite(found, &library, counting, &filter, time);
            done.fetch_add(1, Ordering::Relaxed);
            run
        });
        runs.collect()
    });
    let rego = rego_suites::find(suites.rego, &mut suites.diagnostics);
    let ran: Vec<_> = rego.into_par_iter().map(|found| run_rego(found, &filter, time)).collect();
    let (mut runs, mut coverage) = (runs, Coverage::default());
    for (run, covered) in ran {
        runs.push(run);
        coverage.extend(covered);
    }
    let mut report =
        TestReport { suites: runs, diagnostics: suites.diagnostics, ..TestReport::default() };
    report.coverage = arguments.coverage.then_some(coverage);
    for source in suites.sources {
        report.sources.insert(source);
    }
    for run in &mut report.suites {
        std::mem::take(&mut run.sources)
            .into_iter()
            .for_each(|source| report.sources.insert(source));
    }
    report.milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    output::write_all(ui, &arguments.outputs, |format, colour| match format {
        Format::Json => test_json::render(&report),
        Format::Human | Format::Concise => test_human::render(&report, colour),
    })?;
    Ok(report.exit_code())
}

fn filter(conditions: &[RowFilter]) -> Filter {
    let mut filter = Filter::default();
    for condition in conditions {
        match condition {
            RowFilter::Policy(pattern) => filter.add_policy(pattern),
            RowFilter::Rule(pattern) => filter.add_rule(pattern),
            RowFilter::Resource(pattern) => filter.add_resource(pattern),
        }
    }
    filter
}

fn run_suite(
    found: &Found,
    library: &Library,
    counting: Counting,
    filter: &Filter,
    time: Timestamp,
) -> SuiteRun {
    let start = Instant::now();
    let files = library.files_of(found);
    let cluster = cluster(found, &files);
    let answer = |key: &FactKey| ask(cluster.as_ref()?, key);
    let inputs = Inputs { files: &files.documents, answer: &answer, time, counting };
    let report = found.suite.run(&inputs);
    let mut rows = report.rows;
    rows.retain(|row| filter.wants(row));
    let diagnostics: Vec<_> = found
        .diagnostics
        .iter()
        .cloned()
        .chain(files.diagnostics)
        .chain(report.diagnostics)
        .collect();
    let places = places(found, &rows);
    let mut sources = files.sources;
    let spans = diagnostics.iter().filter_map(|diagnostic| diagnostic.span.as_ref());
    let named: BTreeSet<_> =
        spans.chain(places.iter().flatten()).map(|span| &span.source).collect();
    let documents = files.documents.values().flatten().chain([found.suite.document()]);
    let texts = documents.map(|document| document.source());
    sources.extend(texts.filter(|source| named.contains(&source.name)).cloned());
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let format = found.suite.format().as_str();
    SuiteRun { path: found.path.clone(), format, milliseconds, rows, places, diagnostics, sources }
}

fn run_rego(found: FoundRego, filter: &Filter, time: Timestamp) -> (SuiteRun, Coverage) {
    let start = Instant::now();
    let ran = found.suite.asking(Box::new(ConfigFunctions)).run(time);
    let mut diagnostics = found.diagnostics;
    diagnostics.extend(ran.report.diagnostics);
    let rows = ran.report.rows.into_iter().zip(ran.places);
    let (rows, places) = rows.filter(|(row, _)| filter.wants(row)).unzip();
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let (path, format, sources) = (found.path, "rego", found.sources);
    let run = SuiteRun { path, format, milliseconds, rows, places, diagnostics, sources };
    (run, ran.coverage)
}

/// The cluster that a suite describes, if it does.
fn cluster(found: &Found, files: &SuiteFiles) -> Option<Offline> {
    let objects = found.suite.cluster_objects(&files.documents);
    if objects.is_empty() {
        return None;
    }
    let source = Source::new(found.path.as_str(), objects.join("\n---\n"));
    // What is wrong with the objects is said where they are read.
    let (cluster, _) = Offline::new(&[source], &[]);
    Some(cluster)
}

fn ask(cluster: &Offline, key: &FactKey) -> Option<Result<Arc<Tree>, FactError>> {
    let answers = pollster::block_on(cluster.fetch(&BTreeSet::from([key.clone()])));
    answers.get(key).cloned()
}

/// Where the entries of rows stand that did not pass: nobody looks for the others.
fn places(found: &Found, rows: &[Row]) -> Vec<Option<Span>> {
    let mut places = None;
    let place = |row: &Row| {
        if row.outcome == RowOutcome::Passed {
            return None;
        }
        let places = places.get_or_insert_with(|| found.suite.document().places());
        Some(places.span(&found.suite.steps_to(row)))
    };
    rows.iter().map(place).collect()
}

impl TestReport {
    pub(crate) fn counts(&self) -> Counts {
        Counts::of(self.suites.iter().flat_map(|suite| &suite.rows))
    }

    /// The tool's own trouble stands before rows that did not pass, and these before none at all.
    pub(crate) fn exit_code(&self) -> u8 {
        let found =
            self.suites.iter().flat_map(|suite| &suite.diagnostics).chain(&self.diagnostics);
        let has_errors = found.into_iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let mut rows = self.suites.iter().flat_map(|suite| &suite.rows);
        if has_errors || rows.any(|row| row.not_evaluated) {
            return 2;
        }
        let counts = self.counts();
        match (counts.failed + counts.errors, counts.rows) {
            (0, 0) => 3,
            (0, _) => 0,
            _ => 1,
        }
    }
}

impl Counts {
    pub(crate) fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.rows += 1;
            match row.outcome {
                RowOutcome::Passed => counts.passed += 1,
                RowOutcome::Failed => counts.failed += 1,
                RowOutcome::Error => counts.errors += 1,
                RowOutcome::Skipped => counts.skipped += 1,
            }
        }
        counts
    }
}
