//! What a live source may spend.

use std::time::Duration;

/// Bounds of a [`Live`](crate::Live) source.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The bytes of one answer of the API server.
    ///
    /// Kyverno bounds all that one rule loads to 2 MiB; a list is cut down only after it came.
    pub max_response_bytes: usize,
    /// The bytes of one answer of a service; Kyverno's bound.
    pub max_service_response_bytes: usize,
    /// The bytes of all objects of one watch; what is beyond is not kept.
    pub max_watched_bytes: usize,
    /// The bytes of all answers that are kept.
    pub cache_bytes: u64,
    /// How long the answer about one object is kept.
    ///
    /// Lists and answers of services are not kept: a rule that compares an object with all others
    /// has to see the one that was admitted before it.
    pub cache_objects_for: Duration,
    /// How long it is kept that something cannot be answered.
    pub cache_errors_for: Duration,
    /// How long one call takes at most, whoever still waits for it.
    pub call_timeout: Duration,
    /// How many calls of the API server are made at once, and how many of services.
    ///
    /// With the bounds of their answers, this is what bounds the memory that they take together.
    pub calls_at_once: usize,
    /// How many questions are open at once; those beyond fail.
    pub max_open_questions: usize,
    /// The first pause before a watch is begun anew; it doubles each time.
    pub retry_after: Duration,
    /// The longest pause before a watch is begun anew.
    pub retry_at_most: Duration,
    /// The pause before a list is asked for again that the API server does not know.
    pub ask_absent_again_after: Duration,
    /// Whether services may be at loopback addresses, which a cluster has no use for.
    pub loopback_services: bool,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            max_response_bytes: 8 << 20,
            max_service_response_bytes: 2_000_000,
            max_watched_bytes: 256 << 20,
            cache_bytes: 64 << 20,
            cache_objects_for: Duration::from_secs(1),
            cache_errors_for: Duration::from_millis(200),
            call_timeout: Duration::from_secs(10),
            calls_at_once: 16,
            max_open_questions: 4096,
            retry_after: Duration::from_millis(500),
            retry_at_most: Duration::from_secs(30),
            ask_absent_again_after: Duration::from_secs(3),
            loopback_services: false,
        }
    }
}
