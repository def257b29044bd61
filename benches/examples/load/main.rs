//! Sends AdmissionReviews to a server that it starts, checks every answer, and prints what they
//! cost the server and how long they took.
//!
//! `load [OPTIONS] -- COMMAND...`; the command has to log one JSON line with `serving`, `address`
//! and `ca_bundle` to stderr, as `ajj webhook` and the example `echo` do. The main figure is the
//! server's CPU time, which other processes disturb least.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

mod client;
mod meanwhile;
mod pace;
mod rotate;
mod server;
mod slow;
mod tally;

use std::error::Error;
use std::rc::Rc;

use ajj_benches::reviews::{Review, Size, Verdict};
use clap::{Parser, ValueEnum};

use client::{Http2, Target};
use meanwhile::Meanwhile;
use pace::Pace;
use rotate::{Rotating, Rotation};
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
    /// What a shell does meanwhile, again and again if it says so; $SERVER is the server's process
    #[arg(long)]
    meanwhile: Option<String>,
    /// How often the server's certificate is replaced meanwhile, by one of another authority
    #[arg(long, default_value_t = 0)]
    rotations: u32,
    /// Seconds between two rotations
    #[arg(long, default_value_t = 0.1)]
    rotate_every: f64,
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
    let rotation = match arguments.rotations {
        0 => None,
        times => Some(Rotation::new(times, arguments.rotate_every)?),
    };
    let flags = rotation.as_ref().map(Rotation::flags).unwrap_or_default();
    let mut server = Server::start(&[&*arguments.command, &flags].concat(), arguments.core)?;
    if let Some(rotation) = &rotation {
        server.authority = rotation.authorities();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = tokio::task::LocalSet::new()
        .block_on(&runtime, run(&arguments, &server, rotation.as_ref()));
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
    rotation: Option<&Rotation>,
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
    let rss = server.status("VmRSS")?;
    let beside = arguments.meanwhile.as_deref().map(|script| Meanwhile::start(script, server));
    let beside = beside.transpose()?;
    let rotating = rotation.map(Rotation::start);
    let tally = load.run(arguments.requests, pace).await;
    drop((beside, slow));
    let rotated = rotating.map(Rotating::stop).transpose()?;
    if server.has_ended()? {
        let row = ended_row(arguments, &tally);
        return Ok((row, tally.wrong + tally.failed == 0));
    }
    let cpu = server.cpu()? - before;
    let mut row = row(arguments, server, &tally, cpu)?;
    if let Some(fields) = row.as_object_mut() {
        let grown = server.status("VmRSS")?.saturating_sub(rss);
        fields.insert("rss_grown_kib".to_owned(), grown.into());
        fields.extend(rotated.map(|rotated| ("rotated".to_owned(), rotated.into())));
    }
    let lost = tally.wrong
        + tally.failed
        + tally.unsent
        + if arguments.rate.is_none() { tally.shed } else { 0 };
    Ok((row, lost == 0))
}

/// The row of a server that ended meanwhile: the kernel knows no more of it.
fn ended_row(arguments: &Arguments, tally: &Tally) -> serde_json::Value {
    serde_json::json!({
        "name": arguments.name, "bytes": tally.bytes, "right": tally.right, "wrong": tally.wrong,
        "shed": tally.shed, "failed": tally.failed, "unsent": tally.unsent,
    })
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
        "shed": tally.shed, "failed": tally.failed, "unsent": tally.unsent,
        "cpu_us": micro(cpu / answered), "seconds": (tally.seconds * 1e3).round() / 1e3,
        "rate": (answered / tally.seconds).round(), "p50_us": at(0.5), "p90_us": at(0.9),
        "p99_us": at(0.99), "p999_us": at(0.999), "max_us": at(1.0),
        "slowest_shed_us": micro(tally.slowest_shed),
        "rss_kib": server.status("VmRSS")?, "rss_most_kib": server.status("VmHWM")?,
        "ready_ms": (server.ready.as_secs_f64() * 1e4).round() / 10.0,
    }))
}
