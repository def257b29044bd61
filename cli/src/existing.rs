//! The objects that a cluster has, each judged as a background scan judges it.
//!
//! Upstream: pkg/controllers/report/utils/scanner.go. Nobody in particular makes the request, and
//! each object is judged as if it were created.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ajj_engine::report::ObjectIdentity;
use ajj_engine::{Decision, Diagnostic, Facts, PolicySet, Request, Selection, Tree};
use ajj_facts::{Lists, PageError, Pages, ServedResource, lists};
use jiff::Timestamp;
use pollster::block_on;
use rayon::prelude::*;

use crate::cluster::{Cluster, WITHIN};

/// How often a list is begun anew that changed too much while it was read.
const TRIES: usize = 3;

/// Everything in a cluster that rules are about.
#[derive(Debug)]
pub(crate) struct Existing<'c> {
    pub(crate) cluster: &'c Cluster,
    pub(crate) policies: &'c PolicySet,
    /// The namespaces that are looked at; all, and the objects of the cluster, if none is named.
    pub(crate) namespaces: &'c [String],
    /// The current time.
    pub(crate) time: Timestamp,
}

/// What was decided about an object.
#[derive(Debug)]
pub(crate) struct JudgedObject {
    pub(crate) request: Request,
    pub(crate) decision: Decision,
    /// The path of the object in the API.
    pub(crate) path: String,
}

impl Existing<'_> {
    /// Judges every object, and keeps of each what `keep` makes of it; in order of kinds, namespaces
    /// and names.
    ///
    /// No more objects are held than two pages: one that is judged, and the next.
    pub(crate) fn judge_each<T: Send>(
        &self,
        done: &AtomicUsize,
        keep: impl Fn(JudgedObject) -> T + Sync,
    ) -> (Vec<T>, Vec<Diagnostic>) {
        let mut diagnostics = self.left_out();
        let Lists { resources, not_served } =
            lists(&self.policies.background_targets(), &self.cluster.served);
        let stale = &self.cluster.served.stale;
        let mut said = BTreeSet::new();
        for one in not_served {
            let (kind, rule) = (one.kind.kind, format!("{}/{}", one.policy, one.rule));
            if !said.insert(kind.clone()) {
                continue;
            }
            let message = format!("the cluster does not serve the kind `{kind}` of {rule}");
            diagnostics.push(match stale.as_slice() {
                [] => Diagnostic::warning("kind-not-served", message),
                stale => {
                    let stale = stale.join(", ");
                    let help = format!("it does not know what there is of {stale}");
                    Diagnostic::error("kind-not-served", message).help(help)
                }
            });
        }
        let mut kept = Vec::new();
        for resource in &resources {
            for namespace in self.parts(resource) {
                let before = kept.len();
                let path = resource.list_path(namespace);
                let mut tries = 1;
                while let Err(error) =
                    self.judge_list(resource, &path, (&keep, done), &mut kept, &mut diagnostics)
                {
                    if error == PageError::Expired && tries < TRIES {
                        tries += 1;
                        kept.truncate(before);
                        continue;
                    }
                    let message = format!("cannot list {path}: {error}");
                    diagnostics.push(Diagnostic::error("cannot-list", message));
                    break;
                }
            }
        }
        (kept, diagnostics)
    }

    /// The namespaces that a resource is listed in, one by one; `None` for all at once.
    fn parts(&self, resource: &ServedResource) -> Vec<Option<&str>> {
        match (self.namespaces, resource.is_namespaced) {
            ([], _) => vec![None],
            (_, false) => Vec::new(),
            (namespaces, true) => {
                let names: BTreeSet<&str> = namespaces.iter().map(String::as_str).collect();
                names.into_iter().map(Some).collect()
            }
        }
    }

    fn judge_list<T: Send>(
        &self,
        resource: &ServedResource,
        path: &str,
        (keep, done): (&(impl Fn(JudgedObject) -> T + Sync), &AtomicUsize),
        kept: &mut Vec<T>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), PageError> {
        let mut pages = self.cluster.live.pages(path);
        let mut page = next_page(&mut pages);
        while let Some(objects) = page {
            let objects = objects?;
            let judge = || -> Vec<Result<T, Diagnostic>> {
                let judged = objects.into_par_iter().map(|object| {
                    let judged = self.judge(resource, object);
                    done.fetch_add(1, Ordering::Relaxed);
                    judged.map(keep)
                });
                judged.collect()
            };
            // The next page comes while this one is judged.
            let (judged, following) = std::thread::scope(|scope| {
                let following = scope.spawn(|| next_page(&mut pages));
                (judge(), following.join())
            });
            for one in judged {
                match one {
                    Ok(one) => kept.push(one),
                    Err(defect) => diagnostics.push(defect),
                }
            }
            page = following.unwrap_or_else(|_| {
                let defect = "a defect of ajj: the page could not be read".to_owned();
                Some(Err(PageError::Failed(ajj_engine::FactError::Failed(defect))))
            });
        }
        Ok(())
    }

    fn judge(
        &self,
        resource: &ServedResource,
        object: Arc<Tree>,
    ) -> Result<JudgedObject, Diagnostic> {
        let request = Request::create(object, self.time);
        let identity = ObjectIdentity::of(&request);
        let path = resource.object_path(&identity.namespace, &identity.name);
        let decide = || {
            let deadline = (Instant::now() + WITHIN).into();
            let source = self.cluster.live.until(deadline);
            let policies = self.policies.select(Selection::Background);
            block_on(ajj_facts::decide(policies, &request, Facts::default(), &source))
        };
        match catch_unwind(AssertUnwindSafe(decide)) {
            Ok(decision) => Ok(JudgedObject { request, decision, path }),
            Err(_) => {
                let message = format!("a defect of ajj: {identity} could not be judged");
                Err(Diagnostic::error("internal", message))
            }
        }
    }

    /// A warning for each policy whose rules are not asked in scans.
    fn left_out(&self) -> Vec<Diagnostic> {
        let policies = self.policies.select(Selection::Background);
        let mut names: Vec<&str> = policies.left_out().map(|(info, _)| &*info.policy).collect();
        names.dedup();
        let said = names.into_iter().map(|policy| {
            let message =
                format!("the rules of policy `{policy}` are left out: its `background` is false");
            Diagnostic::warning("not-in-background", message)
        });
        said.collect()
    }
}

fn next_page(pages: &mut Pages) -> Option<Result<Vec<Arc<Tree>>, PageError>> {
    block_on(pages.next())
}
