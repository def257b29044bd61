//! What an audit did, for metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::finding::Word;
use super::table::Table;

/// Counts and gauges of this replica's audit.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    /// Whether this replica audits.
    pub(crate) is_leading: AtomicBool,
    /// How many kinds of reports are written.
    pub(crate) report_apis: AtomicUsize,
    /// Objects that are known.
    pub(crate) objects: AtomicUsize,
    /// What rules say of them, in the order of [`Word::ALL`].
    results: [AtomicUsize; 5],
    /// Pairs of a rule and an object that were judged.
    pub(crate) pairs: AtomicU64,
    /// Lists, objects and reports that could not be read, judged or written.
    pub(crate) errors: AtomicU64,
    /// Reports that were written.
    pub(crate) written: AtomicU64,
    /// Reports that were removed.
    pub(crate) removed: AtomicU64,
    round_milliseconds: AtomicU64,
}

impl Audited {
    /// Counts one more; there is no order among counters.
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes over what is known now.
    pub(super) fn show(&self, table: &Table) {
        self.objects.store(table.objects(), Ordering::Relaxed);
        for (gauge, count) in self.results.iter().zip(table.counts()) {
            gauge.store(count, Ordering::Relaxed);
        }
    }

    /// How many results there are of each word.
    pub(crate) fn results(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let counts = self.results.iter().map(|count| count.load(Ordering::Relaxed));
        Word::ALL.map(Word::as_str).into_iter().zip(counts)
    }

    /// Takes note that everything was judged once.
    pub(super) fn end_round(&self, took: Duration) {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.round_milliseconds.store(milliseconds.max(1), Ordering::Relaxed);
    }

    /// How long the last complete round took, in seconds; 0 before the first.
    pub(crate) fn round(&self) -> f64 {
        self.round_milliseconds.load(Ordering::Relaxed) as f64 / 1e3
    }
}
