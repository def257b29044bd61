//! How long a change takes from the event that tells of it until it decides.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in seconds.
pub(crate) const LAGS: [f64; 8] = [0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What was measured so far. One task writes.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    buckets: [AtomicU64; LAGS.len() + 1],
    nanoseconds: AtomicU64,
    last: AtomicU64,
}

impl Lag {
    pub(crate) fn add(&self, lag: Duration) {
        let seconds = lag.as_secs_f64();
        let bucket = LAGS.iter().position(|bound| seconds <= *bound).unwrap_or(LAGS.len());
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let nanoseconds = u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        self.last.store(nanoseconds, Ordering::Relaxed);
    }

    /// How many changes took as long as each bucket says.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed))
    }

    /// All lags together, in seconds.
    pub(crate) fn sum(&self) -> f64 {
        self.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9
    }

    /// The last lag, in seconds.
    pub(crate) fn last(&self) -> f64 {
        self.last.load(Ordering::Relaxed) as f64 / 1e9
    }
}
