//! One thread that answers: its runtime, its counters, the connections that it was handed.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::server::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::{debug, error};

use super::routes::{Surface, routes};
use super::{Phase, Shared, connection};
use crate::metrics::Shard;

/// Evaluating is bounded in depth, but reading and writing deep objects wants some room.
const STACK: usize = 8 << 20;

/// What a worker answers with.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) shard: Arc<Shard>,
}

/// Hands connections to a worker. Its length is bounded by the permits that come along.
#[derive(Debug)]
pub(super) struct Queue(UnboundedSender<Accepted>);

type Accepted = (std::net::TcpStream, SocketAddr, OwnedSemaphorePermit);

impl Queue {
    pub(super) fn send(
        &self,
        stream: std::io::Result<std::net::TcpStream>,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let handed = stream.map(|stream| self.0.send((stream, peer, permit)));
        if !matches!(handed, Ok(Ok(()))) {
            error!("a connection could not be handed to its worker");
        }
    }
}

/// Starts a worker; it ends with the process.
pub(super) fn start(
    name: String,
    worker: Worker,
    surface: Surface,
    tls: Arc<ServerConfig>,
    phase: watch::Receiver<Phase>,
) -> Result<Queue, std::io::Error> {
    let (sender, receiver) = unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name(name)
        .stack_size(STACK)
        .spawn(move || runtime.block_on(run(worker, surface, receiver, tls, phase)))?;
    Ok(Queue(sender))
}

async fn run(
    worker: Worker,
    surface: Surface,
    mut accepted: UnboundedReceiver<Accepted>,
    tls: Arc<ServerConfig>,
    phase: watch::Receiver<Phase>,
) {
    // It lasts as long as the process: what borrows it counts no references.
    let worker: &'static Worker = Box::leak(Box::new(worker));
    let routes = routes(worker, surface);
    let phase = of_this_thread(phase);
    while let Some((stream, peer, permit)) = accepted.recv().await {
        let (routes, tls, phase) = (routes.clone(), Arc::clone(&tls), phase.clone());
        tokio::spawn(async move {
            worker.shard.connected();
            let served = match TcpStream::from_std(stream) {
                Ok(stream) => connection::serve(stream, peer, worker, routes, tls, phase).await,
                Err(problem) => Err(problem.into()),
            };
            if let Err(problem) = served {
                // Clients go away in the middle of things: nothing to mend here.
                debug!(%peer, problem, "connection ended");
            }
            worker.shard.disconnected();
            drop(permit);
        });
    }
}

/// Hands on how far the server is. A connection looks whenever something happens to it, which takes
/// a lock: one that no other thread ever holds.
fn of_this_thread(mut phase: watch::Receiver<Phase>) -> watch::Receiver<Phase> {
    let (sender, receiver) = watch::channel(*phase.borrow_and_update());
    tokio::spawn(async move {
        while phase.changed().await.is_ok() {
            sender.send_replace(*phase.borrow_and_update());
        }
        // Dropped, it would look as if nothing came any more.
        std::future::pending::<()>().await;
    });
    receiver
}
