//! What came back, counted.

/// Answers by kind, and how long those took that are right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Bytes of a review.
    pub(crate) bytes: usize,
    /// Answers for the right review with the right verdict.
    pub(crate) right: u64,
    /// Answers for another review, or with another verdict.
    pub(crate) wrong: u64,
    /// Refused for want of room.
    pub(crate) shed: u64,
    /// No answer, or another status.
    pub(crate) failed: u64,
    /// Not sent: nobody listens any more, so that a client turns to another replica.
    pub(crate) unsent: u64,
    /// The longest that a refusal took.
    pub(crate) slowest_shed: f64,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// Seconds of each right answer, in order once [`Tally::sort`] was called.
    latencies: Vec<f64>,
}

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Right,
    Wrong,
    Shed,
    Failed,
    Unsent,
}

impl Tally {
    pub(crate) fn add(&mut self, ended: Ended, seconds: f64) {
        match ended {
            Ended::Right => {
                self.right += 1;
                self.latencies.push(seconds);
            }
            Ended::Wrong => self.wrong += 1,
            Ended::Shed => {
                self.shed += 1;
                self.slowest_shed = self.slowest_shed.max(seconds);
            }
            Ended::Failed => self.failed += 1,
            Ended::Unsent => self.unsent += 1,
        }
    }

    pub(crate) fn sort(&mut self) {
        self.latencies.sort_by(f64::total_cmp);
    }

    /// The time within which this share of the answers came.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let index = (self.latencies.len() as f64 * share) as usize;
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(index.min(last)).copied().unwrap_or_default()
    }
}
