//! Prints what reviews cost that are made to cost much: CPU time, and memory at its highest as a
//! multiple of the body, from the bytes to the decision of 17 Pod Security policies.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;

use ajj_benches::hostile::hostile;
use ajj_benches::pod_security;
use ajj_engine::{Facts, compile};
use ajj_webhook::review::{ResourceKinds, parse};
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

fn thread_milliseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn main() -> Result<(), Box<dyn Error>> {
    let (policies, _) = compile(&pod_security()?);
    let kinds = ResourceKinds::default();
    let facts = Facts::default();
    println!("| review | MB | answer | CPU ms | memory / body |");
    println!("|---|---|---|---|---|");
    for review in hostile() {
        let mut answer = "refused";
        let mut judge = || match parse(&review.body, &kinds, Timestamp::UNIX_EPOCH) {
            Ok(request) => {
                let decision = policies.conclude(&request, &facts);
                answer = if decision.allowed() { "allowed" } else { "denied" };
            }
            Err(_) => answer = "refused",
        };
        let start = thread_milliseconds();
        judge();
        let cost = thread_milliseconds() - start;
        let most = allocation_counter::measure(&mut judge).bytes_max;
        let length = review.body.len() as f64;
        println!(
            "| {} | {:.1} | {answer} | {cost:.1} | {:.1} |",
            review.name,
            length / 1e6,
            most as f64 / length
        );
    }
    Ok(())
}
