//! What a live source did, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the source was made; what needs no fact counts nothing.
#[derive(Debug, Default)]
pub struct LiveCounters {
    /// Calls of the API server for a rule.
    pub api_calls: AtomicU64,
    /// Calls of services.
    pub service_calls: AtomicU64,
    /// Writes that were sent, and reads in order to write.
    pub writes: AtomicU64,
    /// Pages of lists that were read to look at each object once.
    pub pages: AtomicU64,
    /// Lists that were begun to feed a watch.
    pub lists: AtomicU64,
    /// Watches that were begun.
    pub watches: AtomicU64,
    /// Questions that an object of a watch answered.
    pub watch_hits: AtomicU64,
    /// Questions that a kept answer answered.
    pub cache_hits: AtomicU64,
    /// Questions that neither answered.
    pub cache_misses: AtomicU64,
    /// Questions that waited for a call which another had begun.
    pub joined: AtomicU64,
    /// Questions whose answer came too late.
    pub timeouts: AtomicU64,
    /// Questions that were refused: by their path, address, or for being too many.
    pub refused: AtomicU64,
    /// Calls that failed.
    pub failures: AtomicU64,
}

impl LiveCounters {
    /// Counts one more; there is no order among counters.
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
