//! What was decided, one JSON line each, on stdout; and the last denials, to be found by their id.
//!
//! Lines go through a bounded queue to a thread of their own: a slow reader of stdout costs lines,
//! which are counted, and never a request its time.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ajj_engine::Request;
use ajj_engine::report::ObjectReport;
use ajj_engine::report::document::Decision;
use serde::Serialize;

use crate::decision_id::DecisionId;

/// The name of this version of a line.
const SCHEMA: &str = "ajj.dev/decision/v1";
/// Lines that wait for stdout.
const QUEUE: usize = 4_096;
/// Denials that are remembered.
const REMEMBERED: usize = 1_000;
/// Bytes of one line; what is longer keeps its head of facts and loses its results.
const MAX_LINE: usize = 64 << 10;

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogDecisions {
    /// Nothing.
    None,
    /// Decisions with a failure or an error.
    #[default]
    Findings,
    /// Every decision.
    All,
}

/// The log of decisions.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    /// What is logged.
    pub(crate) level: LogDecisions,
    lines: SyncSender<Arc<str>>,
    dropped: AtomicU64,
    denials: Mutex<VecDeque<(DecisionId, Arc<str>)>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'l> {
    schema: &'static str,
    id: String,
    time: String,
    uid: &'l str,
    operation: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'l str,
    user: &'l str,
    dry_run: bool,
    /// The set that decided.
    policies: &'l str,
    milliseconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision<'l>>,
    /// Whether the line would be too long with its results.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

impl DecisionLog {
    /// A log that writes to `out`, from a thread that ends with the log.
    pub(crate) fn new(
        level: LogDecisions,
        out: impl Write + Send + 'static,
    ) -> Result<Self, std::io::Error> {
        let (lines, received) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("decision-log".to_owned())
            .spawn(move || write_lines(&received, out))?;
        Ok(Self { level, lines, dropped: AtomicU64::new(0), denials: Mutex::default() })
    }

    /// Keeps a decision: logs it, and remembers it if it is a denial.
    pub(crate) fn keep(
        &self,
        id: DecisionId,
        request: &Request,
        report: &ObjectReport,
        policies: &str,
        took: Duration,
    ) {
        let is_finding = report.findings().next().is_some();
        let is_logged = match self.level {
            LogDecisions::None => false,
            LogDecisions::Findings => is_finding,
            LogDecisions::All => true,
        };
        if !is_logged && report.allowed {
            return;
        }
        let line = line(id, request, report, policies, took);
        if !report.allowed {
            let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
            if denials.len() == REMEMBERED {
                denials.pop_front();
            }
            denials.push_back((id, Arc::clone(&line)));
        }
        if is_logged && let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The line of a denial that is still remembered.
    pub(crate) fn find(&self, id: DecisionId) -> Option<Arc<str>> {
        let denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        denials.iter().rev().find(|(known, _)| *known == id).map(|(_, line)| Arc::clone(line))
    }

    /// How many lines were lost.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn line(
    id: DecisionId,
    request: &Request,
    report: &ObjectReport,
    policies: &str,
    took: Duration,
) -> Arc<str> {
    let mut line = Line {
        schema: SCHEMA,
        id: id.to_string(),
        time: request.time.to_string(),
        uid: &request.uid,
        operation: request.operation.as_str(),
        subresource: &request.subresource,
        user: request.user.as_ref().map(|user| user.username.as_str()).unwrap_or_default(),
        dry_run: request.dry_run,
        policies,
        milliseconds: (took.as_secs_f64() * 1e6).round() / 1e3,
        decision: Some(Decision::canonical(report)),
        cut: false,
    };
    let written = |line: &Line<'_>| serde_json::to_string(line).unwrap_or_default();
    let mut text = written(&line);
    if text.len() > MAX_LINE {
        (line.decision, line.cut) = (None, true);
        text = written(&line);
    }
    text.push('\n');
    text.into()
}

fn write_lines(received: &Receiver<Arc<str>>, mut out: impl Write) {
    // Ends when the log is dropped; a reader that went away only loses lines.
    while let Ok(line) = received.recv() {
        let _ = out.write_all(line.as_bytes());
        for line in received.try_iter() {
            let _ = out.write_all(line.as_bytes());
        }
        let _ = out.flush();
    }
}
