//! How long a connection waits for the next request, and for the head of one.
//!
//! One timer a connection, which is looked at when it is due, in place of one for each request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When a connection was last busy. Only its own task reads and writes it.
#[derive(Debug)]
pub(super) struct Idle {
    opened: Instant,
    limit: Duration,
    /// Milliseconds from the opening to the last answer, 0 before the first, or `BUSY`.
    since: AtomicU64,
}

const BUSY: u64 = u64::MAX;

impl Idle {
    pub(super) fn new(limit: Duration) -> Self {
        Self { opened: Instant::now(), limit, since: AtomicU64::new(0) }
    }

    /// Waits for an answer; meanwhile the connection is not idle.
    pub(super) async fn busy<T>(&self, answer: impl Future<Output = T>) -> T {
        self.since.store(BUSY, Ordering::Relaxed);
        let answer = answer.await;
        let elapsed = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(BUSY - 1);
        self.since.store(elapsed.max(1), Ordering::Relaxed);
        answer
    }

    /// Whether a request has come.
    pub(super) fn was_busy(&self) -> bool {
        self.since.load(Ordering::Relaxed) != 0
    }

    /// Ends when the connection has waited for the whole of a head for longer than the limit.
    pub(super) async fn too_long(&self) {
        loop {
            let until = match self.since.load(Ordering::Relaxed) {
                BUSY => Instant::now() + self.limit,
                since => self.opened + Duration::from_millis(since) + self.limit,
            };
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until.into()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::FutureExt;

    use super::Idle;

    const LIMIT: Duration = Duration::from_secs(120);

    /// A connection that was opened so long ago.
    fn opened_before(seconds: u64) -> Idle {
        let opened = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        Idle { opened, ..Idle::new(LIMIT) }
    }

    fn is_over(idle: &Idle) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { idle.too_long().now_or_never().is_some() })
    }

    #[test]
    fn a_connection_may_wait_as_long_as_the_limit_since_its_last_answer() {
        assert!(!is_over(&opened_before(100)));
        assert!(is_over(&opened_before(121)));
        let idle = opened_before(1_000);
        idle.busy(std::future::ready(())).now_or_never().unwrap();
        assert!(!is_over(&idle));
    }

    #[test]
    fn a_connection_that_is_being_answered_is_not_idle() {
        let idle = opened_before(1_000);
        assert!(!idle.was_busy());
        assert!(idle.busy(std::future::pending::<()>()).now_or_never().is_none());
        assert!(idle.was_busy());
        assert!(!is_over(&idle));
    }
}
