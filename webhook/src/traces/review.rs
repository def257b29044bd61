//! The spans of one review.

use std::sync::{Mutex, PoisonError};

use ajj_engine::Request;
use jiff::Timestamp;

use super::Traces;
use super::message::{Attribute, Kind, Span, Status, Value};
use super::parent::{Parent, random};

/// Spans of a review at most; a rule can ask much.
const MOST_SPANS: usize = 64;
/// Characters of a text.
const MAX_TEXT: usize = 256;
/// Whether it is known if the parent is another process, and that it is.
const PARENT_IS_REMOTE: u32 = 0x100 | 0x200;
const PARENT_IS_LOCAL: u32 = 0x100;
const SAMPLED: u32 = 1;

/// A review that is traced; its spans are sent when it is dropped, so that those of a review whose
/// client went away are too.
#[derive(Debug)]
pub(crate) struct ReviewTrace<'t> {
    traces: &'t Traces,
    trace: [u8; 16],
    root: [u8; 8],
    /// That of judging, below which facts are asked.
    judging: [u8; 8],
    spans: Mutex<Spans>,
}

#[derive(Debug)]
struct Spans {
    root: Span,
    below: Vec<Span>,
    has_ended: bool,
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default()
}

impl<'t> ReviewTrace<'t> {
    pub(super) fn new(traces: &'t Traces, parent: Parent, path: &str) -> Self {
        let place = if parent.span.is_some() { PARENT_IS_REMOTE } else { PARENT_IS_LOCAL };
        let root = random();
        let span = Span {
            trace_id: parent.trace.to_vec(),
            span_id: root.to_vec(),
            trace_state: parent.state,
            parent_span_id: parent.span.map(|span| span.to_vec()).unwrap_or_default(),
            name: format!("POST {path}"),
            kind: Kind::Server.into(),
            start_time_unix_nano: now(),
            flags: SAMPLED | place,
            ..Span::default()
        };
        let spans = Spans { root: span, below: Vec::new(), has_ended: false };
        let (trace, judging) = (parent.trace, random());
        Self { traces, trace, root, judging, spans: Mutex::new(spans) }
    }

    /// Says something about the review.
    pub(crate) fn tell(&self, key: &str, value: impl Into<Value>) {
        self.with(|spans| spans.root.attributes.push(Attribute::new(key, value.into())));
    }

    /// Says what the review is about. Users and objects are for logs to name.
    pub(crate) fn tell_request(&self, request: &Request) {
        self.tell("ajj.review.uid", cut(&request.uid));
        self.tell("ajj.review.operation", request.operation.as_str());
        self.tell("ajj.review.kind", cut(&request.kind.kind));
        self.tell("ajj.review.dry_run", request.dry_run);
        let namespace = request.object_namespace();
        if !namespace.is_empty() {
            self.tell("k8s.namespace.name", cut(namespace));
        }
    }

    /// Reading, which began then and ends now.
    pub(crate) fn read(&self, started: u64) {
        self.add(random(), self.root, "read", Kind::Internal, started, Vec::new());
    }

    /// Judging, which began then and ends now.
    pub(crate) fn judged(&self, started: u64) {
        self.add(self.judging, self.root, "evaluate", Kind::Internal, started, Vec::new());
    }

    /// A question to somebody else, which began then and ends now; `problem` says why it has no
    /// answer.
    pub(super) fn asked(&self, what: &str, started: u64, problem: Option<&str>) {
        let mut attributes = vec![Attribute::new("ajj.fact", cut(what).into())];
        if let Some(problem) = problem {
            attributes.push(Attribute::new("error.type", cut(problem).into()));
        }
        self.add(random(), self.judging, "fact", Kind::Client, started, attributes);
    }

    /// Says what was answered.
    pub(crate) fn end(&self, status: u16) {
        self.tell("http.response.status_code", status);
        self.with(|spans| {
            spans.has_ended = true;
            if status >= 500 {
                spans.root.status = Some(Status::error("the review was not judged"));
            }
        });
    }

    fn add(
        &self,
        id: [u8; 8],
        parent: [u8; 8],
        name: &str,
        kind: Kind,
        started: u64,
        attributes: Vec<Attribute>,
    ) {
        let is_error = attributes.iter().any(|attribute| attribute.key == "error.type");
        let span = Span {
            trace_id: self.trace.to_vec(),
            span_id: id.to_vec(),
            parent_span_id: parent.to_vec(),
            name: name.to_owned(),
            kind: kind.into(),
            start_time_unix_nano: started,
            end_time_unix_nano: now(),
            attributes,
            status: is_error.then(|| Status::error("")),
            flags: SAMPLED | PARENT_IS_LOCAL,
            ..Span::default()
        };
        self.with(|spans| match spans.below.len() < MOST_SPANS || id == self.judging {
            true => spans.below.push(span),
            false => self.traces.counters().drop_spans(1),
        });
    }

    fn with(&self, change: impl FnOnce(&mut Spans)) {
        change(&mut self.spans.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for ReviewTrace<'_> {
    fn drop(&mut self) {
        let spans = self.spans.get_mut().unwrap_or_else(PoisonError::into_inner);
        spans.root.end_time_unix_nano = now();
        if !spans.has_ended {
            spans.root.status = Some(Status::error("the client went away"));
        }
        let mut all = std::mem::take(&mut spans.below);
        all.push(std::mem::take(&mut spans.root));
        self.traces.send(all);
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
