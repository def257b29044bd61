//! Counts what holds and what does not, and weighs it against the lists of what is known.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// So many failures are shown of each area, unless `AJJ_ALL` is set.
const SHOWN: usize = 15;

/// What one area's comparison found.
#[derive(Debug)]
pub(crate) struct Ledger {
    area: &'static str,
    total: usize,
    failures: BTreeMap<String, Failure>,
    out_of_reach: BTreeMap<&'static str, usize>,
    notes: Vec<String>,
}

/// One case that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What differs, in words that stay the same from run to run.
    pub(crate) what: String,
    /// What helps to find out why.
    pub(crate) detail: String,
}

/// What is known to differ: `gaps.tsv` and `differences.tsv`.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) gaps: Vec<Known>,
    pub(crate) differences: Vec<Known>,
}

/// One line of a list.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) area: String,
    /// The case; a `*` at its end stands for the rest of the name.
    pub(crate) case: String,
    /// Of a difference on purpose: exactly what differs.
    pub(crate) what: Option<String>,
    pub(crate) reason: String,
    /// Of a difference on purpose: where upstream does otherwise.
    pub(crate) source: String,
}

/// A ledger after the known was taken out.
#[derive(Debug)]
pub(crate) struct Settled {
    area: &'static str,
    total: usize,
    passed: usize,
    gaps: usize,
    differences: usize,
    out_of_reach: BTreeMap<&'static str, usize>,
    notes: Vec<String>,
    complaints: Vec<String>,
}

impl Ledger {
    pub(crate) fn new(area: &'static str) -> Self {
        let (failures, out_of_reach) = (BTreeMap::new(), BTreeMap::new());
        Self { area, total: 0, failures, out_of_reach, notes: Vec::new() }
    }

    /// Enters a case; a case entered twice holds only if it holds each time.
    pub(crate) fn enter(&mut self, case: impl Into<String>, result: Result<(), Failure>) {
        self.total += 1;
        let Err(failure) = result else { return };
        let case = case.into().replace(['\t', '\n'], " ");
        let mut key = case.clone();
        let mut again = 1;
        while self.failures.contains_key(&key) {
            again += 1;
            key = format!("{case} ({again})");
        }
        self.failures.insert(key, failure);
    }

    /// Counts what this build does not claim to do.
    pub(crate) fn out_of_reach(&mut self, why: &'static str) {
        *self.out_of_reach.entry(why).or_default() += 1;
    }

    /// Adds a line to the summary.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Takes out what is known, and complains about what is not, or no longer so.
    pub(crate) fn settle(self, lists: &Lists) -> Settled {
        let mut complaints = Vec::new();
        let mut open = self.failures;
        let failed = open.len();
        let mut take = |list: &[Known], name: &str| {
            let mut taken = 0;
            for known in list.iter().filter(|known| known.area == self.area) {
                let before = open.len();
                open.retain(|case, failure| !known.covers(case, failure));
                taken += before - open.len();
                if before == open.len() {
                    complaints.push(format!(
                        "`{}` of {name} does not differ so (any more): take it out",
                        known.case
                    ));
                }
            }
            taken
        };
        let differences = take(&lists.differences, "differences.tsv");
        let gaps = take(&lists.gaps, "gaps.tsv");
        let shown = if std::env::var_os("AJJ_ALL").is_some() { usize::MAX } else { SHOWN };
        for (case, failure) in open.iter().take(shown) {
            complaints.push(format!("{case}\n    {}\n{}", failure.what, indent(&failure.detail)));
        }
        if open.len() > shown {
            complaints.push(format!("and {} more (AJJ_ALL=1 shows them)", open.len() - shown));
        }
        if self.total == 0 {
            complaints.push("nothing was compared".to_owned());
        }
        Settled {
            area: self.area,
            total: self.total,
            passed: self.total - failed,
            gaps,
            differences,
            out_of_reach: self.out_of_reach,
            notes: self.notes,
            complaints,
        }
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("      {line}\n")).collect()
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into().replace(['\t', '\n'], " "), detail: detail.into() }
    }
}

impl Known {
    fn covers(&self, case: &str, failure: &Failure) -> bool {
        let named = match self.case.strip_suffix('*') {
            Some(start) => case.starts_with(start),
            None => case == self.case,
        };
        named && self.what.as_ref().is_none_or(|what| *what == failure.what)
    }
}

impl Settled {
    pub(crate) fn verdict(&self) -> Result<(), String> {
        if self.complaints.is_empty() { Ok(()) } else { Err(self.complaints.join("\n")) }
    }
}

impl fmt::Display for Settled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { area, passed, total, .. } = self;
        write!(formatter, "conformance: {area}: {passed}/{total}")?;
        if self.differences > 0 {
            write!(formatter, ", {} differ on purpose", self.differences)?;
        }
        if self.gaps > 0 {
            write!(formatter, ", {} known gaps", self.gaps)?;
        }
        for (why, count) in &self.out_of_reach {
            write!(formatter, ", {count} out of reach ({why})")?;
        }
        for note in &self.notes {
            write!(formatter, ", {note}")?;
        }
        Ok(())
    }
}

/// The folder of the lists.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/conformance")
}

impl Lists {
    pub(crate) fn read() -> Self {
        let gaps = table("gaps.tsv", 3).into_iter().map(|row| {
            let [area, case, reason] = row.try_into().unwrap();
            Known { area, case, what: None, reason, source: String::new() }
        });
        let differences = table("differences.tsv", 5).into_iter().map(|row| {
            let [area, case, what, reason, source] = row.try_into().unwrap();
            Known { area, case, what: Some(what), reason, source }
        });
        Self { gaps: gaps.collect(), differences: differences.collect() }
    }
}

/// The rows of a table below its heading, each with `columns` cells that are not empty.
pub(crate) fn table(name: &str, columns: usize) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let rows = text.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let whole = cells.len() == columns && cells.iter().all(|cell| !cell.is_empty());
        assert!(whole, "{name}: expected {columns} cells in `{line}`");
        cells
    });
    rows.collect()
}
