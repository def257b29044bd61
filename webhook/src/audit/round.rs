//! Lists, watches and judges what policies are about, one step after another.

mod told;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{Node, PolicySet, Tree};
use ajj_facts::{Discovered, ListEvent, lists};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::gauges::Audited;
use super::policies::Gathered;
use super::report::{Api, ReportApi};
use super::table::Table;
use crate::cluster::Cluster;
use crate::kinds::Kinds;
use crate::policies::Policies;
use told::{Listed, Work};

/// Where it is looked whether kinds or files changed, and what failed is tried again.
const TICK: Duration = Duration::from_secs(5);
/// Between two attempts to write a report that could not be written.
const RETRY: Duration = Duration::from_secs(60);
/// How long changes of policies are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// Between two looks for the first policies.
const LOOK: Duration = Duration::from_millis(100);
/// What was said is not said again, up to so many texts.
const MAX_SAID: usize = 1_000;

/// What an audit needs, and what it is told.
#[derive(Debug)]
pub(super) struct Auditor {
    pub(super) cluster: Arc<Cluster>,
    pub(super) policies: Arc<Policies>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) interval: Duration,
    pub(super) reports: ReportApi,
    pub(super) audited: Arc<Audited>,
}

/// An audit as it stands; nothing of it outlives the Lease.
pub(super) struct Round<'a> {
    pub(super) auditor: &'a Auditor,
    pub(super) table: Table,
    pub(super) policies: Gathered,
    /// Sets of the policies that changed after a generation.
    pub(super) parts: BTreeMap<u64, (BTreeSet<Arc<str>>, PolicySet)>,
    pub(super) apis: BTreeSet<Api>,
    /// Whether it is known which reports there are: before that none is written.
    pub(super) knows_reports: bool,
    served: Arc<Discovered>,
    files: Arc<[ajj_engine::Source]>,
    lists: BTreeMap<Arc<str>, Listed>,
    tell: Sender<(Arc<str>, ListEvent)>,
    events: Receiver<(Arc<str>, ListEvent)>,
    /// The labels of namespaces, and the revision of what is known of them.
    labels: BTreeMap<String, String>,
    namespaces: u64,
    work: VecDeque<Work>,
    listing: u64,
    /// When reports are tried again that could not be written.
    next_retry: Instant,
    /// When the round began that is not complete.
    began: Option<Instant>,
    said: BTreeSet<String>,
}

impl Auditor {
    /// Audits until it is dropped.
    pub(super) async fn audit(&self) {
        let served = loop {
            match (self.policies.current().is_some(), self.kinds.served()) {
                (true, Some(served)) => break served,
                _ => sleep(LOOK).await,
            }
        };
        let mut outcome = self.cluster.policies.outcome();
        let exceptions = self.cluster.policies.exceptions_from();
        let (tell, events) = channel(1);
        let mut round = Round {
            auditor: self,
            table: Table::default(),
            policies: Gathered::new(&[], &[], exceptions),
            parts: BTreeMap::new(),
            apis: BTreeSet::new(),
            knows_reports: false,
            served,
            files: Arc::default(),
            lists: BTreeMap::new(),
            tell,
            events,
            labels: BTreeMap::new(),
            namespaces: 0,
            work: VecDeque::new(),
            listing: 0,
            next_retry: Instant::now() + RETRY,
            began: Some(Instant::now()),
            said: BTreeSet::new(),
        };
        round.choose_reports();
        round.know_reports().await;
        round.files = self.policies.file_sources();
        let states = Arc::clone(&outcome.borrow_and_update());
        round.take_policies(Gathered::new(&states.states, &round.files, exceptions));
        let (mut next_tick, mut next_round) =
            (Instant::now() + TICK, Instant::now() + self.interval);
        loop {
            let files = self.policies.file_sources();
            if outcome.has_changed().unwrap_or(false) || !Arc::ptr_eq(&files, &round.files) {
                sleep(GATHER).await;
                round.files = files;
                let states = Arc::clone(&outcome.borrow_and_update());
                round.take_policies(Gathered::new(&states.states, &round.files, exceptions));
            } else if self.cluster.live.namespaces_revision() != round.namespaces {
                round.take_labels();
            } else if let Ok((list, event)) = round.events.try_recv() {
                round.take(list, event).await;
            } else if Instant::now() >= next_tick {
                next_tick = Instant::now() + TICK;
                round.tick().await;
                if Instant::now() >= next_round {
                    next_round = Instant::now() + self.interval;
                    round.begin_again().await;
                }
            } else if let Some(work) = round.work.pop_front() {
                round.look_through(work).await;
            } else if !round.knows_reports || !round.table.is_dirty() {
                round.complete();
                tokio::select! {
                    Some((list, event)) = round.events.recv() => round.take(list, event).await,
                    _ = outcome.changed() => outcome.mark_changed(),
                    () = self.cluster.live.namespaces_changed(round.namespaces) => {}
                    () = tokio::time::sleep_until(next_tick) => {}
                }
            }
            // Policies that changed judge first what they have not: a report is written once.
            if round.work.iter().all(|work| work.is_forced) {
                round.write_some().await;
            }
            self.audited.show(&round.table);
        }
    }
}

