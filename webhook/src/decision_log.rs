//! What was decided, one JSON line each, on stdout; and the last denials, to be found by their id.
//!
//! Decisions go through a bounded queue to a thread of their own, which writes them as lines: a slow
//! reader of stdout costs lines, which are counted, and never a request its time.

mod record;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ajj_engine::Request;
use ajj_engine::report::ObjectReport;

use crate::decision_id::DecisionId;
use record::Record;

/// Decisions that wait for stdout, and the bytes that they may take together.
const QUEUE: usize = 4_096;
const QUEUE_BYTES: usize = 16 << 20;
/// Denials that are remembered, and the bytes that they may take together.
const REMEMBERED: usize = 1_000;
const REMEMBERED_BYTES: usize = 16 << 20;

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
    waiting: SyncSender<Arc<Record>>,
    /// What the decisions that wait take.
    waiting_bytes: Arc<AtomicUsize>,
    dropped: AtomicU64,
    denials: Mutex<Denials>,
}

/// The last denials.
#[derive(Debug, Default)]
struct Denials {
    records: VecDeque<Arc<Record>>,
    bytes: usize,
}

impl DecisionLog {
    /// A log that writes to `out`, from a thread that ends with the log.
    pub(crate) fn new(
        level: LogDecisions,
        out: impl Write + Send + 'static,
    ) -> Result<Self, std::io::Error> {
        let (waiting, received) = sync_channel(QUEUE);
        let waiting_bytes = Arc::<AtomicUsize>::default();
        let bytes = Arc::clone(&waiting_bytes);
        std::thread::Builder::new()
            .name("decision-log".to_owned())
            .spawn(move || write_lines(&received, &bytes, out))?;
        let (dropped, denials) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { level, waiting, waiting_bytes, dropped, denials })
    }

    /// Keeps a decision: logs it, and remembers it if it is a denial.
    pub(crate) fn keep(
        &self,
        id: DecisionId,
        request: &Request,
        report: ObjectReport,
        policies: &str,
        took: Duration,
    ) {
        let is_logged = match self.level {
            LogDecisions::None => false,
            LogDecisions::Findings => report.findings().next().is_some(),
            LogDecisions::All => true,
        };
        let is_denial = !report.allowed;
        if !is_logged && !is_denial {
            return;
        }
        let record = Arc::new(Record::new(id, request, report, policies, took));
        if is_denial {
            let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
            denials.remember(Arc::clone(&record));
        }
        if is_logged {
            self.log(record);
        }
    }

    fn log(&self, record: Arc<Record>) {
        let bytes = record.bytes;
        let is_full = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) > QUEUE_BYTES;
        if is_full || matches!(self.waiting.try_send(record), Err(TrySendError::Full(_))) {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The line of a denial that is still remembered.
    pub(crate) fn find(&self, id: DecisionId) -> Option<String> {
        let denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        let found = denials.records.iter().rev().find(|record| record.id == id).map(Arc::clone);
        drop(denials);
        found.map(|record| record.line())
    }

    /// How many lines were lost.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Denials {
    fn remember(&mut self, record: Arc<Record>) {
        self.bytes += record.bytes;
        self.records.push_back(record);
        while self.records.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES {
            let Some(forgotten) = self.records.pop_front() else { return };
            self.bytes -= forgotten.bytes;
        }
    }
}

fn write_lines(received: &Receiver<Arc<Record>>, bytes: &AtomicUsize, mut out: impl Write) {
    // Ends when the log is dropped; a reader that went away only loses lines.
    while let Ok(record) = received.recv() {
        for record in std::iter::once(record).chain(received.try_iter()) {
            let _ = out.write_all(record.line().as_bytes());
            bytes.fetch_sub(record.bytes, Ordering::Relaxed);
        }
        let _ = out.flush();
    }
}

#[cfg(test)]
mod tests;
