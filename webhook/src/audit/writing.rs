//! Writes reports that say something new, and removes those that nobody needs; only ours.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ajj_engine::Node;
use ajj_facts::{WriteError, Writer};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::gauges::Audited;
use super::report::{Api, DIGEST, MANAGED, Report};
use super::round::{Round, text};
use super::table::{Reported, Task};

/// So many reports are written before it is looked what else is to be done.
const AT_ONCE: usize = 20;
/// How much longer than a write took the pause after it is.
const REST: u32 = 1;
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(1);

impl Round<'_> {
    /// Chooses the kinds of reports by what is installed, and says whether that is news.
    pub(super) fn choose_reports(&mut self) -> bool {
        let (apis, missing) = self.auditor.reports.choose(self.served());
        for api in missing {
            let lists = api.lists();
            let [list, _] = &lists;
            if self.say(format!("not installed: {list}")) {
                warn!(list, "this kind of reports is not installed: results are in metrics alone");
            }
        }
        let apis: BTreeSet<Api> = apis.into_iter().collect();
        self.auditor.audited.report_apis.store(apis.len(), Ordering::Relaxed);
        let is_news = self.apis != apis;
        self.apis = apis;
        is_news
    }

    /// Learns which reports are there: those of a replica that audited before, of kinds that are no
    /// longer wanted too.
    pub(super) async fn know_reports(&mut self) {
        self.table.forget_reports();
        self.knows_reports = true;
        let mut apis = Api::ALL.to_vec();
        apis.retain(|api| api.is_served(self.served()));
        for api in apis {
            for list in api.lists() {
                let live = &self.auditor.cluster.live;
                let mut pages = live.pages(&*list).with_label(MANAGED.0, MANAGED.1);
                while let Some(page) = pages.next().await {
                    match page {
                        Ok(reports) => reports.iter().for_each(|report| {
                            let root = report.root();
                            let digest = root.at(&["metadata", "annotations", DIGEST]);
                            let digest = digest.and_then(Node::as_str).unwrap_or_default();
                            let reported = Reported {
                                namespace: text(report, "namespace").into(),
                                digest: digest.into(),
                                apis: [api].into(),
                            };
                            self.table.know_report(text(report, "name"), reported);
                        }),
                        Err(error) => {
                            self.complain(&format!("cannot list {list}: {error}"));
                            self.knows_reports = false;
                        }
                    }
                }
            }
        }
    }

    /// Brings some reports in step with what was found.
    pub(super) async fn write_some(&mut self) {
        if !self.knows_reports {
            return;
        }
        for _ in 0..AT_ONCE {
            let Some(uid) = self.table.next_dirty() else { return };
            let began = Instant::now();
            if self.write(&uid).await {
                sleep((began.elapsed() * REST).min(LONGEST)).await;
            }
        }
    }

    /// Brings one report in step, and says whether that took a write.
    async fn write(&mut self, uid: &str) -> bool {
        let writer = self.auditor.cluster.live.writer();
        let audited = &self.auditor.audited;
        let known = self.table.reported(uid).cloned();
        let known_apis = known.as_ref().map(|known| known.apis.clone()).unwrap_or_default();
        let (namespace, wanted) = match self.table.task(uid) {
            Task::Nothing => return false,
            Task::Remove(reported) => (reported.namespace.clone(), None),
            Task::Report(judged) => (judged.place.namespace.clone(), Some(Report::of(uid, judged))),
        };
        let apis = match &wanted {
            Some(_) => self.apis.clone(),
            None => BTreeSet::new(),
        };
        if let (Some(report), Some(known)) = (&wanted, &known)
            && (&*known.digest, &known.apis) == (report.digest.as_str(), &apis)
        {
            return false;
        }
        let mut problems = Vec::new();
        for api in known_apis.difference(&apis) {
            match remove(&writer, *api, &namespace, uid).await {
                Ok(()) => Audited::add(&audited.removed),
                Err(problem) => problems.push(problem),
            }
        }
        for api in &apis {
            let Some(report) = &wanted else { break };
            let is_ours = known_apis.contains(api);
            match put(&writer, *api, (&namespace, uid), report, is_ours).await {
                Ok(()) => Audited::add(&audited.written),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            let reported = wanted.filter(|_| !apis.is_empty()).map(|report| Reported {
                namespace,
                digest: report.digest.into(),
                apis,
            });
            self.table.done(uid, reported);
        } else {
            let may_help = problems.iter().any(|problem| !matches!(problem, Problem::Others(_)));
            self.table.failed(uid, may_help);
            problems.into_iter().for_each(|problem| self.complain(&problem.to_string()));
        }
        true
    }
}

/// Why a report is not as it should be; of which list.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0} has reports of others under the names of ours")]
    Others(String),
    #[error("cannot write or remove a report of {0}: {1}")]
    Failed(String, WriteError),
}

async fn put(
    writer: &Writer,
    api: Api,
    (namespace, uid): (&str, &str),
    report: &Report,
    is_ours: bool,
) -> Result<(), Problem> {
    let list = api.list(namespace);
    let object = report.object(api, Timestamp::now().as_second());
    let written = match is_ours {
        true => writer.apply(&format!("{list}/{uid}"), object).await,
        // One that others have made is theirs.
        false => writer.create(&list, object).await,
    };
    match written {
        Ok(_) => Ok(()),
        Err(WriteError::Conflict(_)) if !is_ours => Err(Problem::Others(list)),
        Err(problem) => Err(Problem::Failed(list, problem)),
    }
}

async fn remove(writer: &Writer, api: Api, namespace: &str, uid: &str) -> Result<(), Problem> {
    let list = api.list(namespace);
    match writer.delete(&format!("{list}/{uid}")).await {
        Ok(_) | Err(WriteError::NotFound) => Ok(()),
        Err(problem) => Err(Problem::Failed(list, problem)),
    }
}
