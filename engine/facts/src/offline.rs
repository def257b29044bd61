//! Answers from files alone: what the cluster would say of objects that are there, and what
//! documents of kind `Facts` say of anything else.

mod api_path;
mod cluster;
mod declared;
mod selector;

use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ajj_engine::manifest::{Content, objects};
use ajj_engine::{Diagnostic, FactError, FactKey, Facts, Limits, Method, Source, Tree, read};

use crate::source::FactSource;
use api_path::ApiPath;
use cluster::Cluster;
use declared::Declared;

/// Answers without a cluster, a registry or a network.
///
/// - What a `Facts` document answers is answered so.
/// - With objects given as facts, they and the manifests are the whole cluster: what is not
///   there is not found, and a list is complete.
/// - Without, the manifests answer for themselves, and what is not there is unknown.
#[derive(Debug)]
pub struct Offline {
    declared: Declared,
    fact_sources: Vec<Source>,
    manifests: Vec<Source>,
    has_objects: bool,
    /// Made when the first rule asks: most never do.
    cluster: OnceLock<Cluster>,
    inventory: OnceLock<Arc<Tree>>,
    unanswered: Mutex<BTreeSet<FactKey>>,
}

impl Offline {
    /// From the texts given as facts, and the manifests under validation.
    pub fn new(fact_sources: &[Source], manifests: &[Source]) -> (Self, Vec<Diagnostic>) {
        let mut declared = Declared::default();
        let mut diagnostics = Vec::new();
        let mut has_objects = false;
        for source in fact_sources {
            let reading = read(source, &Limits::default());
            diagnostics.extend(reading.diagnostics);
            for document in &reading.documents {
                if declared::is_facts(document.tree().root()) {
                    declared.add(document, &mut diagnostics);
                    continue;
                }
                match objects(document.tree()) {
                    Content::Objects(_) => has_objects = true,
                    Content::Other | Content::Incomplete(_) => {
                        let message = "expected a Kubernetes object or a document of kind `Facts`";
                        let diagnostic = Diagnostic::error("not-a-fact", message);
                        diagnostics.push(diagnostic.at(Some(document.places().span::<&str>(&[]))));
                    }
                }
            }
        }
        let offline = Self {
            declared,
            fact_sources: fact_sources.to_vec(),
            manifests: manifests.to_vec(),
            has_objects,
            cluster: OnceLock::new(),
            inventory: OnceLock::new(),
            unanswered: Mutex::default(),
        };
        (offline, diagnostics)
    }

    /// What was asked and nobody here knows, in order.
    pub fn unanswered(&self) -> Vec<FactKey> {
        let keys = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().cloned().collect()
    }

    /// What the files themselves say: a declared answer, or an object by its name. Of what they do
    /// not hold, nothing follows.
    pub(crate) fn given(&self, key: &FactKey) -> Option<Result<Arc<Tree>, FactError>> {
        if let Some(answer) = self.declared.get(key) {
            return Some(answer.clone());
        }
        let FactKey::Api { method: Method::Get, path, .. } = key else { return None };
        let path = ApiPath::parse(path).filter(|path| !path.name.is_empty())?;
        self.cluster().get(&path, false).ok().map(Ok)
    }

    fn cluster(&self) -> &Cluster {
        self.cluster.get_or_init(|| {
            // Objects given as facts stand before manifests of the same name.
            Cluster::new(self.fact_sources.iter().chain(&self.manifests))
        })
    }

    fn answer(&self, key: &FactKey) -> Result<Arc<Tree>, FactError> {
        if let Some(answer) = self.declared.get(key) {
            return answer.clone();
        }
        if *key == FactKey::Inventory {
            let inventory = self.inventory.get_or_init(|| self.cluster().inventory());
            return Ok(Arc::clone(inventory));
        }
        let FactKey::Api { method: Method::Get, path, .. } = key else {
            return Err(FactError::Offline);
        };
        let Some(path) = ApiPath::parse(path) else { return Err(FactError::Offline) };
        self.cluster().get(&path, self.has_objects)
    }
}

impl FactSource for Offline {
    fn fetch(&self, keys: &BTreeSet<FactKey>) -> impl Future<Output = Facts> + Send {
        let mut facts = Facts::default();
        for key in keys {
            let answer = self.answer(key);
            if answer.as_ref().is_err_and(|error| *error == FactError::Offline) {
                let mut keys = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
                keys.insert(key.clone());
            }
            facts.insert(key.clone(), answer);
        }
        ready(facts)
    }
}

#[cfg(test)]
mod tests;
