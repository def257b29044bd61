//! Prints what one AdmissionReview allocates on its way to a decision of 17 Pod Security policies:
//! how often, how many bytes in all, and how many of them at once.
//!
//! The counts are exact and the same on every machine: compare them before and after a change.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::hint::black_box;

use ajj_benches::{DEPLOYMENT, POD, REVIEW, admission, pod_security, request};
use ajj_engine::{Facts, Limits, compile, parse_json_lazily};

/// Runs `step` and prints what it allocates; dropping what it yields is not part of it.
fn count<T>(name: &str, step: impl FnOnce() -> T) -> T {
    let mut result = None;
    let counted = allocation_counter::measure(|| result = Some(step()));
    println!(
        "{name}: {} allocations, {} bytes, {} at most",
        counted.count_total, counted.bytes_total, counted.bytes_max
    );
    match result {
        Some(result) => result,
        None => unreachable!("a step that was measured was run"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (policies, _) = compile(&pod_security()?);
    let facts = Facts::default();
    for (kind, object) in [("Pod", POD), ("Deployment", DEPLOYMENT)] {
        let request = request(object)?;
        // What is made once and kept is not what a request costs.
        black_box(policies.conclude(&request, &facts));
        let decision = count(&format!("evaluate {kind}"), || policies.conclude(&request, &facts));
        assert_eq!(decision.results.len(), 17);
    }
    let limits = Limits::default();
    println!("review of {} bytes", REVIEW.len());
    let review = count("  read", || parse_json_lazily(REVIEW, &limits))?;
    let request = count("  request", || admission(&review))?;
    let decision = count("  evaluate", || policies.conclude(&request, &facts));
    assert_eq!(decision.results.len(), 17);
    Ok(())
}
