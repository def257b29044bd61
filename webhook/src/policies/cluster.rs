//! Policies that are objects of a cluster: every change is taken, compiled aside with all others,
//! and swapped whole.
//!
//! A policy that does not compile stays in the set and answers with errors: one bad policy neither
//! holds up the others nor passes in silence.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ajj_engine::{PolicySet, Source, Tree, compile};
use ajj_facts::{Followed, Live, Snapshot};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::Policies;
use super::check::{Checked, check, name};
use crate::exceptions::{DOES_NOT_COUNT, ExceptionsFrom};
use crate::roles::Roles;

/// How long changes are gathered: whoever applies a folder makes many at once.
const GATHER: Duration = Duration::from_millis(5);
/// How much longer than compiling took the pause after it is, so that a storm of changes takes a
/// fourth of a core at most.
const REST: u32 = 3;
/// How long a new set waits for role bindings, which it is the first to ask for.
const WAIT_FOR_ROLES: Duration = Duration::from_secs(10);

/// The lists that policies are in: the name of each kind's resource, and its versions.
pub(super) const KINDS: [(&str, &[&str]); 3] = [
    ("clusterpolicies", &["v1", "v2beta1"]),
    ("policies", &["v1", "v2beta1"]),
    ("policyexceptions", &["v2", "v2beta1", "v2alpha1"]),
];

/// Follows the policies of a cluster.
#[derive(Debug)]
pub(crate) struct ClusterPolicies {
    lists: Vec<(&'static str, Followed)>,
    outcome: watch::Sender<Arc<Outcome>>,
    exceptions_from: ExceptionsFrom,
    exceptions_ignored: AtomicUsize,
}

/// What came of each policy of the cluster in the set that decides.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// In order of kinds, namespaces and names.
    pub(crate) states: Vec<State>,
}

/// One policy of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The plural name of its kind.
    pub(crate) resource: &'static str,
    /// As the API server has it.
    pub(crate) object: Arc<Tree>,
    /// What came of it.
    pub(crate) checked: Arc<Checked>,
}

impl ClusterPolicies {
    /// Begins to follow.
    pub(crate) fn new(live: &Live, exceptions_from: ExceptionsFrom) -> Self {
        let follow = |(resource, versions): (&'static str, &[&str])| {
            let path = |version: &&str| format!("/apis/kyverno.io/{version}/{resource}");
            (resource, live.follow(versions.iter().map(path)))
        };
        Self {
            lists: KINDS.map(follow).into(),
            outcome: watch::Sender::default(),
            exceptions_from,
            exceptions_ignored: AtomicUsize::new(0),
        }
    }

    /// Lets what the cluster has decide, now and whenever it changes.
    pub(crate) async fn enforce(&self, live: &Live, roles: &Roles, policies: &Arc<Policies>) {
        for (_, list) in &self.lists {
            list.listed().await;
        }
        live.ready().await;
        let mut known = Known::new(self.exceptions_from.clone());
        loop {
            let seen: Vec<u64> = self.lists.iter().map(|(_, list)| list.revision()).collect();
            let began = Instant::now();
            known = match self.snapshots() {
                Ok(snapshots) => {
                    let changed_at = snapshots.iter().filter_map(|(_, s)| s.changed_at).min();
                    self.replace(known, snapshots, changed_at, roles, policies).await
                }
                Err(reason) => {
                    error!(reason, "policies cannot be read; those before go on to decide");
                    known
                }
            };
            let rested = tokio::time::Instant::now() + began.elapsed() * REST;
            self.changed(&seen, policies).await;
            tokio::time::sleep_until(rested.max(tokio::time::Instant::now() + GATHER)).await;
        }
    }

    fn snapshots(&self) -> Result<Vec<(&'static str, Snapshot)>, String> {
        let snapshot = |(resource, list): &(&'static str, Followed)| match list.snapshot() {
            Ok(snapshot) => Ok((*resource, snapshot)),
            Err(reason) => Err(format!("{resource}: {reason}")),
        };
        self.lists.iter().map(snapshot).collect()
    }

