//! Judges objects as a background scan does, by what has not judged them yet, at a gentle pace.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::report::{Keep, ObjectReport};
use ajj_engine::{Facts, PolicySet, Request, Selection, Tree};
use ajj_facts::Live;
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::finding::findings;
use super::gauges::Audited;
use super::round::{Round, text};
use super::table::{Due, Place};

/// How much longer than work took the pause after it is: a fourth of a core at most.
const REST: u32 = 3;
/// So much work is done before a pause.
const SLICE: Duration = Duration::from_millis(5);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(1);
/// How long an object waits for what rules ask.
const WITHIN: Duration = Duration::from_secs(30);

impl Round<'_> {
    /// Judges objects of a list as far as they are due, or anew by everything.
    pub(super) async fn judge(
        &mut self,
        list: &Arc<str>,
        objects: Vec<Arc<Tree>>,
        is_forced: bool,
    ) {
        let mut began = Instant::now();
        for object in objects {
            self.judge_one(list, object, is_forced).await;
            let worked = began.elapsed();
            if worked >= SLICE {
                sleep((worked * REST).min(LONGEST)).await;
                began = Instant::now();
            }
        }
    }

    async fn judge_one(&mut self, list: &Arc<str>, object: Arc<Tree>, is_forced: bool) {
        let (uid, version) = (text(&object, "uid").to_owned(), text(&object, "resourceVersion"));
        let version = version.to_owned();
        if uid.is_empty() {
            self.complain(&format!("an object of {list} has no uid"));
            return;
        }
        let listing = self.listing_of(list);
        let due = match is_forced {
            true => Due::Everything,
            false => self.table.due(&uid, &version),
        };
        let (policies, names) = match due {
            Due::Nothing => {
                self.table.see(&uid, listing);
                return;
            }
            Due::Everything => (&self.policies.set, None),
            Due::Since(generation) => {
                let (names, part) = self.parts.entry(generation).or_insert_with(|| {
                    let names = self.table.changed_since(generation);
                    let part = self.policies.part(&names);
                    (names, part)
                });
                (&*part, Some(&*names))
            }
        };
        let request = Request::create(object, Timestamp::now());
        let place = Place {
            list: Arc::clone(list),
            api_version: request.kind.api_version().into(),
            kind: Arc::clone(&request.kind.kind),
            namespace: request.namespace.as_deref().unwrap_or_default().into(),
            name: request.name.as_str().into(),
        };
        let live = &self.auditor.cluster.live;
        let judged = AssertUnwindSafe(report(policies, &request, live)).catch_unwind().await;
        let Ok(report) = judged else {
            let message = format!("a defect of ajj: {} {} could not be judged", place.kind, uid);
            self.complain(&message);
            return;
        };
        let mut found = findings(report);
        if let Some(names) = names {
            found.retain(|name, _| names.contains(name));
        }
        let audited = &self.auditor.audited;
        found.values().flatten().for_each(|_| Audited::add(&audited.pairs));
        self.table.put(&uid, &version, place, due, found);
        self.table.see(&uid, listing);
    }
}

async fn report(policies: &PolicySet, request: &Request, live: &Live) -> ObjectReport {
    let source = live.until(Instant::now() + WITHIN);
    let policies = policies.select(Selection::Background);
    let decision = ajj_facts::decide(policies, request, Facts::default(), &source).await;
    ObjectReport::new(request, decision, Keep::All, |_| None)
}
