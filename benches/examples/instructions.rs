//! Runs one step of the way from an AdmissionReview to its decision, so often as is said, and
//! prints nothing: for `valgrind --tool=callgrind`, whose counts no other process disturbs.
//!
//! `instructions read|request|evaluate|Pod|5|10000 <runs>`; the difference of two counts of runs is
//! the step's alone. A number is of policies, of which five match a Pod.

use std::error::Error;
use std::hint::black_box;

use ajj_benches::{POD, REVIEW, admission, many, pod_security, request};
use ajj_engine::{Facts, Limits, compile, parse_json_lazily};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let step = arguments.next().unwrap_or_default();
    let runs: u32 = arguments.next().map_or(Ok(1000), |runs| runs.parse())?;
    let policies = match step.parse() {
        Ok(count) => many(count, 5),
        Err(_) => compile(&pod_security()?).0,
    };
    let limits = Limits::default();
    let facts = Facts::default();
    let review = parse_json_lazily(REVIEW, &limits)?;
    let asked = if step == "evaluate" { admission(&review)? } else { request(POD)? };
    for _ in 0..runs {
        match &*step {
            "read" => drop(black_box(parse_json_lazily(black_box(REVIEW), &limits)?)),
            "request" => drop(black_box(admission(black_box(&review))?)),
            "evaluate" | "Pod" | "5" | "10000" => {
                drop(black_box(policies.conclude(black_box(&asked), &facts)))
            }
            _ => return Err("expected `read`, `request`, `evaluate`, `Pod`, `5` or `10000`".into()),
        }
    }
    Ok(())
}
