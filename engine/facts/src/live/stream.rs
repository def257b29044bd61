//! The objects of a list as they come and change, without keeping any of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ajj_engine::Tree;
use http::StatusCode;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::cluster::Shape;
use super::pages::PageError;
use super::watched::{End, Event, GRACE, Lines, Pause, WATCH_SECONDS, encode, read_event, share};
use super::{Live, LiveOptions};

/// What is told of a list.
#[derive(Clone, Debug)]
pub enum ListEvent {
    /// The list is read from its beginning: what is not told of until it is complete is not there.
    Begun,
    /// Some objects of the list.
    Page(Vec<Arc<Tree>>),
    /// Every object was told of.
    Complete,
    /// An object came or changed.
    Changed(Arc<Tree>),
    /// An object went.
    Deleted(Arc<Tree>),
    /// The list or watch does not stand, and is tried again.
    Trouble(String),
}

/// A list that is told of for as long as this is there.
///
/// Whoever does not read holds up what is read of the API server, which ends a watch that is not read
/// for long; the list is then begun anew.
#[derive(Debug)]
pub struct ListStream {
    events: Receiver<ListEvent>,
    task: JoinHandle<()>,
}

impl Drop for ListStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ListStream {
    /// The next event; it may be a long time until there is one.
    pub async fn next(&mut self) -> Option<ListEvent> {
        self.events.recv().await
    }
}

impl Live {
    /// Begins to tell of a list.
    pub fn stream(&self, path: impl Into<String>) -> ListStream {
        let (tell, events) = channel(1);
        let stream = Stream { live: self.clone(), path: path.into(), tell };
        let task = self.sources.runtime.spawn(async move {
            // An error means that nobody reads any more.
            let _ = stream.tell_all().await;
        });
        ListStream { events, task }
    }
}

/// Nobody reads any more.
struct Unread;

struct Stream {
    live: Live,
    path: String,
    tell: Sender<ListEvent>,
}

impl Stream {
    async fn tell_all(self) -> Result<(), Unread> {
        let LiveOptions { retry_after, retry_at_most, .. } = self.live.sources.options;
        let mut pause = Pause::new(retry_after, retry_at_most);
        loop {
            let mut version = match self.list().await? {
                Ok(version) => version,
                // It changes faster than it is read; a server that says so at once is not pressed.
                Err(PageError::Expired) => {
                    sleep(pause.take()).await;
                    continue;
                }
                Err(error) => {
                    self.tell(ListEvent::Trouble(format!("cannot list {}: {error}", self.path)))
                        .await?;
                    sleep(pause.take()).await;
                    continue;
                }
            };
            loop {
                let began = Instant::now();
                let end = self.watch(&mut version).await?;
                if began.elapsed() >= retry_after {
                    pause.reset();
                }
                match end {
                    End::Closed => (),
                    End::Gone => {
                        if began.elapsed() < retry_after {
                            sleep(pause.take()).await;
                        }
                        break;
                    }
                    End::Broken(reason) => self.tell(ListEvent::Trouble(reason)).await?,
                    End::Unreadable(reason) => {
                        self.tell(ListEvent::Trouble(reason)).await?;
                        sleep(pause.take()).await;
                        break;
                    }
                }
                if began.elapsed() < retry_after {
                    sleep(pause.take()).await;
                }
            }
        }
    }

    async fn tell(&self, event: ListEvent) -> Result<(), Unread> {
        self.tell.send(event).await.map_err(|_| Unread)
    }

    /// Tells of the whole list, and answers with its version.
    async fn list(&self) -> Result<Result<String, PageError>, Unread> {
        self.tell(ListEvent::Begun).await?;
        let mut pages = self.live.pages(self.path.as_str());
        while let Some(page) = pages.next().await {
            match page {
                Ok(objects) => self.tell(ListEvent::Page(objects)).await?,
                Err(error) => return Ok(Err(error)),
            }
        }
        self.tell(ListEvent::Complete).await?;
        Ok(Ok(pages.version().to_owned()))
    }

    async fn watch(&self, version: &mut String) -> Result<End, Unread> {
        let lives =
            Duration::from_secs(WATCH_SECONDS) + share(Duration::from_secs(WATCH_SECONDS / 2));
        let query = format!(
            "allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            encode(version),
            lives.as_secs()
        );
        let path = &self.path;
        let cluster = &self.live.sources.cluster;
        let response = match timeout(GRACE, cluster.watch(path, &query, Shape::Whole)).await {
            Ok(Ok(response)) => response,
            Ok(Err((Some(StatusCode::GONE | StatusCode::NOT_FOUND), _))) => return Ok(End::Gone),
            Ok(Err((_, error))) => {
                return Ok(End::Broken(format!("cannot watch {path}: {error}")));
            }
            Err(_) => return Ok(End::Broken(format!("cannot watch {path}: no answer in time"))),
        };
        let max_line = self.live.sources.options.max_response_bytes;
        let mut lines = Lines::new(response.into_body(), max_line);
        loop {
            let line = match timeout(lives + GRACE, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => return Ok(End::Closed),
                Ok(Err(end)) => return Ok(end),
                Err(_) => return Ok(End::Broken(format!("the watch of {path} fell silent"))),
            };
            match read_event(&line) {
                Ok((event, at)) => {
                    match event {
                        Event::Bookmark => (),
                        Event::Put(_, object) => self.tell(ListEvent::Changed(object)).await?,
                        Event::Deleted(_, object) => self.tell(ListEvent::Deleted(object)).await?,
                    }
                    *version = at;
                }
                Err(end) => return Ok(end),
            }
        }
    }
}
