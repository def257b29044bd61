//! Waits for a condition, with a bound.

use std::time::{Duration, Instant};

/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(20);

/// Tries until an attempt succeeds or the bound has passed, and says what the last attempt saw.
///
/// One attempt begins after the bound, so that a slow machine does not turn one slow attempt into a
/// failure.
pub fn eventually<T, E>(
    bound: Duration,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let end = Instant::now() + bound;
    loop {
        let last = Instant::now() >= end;
        match attempt() {
            Err(_) if !last => std::thread::sleep(PAUSE),
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_success_ends_it() {
        let mut attempts = 0;
        let result = eventually(Duration::from_secs(60), || {
            attempts += 1;
            if attempts == 3 { Ok(attempts) } else { Err("not yet") }
        });
        assert_eq!(result, Ok(3));
    }

    #[test]
    fn the_bound_ends_it_with_what_was_seen_last() {
        let mut attempts = 0;
        let result: Result<(), usize> = eventually(Duration::from_millis(50), || {
            attempts += 1;
            Err(attempts)
        });
        assert_eq!(result, Err(attempts));
        assert!(attempts > 1);
    }
}
