//! Who answers.

use std::collections::BTreeSet;
use std::future::Future;

use ajj_engine::{FactKey, Facts};

/// Answers what rules ask. Cluster, registry or recording: the engine cannot tell.
pub trait FactSource {
    /// Answers every key, if only with an error.
    fn fetch(&self, keys: &BTreeSet<FactKey>) -> impl Future<Output = Facts> + Send;
}
