//! A small API server at the wire: it lists and watches namespaces, answers what it was told to
//! answer, and remembers what it was asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Nothing here takes this long unless it never comes.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<u64>>,
    runtime: Handle,
    tls: Option<tokio_rustls::TlsAcceptor>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    routes: BTreeMap<String, Route>,
    namespaces: BTreeMap<String, (u64, String)>,
    version: u64,
    /// Watches from before this version are answered with 410.
    oldest: u64,
    watches: Vec<Watch>,
    events: Vec<(u64, String)>,
    acceptor: Option<tokio::task::JoinHandle<()>>,
}

struct Watch {
    lines: mpsc::UnboundedSender<Said>,
}

pub(crate) enum Said {
    Line(String),
    /// The connection ends in the middle of the answer.
    Crash,
}

/// A call that came in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

/// What a path is answered with.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) location: Option<String>,
    /// Seconds that a client is asked to wait.
    pub(crate) retry_after: Option<u32>,
    pub(crate) body_kind: BodyKind,
    /// The answer waits until this is true; what it says is settled when the call comes.
    pub(crate) open: watch::Receiver<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BodyKind {
    Whole,
    /// In pieces of unknown number.
    Chunked,
    /// The first half, and then nothing.
    Stuck,
    /// The first half, and then the end of the connection.
    Crash,
}

impl Route {
    pub(crate) fn json(body: &str) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        let open = watch::channel(true).1;
        let (location, retry_after) = (None, None);
        let body_kind = BodyKind::Whole;
        Self { status, body: body.to_owned(), location, retry_after, body_kind, open }
    }

    /// The same, held back until the sender says `true`.
    pub(crate) fn held(self) -> (watch::Sender<bool>, Self) {
        let (gate, open) = watch::channel(false);
        (gate, Self { open, ..self })
    }
}

impl Server {
    pub(crate) async fn start(runtime: &Handle) -> Self {
        Self::start_with(runtime, None).await
    }

    pub(crate) async fn start_with(
        runtime: &Handle,
        tls: Option<tokio_rustls::TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let server = Self {
            address,
            state: Arc::default(),
            changed: Arc::new(watch::Sender::new(0)),
            runtime: runtime.clone(),
            tls,
        };
        server.resume().await;
        server
    }

