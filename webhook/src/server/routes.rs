//! What is served beside reviews: probes, metrics, and denials by their id.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Peer, Worker};
use crate::decision_id::DecisionId;
use crate::metrics;
use crate::peers::NotFound;

/// What is served at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// All there is.
    Everything,
    /// Reviews and probes; the rest has an address of its own.
    Reviews,
    /// Metrics and decisions.
    Metrics,
}

/// What answers at an address.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    pub(super) router: Router,
    pub(super) takes_reviews: bool,
}

pub(super) fn routes(worker: &'static Worker, surface: Surface) -> Routes {
    let takes_reviews = surface != Surface::Metrics;
    let mut router = Router::new();
    if takes_reviews {
        router = router
            .route("/livez", get(async || "ok\n"))
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(readyz));
    }
    router = match surface {
        Surface::Everything => {
            router.route("/metrics", get(metrics)).route("/decisions/{id}", get(decision))
        }
        Surface::Metrics => router
            .route("/metrics", get(metrics))
            .route("/decisions/{id}", get(decision_among_replicas)),
        Surface::Reviews => {
            router.route("/metrics", get(elsewhere)).route("/decisions/{id}", get(elsewhere))
        }
    };
    Routes { router: router.with_state(worker), takes_reviews }
}

async fn elsewhere() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "served at the address of --listen-metrics\n")
}

async fn readyz(State(worker): State<&'static Worker>) -> (StatusCode, &'static str) {
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

async fn metrics(State(worker): State<&'static Worker>) -> impl IntoResponse {
    let text = metrics::write(&worker.shared.shards, &worker.shared.gauges());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// A denial by its id. Only to this machine, which `kubectl port-forward` is: decisions name users
/// and objects, and the cluster's own rules say who may forward.
async fn decision(
    State(worker): State<&'static Worker>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match is_this_machine(peer(&request)) {
        true => show(worker, &id).await,
        false => forbidden(),
    }
}

/// The same where replicas ask one another: to one of them only what this one remembers.
async fn decision_among_replicas(
    State(worker): State<&'static Worker>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match peer(&request) {
        // At this address only replicas have certificates.
        Some(peer) if peer.has_certificate => match DecisionId::parse(&id) {
            Some(id) => remembered(worker, id).unwrap_or_else(forgotten),
            None => no_id(),
        },
        peer if is_this_machine(peer) => show(worker, &id).await,
        _ => forbidden(),
    }
}

/// What this replica remembers, or else the one that decided.
async fn show(worker: &'static Worker, id: &str) -> Response {
    let Some(id) = DecisionId::parse(id) else { return no_id() };
    if let Some(line) = remembered(worker, id) {
        return line;
    }
    if id.is_of(worker.shared.replica) {
        return forgotten();
    }
    let Some(peers) = &worker.shared.peers else {
        let message = format!("another replica decided that: ask `{}`\n", id.replica());
        return (StatusCode::NOT_FOUND, message).into_response();
    };
    match peers.ask(id).await {
        Ok(line) => ([(CONTENT_TYPE, "application/json")], line).into_response(),
        Err(reason) => {
            let status = match &reason {
                NotFound::Gone { .. } | NotFound::Forgotten { .. } => StatusCode::NOT_FOUND,
                NotFound::Unreachable { .. } => StatusCode::BAD_GATEWAY,
                NotFound::NotListed(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            (status, format!("{reason}\n")).into_response()
        }
    }
}

fn remembered(worker: &Worker, id: DecisionId) -> Option<Response> {
    let line = worker.shared.log.find(id)?;
    Some(([(CONTENT_TYPE, "application/json")], line).into_response())
}

fn peer(request: &Request) -> Option<&Peer> {
    request.extensions().get::<Peer>()
}

fn is_this_machine(peer: Option<&Peer>) -> bool {
    peer.is_some_and(|peer| peer.address.ip().to_canonical().is_loopback())
}

fn forbidden() -> Response {
    let message = "decisions are shown to this machine alone; use kubectl port-forward\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

fn no_id() -> Response {
    let message = "expected the twelve characters of a decision's id\n";
    (StatusCode::BAD_REQUEST, message).into_response()
}

fn forgotten() -> Response {
    let message = "no denial of that id is remembered; only the last are\n";
    (StatusCode::NOT_FOUND, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_who_comes_by_the_loopback() {
        for (address, expected) in [
            ("127.0.0.1:1", true),
            ("127.8.8.8:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("192.0.2.1:1", false),
            ("[fd00::1]:1", false),
            ("[::ffff:192.0.2.1]:1", false),
        ] {
            let peer = Peer { address: address.parse().unwrap(), has_certificate: false };
            assert_eq!(is_this_machine(Some(&peer)), expected, "{address}");
        }
        assert!(!is_this_machine(None));
    }
}
