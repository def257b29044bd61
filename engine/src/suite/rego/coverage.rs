//! Which lines of policies tests go through.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::{Covered, Source};

/// The coverage of all policies that tests need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of their names.
    pub files: BTreeMap<Arc<str>, FileCoverage>,
}

/// Lines of one file, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCoverage {
    /// Lines with something that was gone through.
    pub covered: BTreeSet<usize>,
    /// Lines of which nothing was.
    pub not_covered: BTreeSet<usize>,
}

/// Neighbouring lines, first and last.
pub type Lines = (usize, usize);

impl Coverage {
    /// Of the places that can be gone through, those that were; of the modules that count.
    pub(super) fn of(
        sources: &[Source],
        coverable: &Covered,
        covered: &Covered,
        counts: impl Fn(usize) -> bool,
    ) -> Self {
        let mut files: BTreeMap<Arc<str>, FileCoverage> = BTreeMap::new();
        for (module, span) in coverable {
            let Some(source) = sources.get(*module).filter(|_| counts(*module)) else { continue };
            let file = files.entry(Arc::clone(&source.name)).or_default();
            let line = span.line(&source.text);
            match covered.contains(&(*module, *span)) {
                true => file.covered.insert(line),
                false => file.not_covered.insert(line),
            };
        }
        for file in files.values_mut() {
            file.not_covered.retain(|line| !file.covered.contains(line));
        }
        Self { files }
    }

    /// Takes over what other tests went through: a line counts as covered if any did.
    pub fn extend(&mut self, other: Self) {
        for (name, file) in other.files {
            let known = self.files.entry(name).or_default();
            known.covered.extend(file.covered);
            known.not_covered.extend(file.not_covered);
            known.not_covered.retain(|line| !known.covered.contains(line));
        }
    }

    /// Lines that are covered, and all lines.
    pub fn count(&self) -> (usize, usize) {
        self.files
            .values()
            .map(FileCoverage::count)
            .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    }
}

impl FileCoverage {
    /// Lines that are covered, and all lines.
    pub fn count(&self) -> (usize, usize) {
        (self.covered.len(), self.covered.len() + self.not_covered.len())
    }

    /// Lines put together where they follow one another.
    pub fn ranges(lines: &BTreeSet<usize>) -> Vec<Lines> {
        let mut ranges: Vec<Lines> = Vec::new();
        for line in lines {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *line => *last = *line,
                _ => ranges.push((*line, *line)),
            }
        }
        ranges
    }
}
