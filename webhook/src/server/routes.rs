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
        Surface::Everything | Surface::Metrics => {
            router.route("/metrics", get(metrics)).route("/decisions/{id}", get(decision))
        }
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

/// A denial by its id. Only from this machine, which `kubectl port-forward` is: decisions name
/// users and objects, and the cluster's own rules say who may forward.
async fn decision(
    State(worker): State<&'static Worker>,
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
        Some(line) => ([(CONTENT_TYPE, "application/json")], line).into_response(),
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