impl Round<'_> {
    /// Takes over the policies that there are now, and looks through the lists that those which
    /// changed are about.
    fn take_policies(&mut self, now: Gathered) {
        let news = self.table.take_policies(&self.policies.digests, &now.digests);
        self.policies = now;
        self.parts.clear();
        if !news.is_empty() {
            let targets = self.policies.part(&news).background_targets();
            for resource in lists(&targets, &self.served).resources {
                // A list that nobody is told of yet will meet the policies as they are now.
                self.add_work(&resource.list_path(None).into(), None, false);
            }
        }
        self.watch_lists();
    }

    /// Takes over what is told of a list.
    async fn take(&mut self, list: Arc<str>, event: ListEvent) {
        self.listing += 1;
        let next = self.listing;
        // What is told of a list that was left since then is nothing to us.
        let Some(listed) = self.lists.get_mut(&list) else { return };
        match event {
            ListEvent::Begun => (listed.listing, listed.is_complete) = (next, false),
            ListEvent::Page(objects) => self.judge(&list, objects, false).await,
            ListEvent::Changed(object) => self.judge(&list, vec![object], false).await,
            ListEvent::Deleted(object) => self.table.remove(text(&object, "uid")),
            ListEvent::Complete => {
                listed.is_complete = true;
                self.table.keep_seen(&list, listed.listing);
            }
            ListEvent::Trouble(reason) => self.complain(&reason),
        }
    }

    /// Judges one page of a list.
    async fn look_through(&mut self, mut work: Work) {
        work.is_begun = true;
        match work.pages.next().await {
            None => {
                let listed = self.lists.get(&work.list);
                if work.listing.is_some() && work.listing == listed.map(|listed| listed.listing) {
                    self.table.keep_seen(&work.list, self.listing_of(&work.list));
                }
            }
            Some(Ok(objects)) => {
                self.judge(&work.list, objects, work.is_forced).await;
                self.work.push_front(work);
            }
            Some(Err(error)) => {
                self.complain(&format!("cannot list {}: {error}", work.list));
                // What was not judged is still due, and what was judged is not judged twice.
                let telling = self.tell_of(&work.list);
                if let Some(listed) = self.lists.get_mut(&work.list) {
                    (listed.is_complete, listed.telling) = (false, telling);
                }
            }
        }
    }

    /// Looks whether the kinds that there are have changed.
    async fn tick(&mut self) {
        if let Some(served) = self.auditor.kinds.served()
            && !Arc::ptr_eq(&served, &self.served)
        {
            self.served = served;
            if self.choose_reports() {
                self.knows_reports = false;
            }
            self.watch_lists();
        }
        if !self.knows_reports {
            self.know_reports().await;
        }
        if self.next_retry <= Instant::now() {
            self.next_retry = Instant::now() + RETRY;
            self.table.retry_failed();
        }
    }

    /// Has everything judged again.
    async fn begin_again(&mut self) {
        self.began.get_or_insert_with(Instant::now);
        self.said.clear();
        // Others may have changed or deleted some.
        self.know_reports().await;
        let lists: Vec<Arc<str>> = self.lists.keys().cloned().collect();
        for list in lists {
            self.add_work(&list, None, true);
        }
    }

    /// Takes note that there is nothing left to do, if that is so.
    fn complete(&mut self) {
        if !self.knows_reports || !self.lists.values().all(|listed| listed.is_complete) {
            return;
        }
        if let Some(began) = self.began.take() {
            self.auditor.audited.end_round(began.elapsed());
            self.table.mark_orphans();
        }
    }

    /// Counts what went wrong, and says it unless it was said in this round.
    pub(super) fn complain(&mut self, reason: &str) {
        Audited::add(&self.auditor.audited.errors);
        if self.say(reason.to_owned()) {
            warn!(reason, "the audit is not complete");
        }
    }

    /// Whether something was not said before.
    pub(super) fn say(&mut self, text: String) -> bool {
        if self.said.len() >= MAX_SAID {
            self.said.clear();
        }
        self.said.insert(text)
    }
}

/// A text of an object's metadata.
pub(super) fn text<'t>(object: &'t Tree, key: &str) -> &'t str {
    object.root().at(&["metadata", key]).and_then(Node::as_str).unwrap_or_default()
}
