//! Which objects are to be judged again, and by which policies: what is kept of an audit.
//!
//! Pure. Objects are not kept, only what was found of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::finding::Finding;
#[cfg(doc)]
use super::finding::Word;
use super::report::Api;

/// What was found so far, and of which state of objects and policies.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Grows with each change of policies.
    generation: u64,
    /// The generation in which each policy came or changed last.
    changed: BTreeMap<Arc<str>, u64>,
    /// By the uid of the object.
    objects: BTreeMap<Box<str>, Judged>,
    /// Objects whose report is to be looked at.
    dirty: BTreeSet<Box<str>>,
    /// Objects whose report could not be written.
    failed: BTreeSet<Box<str>>,
    /// The reports that the cluster has, by the uid of their object.
    reports: BTreeMap<Box<str>, Reported>,
    /// How many findings there are of each word, in the order of [`Word::ALL`].
    counts: [usize; 5],
}

/// What is kept of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) place: Place,
    /// The version of the object that was judged.
    version: Box<str>,
    /// The policies of this generation have judged it.
    generation: u64,
    /// The listing that it was seen in last.
    seen: u64,
    /// What the rules of each policy found.
    pub(super) findings: BTreeMap<Arc<str>, Vec<Finding>>,
}

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The path of the list that it is in.
    pub(super) list: Arc<str>,
    pub(super) api_version: Arc<str>,
    pub(super) kind: Arc<str>,
    /// Empty for an object of the cluster.
    pub(super) namespace: Arc<str>,
    pub(super) name: Box<str>,
}

/// A report that the cluster has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reported {
    /// Empty where it stands in none.
    pub(super) namespace: Arc<str>,
    /// Names what it says; empty where that is not known.
    pub(super) digest: Box<str>,
    /// The kinds of reports that say it.
    pub(super) apis: BTreeSet<Api>,
}

/// What of an object is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Everything was.
    Nothing,
    /// The policies that changed after a generation.
    Since(u64),
    /// All policies.
    Everything,
}

