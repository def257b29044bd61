//! What is served, and the way of a review through it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ajj_engine::scalar::duration;
use ajj_engine::{FailurePolicy, Operation, PolicySet, Selection};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::FutureExt;
use jiff::Timestamp;
use tracing::error;

use super::body::{self, Unread};
use super::{Peer, Shared, Worker};
use crate::answer::Answer;
use crate::decision_id::DecisionId;
use crate::decision_log::LogDecisions;
use crate::judge::{Detail, judge};
use crate::metrics::{self, Verdict};
use crate::policy_review::judge_policy;
use crate::review;

/// The time that an API server gives where it does not say how much.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that it can give.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);
/// What is left for the way back.
const MARGIN: Duration = Duration::from_millis(200);

pub(super) fn router(worker: Worker) -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/validate/fail", post(validate_fail))
        .route("/validate/ignore", post(validate_ignore))
        .route("/validate/policies", post(validate_policies))
        .route("/livez", get(async || "ok\n"))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/decisions/{id}", get(decision))
        .with_state(worker)
}

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

async fn validate(State(worker): State<Worker>, request: Request) -> Response {
    reply(&worker, request, About::Objects(Selection::Admission)).await
}

async fn validate_fail(State(worker): State<Worker>, request: Request) -> Response {
    let selection = Selection::AdmissionWith(FailurePolicy::Fail);
    reply(&worker, request, About::Objects(selection)).await
}

async fn validate_ignore(State(worker): State<Worker>, request: Request) -> Response {
    let selection = Selection::AdmissionWith(FailurePolicy::Ignore);
    reply(&worker, request, About::Objects(selection)).await
}

async fn validate_policies(State(worker): State<Worker>, request: Request) -> Response {
    reply(&worker, request, About::Policies).await
}

/// What reviews are about.
#[derive(Clone, Copy, Debug)]
enum About {
    /// Objects, by the rules that are asked here.
    Objects(Selection),
    /// Policies themselves, which have to compile.
    Policies,
}

/// A review that was read, and how long its answer may take.
struct Review {
    request: ajj_engine::Request,
    started: Instant,
    deadline: Instant,
}

/// Reads a review, lets it be judged, and counts what came of it.
async fn reply(worker: &Worker, request: Request, about: About) -> Response {
    let started = Instant::now();
    let is_http1 = request.version() < Version::HTTP_2;
    let in_flight = worker.shard.enter();
    // A defect must end one answer, not the worker: the failure policy of the caller then decides.
    let answered = AssertUnwindSafe(answer(worker, request, started, in_flight, about));
    let answered = answered.catch_unwind().await.unwrap_or_else(|_| {
        error!("a defect of ajj: a review could not be judged");
        Err(Refusal {
            verdict: Verdict::Failed,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "a defect of ajj: the review could not be judged".to_owned(),
        })
    });
    worker.shard.leave();
    let (counted, mut response) = match answered {
        Ok((counted, bytes)) => {
            let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (counted, (json, bytes).into_response())
        }
        Err(Refusal { verdict, status, message }) => {
            (Counted { operation: None, verdict }, (status, message + "\n").into_response())
        }
    };
    worker.shard.count(counted.operation, counted.verdict, started.elapsed());
    if is_http1 && worker.shared.is_draining.load(Ordering::Relaxed) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn answer(
    worker: &Worker,
    request: Request,
    started: Instant,
    in_flight: u64,
    about: About,
) -> Result<(Counted, Vec<u8>), Refusal> {
    let shared = &worker.shared;
    if in_flight > shared.limits.in_flight {
        return Err(shed("more reviews are being judged than this replica takes"));
    }
    let (head, body) = request.into_parts();
    if shared.clients_need_certificate {
        let peer = head.extensions.get::<Peer>();
        if !peer.is_some_and(|peer| peer.has_certificate) {
            let message = "expected a client certificate of the API server, found none";
            return Err(refused(StatusCode::UNAUTHORIZED, message));
        }
    }
    check_content(&head.headers)?;
    let deadline = started + budget(head.uri.query().unwrap_or_default());
    let body = tokio::time::timeout_at(deadline.into(), body::read(body, &head.headers, shared))
        .await
        .map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))?
        .map_err(|Unread(status, message)| refused(status, message))?;
    let kinds = shared.kinds.current();
    let request = review::parse(&body.bytes, &kinds, Timestamp::now())
        .map_err(|problem| refused(StatusCode::BAD_REQUEST, problem.to_string()))?;
    let mut review = Review { request, started, deadline };
    let answer = match about {
        About::Objects(selection) => judge_object(worker, selection, &mut review).await?,
        About::Policies => judge_policy(&review.request).ok_or_else(|| {
            let kind = review.request.kind.kind.escape_debug();
            let message = format!(
                "expected a ClusterPolicy, Policy or PolicyException of kyverno.io, found `{kind}`"
            );
            refused(StatusCode::BAD_REQUEST, message)
        })?,
    };
    let is_denied = answer.denial.is_some();
    let counted = Counted {
        operation: Some(review.request.operation),
        verdict: if is_denied { Verdict::Denied } else { Verdict::Allowed },
    };
    Ok((counted, review::respond(&review.request.uid, &answer, None::<()>)))
}

