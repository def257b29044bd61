//! The policies of an audit: which changed, and a set of some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ajj_engine::{PolicySet, Source, compile};

use crate::exceptions::ExceptionsFrom;
use crate::policies::State;

/// All policies at one moment.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Digests by name, as findings name policies. What an exception says is part of each.
    pub(super) digests: BTreeMap<Arc<str>, u64>,
    /// Everything compiled.
    pub(super) set: PolicySet,
    of_cluster: Vec<(Arc<str>, Source)>,
    /// Exceptions, and what comes from files: part of every set.
    always: Vec<Source>,
}

impl Gathered {
    /// From the policies of the cluster, with the exceptions that count, and from files.
    pub(super) fn new(states: &[State], files: &[Source], exceptions: &ExceptionsFrom) -> Self {
        let (mut of_cluster, mut always) = (Vec::new(), files.to_vec());
        let counts = |state: &&State| !exceptions.ignores(state.object.root());
        for state in states.iter().filter(counts) {
            let source = state.checked.source.clone();
            match state.resource {
                "policyexceptions" => always.push(source),
                // `ClusterPolicy/name` and `Policy/namespace/name`.
                _ => {
                    let name = source.name.split_once('/').map_or("", |(_, name)| name);
                    of_cluster.push((Arc::from(name), source));
                }
            }
        }
        let mut common = DefaultHasher::new();
        always.iter().for_each(|source| source.text.hash(&mut common));
        let common = common.finish();
        let digest = |text: &str| {
            let mut hash = DefaultHasher::new();
            (text, common).hash(&mut hash);
            hash.finish()
        };
        let mut digests: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for (info, _) in compile(&always).0.rules() {
            digests.entry(Arc::clone(&info.policy)).or_insert_with(|| digest(""));
        }
        for (name, source) in &of_cluster {
            digests.insert(Arc::clone(name), digest(&source.text));
        }
        let all = of_cluster.iter().map(|(_, source)| source).chain(&always);
        let set = compile(&all.cloned().collect::<Vec<_>>()).0;
        Self { digests, set, of_cluster, always }
    }

    /// A set of the policies of these names, with what belongs to every set.
    pub(super) fn part(&self, names: &BTreeSet<Arc<str>>) -> PolicySet {
        let wanted = self.of_cluster.iter().filter(|(name, _)| names.contains(name));
        let sources = wanted.map(|(_, source)| source).chain(&self.always);
        compile(&sources.cloned().collect::<Vec<_>>()).0
    }
}
