//! Answers from files first, and from a cluster where they say nothing.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use ajj_engine::{FactError, FactKey, Facts};
use tokio::time::Instant;

use crate::live::Live;
use crate::offline::Offline;
use crate::source::FactSource;

/// A cluster whose answers files may overrule and complete.
#[derive(Debug)]
pub struct Layered {
    /// What these files answer is not asked of the cluster.
    pub given: Offline,
    /// The cluster.
    pub live: Live,
    /// What the cluster does not have is looked for here: what is about to be applied to it.
    pub beside: Offline,
    /// How long one question waits for the cluster.
    pub within: Duration,
}

impl FactSource for Layered {
    fn fetch(&self, keys: &BTreeSet<FactKey>) -> impl Future<Output = Facts> + Send {
        let mut facts = Facts::default();
        let mut open = BTreeSet::new();
        for key in keys {
            match self.given.given(key) {
                Some(answer) => facts.insert(key.clone(), answer),
                None => {
                    open.insert(key.clone());
                }
            }
        }
        async move {
            if open.is_empty() {
                return facts;
            }
            let answers = self.live.until(Instant::now() + self.within).fetch(&open).await;
            for key in open {
                let answer = match answers.get(&key) {
                    Some(Err(FactError::NotFound)) => {
                        self.beside.given(&key).unwrap_or(Err(FactError::NotFound))
                    }
                    Some(answer) => answer.clone(),
                    None => Err(FactError::NotFetched),
                };
                facts.insert(key, answer);
            }
            facts
        }
    }
}
