//! Who answers what rules ask: a cluster, or nobody where there is none.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Instant;

use ajj_engine::{FactKey, Facts, Request};
use ajj_facts::{FactSource, Live, Offline, Until};

/// Where answers come from.
#[derive(Debug)]
pub(crate) enum Answers {
    /// Policies stand alone: what they ask is an error.
    Nobody(Offline),
    /// An API server.
    Cluster(Live),
}

/// Answers for one request.
#[derive(Debug)]
pub(crate) enum AnswersUntil<'a> {
    Nobody(&'a Offline),
    Cluster(Until),
}

impl Answers {
    /// Without a cluster.
    pub(crate) fn nobody() -> Self {
        Self::Nobody(Offline::new(&[], &[]).0)
    }

    /// Answers that come by a deadline.
    pub(crate) fn until(&self, deadline: Instant) -> AnswersUntil<'_> {
        match self {
            Self::Nobody(offline) => AnswersUntil::Nobody(offline),
            Self::Cluster(live) => AnswersUntil::Cluster(live.until(deadline.into())),
        }
    }

    /// What is known without asking: the namespace, which many rules want to know the labels of.
    /// Known beforehand, it costs no second round of evaluation.
    pub(crate) fn beforehand(&self, request: &Request) -> Facts {
        let mut facts = Facts::default();
        if let Self::Cluster(live) = self
            && let Some(namespace) = live.namespace(request.object_namespace())
        {
            let path = format!("/api/v1/namespaces/{}", request.object_namespace());
            facts.insert(FactKey::get(path), Ok(namespace));
        }
        facts
    }
}

impl FactSource for AnswersUntil<'_> {
    fn fetch(&self, keys: &BTreeSet<FactKey>) -> impl Future<Output = Facts> + Send {
        let (now, later) = match self {
            Self::Nobody(offline) => (Some(offline.fetch(keys)), None),
            Self::Cluster(live) => (None, Some(live.fetch(keys))),
        };
        async move {
            match (now, later) {
                (Some(facts), _) => facts.await,
                (None, Some(facts)) => facts.await,
                (None, None) => Facts::default(),
            }
        }
    }
}
