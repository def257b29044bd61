//! How long to wait before something is tried again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Pauses that double, each cut by chance, so that those who failed together do not come back
/// together.
#[derive(Debug)]
pub(in crate::live) struct Pause {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Pause {
    pub(in crate::live) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    pub(in crate::live) fn reset(&mut self) {
        self.next = self.first;
    }

    /// The next pause: between half and all of what it may be.
    pub(in crate::live) fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.most);
        pause / 2 + share(pause / 2)
    }
}

/// A random part of a duration.
pub(in crate::live) fn share(whole: Duration) -> Duration {
    // Each state has keys of its own, which the operating system's randomness seeds.
    let random = RandomState::new().build_hasher().finish() >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    whole.mul_f64(random as f64 / (1_u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::Pause;

    #[test]
    fn pauses_grow_up_to_a_bound_and_differ() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut pause = Pause::new(first, most);
        for upper in [100, 200, 400, 800, 1000, 1000] {
            let taken = pause.take();
            let upper = Duration::from_millis(upper);
            assert!(upper / 2 <= taken && taken <= upper, "{taken:?} of {upper:?}");
        }
        pause.reset();
        assert!(pause.take() <= first);
        let taken: BTreeSet<_> = (0..20).map(|_| Pause::new(first, most).take()).collect();
        assert!(taken.len() > 10, "{taken:?}");
    }
}
