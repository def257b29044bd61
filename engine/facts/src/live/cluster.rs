//! The one way to the Kubernetes API: what may be asked, how much is read, and who may ask.

mod path;
mod write_path;

use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{FactError, Method, Tree};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::sync::Semaphore;

use super::body::{chain, one_line, parse, read_body, read_error};
use super::counters::LiveCounters;
use super::write_error::WriteError;
use super::{Answer, LiveOptions};
pub(super) use kube::client::Body;
pub(super) use path::is_object;

/// A Kubernetes API server and the credentials for it, which leave this module to no one else.
pub(super) struct Cluster {
    client: kube::Client,
    calls: Semaphore,
    /// Beside the calls: however many questions there are, what has to be written is.
    writes: Semaphore,
    max_response_bytes: usize,
    counters: Arc<LiveCounters>,
}

/// How an object is changed, or read in order to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    Get,
    Create,
    /// Server-side apply.
    Apply,
    /// A JSON merge patch.
    Merge,
    Delete,
}

/// What an answer is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Objects as they are.
    Whole,
    /// Their metadata alone.
    Metadata,
    /// All resources that the server has, where it is asked what there is.
    Resources,
}

impl Shape {
    /// The media types that are accepted, the best first.
    fn accept(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Whole => "application/json",
            Self::Metadata => {
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
                 application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
            }
            Self::Resources => {
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                 application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,\
                 application/json"
            }
        })
    }
}

/// How often one question waits because the server asks for it, as client-go has it; whoever asks gives
/// up when there is no more time.
const MOST_WAITS: u32 = 10;
/// The longest that it waits at once.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How many writes are under way at once.
const WRITES_AT_ONCE: usize = 4;

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cluster").finish_non_exhaustive()
    }
}

/// Makes a client that asks once: a rule's question has no time for the client's own retries, but for
/// those that the server asks for.
///
/// To be called on the runtime that the client shall live on.
pub fn client(config: kube::Config) -> Result<kube::Client, kube::Error> {
    let mut config = config;
    config.default_retry = false;
    kube::Client::try_from(config)
}

impl Cluster {
    pub(super) fn new(
        client: kube::Client,
        options: &LiveOptions,
        counters: Arc<LiveCounters>,
    ) -> Self {
        let calls = Semaphore::new(options.calls_at_once);
        let writes = Semaphore::new(WRITES_AT_ONCE);
        Self { client, calls, writes, max_response_bytes: options.max_response_bytes, counters }
    }

    /// Asks for a path; the body is that of a POST.
    pub(super) async fn call(&self, method: Method, path: &str, body: &str) -> Answer {
        let path = self.check(method, path)?;
        LiveCounters::add(&self.counters.api_calls);
        self.read(method, &path, body, Shape::Whole).await
    }

    /// Reads what no rule has asked for, such as a page of a list that feeds a watch.
    pub(super) async fn page(&self, path: &str, query: &str, shape: Shape) -> Answer {
        let path = self.check(Method::Get, &format!("{path}?{query}"))?;
        self.read(Method::Get, &path, "", shape).await
    }

    /// Reads a page of a list of objects; an error comes with the status, where there is one.
    pub(super) async fn list_page(
        &self,
        path: &str,
        query: &str,
    ) -> Result<Arc<Tree>, (Option<StatusCode>, FactError)> {
        let path = self.check(Method::Get, &format!("{path}?{query}")).map_err(|e| (None, e))?;
        LiveCounters::add(&self.counters.pages);
        self.read_or_status(Method::Get, &path, "", Shape::Whole).await
    }

