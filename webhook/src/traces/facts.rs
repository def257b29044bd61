//! What rules ask, as spans of who is asked.

use std::collections::BTreeSet;
use std::future::Future;

use ajj_engine::{FactKey, Facts};
use ajj_facts::FactSource;

use super::review::{ReviewTrace, now};

/// A source whose answers are noted in the trace of a review, if it is traced.
#[derive(Debug)]
pub(crate) struct Traced<'a, S> {
    pub(crate) source: &'a S,
    pub(crate) trace: Option<&'a ReviewTrace<'a>>,
}

impl<S: FactSource + Sync> FactSource for Traced<'_, S> {
    fn fetch(&self, keys: &BTreeSet<FactKey>) -> impl Future<Output = Facts> + Send {
        let asked = self.trace.map(|trace| (trace, now(), keys.clone()));
        let fetching = self.source.fetch(keys);
        async move {
            let facts = fetching.await;
            if let Some((trace, started, keys)) = asked {
                for key in &keys {
                    let answer = facts.get(key);
                    let problem = answer.and_then(|answer| answer.as_ref().err());
                    let problem = problem.map(ToString::to_string);
                    trace.asked(&without_query(key), started, problem.as_deref());
                }
            }
            facts
        }
    }
}

/// What is asked; a query may hold what is nobody's business.
fn without_query(key: &FactKey) -> String {
    let shown = key.to_string();
    match shown.split_once('?') {
        Some((head, _)) => head.to_owned(),
        None => shown,
    }
}
