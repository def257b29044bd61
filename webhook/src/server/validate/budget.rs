//! How long an answer may take.

use std::time::Duration;

use ajj_engine::scalar::duration;

/// The time that an API server gives where it does not say how much.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that it can give.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);
/// What is left for the way back.
const MARGIN: Duration = Duration::from_millis(200);

/// The time for an answer: what the API server waits (`?timeout=10s`), less the way back.
pub(super) fn budget(query: &str) -> Duration {
    let written = query.split('&').find_map(|pair| pair.strip_prefix("timeout="));
    let given = written
        .and_then(duration::parse)
        .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
        .filter(|nanoseconds| *nanoseconds > 0)
        .map_or(DEFAULT_TIMEOUT, Duration::from_nanos)
        .min(MAX_TIMEOUT);
    given - MARGIN.min(given / 4)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::budget;

    #[test]
    fn the_time_for_an_answer_ends_before_the_server_stops_waiting() {
        for (query, milliseconds) in [
            ("timeout=10s", 9_800),
            ("timeout=1s", 800),
            ("timeout=400ms", 300),
            ("a=b&timeout=2s", 1_800),
            ("", 9_800),
            ("timeout=", 9_800),
            ("timeout=0s", 9_800),
            ("timeout=-3s", 9_800),
            ("timeout=soon", 9_800),
            ("timeout=99h", 29_800),
        ] {
            assert_eq!(budget(query), Duration::from_millis(milliseconds), "`{query}`");
        }
    }
}
