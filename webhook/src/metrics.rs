//! Counters that cost a request nothing to share: each worker writes its own, a scrape adds up.

mod audited;
mod text;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ajj_engine::report::ObjectReport;
use ajj_engine::{Operation, Outcome};

pub(crate) use text::{ClusterGauges, Gauges, write};

/// Upper bounds of the buckets of durations, in seconds.
pub(crate) const BUCKETS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// How a review was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Denied,
    /// Not readable as a review, or too large.
    Refused,
    /// More came than can be judged, or no policies were there yet.
    Shed,
    /// A defect of this program.
    Failed,
}

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Allowed, "allowed"),
    (Verdict::Denied, "denied"),
    (Verdict::Refused, "refused"),
    (Verdict::Shed, "shed"),
    (Verdict::Failed, "failed"),
];

const OPERATIONS: [(Operation, &str); 4] = [
    (Operation::Create, "create"),
    (Operation::Update, "update"),
    (Operation::Delete, "delete"),
    (Operation::Connect, "connect"),
];

/// Policy, rule, outcome and action of a failure or an error.
type Finding = (Arc<str>, Arc<str>, &'static str, &'static str);

/// What one worker counts. Only that worker writes, so that no two cores ever wait for a line.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// By operation and verdict; the last row counts reviews whose operation is not known.
    requests: [[AtomicU64; VERDICTS.len()]; OPERATIONS.len() + 1],
    buckets: [AtomicU64; BUCKETS.len() + 1],
    nanoseconds: AtomicU64,
    in_flight: AtomicU64,
    connections: AtomicU64,
    handshake_failures: AtomicU64,
    /// Failures and errors by policy, rule, outcome and action: rare, so a map will do.
    findings: Mutex<BTreeMap<Finding, u64>>,
}

impl Shard {
    pub(crate) fn count(&self, operation: Option<Operation>, verdict: Verdict, took: Duration) {
        let row = OPERATIONS.iter().position(|(known, _)| Some(*known) == operation);
        let column = VERDICTS.iter().position(|(known, _)| *known == verdict);
        let cell = self.requests.get(row.unwrap_or(OPERATIONS.len()));
        if let Some(cell) = cell.zip(column).and_then(|(row, column)| row.get(column)) {
            add(cell, 1);
        }
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.iter().position(|bound| seconds <= *bound).unwrap_or(BUCKETS.len());
        if let Some(bucket) = self.buckets.get(bucket) {
            add(bucket, 1);
        }
        add(&self.nanoseconds, u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn count_findings(&self, report: &ObjectReport) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        for result in report.findings() {
            let answer = &result.result;
            debug_assert!(matches!(answer.outcome, Outcome::Fail | Outcome::Error));
            let key = (
                Arc::clone(&answer.rule.policy),
                Arc::clone(&answer.rule.rule),
                answer.outcome.as_str(),
                answer.action.as_str(),
            );
            *findings.entry(key).or_default() += 1;
        }
    }

    /// Counts a request that is being answered, and says how many there are with it.
    pub(crate) fn enter(&self) -> u64 {
        add(&self.in_flight, 1)
    }

    pub(crate) fn leave(&self) {
        subtract(&self.in_flight);
    }

    pub(crate) fn connected(&self) {
        add(&self.connections, 1);
    }

    pub(crate) fn disconnected(&self) {
        subtract(&self.connections);
    }

    pub(crate) fn handshake_failed(&self) {
        add(&self.handshake_failures, 1);
    }
}

/// A plain load and store: nobody else writes here, and a locked instruction costs more.
fn add(counter: &AtomicU64, number: u64) -> u64 {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(number);
    counter.store(sum, Ordering::Relaxed);
    sum
}

fn subtract(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
