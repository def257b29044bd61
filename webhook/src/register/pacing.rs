//! When to write: at once, unless there has been much writing; a peer is given time.

use std::time::Duration;

use tokio::time::Instant;

/// Writes in a row that do not wait.
const AT_ONCE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// After this without a change, writing is forgotten.
const CALM: Duration = Duration::from_secs(60);
/// How long a peer's content may stand until ours has come to be the same.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was written lately, and what is waited for.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    in_a_row: u32,
    last_write: Option<Instant>,
    peer_since: Option<Instant>,
    began: Option<Instant>,
    was_settled: bool,
    /// Names the content that was as it should be last.
    agreed: Option<String>,
}

impl Pacing {
    /// Whether nothing was as it should be yet.
    pub(super) fn is_first(&self) -> bool {
        !self.was_settled
    }

    /// Whether this is the content that was as it should be last.
    pub(super) fn agreed_to(&self, signature: Option<&str>) -> bool {
        signature.is_some() && self.agreed.as_deref() == signature
    }

    /// All is as it should be.
    pub(super) fn settled(&mut self, now: Instant, signature: Option<&str>) {
        self.was_settled = true;
        if self.agreed.as_deref() != signature {
            self.agreed = signature.map(str::to_owned);
        }
        self.peer_since = None;
        if self.last_write.is_none_or(|last| now.duration_since(last) >= CALM) {
            self.in_a_row = 0;
        }
    }

    /// How long a peer's content is left alone; longer the more was written already, so that two
    /// versions of this program do not write against each other all the time.
    pub(super) fn wait_for_peer(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.peer_since.get_or_insert(now);
        (since + PATIENCE + self.pause()).checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// How long not to write.
    pub(super) fn wait_to_write(&self, now: Instant) -> Option<Duration> {
        let last = self.last_write?;
        (last + self.pause()).checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// How long not to begin.
    pub(super) fn wait_to_begin(&mut self, now: Instant, wait: Duration) -> Option<Duration> {
        let began = *self.began.get_or_insert(now);
        (began + wait).checked_duration_since(now).filter(|left| !left.is_zero())
    }

    pub(super) fn wrote(&mut self, now: Instant) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.last_write = Some(now);
        self.peer_since = None;
    }

    fn pause(&self) -> Duration {
        match self.in_a_row.checked_sub(AT_ONCE) {
            None | Some(0) => Duration::ZERO,
            Some(more) => FIRST_PAUSE.saturating_mul(1 << (more - 1).min(10)).min(LONGEST_PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fight_gets_slower_and_is_forgotten() {
        let mut now = Instant::now();
        let mut pacing = Pacing::default();
        for _ in 0..AT_ONCE {
            assert_eq!(pacing.wait_to_write(now), None);
            pacing.wrote(now);
        }
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            pacing.wrote(now);
            assert_eq!(pacing.wait_to_write(now), Some(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            assert_eq!(pacing.wait_to_write(now), None);
            // What stood for a moment is no peace.
            pacing.settled(now, None);
        }
        now += CALM;
        pacing.settled(now, None);
        pacing.wrote(now);
        assert_eq!(pacing.wait_to_write(now), None);
    }

    #[test]
    fn a_peer_is_given_time_once() {
        let now = Instant::now();
        let mut pacing = Pacing::default();
        assert_eq!(pacing.wait_for_peer(now), Some(PATIENCE));
        assert_eq!(pacing.wait_for_peer(now + PATIENCE), None);
        pacing.settled(now + PATIENCE, Some("a"));
        assert!(pacing.agreed_to(Some("a")));
        assert!(!pacing.agreed_to(Some("b")) && !pacing.agreed_to(None));
        assert_eq!(pacing.wait_for_peer(now + PATIENCE), Some(PATIENCE));
    }
}
