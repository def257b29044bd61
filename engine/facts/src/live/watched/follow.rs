//! Lists once, then follows: a list again only where the API server says that it lost the thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ajj_engine::{FactError, Limits, Node, Tree, parse_json};
use bytes::BytesMut;
use http::StatusCode;
use http_body_util::BodyExt;
use tokio::time::{sleep, timeout};

use super::pause::{Pause, share};
use super::{Watched, name_of, own_tree};
use crate::live::LiveOptions;
use crate::live::body::{chain, one_line};
use crate::live::cluster::{Body, Cluster, Shape};
use crate::live::counters::LiveCounters;

/// Small enough that a page of large objects is an answer that may be read.
const PAGE: usize = 100;
/// How long a watch stands before the API server ends it; by chance up to half more.
pub(in crate::live) const WATCH_SECONDS: u64 = 90;
/// How much later than its end a watch is taken for dead.
pub(in crate::live) const GRACE: Duration = Duration::from_secs(15);
/// A watch that ends sooner without a word is no better than one that fails.
const SHORT: Duration = Duration::from_secs(1);

/// How a watch ended.
pub(in crate::live) enum End {
    /// As it does from time to time.
    Closed,
    /// The API server no longer knows where it began.
    Gone,
    /// The connection, or what should have been one.
    Broken(String),
    /// Something was said that cannot be read, so that something may be missing.
    Unreadable(String),
}

/// What it means that the API server does not know a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::live) enum Absent {
    /// It has to be there.
    Fails,
    /// There are no such objects, as long as it is so.
    IsEmpty,
}

/// Which list is kept up to date.
#[derive(Clone, Debug)]
pub(in crate::live) struct List {
    /// Several paths are those of one kind's versions: the first that the server knows counts.
    pub(in crate::live) paths: Vec<String>,
    pub(in crate::live) absent: Absent,
    pub(in crate::live) shape: Shape,
}

/// Keeps what is known of a list up to date, for as long as it is polled.
pub(in crate::live) async fn keep_up(
    cluster: Arc<Cluster>,
    wanted: List,
    watched: Arc<Watched>,
    options: LiveOptions,
    counters: Arc<LiveCounters>,
) {
    let mut pause = Pause::new(options.retry_after, options.retry_at_most);
    let max_line = options.max_response_bytes;
    let mut version = None;
    loop {
        let Some((path, from)) = &mut version else {
            LiveCounters::add(&counters.lists);
            match list_first(&cluster, &wanted, options.call_timeout).await {
                Ok((path, (listed, at))) => {
                    watched.replace(listed);
                    version = Some((path, at));
                }
                Err((_, FactError::NotFound)) if wanted.absent == Absent::IsEmpty => {
                    watched.clear();
                    sleep(options.ask_absent_again_after).await;
                }
                Err((path, error)) => {
                    watched.lose(Instant::now(), format!("cannot list {path}: {error}"));
                    sleep(pause.take()).await;
                }
            }
            continue;
        };
        let mut heard = Heard { last: Instant::now(), anything: false };
        let at = (*path, wanted.shape);
        let end = follow(&cluster, at, &watched, from, &mut heard, max_line).await;
        if heard.anything {
            pause.reset();
        }
        match end {
            End::Closed if heard.anything => continue,
            End::Closed => (),
            End::Gone => version = None,
            End::Broken(reason) => watched.lose(heard.last, reason),
            End::Unreadable(reason) => {
                watched.lose(heard.last, reason);
                version = None;
            }
        }
        sleep(pause.take()).await;
    }
}

/// What came of a watch until it ended.
struct Heard {
    last: Instant,
    /// Whether it said something, or stood for a while.
    anything: bool,
}

type Listed = (Vec<(Box<str>, Arc<Tree>)>, String);

/// The list at the first path that the server knows; an error comes with its path.
async fn list_first<'p>(
    cluster: &Cluster,
    wanted: &'p List,
    within: Duration,
) -> Result<(&'p str, Listed), (&'p str, FactError)> {
    let mut missing = "";
    for path in &wanted.paths {
        match list(cluster, path, wanted.shape, within).await {
            Ok(listed) => return Ok((path, listed)),
            Err(FactError::NotFound) => missing = path,
            Err(error) => return Err((path, error)),
        }
    }
    Err((missing, FactError::NotFound))
}

async fn list(
    cluster: &Cluster,
    path: &str,
    shape: Shape,
    within: Duration,
) -> Result<Listed, FactError> {
    let mut listed = Vec::new();
    let mut query = format!("limit={PAGE}");
    loop {
        let page = match timeout(within, cluster.page(path, &query, shape)).await {
            Ok(page) => page?,
            Err(_) => return Err(FactError::Timeout),
        };
        let page = page.root();
        let text = |key: &str| page.at(&["metadata", key]).and_then(Node::as_str);
        let no_list = || FactError::Failed("the answer is no list".to_owned());
        let version = text("resourceVersion").ok_or_else(no_list)?;
        let items = page.get("items").ok_or_else(no_list)?;
        for item in items.as_list().into_iter().flat_map(|items| items.iter()) {
            let name = name_of(item).ok_or_else(no_list)?;
            listed.push((name, own_tree(item, Some(page))?));
        }
        match text("continue").filter(|next| !next.is_empty()) {
            Some(next) => query = format!("limit={PAGE}&continue={}", encode(next)),
            None => return Ok((listed, version.to_owned())),
        }
    }
}

