//! The set of policies that decides: compiled aside, swapped whole.

pub(crate) mod check;
mod cluster;
mod files;
mod lag;
mod listed;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ajj_engine::{Diagnostic, PolicySet, Severity, Source, compile};
use arc_swap::ArcSwapOption;
use tokio::sync::Notify;

pub(crate) use cluster::{ClusterPolicies, Outcome, State};
pub use files::Files;
pub(crate) use files::{poll, read, tell};
pub(crate) use lag::{LAGS, Lag};
pub use listed::{ListedPolicies, list_policies};

/// A complete set of policies, and where it comes from.
#[derive(Debug)]
pub(crate) struct Enforced {
    /// What decides.
    pub(crate) policies: PolicySet,
    /// Names the set.
    pub(crate) digest: String,
    /// How many of its policies have rules that can only answer with an error.
    pub(crate) broken: usize,
}

/// What decides now. Reading takes no lock; replacing does not wait for readers.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    enforced: ArcSwapOption<Enforced>,
    /// What comes from files, where a cluster's policies stand beside it.
    beside_cluster: Option<FilesPart>,
    /// Whether what was offered last was refused, and the set before it still decides.
    is_stale: AtomicBool,
    replaced: AtomicU64,
    refused: AtomicU64,
    pub(crate) lag: Lag,
}

/// The last good policies from files, for who puts all policies together.
#[derive(Debug, Default)]
struct FilesPart {
    sources: Mutex<Arc<[Source]>>,
    changed: Notify,
}

/// What is wrong with policies that were offered.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The errors, with their places.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Policies {
    /// Decides nothing until the policies of a cluster are there too.
    pub(crate) fn with_cluster() -> Self {
        Self { beside_cluster: Some(FilesPart::default()), ..Self::default() }
    }

    /// What decides; `None` until the first complete set is there.
    pub(crate) fn current(&self) -> arc_swap::Guard<Option<Arc<Enforced>>> {
        self.enforced.load()
    }

    /// Compiles what files hold and lets it decide, if all of it compiles.
    ///
    /// Otherwise what decided before goes on. Warnings are handed back either way.
    pub(crate) fn offer(
        &self,
        sources: &[Source],
        mut diagnostics: Vec<Diagnostic>,
    ) -> Result<Vec<Diagnostic>, Refused> {
        let (policies, found) = compile(sources);
        diagnostics.extend(found);
        if self.beside_cluster.is_none() && policies.asks_roles() {
            diagnostics.push(roles_need_a_cluster());
        }
        let is_broken = diagnostics.iter().any(|found| found.severity == Severity::Error);
        if is_broken || policies.broken() > 0 {
            self.is_stale.store(true, Ordering::Relaxed);
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Refused { diagnostics });
        }
        match &self.beside_cluster {
            None => self.enforce(policies, 0),
            Some(part) => {
                *part.sources.lock().unwrap_or_else(PoisonError::into_inner) = sources.into();
                part.changed.notify_one();
            }
        }
        self.is_stale.store(false, Ordering::Relaxed);
        Ok(diagnostics)
    }

    /// Lets a set decide from now on.
    fn enforce(&self, policies: PolicySet, broken: usize) {
        let digest = policies.digest();
        self.enforced.store(Some(Arc::new(Enforced { policies, digest, broken })));
        self.replaced.fetch_add(1, Ordering::Relaxed);
    }

    /// The last good policies from files.
    pub(crate) fn file_sources(&self) -> Arc<[Source]> {
        match &self.beside_cluster {
            Some(part) => Arc::clone(&part.sources.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Arc::default(),
        }
    }

    /// Waits until files brought other policies.
    async fn files_changed(&self) {
        match &self.beside_cluster {
            Some(part) => part.changed.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Whether what was offered last was refused.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// How many sets were taken, and how many refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.replaced.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }
}

/// Roles are known from bindings: without them such a rule would be about nobody, in silence.
fn roles_need_a_cluster() -> Diagnostic {
    let message = "a rule asks for the roles of the user, which only a cluster knows";
    Diagnostic::error("roles-need-cluster", message).help("run with `--cluster`")
}

#[cfg(test)]
mod tests;
