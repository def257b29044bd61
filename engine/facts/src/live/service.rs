//! Calls of services: another client than the API server's, without credentials.

mod connect;
mod target;

use std::sync::Arc;

use ajj_engine::{FactError, Method};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::body::{chain, one_line, parse, read_body, read_error};
use super::counters::LiveCounters;
use super::{Answer, LiveOptions};
use connect::{Stream, Trust};
use target::Target;

/// Headers that say how a message is carried, not what it says.
const CARRYING: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Calls services for rules.
#[derive(Debug)]
pub(super) struct Services {
    trust: Trust,
    calls: Semaphore,
    max_response_bytes: usize,
    loopback: bool,
    counters: Arc<LiveCounters>,
}

/// What is asked of a service.
#[derive(Debug)]
pub(super) struct ServiceCall<'c> {
    pub(super) method: Method,
    pub(super) url: &'c str,
    pub(super) body: &'c str,
    pub(super) headers: &'c [(String, String)],
    pub(super) ca_bundle: &'c str,
}

impl Services {
    pub(super) fn new(options: &LiveOptions, counters: Arc<LiveCounters>) -> Self {
        Self {
            trust: Trust::default(),
            calls: Semaphore::new(options.calls_at_once),
            max_response_bytes: options.max_service_response_bytes,
            loopback: options.loopback_services,
            counters,
        }
    }

    /// Calls a service: no redirect is followed, no proxy asked, no token sent.
    pub(super) async fn call(&self, call: ServiceCall<'_>) -> Answer {
        let _call = self.calls.acquire().await.map_err(|error| failed(&error))?;
        let refused = |reason: String| {
            LiveCounters::add(&self.counters.refused);
            FactError::Failed(one_line(&reason))
        };
        let target = Target::parse(call.url).map_err(&refused)?;
        let request = request(&target, &call).map_err(&refused)?;
        let addresses = target.resolve(self.loopback).await?.map_err(&refused)?;
        LiveCounters::add(&self.counters.service_calls);
        let stream = self.trust.connect(&target, &addresses, call.ca_bundle).await?;
        let (response, _connection) = send(stream, request).await?;
        let status = response.status();
        if status.is_success() {
            return parse(read_body(response.into_body(), self.max_response_bytes).await?);
        }
        // Kyverno's words: pkg/engine/apicall/executor.go.
        Err(FactError::Failed(match read_error(response.into_body()).await {
            said if said.is_empty() => format!("HTTP {status}"),
            said => format!("HTTP {status}: {said}"),
        }))
    }
}

fn failed(error: &dyn std::error::Error) -> FactError {
    FactError::Failed(chain(error))
}

fn request(target: &Target, call: &ServiceCall<'_>) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::builder()
        .uri(target.path_and_query.as_str())
        .header(HOST, target.authority.as_str())
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "ajj")
        .method(match call.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        });
    if call.method == Method::Post {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let mut request = request
        .body(Full::new(Bytes::copy_from_slice(call.body.as_bytes())))
        .map_err(|error| error.to_string())?;
    for (name, value) in call.headers {
        let wrong = || format!("`{name}` is no header that can be sent");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        if CARRYING.contains(&header.as_str()) {
            return Err(format!("the header `{name}` cannot be set"));
        }
        request.headers_mut().insert(header, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(request)
}

/// The task that moves a connection's bytes; it ends with whoever reads the answer.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn send(
    stream: Stream,
    request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Connection), FactError> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| failed(&error))?;
    let connection = Connection(tokio::spawn(async move {
        // What goes wrong here, the sender or the body reports.
        let _ = connection.await;
    }));
    let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
    Ok((response, connection))
}
