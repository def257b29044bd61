//! Prints what an AdmissionReview of 8.8 KB costs on its way to a decision of 17 Pod Security
//! policies, step by step, in this thread's CPU time: the best of 50 rounds.
//!
//! `review <rounds>` runs as many rounds; under `valgrind --tool=callgrind` one is enough.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::hint::black_box;

use ajj_benches::{REVIEW, admission, pod_security};
use ajj_engine::{Facts, Limits, compile, parse_json_lazily};
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many reviews a round reads.
const REVIEWS: u32 = 1000;

fn thread_nanoseconds() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Prints the least time that one of `REVIEWS` runs took on average.
fn measure(name: &str, rounds: u32, mut step: impl FnMut()) {
    let cost = |_| {
        let start = thread_nanoseconds();
        (0..REVIEWS).for_each(|_| step());
        thread_nanoseconds() - start
    };
    let best = (0..rounds).map(cost).min().unwrap_or_default();
    println!("{name}: {:.2} µs", best as f64 / f64::from(REVIEWS) / 1000.0);
}

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(50), |rounds| rounds.parse())?;
    let (policies, _) = compile(&pod_security()?);
    let limits = Limits::default();
    let facts = Facts::default();
    let review = parse_json_lazily(REVIEW, &limits)?;
    let request = admission(&review)?;
    assert_eq!(policies.conclude(&request, &facts).results.len(), 17);
    measure("read", rounds, || {
        black_box(parse_json_lazily(black_box(REVIEW), &limits).ok());
    });
    measure("request", rounds, || {
        black_box(admission(black_box(&review)).ok());
    });
    measure("evaluate", rounds, || {
        black_box(policies.conclude(black_box(&request), &facts));
    });
    measure("all of it", rounds, || {
        let review = parse_json_lazily(black_box(REVIEW), &limits).ok();
        let request = review.as_ref().and_then(|review| admission(review).ok());
        black_box(request.map(|request| policies.conclude(&request, &facts)));
    });
    Ok(())
}
