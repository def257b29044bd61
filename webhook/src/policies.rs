//! The set of policies that decides: compiled aside, swapped whole.

mod files;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ajj_engine::{Diagnostic, PolicySet, Severity, Source, compile};
use arc_swap::ArcSwapOption;

pub use files::Files;
pub(crate) use files::{poll, read, tell};

/// A complete set of policies, and where it comes from.
#[derive(Debug)]
pub(crate) struct Enforced {
    /// What decides.
    pub(crate) policies: PolicySet,
    /// Names the set.
    pub(crate) digest: String,
}

/// What decides now. Reading takes no lock; replacing does not wait for readers.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    enforced: ArcSwapOption<Enforced>,
    /// Whether what was offered last was refused, and the set before it still decides.
    is_stale: AtomicBool,
    replaced: AtomicU64,
    refused: AtomicU64,
}

/// What is wrong with policies that were offered.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The errors, with their places.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Policies {
    /// What decides; `None` until the first complete set is there.
    pub(crate) fn current(&self) -> arc_swap::Guard<Option<Arc<Enforced>>> {
        self.enforced.load()
    }

    /// Compiles sources and lets them decide, if all of them compile.
    ///
    /// Otherwise what decided before goes on. Warnings are handed back either way.
    pub(crate) fn offer(
        &self,
        sources: &[Source],
        mut diagnostics: Vec<Diagnostic>,
    ) -> Result<Vec<Diagnostic>, Refused> {
        let (policies, found) = compile(sources);
        diagnostics.extend(found);
        let is_broken = diagnostics.iter().any(|found| found.severity == Severity::Error);
        if is_broken || policies.broken() > 0 {
            self.is_stale.store(true, Ordering::Relaxed);
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Refused { diagnostics });
        }
        let digest = policies.digest();
        self.enforced.store(Some(Arc::new(Enforced { policies, digest })));
        self.is_stale.store(false, Ordering::Relaxed);
        self.replaced.fetch_add(1, Ordering::Relaxed);
        Ok(diagnostics)
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

#[cfg(test)]
mod tests;