    async fn replace(
        &self,
        known: Known,
        snapshots: Vec<(&'static str, Snapshot)>,
        changed_at: Option<Instant>,
        roles: &Roles,
        policies: &Arc<Policies>,
    ) -> Known {
        let files = policies.file_sources();
        // Compiling takes a thread of its own: watches go on.
        let worked = tokio::task::spawn_blocking(move || {
            let mut known = known;
            let is_news = known.take(snapshots) || !Arc::ptr_eq(&known.files, &files);
            known.files = files;
            let was_compiled = std::mem::replace(&mut known.was_compiled, true);
            let compiled = (is_news || !was_compiled).then(|| known.compile());
            (known, compiled)
        });
        let (known, compiled) = match worked.await {
            Ok(worked) => worked,
            Err(defect) => {
                error!(%defect, "a defect of ajj: policies could not be compiled");
                return Known::new(self.exceptions_from.clone());
            }
        };
        if let Some(compiled) = compiled {
            if compiled.asks_roles() {
                let listed = tokio::time::timeout(WAIT_FOR_ROLES, roles.listed()).await;
                if listed.is_err() {
                    let reason = roles.trouble().unwrap_or_default();
                    warn!(reason, "rules ask for roles, and role bindings are not known yet");
                }
            }
            policies.enforce(compiled, known.broken());
            // The first set is no change of another.
            if let Some(changed_at) = changed_at.filter(|_| policies.counts().0 > 1) {
                policies.lag.add(changed_at.elapsed());
            }
            let current = policies.current();
            let digest = current.as_ref().map(|enforced| enforced.digest.as_str());
            info!(
                digest,
                policies = known.states.len(),
                broken = known.broken(),
                "policies replaced"
            );
        }
        self.exceptions_ignored.store(known.ignored().count(), Ordering::Relaxed);
        let states = known.states.values().cloned().collect();
        self.outcome.send_replace(Arc::new(Outcome { states }));
        known
    }

    /// Waits until something differs from what was seen.
    async fn changed(&self, seen: &[u64], policies: &Policies) {
        let lists = self.lists.iter().zip(seen);
        let changes = lists.map(|((_, list), revision)| Box::pin(list.changed(*revision)));
        tokio::select! {
            _ = futures_util::future::select_all(changes) => {}
            () = policies.files_changed() => {}
        }
    }

    /// What came of each policy, now and at each change.
    pub(crate) fn outcome(&self) -> watch::Receiver<Arc<Outcome>> {
        self.outcome.subscribe()
    }

    /// Whose exceptions count.
    pub(crate) fn exceptions_from(&self) -> &ExceptionsFrom {
        &self.exceptions_from
    }

    /// How many exceptions there are that do not count.
    pub(crate) fn exceptions_ignored(&self) -> usize {
        self.exceptions_ignored.load(Ordering::Relaxed)
    }

    /// How old what is known is; `None` before everything was listed.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.lists
            .iter()
            .map(|(_, list)| list.age())
            .try_fold(Duration::ZERO, |oldest, age| Some(oldest.max(age?)))
    }

    /// What is in the way of a list or watch.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.lists.iter().find_map(|(_, list)| list.trouble())
    }
}

/// The policies of the last round, so that only those that changed are looked at.
#[derive(Debug, Default)]
struct Known {
    /// By kind, then by namespace and name.
    states: BTreeMap<(&'static str, String), State>,
    files: Arc<[Source]>,
    was_compiled: bool,
    exceptions_from: ExceptionsFrom,
}

impl Known {
    fn new(exceptions_from: ExceptionsFrom) -> Self {
        Self { exceptions_from, ..Self::default() }
    }

    /// Takes over what the lists have, and says whether that changes what is compiled.
    fn take(&mut self, snapshots: Vec<(&'static str, Snapshot)>) -> bool {
        let mut before = std::mem::take(&mut self.states);
        let mut is_news = false;
        for (resource, snapshot) in snapshots {
            for object in snapshot.objects {
                let key = (resource, name(object.root()));
                let checked = match before.remove(&key) {
                    Some(known) if Arc::ptr_eq(&known.object, &object) => known.checked,
                    Some(known) if is_same(&known, &object) => known.checked,
                    _ => {
                        is_news = true;
                        let checked = check(object.root());
                        tell(&checked);
                        if self.exceptions_from.ignores(object.root()) {
                            let exception = &*checked.source.name;
                            warn!(exception, "{DOES_NOT_COUNT}");
                        }
                        Arc::new(checked)
                    }
                };
                self.states.insert(key, State { resource, object, checked });
            }
        }
        is_news || !before.is_empty()
    }

    fn compile(&self) -> PolicySet {
        let counts = |state: &&State| {
            state.checked.is_for_admission && !self.exceptions_from.ignores(state.object.root())
        };
        let enforced = self.states.values().filter(counts);
        let cluster = enforced.map(|state| state.checked.source.clone());
        let sources: Vec<Source> = self.files.iter().cloned().chain(cluster).collect();
        // What is wrong or odd was said of each policy when it came.
        compile(&sources).0
    }

    /// Exceptions that do not count.
    fn ignored(&self) -> impl Iterator<Item = &State> {
        let is_ignored = |state: &&State| self.exceptions_from.ignores(state.object.root());
        self.states.values().filter(is_ignored)
    }

    fn broken(&self) -> usize {
        self.states.values().filter(|state| !state.checked.errors.is_empty()).count()
    }
}

fn is_same(known: &State, object: &Tree) -> bool {
    super::check::source(object.root()).text == known.checked.source.text
}

fn tell(checked: &Checked) {
    let policy = &*checked.source.name;
    for finding in &checked.errors {
        let (code, field, help) = (finding.code, &finding.field, &finding.help);
        error!(policy, code, field, help, "{}", finding.message);
    }
    for finding in &checked.warnings {
        let (code, field, help) = (finding.code, &finding.field, &finding.help);
        warn!(policy, code, field, help, "{}", finding.message);
    }
    for other in &checked.not_evaluated {
        let (kind, rules) = (&other.kind, other.count);
        warn!(policy, kind, rules, "rules of a kind that this build does not evaluate");
    }
}

#[cfg(test)]
mod tests;
