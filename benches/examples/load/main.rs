//! Sends AdmissionReviews to a server that it starts, checks every answer, and prints what they
//! cost the server and how long they took.
//!
//! `load [OPTIONS] -- COMMAND...`; the command has to log one JSON line with `serving`, `address`
//! and `ca_bundle` to stderr, as `ajj webhook` and the example `echo` do. The main figure is the
//! server's CPU time, which other processes disturb least.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

mod client;
mod pace;
mod server;
mod slow;
mod tally;

use std::error::Error;
use std::rc::Rc;

use ajj_benches::reviews::{Review, Size, Verdict};
use clap::{Parser, ValueEnum};

use client::{Http2, Target};
use pace::Pace;
use server::Server;
use tally::Tally;

#[derive(Debug, Parser)]
struct Arguments {
    /// The name of the row that is printed
    #[arg(long, default_value = "")]
    name: String,
    /// KB of a review: 5, 8, 43, or 87 (an update)
    #[arg(long, default_value_t = 8)]
    size: u32,
    /// What policies think of it
    #[arg(long, value_enum, default_value = "clear")]
    verdict: Wanted,
    /// Connections, or streams of the one connection of HTTP/2
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// HTTP/2 over one connection
    #[arg(long)]
    http2: bool,
    /// A new connection for each request
    #[arg(long)]
    churn: bool,
    /// Requests
    #[arg(long, default_value_t = 20_000)]
    requests: u64,
    /// Requests before those that count
    #[arg(long, default_value_t = 2_000)]
    warmup: u64,
    /// Requests a second, sent whether or not answers come; without, the next follows the answer
    #[arg(long)]
    rate: Option<f64>,
    /// Clients beside, that are silent, half open, or send a byte now and then
    #[arg(long, default_value_t = 0)]
    slow: usize,
    /// The core of the server
    #[arg(long)]
    core: Option<u32>,
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wanted {
    Clear,
    Audited,
    Denied,
    /// All three in turn
    Mixed,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let server = Server::start(&arguments.command, arguments.core)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = tokio::task::LocalSet::new().block_on(&runtime, run(&arguments, &server));
    let (row, is_right) = result?;
    println!("{row}");
    if is_right { Ok(()) } else { Err("an answer was wrong, or did not come".into()) }
}

fn reviews(arguments: &Arguments) -> Result<Vec<Review>, Box<dyn Error>> {
    let size = match arguments.size {
        5 => Size::Small,
        8 => Size::Usual,
        43 => Size::Large,
        87 => Size::Update,
        _ => return Err("expected a size of 5, 8, 43 or 87".into()),
    };
    let verdicts: &[Verdict] = match arguments.verdict {
        Wanted::Clear => &[Verdict::Clear],
        Wanted::Audited => &[Verdict::Audited],
        Wanted::Denied => &[Verdict::Denied],
        Wanted::Mixed => &[Verdict::Clear, Verdict::Audited, Verdict::Denied],
    };
    Ok(verdicts.iter().map(|verdict| Review::new(size, *verdict)).collect())
}

async fn run(
    arguments: &Arguments,
    server: &Server,
) -> Result<(serde_json::Value, bool), Box<dyn Error>> {
    let target = Rc::new(Target::new(server.address, &server.authority, arguments.http2)?);
    let slow = slow::hold(&target, arguments.slow).await?;
    let reviews = reviews(arguments)?;
    let shared = match arguments.http2 {
        true => Some(Http2::connect(&target).await?),
        false => None,
    };
    let mut load = pace::Load {
        target: Rc::clone(&target),
        shared,
        reviews,
        connections: arguments.connections,
        churn: arguments.churn,
        first_uid: 0,
    };
    let warm = load.run(arguments.warmup, Pace::Closed).await;
    if warm.right == 0 && arguments.warmup > 0 {
        return Err(format!("no answer is right: {warm:?}").into());
    }
    load.first_uid = arguments.warmup;
    let before = server.cpu()?;
    let pace = arguments.rate.map_or(Pace::Closed, Pace::Open);
    let tally = load.run(arguments.requests, pace).await;
    let cpu = server.cpu()? - before;
    drop(slow);
    let row = row(arguments, server, &tally, cpu)?;
    let lost = tally.wrong + tally.failed + if arguments.rate.is_none() { tally.shed } else { 0 };
    Ok((row, lost == 0))
}

fn row(
    arguments: &Arguments,
    server: &Server,
    tally: &Tally,
    cpu: f64,
) -> Result<serde_json::Value, Box<dyn Error>> {
    let answered = tally.right.max(1) as f64;
    let micro = |seconds: f64| (seconds * 1e7).round() / 10.0;
    let at = |share: f64| micro(tally.at(share));
    Ok(serde_json::json!({
        "name": arguments.name, "bytes": tally.bytes, "right": tally.right, "wrong": tally.wrong,
        "shed": tally.shed, "failed": tally.failed,
        "cpu_us": micro(cpu / answered), "seconds": (tally.seconds * 1e3).round() / 1e3,
        "rate": (answered / tally.seconds).round(), "p50_us": at(0.5), "p90_us": at(0.9),
        "p99_us": at(0.99), "p999_us": at(0.999), "max_us": at(1.0),
        "slowest_shed_us": micro(tally.slowest_shed),
        "rss_kib": server.status("VmRSS")?, "rss_most_kib": server.status("VmHWM")?,
        "ready_ms": (server.ready.as_secs_f64() * 1e4).round() / 10.0,
    }))
}
