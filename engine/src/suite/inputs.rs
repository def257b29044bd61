//! What a suite runs with.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::{FactError, FactKey};
use crate::read::Document;
use crate::tree::Tree;

/// How rows are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// What nothing answered is an error.
    #[default]
    Honest,
    /// As upstream counts, false greens included.
    Upstream,
}

/// Answers what rules ask of the cluster; `None` where nothing is known.
pub type Answer<'a> = dyn Fn(&FactKey) -> Option<Result<Arc<Tree>, FactError>> + 'a;

/// What a suite runs with.
pub struct Inputs<'i> {
    /// The documents of each file by the path that the suite names it with; a file that could not
    /// be read is missing.
    pub files: &'i BTreeMap<String, Vec<Document>>,
    /// What the cluster would answer, for suites that describe one
    /// ([`Suite::cluster_objects`](super::Suite::cluster_objects)).
    pub answer: &'i Answer<'i>,
    /// The current time.
    pub time: Timestamp,
    /// How rows are counted.
    pub counting: Counting,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inputs").field("files", &self.files.len()).finish_non_exhaustive()
    }
}
