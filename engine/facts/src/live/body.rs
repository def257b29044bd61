//! Bodies of answers, read up to a bound.

use std::sync::Arc;

use ajj_engine::{FactError, Limits, Tree, parse_json};
use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;

/// The most that is read of an answer that is an error, and quoted of it.
const MAX_ERROR_BYTES: usize = 64 << 10;
const MAX_ERROR_CHARACTERS: usize = 1_000;

/// Reads a body, unless it is longer than `most` bytes.
pub(super) async fn read_body<B>(mut body: B, most: usize) -> Result<Vec<u8>, FactError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let too_large = || FactError::Failed(format!("the answer is larger than {most} bytes"));
    let announced = body.size_hint().lower();
    if announced > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| FactError::Failed(format!("the answer broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The value that the bytes of an answer are.
pub(super) fn parse(bytes: Vec<u8>) -> Result<Arc<Tree>, FactError> {
    let text = String::from_utf8(bytes)
        .map_err(|_| FactError::Failed("the answer is no UTF-8 text".to_owned()))?;
    match parse_json(text, &Limits::default()) {
        Ok(tree) => Ok(Arc::new(tree)),
        Err(error) => Err(FactError::Failed(format!("the answer is no JSON: {error}"))),
    }
}

/// What an answer that is an error says, in one line that is not too long.
pub(super) async fn read_error<B>(body: B) -> String
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    // How it says so is no reason to say less than the status does.
    let bytes = read_body(body, MAX_ERROR_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let status = parse_json(text.as_ref(), &Limits::default()).ok();
    let message = status.as_ref().and_then(|status| status.root().get("message")?.as_str());
    one_line(message.unwrap_or(&text))
}

/// A text of the other side without control characters, cut where it gets long.
pub(super) fn one_line(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    let plain = plain.trim();
    match plain.char_indices().nth(MAX_ERROR_CHARACTERS) {
        Some((end, _)) => format!("{}…", plain.get(..end).unwrap_or_default()),
        None => plain.to_owned(),
    }
}

/// An error with what it came of, as one text.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = error.source();
    }
    one_line(&text)
}
