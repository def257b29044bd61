//! Compares ajj with recorded answers of upstream tools.
//!
//! Our own cases (`testdata/kyverno`) always run. The large records lie in a folder `shared` beside
//! the repository, or where `AJJ_SHARED` points; without them the run says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test; without the usual harness clippy does not see that it is one"
)]

mod apply;
mod chainsaw;
mod gatekeeper;
mod golden;
mod ledger;
mod locate;
mod pages;
mod places;
mod pod_security;
mod probes;
mod reach;
mod rego;
mod rows;
#[path = "../runner/served.rs"]
#[expect(dead_code, reason = "the tests of the command line need more of it")]
mod served;
mod suites;
mod tables;
mod webhook;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::golden::Golden;
use crate::ledger::{Ledger, Lists};

/// Compares one area.
type Compare = fn(&Golden, &mut Ledger);

/// What is compared: the name of an area, and how.
const AREAS: &[(&str, Compare)] = &[
    ("conditions", tables::conditions),
    ("scalar-patterns", tables::scalar_patterns),
    ("tree-patterns", tables::tree_patterns),
    ("jmespath", tables::jmespath),
    ("probes", probes::probes),
    ("apply", apply::apply),
    ("suites-compat", suites::compat),
    ("suites", suites::honest),
    ("pod-security", pod_security::fixtures),
    ("places", places::places),
    ("rego-probes", rego::probes),
    ("opa", rego::opa),
    ("webhook", webhook::webhook),
    ("chainsaw", chainsaw::chainsaw),
    ("gatekeeper-suites", gatekeeper::suites),
    ("gatekeeper-violations", gatekeeper::violations),
    ("gatekeeper-test", gatekeeper::test),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("page", || pages::check().map_err(Failed::from))];
    trials.extend(probes::own().into_iter().map(|(name, folder)| {
        Trial::test(format!("own::{name}"), move || probes::hold(&folder).map_err(Failed::from))
    }));
    let summaries = Arc::new(Mutex::new(Vec::new()));
    match Golden::find() {
        None => println!("conformance: not run (no folder `shared` beside the repository)"),
        Some(golden) => {
            let golden = Arc::new(golden);
            let areas = AREAS.iter().filter(|(area, _)| *area != "opa" || rego::has_cases());
            for (index, (area, compare)) in areas.enumerate() {
                let (golden, summaries) = (Arc::clone(&golden), Arc::clone(&summaries));
                trials.push(Trial::test(*area, move || {
                    let mut ledger = Ledger::new(area);
                    compare(&golden, &mut ledger);
                    let settled = ledger.settle(&Lists::read());
                    summaries.lock().unwrap().push((index, settled.to_string()));
                    settled.verdict().map_err(Failed::from)
                }));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut summaries = summaries.lock().unwrap();
    summaries.sort();
    for (_, summary) in summaries.iter() {
        println!("{summary}");
    }
    conclusion.exit_code()
}
