//! Data of `GlobalContextEntry` objects: gathered once for all who refer to them.

mod data;
mod spec;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ajj_engine::{FactError, Method, Tree};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use super::Answer;
use super::answer::Sources;
use super::cluster::Shape;
use super::watched::{Absent, List, Watched, keep_up};
use data::Data;
use spec::Spec;

/// The versions of the kind, the newest first.
const VERSIONS: &[&str] = &["v2", "v2beta1", "v2alpha1"];

/// What is gathered; nothing before the first rule refers to an entry.
#[derive(Debug, Default)]
pub(super) struct GlobalContext {
    entries: OnceCell<Entries>,
    gathered: Mutex<BTreeMap<Box<str>, Gathered>>,
}

/// The entries of the cluster.
#[derive(Debug)]
struct Entries {
    watched: Arc<Watched>,
    _task: Task,
}

/// What an entry gathers, as long as the entry stays as it is.
#[derive(Debug)]
struct Gathered {
    object: Arc<Tree>,
    data: Arc<Data>,
    _task: Task,
}

/// Ends with who needs it.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Sources {
    /// The data of an entry, or of a projection: `entry` or `entry.projection`.
    pub(super) async fn global_context(&self, reference: &str) -> Answer {
        let entries = self.global_context.entries.get_or_try_init(|| self.entries()).await?;
        entries.watched.listed().await;
        self.forget_entries(&entries.watched);
        // Names of entries have dots themselves: the longest that is one counts.
        let ends = reference.match_indices('.').map(|(dot, _)| dot);
        let mut ends: Vec<usize> = ends.chain([reference.len()]).collect();
        ends.reverse();
        let found = ends.into_iter().find_map(|end| {
            let name = reference.get(..end)?;
            Some((name, reference.get(end + 1..), entries.watched.get(name)?))
        });
        let Some((name, projection, object)) = found else { return Err(FactError::NotFound) };
        self.gather(name, object)?.answer(name, projection).await
    }

    async fn entries(&self) -> Result<Entries, FactError> {
        for version in VERSIONS {
            let path = format!("/apis/kyverno.io/{version}/globalcontextentries");
            match self.cluster.call(Method::Get, &format!("{path}?limit=1"), "").await {
                Ok(_) => {
                    let (watched, task) = self.watch(path);
                    return Ok(Entries { watched, _task: task });
                }
                Err(FactError::NotFound) => (),
                Err(error) => return Err(error),
            }
        }
        Err(FactError::Failed("the cluster knows no GlobalContextEntry".to_owned()))
    }

    fn watch(&self, path: String) -> (Arc<Watched>, Task) {
        let watched = Arc::new(Watched::new(self.options.max_watched_bytes));
        let task = self.runtime.spawn(keep_up(
            Arc::clone(&self.cluster),
            List { paths: vec![path], absent: Absent::Fails, shape: Shape::Whole },
            Arc::clone(&watched),
            self.options.clone(),
            Arc::clone(&self.counters),
        ));
        (watched, Task(task))
    }

    /// What an entry gathers; begun anew where the entry has changed.
    fn gather(&self, name: &str, object: Arc<Tree>) -> Result<Arc<Data>, FactError> {
        let mut gathered =
            self.global_context.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let spec = |tree: &Tree| tree.root().get("spec").map(|spec| spec.to_json());
        if let Some(known) = gathered.get(name)
            && (Arc::ptr_eq(&known.object, &object) || spec(&known.object) == spec(&object))
        {
            return Ok(Arc::clone(&known.data));
        }
        gathered.remove(name);
        let spec = Spec::parse(&object)
            .map_err(|reason| FactError::Failed(format!("the entry {name} {reason}")))?;
        let (data, task) = match spec.source {
            spec::Source::Resource(path) => {
                let (watched, task) = self.watch(path);
                (Arc::new(Data::listed(watched, spec.projections)), task)
            }
            spec::Source::Call { key, every } => {
                let data = Arc::new(Data::called(spec.projections));
                let task = Task(self.runtime.spawn(data::call(
                    Arc::downgrade(&data),
                    self.callers(),
                    key,
                    every,
                )));
                (data, task)
            }
        };
        let known = Gathered { object, data: Arc::clone(&data), _task: task };
        gathered.insert(name.into(), known);
        Ok(data)
    }

    /// Stops to gather for entries that are gone.
    fn forget_entries(&self, entries: &Watched) {
        let mut gathered =
            self.global_context.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.retain(|name, _| entries.get(name).is_some());
    }
}
