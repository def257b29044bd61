//! The one way to the Kubernetes API: what may be asked, how much is read, and who may ask.

mod path;

use std::sync::Arc;

use ajj_engine::{FactError, Method};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use tokio::sync::Semaphore;

use super::body::{chain, one_line, parse, read_body, read_error};
use super::counters::LiveCounters;
use super::{Answer, LiveOptions};
pub(super) use kube::client::Body;
pub(super) use path::is_object;

/// A Kubernetes API server and the credentials for it, which leave this module to no one else.
pub(super) struct Cluster {
    client: kube::Client,
    calls: Semaphore,
    max_response_bytes: usize,
    counters: Arc<LiveCounters>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cluster").finish_non_exhaustive()
    }
}

/// Makes a client that asks once: a rule's question has no time for the client's own retries.
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
        Self { client, calls, max_response_bytes: options.max_response_bytes, counters }
    }

    /// Asks for a path; the body is that of a POST.
    pub(super) async fn call(&self, method: Method, path: &str, body: &str) -> Answer {
        let path = self.check(method, path)?;
        LiveCounters::add(&self.counters.api_calls);
        self.read(method, &path, body).await
    }

    /// Reads a page of a list, to feed a watch.
    pub(super) async fn page(&self, path: &str, query: &str) -> Answer {
        let path = self.check(Method::Get, &format!("{path}?{query}"))?;
        self.read(Method::Get, &path, "").await
    }

    /// Opens a watch of a list.
    pub(super) async fn watch(
        &self,
        path: &str,
        query: &str,
    ) -> Result<Response<Body>, (Option<StatusCode>, FactError)> {
        let path = self.check(Method::Get, &format!("{path}?{query}")).map_err(|e| (None, e))?;
        LiveCounters::add(&self.counters.watches);
        let response = self.send(Method::Get, &format!("{path}&watch=true"), "").await;
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

    async fn read(&self, method: Method, path: &str, body: &str) -> Answer {
        let _call = self.calls.acquire().await.map_err(|_| closed())?;
        let response = self.send(method, path, body).await?;
        let status = response.status();
        if status.is_success() {
            return parse(read_body(response.into_body(), self.max_response_bytes).await?);
        }
        Err(refusal(status, response.into_body()).await)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Response<Body>, FactError> {
        let request = Request::builder().uri(path).header(ACCEPT, "application/json");
        let request = match method {
            Method::Get => request.method(http::Method::GET).body(Body::empty()),
            Method::Post => request
                .method(http::Method::POST)
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(body.as_bytes().to_vec())),
        };
        let request = request.map_err(|error| FactError::Failed(chain(&error)))?;
        let response = self.client.send(request).await;
        response.map_err(|error| {
            FactError::Failed(format!("the API server cannot be asked: {}", chain(&error)))
        })
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
