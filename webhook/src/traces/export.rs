//! Takes spans from the queue to the collector, in batches.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prost::Message as _;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::message::{Attribute, ExportRequest, Resource, ResourceSpans, Scope, ScopeSpans, Span};
use super::{Collector, Message, SpanCounters};
use crate::decision_id::Replica;

/// Reviews that are sent together at most.
const BATCH: usize = 256;
/// How long it is gathered.
const GATHER: Duration = Duration::from_millis(500);
/// How often it is said that the collector does not take them.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Exports until nobody can send any more. What the collector does not take is lost, and counted:
/// it is not for a webhook to keep what nobody wants.
pub(super) async fn export(
    mut waiting: Receiver<Message>,
    collector: Collector,
    replica: Replica,
    counters: Arc<SpanCounters>,
) {
    let mut said: Option<Instant> = None;
    let mut messages = Vec::new();
    loop {
        if waiting.recv_many(&mut messages, BATCH).await == 0 {
            return;
        }
        let is_last = |message: &Message| matches!(message, Message::Last(_));
        if messages.len() < BATCH && !messages.iter().any(is_last) {
            sleep(GATHER).await;
            while messages.len() < BATCH
                && let Ok(message) = waiting.try_recv()
            {
                messages.push(message);
            }
        }
        let (mut spans, mut asked) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Spans(more) => spans.extend(more),
                Message::Last(told) => asked.push(told),
            }
        }
        let count = spans.len();
        if count > 0 {
            match collector.send(request(spans, replica).encode_to_vec()).await {
                Ok(()) => {
                    counters.exported.fetch_add(count as u64, Ordering::Relaxed);
                    if said.take().is_some() {
                        info!("the collector takes spans again");
                    }
                }
                Err(problem) => {
                    counters.drop_spans(count);
                    if said.is_none_or(|at| at.elapsed() >= SAY_AGAIN) {
                        warn!(problem, spans = count, "the collector does not take spans: lost");
                        said = Some(Instant::now());
                    }
                }
            }
        }
        for told in asked {
            let _ = told.send(());
        }
    }
}

fn request(spans: Vec<Span>, replica: Replica) -> ExportRequest {
    let version = env!("CARGO_PKG_VERSION");
    let attributes = vec![
        Attribute::new("service.name", "ajj".into()),
        Attribute::new("service.version", version.into()),
        Attribute::new("service.instance.id", replica.as_str().into()),
    ];
    let scope = Scope { name: "ajj-webhook".to_owned(), version: version.to_owned() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans }];
    let resource = Some(Resource { attributes });
    ExportRequest { resource_spans: vec![ResourceSpans { resource, scope_spans }] }
}
