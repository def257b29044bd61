//! The way of a review: from the bytes of a request to the bytes of an answer.

mod budget;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ajj_engine::{FailurePolicy, Operation, PolicySet, Selection};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use jiff::Timestamp;
use tracing::error;

use super::body::{self, Unread};
use super::{Peer, Shared, Worker};
use crate::answer::Answer;
use crate::decision_log::LogDecisions;
use crate::exceptions::ExceptionsFrom;
use crate::judge::{Detail, judge};
use crate::metrics::{Shard, Verdict};
use crate::policy_review::judge_policy;
use crate::review;
use crate::traces::{ReviewTrace, Traced, now};
use budget::budget;

/// A review that is not answered by one.
struct Refusal {
    verdict: Verdict,
    status: StatusCode,
    message: String,
}

/// What a review is counted as.
struct Counted {
    operation: Option<Operation>,
    verdict: Verdict,
}

/// A review that is being answered; one whose client went away in the middle ends too.
struct InFlight<'w> {
    shard: &'w Shard,
    /// How many there are with it.
    count: u64,
}

impl<'w> InFlight<'w> {
    fn enter(shard: &'w Shard) -> Self {
        Self { shard, count: shard.enter() }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.shard.leave();
    }
}

/// What reviews are about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    /// Objects, by the rules that are asked here.
    Objects(Selection),
    /// Policies themselves, which have to compile.
    Policies,
}

impl About {
    /// What is asked at a path; `None` where it is not for reviews.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/validate")? {
            "" => Self::Objects(Selection::Admission),
            "/fail" => Self::Objects(Selection::AdmissionWith(FailurePolicy::Fail)),
            "/ignore" => Self::Objects(Selection::AdmissionWith(FailurePolicy::Ignore)),
            "/policies" => Self::Policies,
            _ => return None,
        })
    }
}

/// A review that was read, and how long its answer may take.
struct Review<'t> {
    request: ajj_engine::Request,
    started: Instant,
    deadline: Instant,
    trace: Option<&'t ReviewTrace<'t>>,
}

/// Answers one request: reads a review, lets it be judged, and counts what came of it.
pub(super) async fn validate(
    worker: &Worker,
    peer: Peer,
    request: Request<Incoming>,
    about: About,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let is_http1 = request.version() < Version::HTTP_2;
    let in_flight = InFlight::enter(&worker.shard);
    let traces = worker.shared.traces.as_ref();
    let trace = traces.and_then(|traces| traces.review(request.headers(), request.uri().path()));
    // A defect must end one answer, not the worker: the failure policy of the caller then decides.
    let answered = answer(worker, peer, request, started, in_flight.count, about, trace.as_deref());
    let answered = AssertUnwindSafe(answered).catch_unwind().await.unwrap_or_else(|_| {
        error!("a defect of ajj: a review could not be judged");
        Err(Refusal {
            verdict: Verdict::Failed,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "a defect of ajj: the review could not be judged".to_owned(),
        })
    });
    drop(in_flight);
    let (counted, status, media_type, bytes) = match answered {
        Ok((counted, bytes)) => (counted, StatusCode::OK, "application/json", bytes),
        Err(Refusal { verdict, status, message }) => {
            let text = (message + "\n").into_bytes();
            (Counted { operation: None, verdict }, status, "text/plain; charset=utf-8", text)
        }
    };
    if let Some(trace) = trace {
        trace.end(status.as_u16());
    }
    worker.shard.count(counted.operation, counted.verdict, started.elapsed());
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if is_http1 && worker.shared.is_draining.load(Ordering::Relaxed) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn answer(
    worker: &Worker,
    peer: Peer,
    request: Request<Incoming>,
    started: Instant,
    in_flight: u64,
    about: About,
    trace: Option<&ReviewTrace<'_>>,
) -> Result<(Counted, Vec<u8>), Refusal> {
    let shared = &worker.shared;
    if request.method() != Method::POST {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "expected POST"));
    }
    if in_flight > shared.limits.in_flight {
        return Err(shed("more reviews are being judged than this replica takes"));
    }
    if shared.clients_need_certificate && !peer.has_certificate {
        let message = "expected a client certificate of the API server, found none";
        return Err(refused(StatusCode::UNAUTHORIZED, message));
    }
    let (head, body) = request.into_parts();
    check_content(&head.headers)?;
    let reading = trace.map(|_| now());
    let deadline = started + budget(head.uri.query().unwrap_or_default());
    let body = tokio::time::timeout_at(deadline.into(), body::read(body, &head.headers, shared))
        .await
        .map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))?
        .map_err(|Unread(status, message)| refused(status, message))?;
    let kinds = shared.kinds.current();
    let request = review::parse(&body.bytes, &kinds, Timestamp::now())
        .map_err(|problem| refused(StatusCode::BAD_REQUEST, problem.to_string()))?;
    if let (Some(trace), Some(reading)) = (trace, reading) {
        trace.read(reading);
        trace.tell_request(&request);
    }
    let mut review = Review { request, started, deadline, trace };
    let (is_denied, bytes) = match about {
        About::Objects(selection) => judge_object(worker, selection, &mut review).await?,
        About::Policies => {
            let cluster = shared.cluster.as_ref();
            let everywhere = ExceptionsFrom::Everywhere;
            let exceptions =
                cluster.map_or(&everywhere, |cluster| cluster.policies.exceptions_from());
            let answer = judge_policy(&review.request, exceptions)
                .ok_or_else(|| no_policy(&review.request))?;
            written(&review.request, &answer)
        }
    };
    let counted = Counted {
        operation: Some(review.request.operation),
        verdict: if is_denied { Verdict::Denied } else { Verdict::Allowed },
    };
    Ok((counted, bytes))
}

