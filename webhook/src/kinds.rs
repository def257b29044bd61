//! What kinds of objects the API server has, asked anew when that may have changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ajj_engine::GroupVersionResource;
use ajj_facts::{Discovered, Live};
use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Notify, watch};
use tracing::warn;

use crate::review::ResourceKinds;

/// Definitions of custom resources: what there is changes with them.
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// How often the server is asked at most.
const SHORTEST: Duration = Duration::from_millis(200);
/// When it is asked again after a definition changed, and then after twice the time and so on: it
/// tells of new kinds a moment later, and a busy one much later.
const AFTER_CHANGE: Duration = Duration::from_secs(2);
/// When it is asked again after it could not be.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// When it is asked in any case: aggregated servers have no definitions.
const LONGEST: Duration = Duration::from_secs(600);
/// How long a review waits for a kind that is not known.
const WAIT: Duration = Duration::from_secs(2);

/// Kinds by resource; without a cluster those that are built in.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    known: ArcSwap<ResourceKinds>,
    served: ArcSwapOption<Discovered>,
    rounds: watch::Sender<Rounds>,
    wanted: Notify,
    has_cluster: bool,
}

/// Why the server is asked again.
#[derive(Clone, Copy, Debug)]
enum Woken {
    Change,
    Want,
    Time,
}

/// How often the server was asked.
#[derive(Clone, Copy, Debug, Default)]
struct Rounds {
    begun: u64,
    done: u64,
}

impl Kinds {
    /// Kinds that [`Kinds::keep_up`] will bring.
    pub(crate) fn of_cluster() -> Self {
        Self { has_cluster: true, ..Self::default() }
    }

    /// What is known now.
    pub(crate) fn current(&self) -> arc_swap::Guard<Arc<ResourceKinds>> {
        self.known.load()
    }

    /// All that the server serves; `None` until it was asked.
    pub(crate) fn served(&self) -> Option<Arc<Discovered>> {
        self.served.load_full()
    }

    /// Has the server asked anew, without waiting for it.
    pub(crate) fn ask_again(&self) {
        self.wanted.notify_one();
    }

    /// Whether the kind of a resource is known, or nobody can be asked for it.
    pub(crate) fn is_settled(&self, resource: &GroupVersionResource) -> bool {
        !self.has_cluster || self.known.load().knows(resource)
    }

    /// Has the server asked until it names the kind of a resource; `None` if it does not in time.
    pub(crate) async fn look_up(
        &self,
        resource: &GroupVersionResource,
        deadline: Instant,
    ) -> Option<Arc<ResourceKinds>> {
        let deadline = deadline.min(Instant::now() + WAIT).into();
        let look = async {
            loop {
                // A round that is under way may have begun before the resource came to be.
                let next = self.rounds.borrow().begun + 1;
                self.wanted.notify_one();
                let done = |rounds: &Rounds| rounds.done >= next;
                let _ = self.rounds.subscribe().wait_for(done).await;
                let known = self.known.load_full();
                if known.knows(resource) {
                    return known;
                }
            }
        };
        tokio::time::timeout_at(deadline, look).await.ok()
    }

    /// Keeps asking what there is.
    pub(crate) async fn keep_up(&self, live: &Live) {
        let definitions = live.follow_metadata([DEFINITIONS]);
        let mut woken = Woken::Time;
        let mut pause = LONGEST;
        loop {
            let revision = definitions.revision();
            self.rounds.send_modify(|rounds| rounds.begun += 1);
            let found = live.discover().await;
            pause = match (&found, woken) {
                (Err(_), _) => AFTER_FAILURE,
                (Ok(_), Woken::Change) => AFTER_CHANGE,
                (Ok(_), Woken::Want) => pause,
                (Ok(_), Woken::Time) => (pause * 2).min(LONGEST),
            };
            match found {
                Ok(mut found) => {
                    if let Some(before) = self.served() {
                        found.keep_stale(&before);
                    }
                    let mut kinds = ResourceKinds::default();
                    for one in &found.resources {
                        let resource = GroupVersionResource {
                            group: one.group.as_str().into(),
                            version: one.version.as_str().into(),
                            resource: one.resource.as_str().into(),
                        };
                        kinds.insert(resource, one.kind.clone());
                    }
                    self.known.store(Arc::new(kinds));
                    self.served.store(Some(Arc::new(found)));
                }
                Err(problem) => {
                    warn!(%problem, "the API server does not say what kinds of objects it has");
                }
            }
            self.rounds.send_modify(|rounds| rounds.done = rounds.begun);
            tokio::time::sleep(SHORTEST).await;
            woken = tokio::select! {
                () = definitions.changed(revision) => Woken::Change,
                () = self.wanted.notified() => Woken::Want,
                () = tokio::time::sleep(pause) => Woken::Time,
            };
        }
    }
}
