//! Objects of one list, kept up to date by a watch.

mod follow;
mod pause;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use ajj_engine::{FactError, Limits, Node, Tree, Value, parse_json};
use std::sync::Arc;
use tokio::sync::watch;

pub(super) use follow::{
    Absent, End, Event, GRACE, Lines, List, WATCH_SECONDS, encode, keep_up, read_event,
};
pub(super) use pause::{Pause, share};

/// What is known of a list of the API server.
///
/// While the API server is away, what was known last is what is known.
#[derive(Debug)]
pub(super) struct Watched {
    objects: RwLock<Objects>,
    max_bytes: usize,
    progress: watch::Sender<Progress>,
    /// The revision, for those who wait for the next.
    revision: watch::Sender<u64>,
    contact: Mutex<Contact>,
}

/// The objects by `name` or `namespace/name`.
#[derive(Debug, Default)]
struct Objects {
    by_name: BTreeMap<Box<str>, Arc<Tree>>,
    bytes: usize,
    /// Whether some objects were not kept, for being too many.
    is_cut: bool,
    /// Grows with each change.
    revision: u64,
    /// When the first change came that nobody has asked about yet.
    changed_at: Option<Instant>,
}

/// How far the first list has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Begun,
    /// It failed, and is tried again.
    Failed,
    Listed,
}

#[derive(Debug, Default)]
struct Contact {
    /// Since when nothing is heard, where something was heard before.
    lost: Option<Instant>,
    trouble: Option<String>,
}

impl Watched {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            objects: RwLock::default(),
            max_bytes,
            progress: watch::Sender::new(Progress::Begun),
            revision: watch::Sender::new(0),
            contact: Mutex::default(),
        }
    }

    /// An object, by `name` or `namespace/name`.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Tree>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.by_name.get(name).cloned()
    }

    /// Every object in order of names, and the revision of the list; never a part of it.
    pub(super) fn all(&self) -> Result<(u64, Vec<Arc<Tree>>), FactError> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        if objects.is_cut {
            let message = format!("the list is larger than {} bytes", self.max_bytes);
            return Err(FactError::Failed(message));
        }
        Ok((objects.revision, objects.by_name.values().cloned().collect()))
    }

    /// The revision of what is known now.
    pub(super) fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    /// Waits until there is another revision than this one.
    pub(super) async fn changed(&self, known: u64) {
        // The sender lives as long as `self`.
        let _ = self.revision.subscribe().wait_for(|revision| *revision != known).await;
    }

    /// When the first change came since this was asked before.
    ///
    /// To be asked before the objects are: a change in between counts for the next time as well.
    pub(super) fn take_changed_at(&self) -> Option<Instant> {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.changed_at.take()
    }

    pub(super) fn is_listed(&self) -> bool {
        *self.progress.borrow() == Progress::Listed
    }

    /// Waits for the first complete list.
    pub(super) async fn listed(&self) {
        // The sender lives as long as `self`.
        let listed = |progress: &Progress| *progress == Progress::Listed;
        let _ = self.progress.subscribe().wait_for(listed).await;
    }

    /// Waits for the first complete list, or for what is in its way.
    pub(super) async fn settled(&self) -> Result<(), FactError> {
        let begun = |progress: &Progress| *progress == Progress::Begun;
        let _ = self.progress.subscribe().wait_for(|progress| !begun(progress)).await;
        if self.is_listed() {
            return Ok(());
        }
        let trouble = self.trouble().unwrap_or_else(|| "there is no list yet".to_owned());
        Err(FactError::Failed(trouble))
    }

    /// How old what is known is: nothing while the watch stands; `None` before the first list.
    pub(super) fn age(&self) -> Option<Duration> {
        let contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        let age = contact.lost.map_or(Duration::ZERO, |lost| lost.elapsed());
        self.is_listed().then_some(age)
    }

    /// Why the list or the watch does not stand, where it does not.
    pub(super) fn trouble(&self) -> Option<String> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    fn hear(&self) {
        *self.contact.lock().unwrap_or_else(PoisonError::into_inner) = Contact::default();
    }

    fn lose(&self, heard: Instant, trouble: String) {
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        contact.lost.get_or_insert(heard);
        contact.trouble = Some(trouble);
        drop(contact);
        self.progress.send_if_modified(|progress| {
            let first = *progress == Progress::Begun;
            if first {
                *progress = Progress::Failed;
            }
            first
        });
    }

    /// Puts a complete list in the place of what was known.
    fn replace(&self, listed: Vec<(Box<str>, Arc<Tree>)>) {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        let mut new = Objects {
            revision: objects.revision,
            changed_at: objects.changed_at,
            ..Objects::default()
        };
        for (name, object) in listed {
            new.insert(name, object, self.max_bytes);
        }
        *objects = new;
        self.note(objects);
        self.progress.send_replace(Progress::Listed);
    }

    /// Takes note that the server knows no such list: there is nothing, and that is all.
    fn clear(&self) {
        self.hear();
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let is_news = !objects.by_name.is_empty() || objects.is_cut || !self.is_listed();
        drop(objects);
        if is_news {
            self.replace(Vec::new());
        }
    }

    /// Counts a change that was made, and tells who waits for it.
    fn note(&self, mut objects: RwLockWriteGuard<'_, Objects>) {
        objects.revision += 1;
        objects.changed_at.get_or_insert_with(Instant::now);
        let revision = objects.revision;
        drop(objects);
        self.revision.send_replace(revision);
    }

    fn insert(&self, name: Box<str>, object: Arc<Tree>) {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.insert(name, object, self.max_bytes);
        self.note(objects);
    }

    fn remove(&self, name: &str) {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.remove(name);
        self.note(objects);
    }
}

impl Objects {
    fn insert(&mut self, name: Box<str>, object: Arc<Tree>, max_bytes: usize) {
        self.remove(&name);
        let bytes = weigh(&object);
        if self.bytes + bytes > max_bytes {
            self.is_cut = true;
            return;
        }
        self.bytes += bytes;
        self.by_name.insert(name, object);
    }

    fn remove(&mut self, name: &str) {
        if let Some(object) = self.by_name.remove(name) {
            self.bytes -= weigh(&object);
        }
    }
}

/// About how many bytes a tree holds.
pub(super) fn weigh(tree: &Tree) -> usize {
    tree.source().len() + 16 * tree.len()
}

/// The name of an object among those of its list.
fn name_of(object: Node<'_>) -> Option<Box<str>> {
    let text = |key: &str| object.at(&["metadata", key]).and_then(|node| node.as_str());
    let name = text("name").filter(|name| !name.is_empty())?;
    Some(match text("namespace") {
        None | Some("") => name.into(),
        Some(namespace) => format!("{namespace}/{name}").into(),
    })
}

/// An object as a tree of its own; items of a list take kind and version from it.
pub(super) fn own_tree(object: Node<'_>, list: Option<Node<'_>>) -> Result<Arc<Tree>, FactError> {
    let mut text = object.to_json();
    let head = list.filter(|_| object.get("kind").is_none()).and_then(|list| {
        let version = list.get("apiVersion")?.as_str()?;
        let kind = list.get("kind")?.as_str()?.strip_suffix("List")?;
        Some((Value::from(version).to_json(), Value::from(kind).to_json()))
    });
    if let (Some((version, kind)), Some(rest)) = (head, text.strip_prefix('{')) {
        text = format!(r#"{{"apiVersion":{version},"kind":{kind},{rest}"#);
    }
    match parse_json(text, &Limits::default()) {
        Ok(tree) => Ok(Arc::new(tree)),
        Err(error) => Err(FactError::Failed(error.to_string())),
    }
}