/// A text as the value of a query.
pub(in crate::live) fn encode(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if plain(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

async fn follow(
    cluster: &Cluster,
    (path, shape): (&str, Shape),
    watched: &Watched,
    version: &mut String,
    heard: &mut Heard,
    max_line: usize,
) -> End {
    let lives = Duration::from_secs(WATCH_SECONDS) + share(Duration::from_secs(WATCH_SECONDS / 2));
    let query = format!(
        "allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
        encode(version),
        lives.as_secs()
    );
    let opened = timeout(GRACE, cluster.watch(path, &query, shape)).await;
    let response = match opened {
        Ok(Ok(response)) => response,
        // A list that is no longer served is one that is to be listed anew.
        Ok(Err((Some(StatusCode::GONE | StatusCode::NOT_FOUND), _))) => return End::Gone,
        Ok(Err((_, error))) => return End::Broken(format!("cannot watch {path}: {error}")),
        Err(_) => return End::Broken(format!("cannot watch {path}: no answer in time")),
    };
    watched.hear();
    heard.last = Instant::now();
    let began = heard.last;
    let mut lines = Lines::new(response.into_body(), max_line);
    loop {
        let end = match timeout(lives + GRACE, lines.next()).await {
            Ok(Ok(Some(line))) => match take(&line, watched, version) {
                Ok(()) => {
                    heard.anything = true;
                    heard.last = Instant::now();
                    continue;
                }
                Err(end) => end,
            },
            Ok(Ok(None)) => End::Closed,
            Ok(Err(end)) => end,
            Err(_) => End::Broken(format!("the watch of {path} fell silent")),
        };
        heard.anything |= began.elapsed() >= SHORT;
        return end;
    }
}

/// Takes over what one line of a watch says.
fn take(line: &[u8], watched: &Watched, version: &mut String) -> Result<(), End> {
    let (event, at) = read_event(line)?;
    match event {
        Event::Bookmark => (),
        Event::Put(name, object) => watched.insert(name, object),
        Event::Deleted(name, _) => watched.remove(&name),
    }
    *version = at;
    Ok(())
}

/// What one line of a watch says; objects come with their name in the list.
pub(in crate::live) enum Event {
    /// Nothing but the version.
    Bookmark,
    Put(Box<str>, Arc<Tree>),
    Deleted(Box<str>, Arc<Tree>),
}

/// Reads one line of a watch, with the version from which it goes on.
pub(in crate::live) fn read_event(line: &[u8]) -> Result<(Event, String), End> {
    let unreadable = |reason: String| End::Unreadable(format!("the watch is unreadable: {reason}"));
    let text = std::str::from_utf8(line).map_err(|error| unreadable(error.to_string()))?;
    let event = parse_json(text, &Limits::default()).map_err(|e| unreadable(e.to_string()))?;
    let event = event.root();
    let kind = event.get("type").and_then(Node::as_str).unwrap_or_default();
    let object = event.get("object").ok_or_else(|| unreadable("no object".to_owned()))?;
    if kind == "ERROR" {
        let code = object.get("code").map(|code| code.to_json()).unwrap_or_default();
        let reason = object.get("reason").and_then(Node::as_str).unwrap_or_default();
        if code == "410" || reason == "Expired" {
            return Err(End::Gone);
        }
        let message = object.get("message").and_then(Node::as_str).unwrap_or(reason);
        return Err(unreadable(one_line(message)));
    }
    let at = object.at(&["metadata", "resourceVersion"]).and_then(Node::as_str);
    let at = at.filter(|at| !at.is_empty()).ok_or_else(|| unreadable("no version".to_owned()))?;
    if kind == "BOOKMARK" {
        return Ok((Event::Bookmark, at.to_owned()));
    }
    let name = name_of(object).ok_or_else(|| unreadable("no name".to_owned()))?;
    let tree = own_tree(object, None).map_err(|error| unreadable(error.to_string()))?;
    let event = match kind {
        "ADDED" | "MODIFIED" => Event::Put(name, tree),
        "DELETED" => Event::Deleted(name, tree),
        other => return Err(unreadable(format!("an event of type `{}`", one_line(other)))),
    };
    Ok((event, at.to_owned()))
}

/// The lines of a body, each up to a bound.
pub(in crate::live) struct Lines {
    body: Body,
    rest: BytesMut,
    max_line: usize,
}

impl Lines {
    pub(in crate::live) fn new(body: Body, max_line: usize) -> Self {
        Self { body, rest: BytesMut::new(), max_line }
    }

    pub(in crate::live) async fn next(&mut self) -> Result<Option<BytesMut>, End> {
        let mut searched = 0;
        loop {
            let new = self.rest.get(searched..).unwrap_or_default();
            if let Some(end) = new.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(searched + end + 1);
                if line.iter().all(u8::is_ascii_whitespace) {
                    searched = 0;
                    continue;
                }
                return Ok(Some(line));
            }
            searched = self.rest.len();
            if searched > self.max_line {
                let message = format!("the watch says more than {} bytes at once", self.max_line);
                return Err(End::Unreadable(message));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.rest.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => {
                    return Err(End::Broken(format!("the watch broke off: {}", chain(&error))));
                }
                None => return Ok(None),
            }
        }
    }
}
