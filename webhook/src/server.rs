//! Accepts connections and hands them to workers, one thread a core, each with a runtime of its
//! own: a connection stays where it is, so that nothing on the way of a request is shared.

mod body;
mod connection;
mod descriptors;
mod routes;
mod service;
mod validate;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::server::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::warn;

use crate::answers::Answers;
use crate::audit::Audited;
use crate::cluster::Cluster;
use crate::decision_id::Replica;
use crate::decision_log::DecisionLog;
use crate::kinds::Kinds;
use crate::metrics::{ClusterGauges, Gauges, Shard};
use crate::peers::Peers;
use crate::policies::Policies;
use crate::register::Registered;
use crate::tls::Certificates;
use crate::traces::Traces;
pub(crate) use descriptors::connections;
use routes::Surface;
pub(crate) use worker::Worker;

/// What a server may spend.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads that answer; as many as there are cores if 0.
    pub workers: usize,
    /// Bytes of a review. An API server takes objects of 3 MiB and writes some characters as six
    /// bytes, and an update carries two objects.
    pub body: usize,
    /// Bytes of all large reviews that are read at one time.
    pub large_bodies: usize,
    /// Reviews that one worker answers at one time; more are shed.
    pub in_flight: u64,
    /// Connections, if the system allows so many files; more wait to be accepted.
    pub connections: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long the head of a request may take, and how long a connection may stand idle.
    pub idle: Duration,
    /// How long connections may take to end once the process is told to.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 0,
            body: 40 << 20,
            large_bodies: 96 << 20,
            in_flight: 1_024,
            connections: 8_192,
            handshake: Duration::from_secs(10),
            // API servers keep idle connections for 90 seconds: theirs must be the shorter time.
            idle: Duration::from_secs(120),
            drain: Duration::from_secs(4),
        }
    }
}

/// What all workers read. On the way of a request nobody writes to it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) policies: Arc<Policies>,
    pub(crate) cluster: Option<Arc<Cluster>>,
    /// How registration at the API server goes, where that is ours to do.
    pub(crate) registered: Option<Arc<Registered>>,
    /// How the audit goes, where it is ours to do.
    pub(crate) audited: Option<Arc<Audited>>,
    pub(crate) answers: Answers,
    pub(crate) kinds: Arc<Kinds>,
    pub(crate) log: DecisionLog,
    /// The other replicas, where they can be found and know us.
    pub(crate) peers: Option<Peers>,
    /// Where somebody asked for traces.
    pub(crate) traces: Option<Traces>,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) shards: Vec<Arc<Shard>>,
    pub(crate) replica: Replica,
    pub(crate) limits: Limits,
    /// Whether `/validate` answers only clients with a certificate.
    pub(crate) clients_need_certificate: bool,
    pub(crate) is_draining: AtomicBool,
    /// KiB that large bodies may still take.
    pub(crate) large_bodies: Semaphore,
    pub(crate) connections: Arc<Semaphore>,
}

impl Shared {
    /// Whether reviews should be sent here.
    pub(crate) fn is_ready(&self) -> bool {
        self.policies.current().is_some()
            && self.certificates.is_settled()
            && !self.is_draining.load(Ordering::Relaxed)
    }

    pub(crate) fn gauges(&self) -> Gauges<'_> {
        let current = self.policies.current();
        let (replaced, refused) = self.policies.counts();
        let enforced = current.as_ref();
        let policies = enforced.map(|enforced| &enforced.policies);
        Gauges {
            ready: self.is_ready(),
            stale: self.policies.is_stale(),
            rules: policies.map_or(0, |policies| policies.rules().len()),
            policies: policies.map_or(0, |policies| policies.policies()),
            not_evaluated: policies.map_or(0, |policies| {
                policies.not_evaluated().iter().map(|rules| rules.count).sum()
            }),
            digest: enforced.map(|enforced| enforced.digest.clone()).unwrap_or_default(),
            replaced,
            refused,
            certificate_expiry: self.certificates.expires() as f64,
            certificate_stale: self.certificates.is_stale(),
            log_dropped: self.log.dropped(),
            spans: self.traces.as_ref().map(Traces::counters),
            registered: self.registered.as_deref(),
            audited: self.audited.as_deref(),
            broken: enforced.map_or(0, |enforced| enforced.broken),
            cluster: self.cluster.as_ref().map(|cluster| ClusterGauges {
                age: cluster.age(),
                has_trouble: cluster.trouble().is_some(),
                counters: cluster.live.counters(),
                lag: &self.policies.lag,
                events_dropped: cluster.events.dropped(),
                exceptions_ignored: cluster.policies.exceptions_ignored(),
            }),
        }
    }
}

