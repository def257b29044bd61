//! The body of a request, within bounds.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use tokio::sync::SemaphorePermit;

use super::Shared;

/// Bodies up to this size are read without asking for room: how many there are at one time is
/// bounded by [`super::Limits::in_flight`].
const SMALL: usize = 64 << 10;

/// Why a body was not read.
pub(super) struct Unread(pub(super) StatusCode, pub(super) String);

/// A body, and the room that it takes.
pub(super) struct Whole<'s> {
    pub(super) bytes: Bytes,
    /// Held until the review is answered.
    _room: Option<SemaphorePermit<'s>>,
}

/// Reads a body whole. Large ones wait for room that they share.
pub(super) async fn read<'s>(
    mut body: Incoming,
    headers: &HeaderMap,
    shared: &'s Shared,
) -> Result<Whole<'s>, Unread> {
    let limit = shared.limits.body;
    let too_large = || {
        let message = format!("expected a review of at most {limit} bytes");
        Unread(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    let broken = |problem: hyper::Error| {
        Unread(StatusCode::BAD_REQUEST, format!("the body ended early: {problem}"))
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // Without a length it could be the longest.
    let length: usize = announced.unwrap_or(limit);
    if length > limit {
        return Err(too_large());
    }
    let room = match length > SMALL {
        true => Some(room(shared, length).await?),
        false => None,
    };
    let mut first = Bytes::new();
    let mut gathered = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if gathered.len() + first.len() + data.len() > limit {
            return Err(too_large());
        }
        if first.is_empty() && gathered.is_empty() {
            first = data;
            continue;
        }
        if gathered.is_empty() {
            gathered.reserve(announced.unwrap_or(first.len() + data.len()));
            gathered.extend_from_slice(&std::mem::take(&mut first));
        }
        gathered.extend_from_slice(&data);
    }
    let bytes = if gathered.is_empty() { first } else { gathered.freeze() };
    Ok(Whole { bytes, _room: room })
}

async fn room(shared: &Shared, length: usize) -> Result<SemaphorePermit<'_>, Unread> {
    let kilobytes = u32::try_from(length.div_ceil(1 << 10)).unwrap_or(u32::MAX);
    shared.large_bodies.acquire_many(kilobytes).await.map_err(|_| {
        Unread(StatusCode::SERVICE_UNAVAILABLE, "no room for large reviews".to_owned())
    })
}
