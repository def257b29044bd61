//! What a connection calls for each request.
//!
//! Reviews are answered without the router: axum's layers, boxed futures and boxed bodies cost
//! more than all of hyper. Everything else goes through it.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;

use super::routes::Routes;
use super::validate::{About, validate};
use super::{Peer, Worker};

/// The body of a review's answer, or of the router's.
pub(super) type Answer = Either<Full<Bytes>, Body>;

/// Answers one request.
pub(super) async fn answer(
    worker: &'static Worker,
    routes: &Routes,
    peer: Peer,
    mut request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    if routes.takes_reviews
        && let Some(about) = About::of(request.uri().path())
    {
        return Ok(validate(worker, peer, request, about).await.map(Either::Left));
    }
    request.extensions_mut().insert(peer);
    // A box of its own: the rare routes must not make each review's future larger.
    let answered = Box::pin(TowerToHyperService::new(routes.router.clone()).call(request));
    answered.await.map(|response| response.map(Either::Right))
}
