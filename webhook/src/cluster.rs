//! What a webhook has of its cluster: policies, facts, roles, kinds, and how new all that is.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ajj_facts::{ConnectError, Live, LiveOptions, connect};
use tokio::runtime::Handle;
use tracing::warn;

use crate::decision_id::Replica;
use crate::events::{EventQueue, Events};
use crate::exceptions::ExceptionsFrom;
use crate::kinds::Kinds;
use crate::policies::{ClusterPolicies, Policies};
use crate::roles::Roles;
use crate::run::RunError;
use crate::status;

/// How to reach an API server.
#[derive(Clone, Debug, Default)]
pub struct ClusterConfig {
    /// A kubeconfig; without one, what a Pod is given.
    pub kubeconfig: Option<PathBuf>,
    /// Whose exceptions count.
    pub exceptions_from: ExceptionsFrom,
}

/// A cluster that is followed.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) live: Live,
    pub(crate) policies: ClusterPolicies,
    pub(crate) roles: Roles,
    pub(crate) events: Events,
    queue: Mutex<Option<EventQueue>>,
}

/// How often it is said that the API server cannot be heard.
const SAY_AGAIN: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_secs(1);

impl Cluster {
    /// Begins to follow, on a runtime that lives as long as the process.
    pub(crate) async fn connect(config: ClusterConfig, runtime: &Handle) -> Result<Self, RunError> {
        let handle = runtime.clone();
        let ClusterConfig { kubeconfig, exceptions_from } = config;
        let connected = runtime.spawn(async move {
            let client = connect(kubeconfig.as_deref()).await?;
            Ok::<_, ConnectError>(Live::new(client, handle, LiveOptions::default()))
        });
        let live = connected.await.map_err(std::io::Error::other)??;
        let policies = ClusterPolicies::new(&live, exceptions_from);
        let (events, queue) = Events::new();
        let (roles, queue) = (Roles::new(live.clone()), Mutex::new(Some(queue)));
        Ok(Self { roles, policies, events, queue, live })
    }

    /// Keeps everything up to date, from tasks on `runtime`.
    pub(crate) fn keep_up(
        self: &Arc<Self>,
        runtime: &Handle,
        replica: Replica,
        policies: &Arc<Policies>,
        kinds: &Arc<Kinds>,
    ) {
        let (cluster, policies) = (Arc::clone(self), Arc::clone(policies));
        runtime.spawn(async move {
            cluster.policies.enforce(&cluster.live, &cluster.roles, &policies).await;
        });
        let (cluster, kinds) = (Arc::clone(self), Arc::clone(kinds));
        runtime.spawn(async move { kinds.keep_up(&cluster.live).await });
        let (writer, outcome) = (self.live.writer(), self.policies.outcome());
        runtime.spawn(status::keep_up(writer, outcome, replica));
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(queue) = queue {
            runtime.spawn(queue.write(self.live.writer(), replica));
        }
        let cluster = Arc::clone(self);
        runtime.spawn(async move { cluster.say_trouble().await });
    }

    /// How old the oldest of what is known is; `None` before everything was listed.
    pub(crate) fn age(&self) -> Option<Duration> {
        Some(self.policies.age()?.max(self.live.age()?))
    }

    /// What is in the way of hearing of changes.
    pub(crate) fn trouble(&self) -> Option<String> {
        let own = self.live.trouble().or_else(|| self.policies.trouble());
        own.or_else(|| self.roles.trouble())
    }

    async fn say_trouble(&self) {
        let mut said: Option<(tokio::time::Instant, String)> = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(trouble) = self.trouble() else {
                said = None;
                continue;
            };
            let is_known = |(at, text): &(tokio::time::Instant, String)| {
                at.elapsed() < SAY_AGAIN && *text == trouble
            };
            if !said.as_ref().is_some_and(is_known) {
                warn!(trouble, "changes of the cluster do not come; what was known goes on");
                said = Some((tokio::time::Instant::now(), trouble));
            }
        }
    }
}
