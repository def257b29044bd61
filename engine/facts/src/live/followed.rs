//! Lists of the API server that others than rules need to know, policies for instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ajj_engine::{FactError, Tree};
use tokio::task::JoinHandle;

use super::Live;
use super::cluster::Shape;
use super::watched::{Absent, List, Watched, keep_up};

/// The objects of a list, kept up to date by a watch for as long as this is there.
///
/// While the API server is away, what was known last is what is known.
#[derive(Debug)]
pub struct Followed {
    watched: Arc<Watched>,
    task: JoinHandle<()>,
}

/// What is known of a list at one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Every object, in order of namespaces and names.
    pub objects: Vec<Arc<Tree>>,
    /// Grows with each change.
    pub revision: u64,
    /// When the first change came that no snapshot before has shown.
    pub changed_at: Option<Instant>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Live {
    /// Begins to list and watch a path of the API server.
    ///
    /// Several paths are those of one kind's versions: the first that the server knows counts.
    /// Where it knows none of them, as before a CustomResourceDefinition is installed, the list is
    /// complete and empty, and is asked for again from time to time.
    pub fn follow<P: Into<String>>(&self, paths: impl IntoIterator<Item = P>) -> Followed {
        self.begin(paths.into_iter().map(Into::into).collect(), Shape::Whole)
    }

    /// The same, of the objects' metadata alone: to know when something changes.
    pub fn follow_metadata<P: Into<String>>(&self, paths: impl IntoIterator<Item = P>) -> Followed {
        self.begin(paths.into_iter().map(Into::into).collect(), Shape::Metadata)
    }

    fn begin(&self, paths: Vec<String>, shape: Shape) -> Followed {
        let sources = &self.sources;
        let watched = Arc::new(Watched::new(sources.options.max_watched_bytes));
        let task = sources.runtime.spawn(keep_up(
            Arc::clone(&sources.cluster),
            List { paths, absent: Absent::IsEmpty, shape },
            Arc::clone(&watched),
            sources.options.clone(),
            Arc::clone(&sources.counters),
        ));
        Followed { watched, task }
    }
}

impl Followed {
    /// Every object at once, never a part of them; an error before the first list, or where they
    /// are more than may be kept.
    pub fn snapshot(&self) -> Result<Snapshot, FactError> {
        if !self.is_listed() {
            let trouble = self.trouble().unwrap_or_else(|| "there is no list yet".to_owned());
            return Err(FactError::Failed(trouble));
        }
        let changed_at = self.watched.take_changed_at();
        let (revision, objects) = self.watched.all()?;
        Ok(Snapshot { objects, revision, changed_at })
    }

    /// The revision that a snapshot would have.
    pub fn revision(&self) -> u64 {
        self.watched.revision()
    }

    /// Waits until there is another revision than this one.
    pub async fn changed(&self, revision: u64) {
        self.watched.changed(revision).await;
    }

    /// Waits for the first complete list.
    pub async fn listed(&self) {
        self.watched.listed().await;
    }

    /// Waits for the first complete list, or for what is in its way.
    pub async fn settled(&self) -> Result<(), FactError> {
        self.watched.settled().await
    }

    /// Whether there was a complete list.
    pub fn is_listed(&self) -> bool {
        self.watched.is_listed()
    }

    /// How old what is known is: nothing while the watch stands; `None` before the first list.
    pub fn age(&self) -> Option<Duration> {
        self.watched.age()
    }

    /// Why the list or the watch does not stand, where it does not.
    pub fn trouble(&self) -> Option<String> {
        self.watched.trouble()
    }
}
