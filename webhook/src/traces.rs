//! Traces of reviews, on request: spans that go to a collector in the background.
//!
//! They are written as the messages of OTLP, not by way of an SDK: all that is needed of one is a
//! bounded queue, whose losses are counted. A review never waits for it.

mod collector;
mod export;
mod facts;
mod message;
mod parent;
mod review;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::HeaderMap;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::decision_id::Replica;
pub use collector::Collector;
use export::export;
pub(crate) use facts::Traced;
use message::Span;
use parent::Parent;
pub(crate) use review::{ReviewTrace, now};

/// Reviews whose spans wait to be sent.
const QUEUE: usize = 1_024;
/// How long the end of the process waits for what is on its way.
const LAST: Duration = Duration::from_secs(1);

/// What makes traces.
#[derive(Debug)]
pub(crate) struct Traces {
    queue: mpsc::Sender<Message>,
    counters: Arc<SpanCounters>,
}

/// What waits in the queue.
#[derive(Debug)]
enum Message {
    /// The spans of one review.
    Spans(Vec<Span>),
    /// Asks for word once all before it was sent.
    Last(oneshot::Sender<()>),
}

/// Spans by what became of them.
#[derive(Debug, Default)]
pub(crate) struct SpanCounters {
    pub(crate) exported: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

impl SpanCounters {
    fn drop_spans(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl Traces {
    /// Begins to export, with a task on `runtime`.
    pub(crate) fn begin(collector: Collector, replica: Replica, runtime: &Handle) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counters = Arc::<SpanCounters>::default();
        runtime.spawn(export(waiting, collector, replica, Arc::clone(&counters)));
        Self { queue, counters }
    }

    /// The trace of a review, unless whoever sent it has decided that it is not sampled.
    pub(crate) fn review(&self, headers: &HeaderMap, path: &str) -> Option<Box<ReviewTrace<'_>>> {
        let parent = Parent::of(headers);
        parent.is_sampled.then(|| Box::new(ReviewTrace::new(self, parent, path)))
    }

    pub(crate) fn counters(&self) -> &SpanCounters {
        &self.counters
    }

    /// Waits a moment for what is on its way.
    pub(crate) async fn end(&self) {
        let (told, word) = oneshot::channel();
        let end = async {
            if self.queue.send(Message::Last(told)).await.is_ok() {
                let _ = word.await;
            }
        };
        let _ = tokio::time::timeout(LAST, end).await;
    }

    fn send(&self, spans: Vec<Span>) {
        let count = spans.len();
        if self.queue.try_send(Message::Spans(spans)).is_err() {
            self.counters.drop_spans(count);
        }
    }
}
