//! Answers from a Kubernetes API server, and from the services that policies name.

mod address;
mod answer;
mod body;
mod cache;
mod cluster;
mod connect;
mod counters;
mod discovery;
mod external;
mod flight;
mod followed;
mod global_context;
mod options;
mod pages;
mod rights;
mod service;
mod stream;
mod watched;
mod write_error;
mod writer;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{FactError, FactKey, Facts, Tree};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::source::FactSource;
use answer::Sources;
use cluster::{Cluster, Shape};
use watched::{Absent, List, keep_up};

pub use cluster::client;
pub use connect::{ConnectError, Desk, connect};
pub use counters::LiveCounters;
pub use discovery::{Discovered, ServedResource};
pub use followed::{Followed, Snapshot};
pub use options::LiveOptions;
pub use pages::{PageError, Pages};
pub use rights::{READS, Right, WRITES};
pub use stream::{ListEvent, ListStream};
pub use write_error::WriteError;
pub use writer::Writer;

type Answer = Result<Arc<Tree>, FactError>;

const NAMESPACES: &str = "/api/v1/namespaces";

/// Answers what rules ask from a cluster; cheap to clone, all clones are one.
///
/// It lives on a runtime of its own: calls and watches go on there, however many runtimes ask and
/// however soon they give up.
#[derive(Clone, Debug)]
pub struct Live {
    sources: Arc<Sources>,
    /// Ends the watches with the last clone.
    _tasks: Arc<Tasks>,
}

#[derive(Debug)]
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Live {
    /// Begins to watch namespaces on `runtime`, where all calls are made from then on.
    ///
    /// That runtime needs its drivers of time and of input and output; those who ask need none.
    /// `kube` is best made with [`client`].
    pub fn new(kube: kube::Client, runtime: Handle, options: LiveOptions) -> Self {
        let counters = Arc::new(LiveCounters::default());
        let cluster = Cluster::new(kube, &options, Arc::clone(&counters));
        let sources = Arc::new(Sources::new(cluster, runtime, options, counters));
        let namespaces = sources.runtime.spawn(keep_up(
            Arc::clone(&sources.cluster),
            List { paths: vec![NAMESPACES.to_owned()], absent: Absent::Fails, shape: Shape::Whole },
            Arc::clone(&sources.namespaces),
            sources.options.clone(),
            Arc::clone(&sources.counters),
        ));
        Self { sources, _tasks: Arc::new(Tasks(vec![namespaces])) }
    }

    /// A source whose answers come by a deadline; one that would come later is
    /// [`FactError::Timeout`].
    pub fn until(&self, deadline: Instant) -> Until {
        Until { live: self.clone(), deadline }
    }

    /// Waits until all namespaces are known.
    pub async fn ready(&self) {
        self.sources.namespaces.listed().await;
    }

    /// Whether all namespaces are known.
    pub fn is_ready(&self) -> bool {
        self.sources.namespaces.is_listed()
    }

    /// How old the known namespaces are: nothing while the watch stands; `None` before the first
    /// list.
    pub fn age(&self) -> Option<Duration> {
        self.sources.namespaces.age()
    }

    /// Why namespaces cannot be listed or watched, where that is so.
    pub fn trouble(&self) -> Option<String> {
        self.sources.namespaces.trouble()
    }

    /// A namespace as the watch has it, without a wait and without a call.
    ///
    /// Whoever puts it among the facts beforehand, as the answer to
    /// `GET /api/v1/namespaces/<name>`, saves a round of evaluation.
    pub fn namespace(&self, name: &str) -> Option<Arc<Tree>> {
        self.sources.namespaces.get(name)
    }

    /// All namespaces as the watch has them, with the revision of what it has.
    pub fn namespaces(&self) -> Result<(u64, Vec<Arc<Tree>>), FactError> {
        self.sources.namespaces.all()
    }

    /// The revision that the namespaces have now.
    pub fn namespaces_revision(&self) -> u64 {
        self.sources.namespaces.revision()
    }

    /// Waits until the namespaces have another revision than this one.
    pub async fn namespaces_changed(&self, revision: u64) {
        self.sources.namespaces.changed(revision).await;
    }

    /// What was done so far.
    pub fn counters(&self) -> &LiveCounters {
        &self.sources.counters
    }
}

/// A [`Live`] source for one request.
#[derive(Clone, Debug)]
pub struct Until {
    live: Live,
    deadline: Instant,
}

impl FactSource for Until {
    fn fetch(&self, keys: &BTreeSet<FactKey>) -> impl Future<Output = Facts> + Send {
        let (sources, deadline) = (Arc::clone(&self.live.sources), self.deadline);
        let mut facts = Facts::default();
        // All calls are under way before the first is waited for.
        let mut flights = Vec::new();
        for key in keys {
            match sources.known(key) {
                Some(answer) => facts.insert(key.clone(), answer),
                None => flights.push((key.clone(), sources.join(key))),
            }
        }
        async move {
            let mut again = Vec::new();
            for (key, mut flight) in flights {
                let answer = flight.land(deadline, &sources).await;
                if flight.began_earlier && answer::must_be_new(&key, &answer) {
                    // That call may have seen what was before this request. The next one has not.
                    let next = sources.join(&key);
                    again.push((key, next));
                } else {
                    facts.insert(key, answer);
                }
            }
            for (key, mut flight) in again {
                let answer = flight.land(deadline, &sources).await;
                facts.insert(key, answer);
            }
            facts
        }
    }
}
