//! Runs one step of the way from an AdmissionReview to its decision, so often as is said, and
//! prints nothing: for `valgrind --tool=callgrind`, whose counts no other process disturbs.
//!
//! `instructions read|request|evaluate|Pod <runs>`; the difference of two counts of runs is the
//! step's alone.

use std::error::Error;
use std::hint::black_box;

use ajj_benches::{POD, REVIEW, admission, pod_security, request};
use ajj_engine::{Facts, Limits, compile, parse_json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let step = arguments.next().unwrap_or_default();
    let runs: u32 = arguments.next().map_or(Ok(1000), |runs| runs.parse())?;
    let (policies, _) = compile(&pod_security()?);
    let limits = Limits::default();
    let facts = Facts::default();
    let review = parse_json(REVIEW, &limits)?;
    let asked = if step == "Pod" { request(POD)? } else { admission(&review)? };
    for _ in 0..runs {
        match &*step {
            "read" => drop(black_box(parse_json(black_box(REVIEW), &limits)?)),
            "request" => drop(black_box(admission(black_box(&review))?)),
            "evaluate" | "Pod" => drop(black_box(policies.conclude(black_box(&asked), &facts))),
            _ => return Err("expected `read`, `request`, `evaluate` or `Pod`".into()),
        }
    }
    Ok(())
}