/// What is to be done about the report of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task<'t> {
    /// Its findings are to be reported.
    Report(&'t Judged),
    /// There is nothing to report, and a report is there.
    Remove(&'t Reported),
    /// There is neither.
    Nothing,
}

impl Table {
    /// Takes note of the policies that there are: names with the digests of their texts. Answers with
    /// those that are new or changed; what they and those that went had found is forgotten.
    pub(super) fn take_policies(
        &mut self,
        before: &BTreeMap<Arc<str>, u64>,
        now: &BTreeMap<Arc<str>, u64>,
    ) -> BTreeSet<Arc<str>> {
        let is_other = |(name, digest): &(&Arc<str>, &u64)| before.get(*name) != Some(*digest);
        let news: BTreeSet<Arc<str>> =
            now.iter().filter(is_other).map(|(name, _)| Arc::clone(name)).collect();
        let gone: BTreeSet<&Arc<str>> =
            before.keys().filter(|name| !now.contains_key(*name)).collect();
        if news.is_empty() && gone.is_empty() {
            return news;
        }
        self.generation += 1;
        for name in &gone {
            self.changed.remove(*name);
        }
        for name in &news {
            self.changed.insert(Arc::clone(name), self.generation);
        }
        for (uid, judged) in &mut self.objects {
            let went = |name: &Arc<str>| gone.contains(name) || news.contains(name);
            if judged.findings.keys().any(went) {
                subtract(&mut self.counts, &judged.findings);
                judged.findings.retain(|name, _| !went(name));
                add(&mut self.counts, &judged.findings);
                self.dirty.insert(uid.clone());
            }
        }
        news
    }

    /// What of an object is to be judged in the version that it has now.
    pub(super) fn due(&self, uid: &str, version: &str) -> Due {
        match self.objects.get(uid) {
            Some(known) if *known.version == *version => match known.generation {
                generation if generation == self.generation => Due::Nothing,
                generation => Due::Since(generation),
            },
            _ => Due::Everything,
        }
    }

    /// The policies that changed after a generation.
    pub(super) fn changed_since(&self, generation: u64) -> BTreeSet<Arc<str>> {
        let later = self.changed.iter().filter(|(_, changed)| **changed > generation);
        later.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Takes over what was found of an object: for all policies, or for those that were due.
    pub(super) fn put(
        &mut self,
        uid: &str,
        version: &str,
        place: Place,
        due: Due,
        found: BTreeMap<Arc<str>, Vec<Finding>>,
    ) {
        let before = self.take_out(uid);
        let seen = before.as_ref().map_or(0, |before| before.seen);
        let old = before.map(|before| before.findings).unwrap_or_default();
        let mut findings = old.clone();
        if due == Due::Everything {
            findings.clear();
        }
        findings.extend(found);
        if findings != old || !self.reports.contains_key(uid) {
            self.dirty.insert(uid.into());
        }
        add(&mut self.counts, &findings);
        let (version, generation) = (version.into(), self.generation);
        let judged = Judged { place, version, generation, seen, findings };
        self.objects.insert(uid.into(), judged);
    }

    /// Takes note that an object was seen in a listing.
    pub(super) fn see(&mut self, uid: &str, listing: u64) {
        if let Some(known) = self.objects.get_mut(uid) {
            known.seen = listing;
        }
    }

    /// Forgets an object that went. Its report goes with it.
    pub(super) fn remove(&mut self, uid: &str) {
        self.take_out(uid);
        self.reports.remove(uid);
        self.dirty.remove(uid);
        self.failed.remove(uid);
    }

    fn take_out(&mut self, uid: &str) -> Option<Judged> {
        let judged = self.objects.remove(uid)?;
        subtract(&mut self.counts, &judged.findings);
        Some(judged)
    }

    /// Forgets the objects of a list that a complete listing has not shown.
    pub(super) fn keep_seen(&mut self, list: &str, listing: u64) {
        let went = |judged: &Judged| *judged.place.list == *list && judged.seen != listing;
        let went: Vec<Box<str>> = self
            .objects
            .iter()
            .filter(|(_, judged)| went(judged))
            .map(|(uid, _)| uid.clone())
            .collect();
        went.iter().for_each(|uid| self.remove(uid));
    }

    /// Forgets the objects of a list that rules are no longer about; their reports are to be removed.
    pub(super) fn leave(&mut self, list: &str) {
        let left: Vec<Box<str>> = self
            .objects
            .iter()
            .filter(|(_, judged)| *judged.place.list == *list)
            .map(|(uid, _)| uid.clone())
            .collect();
        for uid in left {
            self.take_out(&uid);
            self.dirty.insert(uid);
        }
    }

    /// Takes note of a report that the cluster has.
    pub(super) fn know_report(&mut self, uid: &str, reported: Reported) {
        match self.reports.get_mut(uid) {
            None => {
                self.reports.insert(uid.into(), reported);
            }
            Some(known) => {
                if known.digest != reported.digest {
                    known.digest = "".into();
                }
                known.apis.extend(reported.apis);
            }
        }
    }

    /// The report of an object that the cluster has.
    pub(super) fn reported(&self, uid: &str) -> Option<&Reported> {
        self.reports.get(uid)
    }

    /// Marks the reports of objects that no list has: once all lists are complete.
    pub(super) fn mark_orphans(&mut self) {
        let orphans = self.reports.keys().filter(|uid| !self.objects.contains_key(*uid));
        self.dirty.extend(orphans.cloned());
    }

    /// Forgets which reports the cluster has, so that it can be learnt anew.
    pub(super) fn forget_reports(&mut self) {
        self.reports.clear();
        self.mark_all();
    }

    /// Whether there are reports to be looked at.
    pub(super) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Has all reports looked at.
    pub(super) fn mark_all(&mut self) {
        self.dirty.extend(self.objects.keys().cloned());
    }

    /// The next object whose report is to be looked at, until it is [done](Self::done).
    pub(super) fn next_dirty(&mut self) -> Option<Box<str>> {
        self.dirty.pop_first()
    }

    /// What is to be done about the report of an object.
    pub(super) fn task(&self, uid: &str) -> Task<'_> {
        let judged = self.objects.get(uid).filter(|judged| !judged.findings.is_empty());
        match (judged, self.reports.get(uid)) {
            (Some(judged), _) => Task::Report(judged),
            (None, Some(reported)) => Task::Remove(reported),
            (None, None) => Task::Nothing,
        }
    }

    /// Takes note that a report was written, or removed.
    pub(super) fn done(&mut self, uid: &str, reported: Option<Reported>) {
        match reported {
            Some(reported) => self.reports.insert(uid.into(), reported),
            None => self.reports.remove(uid),
        };
    }

    /// Takes note that a report could not be written. It is tried again with the next round, or
    /// before that if it `may_help`.
    pub(super) fn failed(&mut self, uid: &str, may_help: bool) {
        if let Some(reported) = self.reports.get_mut(uid) {
            reported.digest = "".into();
        }
        if may_help {
            self.failed.insert(uid.into());
        }
    }

    /// Has reports looked at again that could not be written.
    pub(super) fn retry_failed(&mut self) {
        self.dirty.append(&mut self.failed);
    }

    /// How many objects are known.
    pub(super) fn objects(&self) -> usize {
        self.objects.len()
    }

    /// How many findings there are of each word, in the order of [`Word::ALL`].
    pub(super) fn counts(&self) -> [usize; 5] {
        self.counts
    }
}

fn add(counts: &mut [usize; 5], findings: &BTreeMap<Arc<str>, Vec<Finding>>) {
    for finding in findings.values().flatten() {
        if let Some(count) = counts.get_mut(finding.word as usize) {
            *count += 1;
        }
    }
}

fn subtract(counts: &mut [usize; 5], findings: &BTreeMap<Arc<str>, Vec<Finding>>) {
    for finding in findings.values().flatten() {
        if let Some(count) = counts.get_mut(finding.word as usize) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