/// Whether an answer denies, and its bytes.
fn written(request: &ajj_engine::Request, answer: &Answer) -> (bool, Vec<u8>) {
    (answer.denial.is_some(), review::respond(&request.uid, answer, None::<()>))
}

/// Judges an object by the policies.
async fn judge_object(
    worker: &Worker,
    selection: Selection,
    review: &mut Review<'_>,
) -> Result<(bool, Vec<u8>), Refusal> {
    let shared = &worker.shared;
    let current = shared.policies.current();
    let Some(enforced) = current.as_ref() else {
        return Err(shed("no policies are loaded yet"));
    };
    let Review { request, started, deadline, trace } = review;
    let judging = trace.map(|_| now());
    complete(shared, &enforced.policies, request, *deadline).await.map_err(unknown)?;
    let detail = match shared.log.level {
        LogDecisions::All => Detail::Everything,
        LogDecisions::None | LogDecisions::Findings => Detail::Findings,
    };
    let source = &shared.answers.until(*deadline);
    let source = Traced { source, trace: *trace };
    let facts = shared.answers.beforehand(request);
    let policies = enforced.policies.select(selection);
    let judged = judge(policies, request, facts, &source, shared.replica, detail).await;
    if let (Some(trace), Some(judging)) = (trace, judging) {
        trace.judged(judging);
        trace.tell("ajj.decision.id", judged.id.to_string().as_str());
        trace.tell("ajj.decision.allowed", judged.answer.denial.is_none());
        trace.tell("ajj.policies.digest", enforced.digest.as_str());
    }
    let answered = written(request, &judged.answer);
    if let Some(report) = judged.report {
        worker.shard.count_findings(&report);
        if let (Some(cluster), Some(denial)) = (&shared.cluster, &judged.answer.denial) {
            cluster.events.tell(request, &report, denial);
        }
        shared.log.keep(judged.id, request, report, &enforced.digest, started.elapsed());
    }
    Ok(answered)
}

/// Adds what the review does not say and rules go by; an error says what cannot be known.
async fn complete(
    shared: &Shared,
    policies: &PolicySet,
    request: &mut ajj_engine::Request,
    deadline: Instant,
) -> Result<(), String> {
    if !request.subresource.is_empty() && !shared.kinds.is_settled(&request.resource) {
        let kinds = shared.kinds.look_up(&request.resource, deadline).await.ok_or_else(|| {
            let (resource, group) = (&request.resource.resource, &request.resource.group);
            format!("the API server does not say what kind `{resource}` of `{group}` is")
        })?;
        request.resource_kind =
            kinds.other_kind(&request.kind, &request.resource, &request.subresource);
    }
    if let Some(cluster) = &shared.cluster
        && policies.asks_roles_of(request)
        && let Some(user) = &mut request.user
    {
        let filled = cluster.roles.fill(user);
        filled.map_err(|reason| format!("the roles of the user are not known: {reason}"))?;
    }
    Ok(())
}

/// What rules go by is not known: the failure policy of the caller decides, not a guess.
fn unknown(reason: String) -> Refusal {
    Refusal { verdict: Verdict::Failed, status: StatusCode::INTERNAL_SERVER_ERROR, message: reason }
}

fn no_policy(request: &ajj_engine::Request) -> Refusal {
    let kind = request.kind.kind.escape_debug();
    let message = format!(
        "expected a ClusterPolicy, Policy or PolicyException of kyverno.io, found `{kind}`"
    );
    refused(StatusCode::BAD_REQUEST, message)
}

fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let message = format!(
            "expected Content-Type application/json, found `{}`",
            media_type.escape_debug()
        );
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    match text(CONTENT_ENCODING) {
        "" | "identity" => Ok(()),
        _ => {
            Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "expected a body that is not encoded"))
        }
    }
}

fn shed(message: &str) -> Refusal {
    Refusal {
        verdict: Verdict::Shed,
        status: StatusCode::SERVICE_UNAVAILABLE,
        message: message.to_owned(),
    }
}

fn refused(status: StatusCode, message: impl Into<String>) -> Refusal {
    Refusal { verdict: Verdict::Refused, status, message: message.into() }
}