    /// Closes the port and every connection; the state stays.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        if let Some(acceptor) = state.acceptor.take() {
            acceptor.abort();
        }
        state.watches.clear();
    }

    /// Opens the same port again.
    pub(crate) async fn resume(&self) {
        let server = self.clone();
        let opened = self.runtime.spawn(async move {
            // The port is free as soon as the aborted task is gone.
            let listener = loop {
                match TcpListener::bind(server.address).await {
                    Ok(listener) => break listener,
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            };
            let accepting = server.clone();
            let acceptor = tokio::spawn(async move { accepting.accept(listener).await });
            server.state().acceptor = Some(acceptor);
        });
        tokio::time::timeout(BOUND, opened).await.expect("the port is free").unwrap();
    }

    async fn accept(self, listener: TcpListener) {
        // Connections end with the task that accepted them.
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let server = self.clone();
            connections.spawn(async move {
                match server.tls.clone() {
                    None => server.serve(stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            server.serve(stream).await;
                        }
                    }
                }
            });
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let answer = service_fn(move |request| {
            let server = self.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new();
        let _ = connection.serve_connection(TokioIo::new(stream), answer).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn notice(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Spoken> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let (route, response) = {
            let mut state = self.state();
            state.calls.push(Call {
                method: parts.method.to_string(),
                path: path.clone(),
                query: query.clone(),
                headers: parts.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            });
            let route = state.routes.get(&path).cloned();
            let response = if route.is_some() { None } else { state.own(&path, &query) };
            (route, response)
        };
        self.notice();
        if let Some(response) = response {
            return response;
        }
        let Some(mut route) = route else { return whole(404, status(404, "NotFound")) };
        let _ = route.open.wait_for(|open| *open).await;
        let mut response = match route.body_kind {
            BodyKind::Whole => whole(route.status, route.body),
            kind => pieces(route.status, &route.body, kind),
        };
        if let Some(seconds) = route.retry_after {
            response.headers_mut().insert("retry-after", seconds.into());
        }
        if let Some(location) = route.location {
            response.headers_mut().insert("location", location.parse().unwrap());
        }
        response
    }

    pub(crate) fn route(&self, path: &str, route: Route) {
        self.state().routes.insert(path.to_owned(), route);
    }

    pub(crate) fn forget_route(&self, path: &str) {
        self.state().routes.remove(path);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls of one path, watches left out.
    pub(crate) fn calls_of(&self, path: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.path == path && !call.query.contains("watch=true"));
        calls
    }

    pub(crate) fn watches_begun(&self) -> usize {
        self.calls().iter().filter(|call| call.query.contains("watch=true")).count()
    }

    /// Watches whose other side still listens.
    pub(crate) fn watches_open(&self) -> usize {
        let mut state = self.state();
        state.watches.retain(|watch| !watch.lines.is_closed());
        state.watches.len()
    }

    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = changed.wait_for(|_| holds(self));
        tokio::time::timeout(BOUND, waiting).await.expect("it never came so far").unwrap();
    }

    /// Creates or changes a namespace; watches are told unless it is done `quietly`.
    pub(crate) fn put_namespace(&self, name: &str, labels: &str, quietly: bool) {
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let text = format!(
            r#"{{"metadata":{{"labels":{labels},"managedFields":[{{"manager":"x"}}],"name":"{name}","resourceVersion":"{version}","uid":"uid-{name}"}},"spec":{{"finalizers":["kubernetes"]}}}}"#
        );
        let kind = if state.namespaces.contains_key(name) { "MODIFIED" } else { "ADDED" };
        state.namespaces.insert(name.to_owned(), (version, text.clone()));
        if !quietly {
            state.tell(kind, &with_kind(&text));
        }
    }

    pub(crate) fn delete_namespace(&self, name: &str) {
        let mut state = self.state();
        state.version += 1;
        let (old, text) = state.namespaces.remove(name).unwrap();
        let now = format!(r#""resourceVersion":"{}""#, state.version);
        let text = text.replace(&format!(r#""resourceVersion":"{old}""#), &now);
        state.tell("DELETED", &with_kind(&text));
    }

    /// A namespace as a GET answers it.
    pub(crate) fn namespace(&self, name: &str) -> String {
        with_kind(&self.state().namespaces[name].1)
    }

    /// Says a line to all watches.
    pub(crate) fn say(&self, line: &str) {
        let line = format!("{line}\n");
        self.state().watches.retain(|watch| watch.lines.send(Said::Line(line.clone())).is_ok());
    }

    pub(crate) fn bookmark(&self) {
        let version = self.state().version;
        self.say(&format!(
            r#"{{"type":"BOOKMARK","object":{{"kind":"Namespace","apiVersion":"v1","metadata":{{"resourceVersion":"{version}"}}}}}}"#
        ));
    }

    /// Ends all watches: as they end from time to time, or in the middle.
    pub(crate) fn end_watches(&self, crash: bool) {
        for watch in self.state().watches.drain(..) {
            if crash {
                let _ = watch.lines.send(Said::Crash);
            }
        }
    }

    /// Forgets what was, so that older watches cannot go on.
    pub(crate) fn compact(&self) {
        let mut state = self.state();
        state.version += 1;
        state.oldest = state.version;
    }
}

impl State {
    fn own(&mut self, path: &str, query: &str) -> Option<Response<Spoken>> {
        if let Some(name) = path.strip_prefix("/api/v1/namespaces/") {
            let (_, text) = self.namespaces.get(name)?;
            return Some(whole(200, with_kind(text)));
        }
        if path != "/api/v1/namespaces" {
            return None;
        }
        let parameters: BTreeMap<_, _> =
            query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        if parameters.contains_key("watch") {
            return Some(self.watch(parameters["resourceVersion"].parse().unwrap()));
        }
        // Pages of two, whatever was asked for.
        let start: usize = parameters.get("continue").map_or(0, |next| next.parse().unwrap());
        let names: Vec<_> = self.namespaces.values().map(|(_, text)| text.clone()).collect();
        let page: Vec<_> = names.iter().skip(start).take(2).cloned().collect();
        let next = start + page.len();
        let next = if next < names.len() { next.to_string() } else { String::new() };
        Some(whole(
            200,
            format!(
                r#"{{"kind":"NamespaceList","apiVersion":"v1","metadata":{{"resourceVersion":"{}","continue":"{next}"}},"items":[{}]}}"#,
                self.version,
                page.join(",")
            ),
        ))
    }

    fn watch(&mut self, from: u64) -> Response<Spoken> {
        if from < self.oldest {
            return whole(410, status(410, "Expired"));
        }
        let (lines, receiver) = mpsc::unbounded_channel();
        for (_, line) in self.events.iter().filter(|(version, _)| *version > from) {
            lines.send(Said::Line(line.clone())).unwrap();
        }
        self.watches.push(Watch { lines });
        let body = Spoken::Lines(receiver);
        Response::builder().header("content-type", "application/json").body(body).unwrap()
    }

    fn tell(&mut self, kind: &str, object: &str) {
        let line = format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n");
        self.events.push((self.version, line.clone()));
        self.watches.retain(|watch| watch.lines.send(Said::Line(line.clone())).is_ok());
    }
}

fn with_kind(text: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Namespace",{}"#, text.strip_prefix('{').unwrap())
}

/// What the API server says of an error.
pub(crate) fn status(code: u16, reason: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"said: {reason}","reason":"{reason}","code":{code}}}"#
    )
}

fn whole(status: u16, body: String) -> Response<Spoken> {
    Response::builder().status(status).body(Spoken::Whole(Some(body.into()))).unwrap()
}

fn pieces(status: u16, body: &str, kind: BodyKind) -> Response<Spoken> {
    let (first, second) = body.split_at(body.len() / 2);
    let (lines, receiver) = mpsc::unbounded_channel();
    lines.send(Said::Line(first.to_owned())).unwrap();
    let body = match kind {
        BodyKind::Stuck => Spoken::Stuck(Some(first.to_owned().into())),
        BodyKind::Crash => {
            lines.send(Said::Crash).unwrap();
            Spoken::Lines(receiver)
        }
        BodyKind::Chunked | BodyKind::Whole => {
            lines.send(Said::Line(second.to_owned())).unwrap();
            Spoken::Lines(receiver)
        }
    };
    Response::builder().status(status).body(body).unwrap()
}

/// The body of an answer.
pub(crate) enum Spoken {
    Whole(Option<Bytes>),
    Lines(mpsc::UnboundedReceiver<Said>),
    /// A first part, and nothing after it.
    Stuck(Option<Bytes>),
}

impl Body for Spoken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Lines(lines) => lines.poll_recv(context).map(|said| match said? {
                Said::Line(line) => Some(Ok(Frame::data(line.into()))),
                Said::Crash => Some(Err(std::io::Error::other("crash"))),
            }),
            Self::Stuck(first) => match first.take() {
                Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
                None => Poll::Pending,
            },
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match self {
            Self::Whole(body) => {
                let length = body.as_ref().map_or(0, Bytes::len);
                http_body::SizeHint::with_exact(length.try_into().unwrap())
            }
            Self::Lines(_) | Self::Stuck(_) => http_body::SizeHint::default(),
        }
    }
}

/// Tries until it works, in a bounded time.
pub(crate) async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let trying = async {
        loop {
            if let Some(found) = attempt().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(BOUND, trying).await.expect("it never came so far")
}
