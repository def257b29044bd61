//! Whether the host of a URL lies outside of private ranges.

use std::sync::Arc;

use ajj_engine::external_url::{host, is_external};
use ajj_engine::{FactError, Limits, parse_json};
use tokio::net::lookup_host;

use super::Answer;
use super::body::{chain, one_line};

/// A host is outside if every one of its addresses is, as Kyverno has it
/// (`pkg/engine/jmespath/functions.go`, `jpIsExternalURL`).
pub(super) async fn look_up(url: &str) -> Answer {
    let host = host(url).map_err(|reason| FactError::Failed(one_line(&reason)))?;
    let mut addresses =
        lookup_host((host, 0)).await.map_err(|error| FactError::Failed(chain(&error)))?.peekable();
    if addresses.peek().is_none() {
        return Err(FactError::NotFound);
    }
    let answer = addresses.all(|address| is_external(address.ip()));
    let answer = parse_json(answer.to_string(), &Limits::default());
    answer.map(Arc::new).map_err(|error| FactError::Failed(error.to_string()))
}