/// Judges an object by the policies.
async fn judge_object(
    worker: &Worker,
    selection: Selection,
    review: &mut Review,
) -> Result<Answer, Refusal> {
    let shared = &worker.shared;
    let current = shared.policies.current();
    let Some(enforced) = current.as_ref() else {
        return Err(shed("no policies are loaded yet"));
    };
    let Review { request, started, deadline } = review;
    complete(shared, &enforced.policies, request, *deadline).await.map_err(unknown)?;
    let detail = match shared.log.level {
        LogDecisions::All => Detail::Everything,
        LogDecisions::None | LogDecisions::Findings => Detail::Findings,
    };
    let source = shared.answers.until(*deadline);
    let facts = shared.answers.beforehand(request);
    let policies = enforced.policies.select(selection);
    let judging = judge(policies, request, facts, &source, shared.replica, detail);
    let judged = judging.await;
    if let Some(report) = &judged.report {
        worker.shard.count_findings(report);
        shared.log.keep(judged.id, request, report, &enforced.digest, started.elapsed());
        if let (Some(cluster), Some(denial)) = (&shared.cluster, &judged.answer.denial) {
            cluster.events.tell(request, report, denial);
        }
    }
    Ok(judged.answer)
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

/// The time for an answer: what the API server waits (`?timeout=10s`), less the way back.
fn budget(query: &str) -> Duration {
    let written = query.split('&').find_map(|pair| pair.strip_prefix("timeout="));
    let given = written
        .and_then(duration::parse)
        .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
        .filter(|nanoseconds| *nanoseconds > 0)
        .map_or(DEFAULT_TIMEOUT, Duration::from_nanos)
        .min(MAX_TIMEOUT);
    given - MARGIN.min(given / 4)
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

async fn readyz(State(worker): State<Worker>) -> (StatusCode, &'static str) {
    match worker.shared.is_ready() {
        true => (StatusCode::OK, "ok\n"),
        false if !worker.shared.certificates.is_settled() => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the authority that replicas share is not known yet\n",
        ),
        false if worker.shared.policies.current().is_some() => {
            (StatusCode::SERVICE_UNAVAILABLE, "this replica is about to end\n")
        }
        false => (StatusCode::SERVICE_UNAVAILABLE, "policies or namespaces are not loaded yet\n"),
    }
}

async fn metrics(State(worker): State<Worker>) -> impl IntoResponse {
    let text = metrics::write(&worker.shared.shards, &worker.shared.gauges());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// A denial by its id. Only from this machine, which `kubectl port-forward` is: decisions name
/// users and objects, and the cluster's own rules say who may forward.
async fn decision(
    State(worker): State<Worker>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let peer = request.extensions().get::<Peer>();
    if !peer.is_some_and(|peer| peer.address.ip().to_canonical().is_loopback()) {
        let message = "decisions are shown to this machine alone; use kubectl port-forward\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let Some(id) = DecisionId::parse(&id) else {
        let message = "expected the twelve characters of a decision's id\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    match worker.shared.log.find(id) {
        Some(line) => ([(CONTENT_TYPE, "application/json")], line.to_string()).into_response(),
        None if !id.is_of(worker.shared.replica) => {
            let message = "another replica decided that; ask it\n";
            (StatusCode::NOT_FOUND, message).into_response()
        }
        None => {
            let message = "no denial of that id is remembered; only the last are\n";
            (StatusCode::NOT_FOUND, message).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::budget;

    #[test]
    fn the_time_for_an_answer_ends_before_the_server_stops_waiting() {
        for (query, milliseconds) in [
            ("timeout=10s", 9_800),
            ("timeout=1s", 800),
            ("timeout=400ms", 300),
            ("a=b&timeout=2s", 1_800),
            ("", 9_800),
            ("timeout=", 9_800),
            ("timeout=0s", 9_800),
            ("timeout=-3s", 9_800),
            ("timeout=soon", 9_800),
            ("timeout=99h", 29_800),
        ] {
            assert_eq!(budget(query), Duration::from_millis(milliseconds), "`{query}`");
        }
    }
}