    /// Opens a watch of a list.
    pub(super) async fn watch(
        &self,
        path: &str,
        query: &str,
        shape: Shape,
    ) -> Result<Response<Body>, (Option<StatusCode>, FactError)> {
        let path = self.check(Method::Get, &format!("{path}?{query}")).map_err(|e| (None, e))?;
        LiveCounters::add(&self.counters.watches);
        let response = self.send(Method::Get, &format!("{path}&watch=true"), "", shape).await;
        let response = response.map_err(|error| (None, error))?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err((Some(status), refusal(status, response.into_body()).await)),
        }
    }

    fn check(&self, method: Method, path: &str) -> Result<String, FactError> {
        path::sendable(method, path).map_err(|reason| {
            LiveCounters::add(&self.counters.refused);
            FactError::Failed(one_line(&reason))
        })
    }

    async fn read(&self, method: Method, path: &str, body: &str, shape: Shape) -> Answer {
        self.read_or_status(method, path, body, shape).await.map_err(|(_, error)| error)
    }

    async fn read_or_status(
        &self,
        method: Method,
        path: &str,
        body: &str,
        shape: Shape,
    ) -> Result<Arc<Tree>, (Option<StatusCode>, FactError)> {
        let mut waits = 0;
        loop {
            let call = self.calls.acquire().await.map_err(|_| (None, closed()))?;
            let response = self.send(method, path, body, shape).await;
            let response = response.map_err(|error| (None, error))?;
            let status = response.status();
            if let Some(pause) = asked_to_wait(&response).filter(|_| waits < MOST_WAITS) {
                waits += 1;
                drop((response, call));
                tokio::time::sleep(pause).await;
                continue;
            }
            if !status.is_success() {
                return Err((Some(status), refusal(status, response.into_body()).await));
            }
            let body = read_body(response.into_body(), self.max_response_bytes).await;
            return body.and_then(parse).map_err(|error| (Some(status), error));
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
        shape: Shape,
    ) -> Result<Response<Body>, FactError> {
        let request = Request::builder().uri(path);
        let request = match method {
            Method::Get => request.method(http::Method::GET).body(Body::empty()),
            Method::Post => request
                .method(http::Method::POST)
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(body.as_bytes().to_vec())),
        };
        self.deliver(request, shape).await.map_err(FactError::Failed)
    }

    async fn deliver(
        &self,
        request: http::Result<Request<Body>>,
        shape: Shape,
    ) -> Result<Response<Body>, String> {
        let mut request = request.map_err(|error| chain(&error))?;
        request.headers_mut().insert(ACCEPT, shape.accept());
        let response = self.client.send(request).await;
        response.map_err(|error| format!("the API server cannot be asked: {}", chain(&error)))
    }

    /// Changes an object, or reads it in order to.
    pub(super) async fn write(
        &self,
        write: Write,
        path: &str,
        body: String,
    ) -> Result<Arc<Tree>, WriteError> {
        let path = write_path::writable(write, path).map_err(|reason| {
            LiveCounters::add(&self.counters.refused);
            WriteError::Refused(one_line(&reason))
        })?;
        let failed = |error: FactError| WriteError::Failed(error.to_string());
        let _write = self.writes.acquire().await.map_err(|_| failed(closed()))?;
        LiveCounters::add(&self.counters.writes);
        let (method, media_type, query) = match write {
            Write::Get => (http::Method::GET, "", ""),
            Write::Create => (http::Method::POST, "application/json", "?fieldManager=ajj"),
            // JSON is YAML.
            Write::Apply => (
                http::Method::PATCH,
                "application/apply-patch+yaml",
                "?fieldManager=ajj&force=true",
            ),
            Write::Merge => {
                (http::Method::PATCH, "application/merge-patch+json", "?fieldManager=ajj")
            }
            Write::Delete => (http::Method::DELETE, "", ""),
        };
        let mut request = Request::builder().uri(format!("{path}{query}")).method(method);
        if !media_type.is_empty() {
            request = request.header(CONTENT_TYPE, media_type);
        }
        let body = Body::from(body.into_bytes());
        let response = self.deliver(request.body(body), Shape::Whole).await;
        let response = response.map_err(WriteError::Failed)?;
        let status = response.status();
        if !status.is_success() {
            return Err(rejection(status, response.into_body()).await);
        }
        let body = read_body(response.into_body(), self.max_response_bytes).await;
        body.and_then(parse).map_err(failed)
    }
}

/// How long a server that is busy, or not ready yet, asks to wait before it is asked again.
fn asked_to_wait(response: &Response<Body>) -> Option<Duration> {
    let is_busy = matches!(
        response.status(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    let after = response.headers().get(RETRY_AFTER).filter(|_| is_busy)?;
    let seconds = after.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// What an answer to a write outside 2xx means.
async fn rejection(status: StatusCode, body: Body) -> WriteError {
    let said = read_error(body).await;
    match status {
        StatusCode::NOT_FOUND => WriteError::NotFound,
        StatusCode::CONFLICT => WriteError::Conflict(said),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => WriteError::Forbidden(said),
        status if said.is_empty() => {
            WriteError::Failed(format!("the API server answers HTTP {status}"))
        }
        _ => WriteError::Failed(said),
    }
}

fn closed() -> FactError {
    FactError::Failed("the source of facts is closed".to_owned())
}

/// What an answer outside 2xx means.
async fn refusal(status: StatusCode, body: Body) -> FactError {
    match status {
        StatusCode::NOT_FOUND => FactError::NotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FactError::Forbidden,
        status => match read_error(body).await {
            said if said.is_empty() => {
                FactError::Failed(format!("the API server answers HTTP {status}"))
            }
            said => FactError::Failed(said),
        },
    }
}