/// How far a server is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// Answers, and asks each client to come back elsewhere.
    Draining,
    /// Idle connections are closed.
    Closing,
}

/// An address that is listened on, and how connections to it are secured.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Arc<ServerConfig>,
}

/// Connections to the address of metrics, at most.
const METRICS_CONNECTIONS: usize = 64;

/// Accepts until `phase` says that it is over; then waits for connections to end. Metrics and
/// decisions may have an address of their own, and then a thread of their own.
pub(crate) async fn serve(
    reviews: Listening,
    metrics: Option<Listening>,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
) -> Result<(), std::io::Error> {
    let surface = if metrics.is_some() { Surface::Reviews } else { Surface::Everything };
    let start = |name: String, shard: &Arc<Shard>, surface, tls: &Arc<ServerConfig>| {
        let worker = Worker { shared: Arc::clone(&shared), shard: Arc::clone(shard) };
        worker::start(name, worker, surface, Arc::clone(tls), phase.clone())
    };
    let workers = shared
        .shards
        .iter()
        .enumerate()
        .map(|(number, shard)| start(format!("worker-{number}"), shard, surface, &reviews.tls));
    let workers = workers.collect::<Result<Vec<_>, _>>()?;
    if let Some(Listening { listener, tls }) = metrics {
        // What scrapes cost is not what reviews cost: they are not counted among them.
        let shard = Arc::<Shard>::default();
        let queues = [start("metrics".to_owned(), &shard, Surface::Metrics, &tls)?];
        let room = Arc::new(Semaphore::new(METRICS_CONNECTIONS));
        let phase = phase.clone();
        tokio::spawn(async move { accept(&listener, &room, &queues, phase).await });
    }
    let Listening { listener, .. } = reviews;
    accept(&listener, &shared.connections, &workers, phase).await;
    let listener = listener.into_std()?;
    accept_rest(&listener, &shared.connections, &workers);
    drop(listener);
    // Every connection holds a permit until it ends.
    let all = u32::try_from(shared.limits.connections).unwrap_or(u32::MAX);
    let ended = tokio::time::timeout(shared.limits.drain, shared.connections.acquire_many(all));
    if ended.await.is_err() {
        let open = shared.limits.connections - shared.connections.available_permits();
        warn!(open, "connections did not end in time");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    workers: &[worker::Queue],
    mut phase: watch::Receiver<Phase>,
) {
    for queue in workers.iter().cycle() {
        let accepted = async {
            let permit = Arc::clone(room).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let over = phase.wait_for(|phase| *phase >= Phase::Closing);
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            _ = over => return,
        };
        match accepted {
            Some((Ok((stream, peer)), permit)) => queue.send(stream.into_std(), peer, permit),
            Some((Err(problem), _)) => {
                // Out of files, mostly: wait for some connection to end.
                warn!(%problem, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            None => return,
        }
    }
}

/// Takes those that wait to be accepted: closing would turn them away without a word.
fn accept_rest(listener: &std::net::TcpListener, room: &Arc<Semaphore>, workers: &[worker::Queue]) {
    for queue in workers.iter().cycle() {
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else { return };
        // Nobody waits any more, or nobody can be accepted.
        let Ok((stream, peer)) = listener.accept() else { return };
        queue.send(stream.set_nonblocking(true).map(|()| stream), peer, permit);
    }
}

/// Where a client's bytes come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Whether it showed a certificate of one of the client authorities.
    pub(crate) has_certificate: bool,
}

#[cfg(test)]
mod tests;
