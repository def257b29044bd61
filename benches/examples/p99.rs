//! Prints what 100,000 evaluations of 17 Pod Security policies cost in this thread's CPU time.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::hint::black_box;

use ajj_benches::{DEPLOYMENT, POD, pod_security, request};
use ajj_engine::{Facts, compile};
use rustix::time::{ClockId, clock_gettime};

const EVALUATIONS: usize = 100_000;

fn thread_nanoseconds() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

fn main() -> Result<(), Box<dyn Error>> {
    let (policies, _) = compile(&pod_security()?);
    for (kind, object) in [("Pod", POD), ("Deployment", DEPLOYMENT)] {
        let request = request(object)?;
        let mut costs = Vec::with_capacity(EVALUATIONS);
        for _ in 0..EVALUATIONS {
            let start = thread_nanoseconds();
            black_box(policies.conclude(black_box(&request), &Facts::default()));
            costs.push(thread_nanoseconds() - start);
        }
        costs.sort_unstable();
        let at = |share: f64| {
            let index = (costs.len() as f64 * share) as usize;
            costs.get(index).copied().unwrap_or_default() as f64 / 1000.0
        };
        let average = costs.iter().sum::<i64>() as f64 / costs.len() as f64 / 1000.0;
        println!(
            "{kind}: {} policies, {EVALUATIONS} evaluations: average {average:.1} µs, median {:.1} µs, 99 % under {:.1} µs, 99.9 % under {:.1} µs",
            policies.policies(),
            at(0.5),
            at(0.99),
            at(0.999)
        );
    }
    Ok(())
}
