//! One connection: TLS, then HTTP/1.1 or HTTP/2, until one side ends it.

mod idle;

use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::server::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::routes::Routes;
use super::{Peer, Phase, Worker, service};
use idle::Idle;

type Problem = Box<dyn Error + Send + Sync>;

/// Bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;
/// Requests of one HTTP/2 connection at one time; an API server sends all of its own over one.
const MAX_STREAMS: u32 = 1_024;
const PING: Duration = Duration::from_secs(20);
/// How long a server that ends waits for the first request of a connection.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

pub(super) async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    worker: &'static Worker,
    routes: Routes,
    tls: Arc<ServerConfig>,
    phase: watch::Receiver<Phase>,
) -> Result<(), Problem> {
    stream.set_nodelay(true)?;
    let limits = &worker.shared.limits;
    let handshake = TlsAcceptor::from(tls).accept(stream);
    let stream = match tokio::time::timeout(limits.handshake, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(problem)) => {
            worker.shard.handshake_failed();
            return Err(problem.into());
        }
        Err(late) => {
            worker.shard.handshake_failed();
            return Err(late.into());
        }
    };
    let session = stream.get_ref().1;
    let peer = Peer { address, has_certificate: session.peer_certificates().is_some() };
    match session.alpn_protocol() == Some(b"h2") {
        true => http2(stream, peer, worker, routes, phase).await,
        false => http1(stream, peer, worker, &routes, phase).await,
    }
}

async fn http1(
    stream: TlsStream<TcpStream>,
    peer: Peer,
    worker: &'static Worker,
    routes: &Routes,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), Problem> {
    let idle = Idle::new(worker.shared.limits.idle);
    let service = service_fn(|request| idle.busy(service::answer(worker, routes, peer, request)));
    let mut builder = http1::Builder::new();
    // Its timer is made, armed and dropped for each request, for what `Idle` does once in a while.
    builder.header_read_timeout(None).max_buf_size(MAX_HEAD).pipeline_flush(true);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        served = connection.as_mut() => return Ok(served?),
        () = idle.too_long() => return Ok(()),
        // Until then each answer says `Connection: close`: an idle connection that is closed could
        // meet a request on its way.
        _ = phase.wait_for(|phase| *phase >= Phase::Closing) => {}
    }
    // Who has just come has a request on its way.
    if !idle.was_busy()
        && let Ok(served) = tokio::time::timeout(FIRST_REQUEST, connection.as_mut()).await
    {
        return Ok(served?);
    }
    connection.as_mut().graceful_shutdown();
    Ok(connection.await?)
}

async fn http2(
    stream: TlsStream<TcpStream>,
    peer: Peer,
    worker: &'static Worker,
    routes: Routes,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), Problem> {
    let routes = Arc::new(routes);
    let service = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        async move { service::answer(worker, &routes, peer, request).await }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(8 << 20)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        served = connection.as_mut() => return Ok(served?),
        _ = phase.wait_for(|phase| *phase >= Phase::Draining) => {}
    }
    // Tells the client to open no more streams; those that are open are answered.
    connection.as_mut().graceful_shutdown();
    Ok(connection.await?)
}
