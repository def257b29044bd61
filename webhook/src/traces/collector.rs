//! Where spans go: an OTLP collector, over HTTP.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a batch may take.
const WITHIN: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 << 10;

/// A collector, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// Host and port.
    authority: String,
    path: String,
}

impl FromStr for Collector {
    type Err = String;

    /// Reads `http://HOST[:PORT][/PATH]`; spans go to `v1/traces` below it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected `http://HOST[:PORT][/PATH]`".to_owned();
        let url: Uri = text.parse().map_err(|_| wrong())?;
        let authority = url.authority().ok_or_else(wrong)?;
        let is_plain = url.scheme_str() == Some("http")
            && !authority.as_str().contains('@')
            && !authority.host().is_empty()
            && url.query().is_none();
        if !is_plain {
            return Err(wrong());
        }
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self {
            authority: format!("{}:{port}", authority.host()),
            path: format!("{}/v1/traces", url.path().trim_end_matches('/')),
        })
    }
}

impl Collector {
    /// Sends a batch, once.
    pub(super) async fn send(&self, batch: Vec<u8>) -> Result<(), String> {
        timeout(WITHIN, self.post(batch)).await.unwrap_or_else(|_| Err("no answer in time".into()))
    }

    async fn post(&self, batch: Vec<u8>) -> Result<(), String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| said(&error))?;
        let request = Request::post(&self.path)
            .header(HOST, &self.authority)
            .header(USER_AGENT, "ajj")
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(Bytes::from(batch)))
            .map_err(|error| said(&error))?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| said(&error))?;
        let asked = async move {
            let response = sender.send_request(request).await.map_err(|error| said(&error))?;
            let status = response.status();
            let answer = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            match status.is_success() {
                true => answer.map(drop).map_err(|error| said(&error)),
                false => Err(format!("the collector answers HTTP {status}")),
            }
        };
        // The connection moves the bytes, and ends with the answer.
        tokio::select! {
            answer = asked => answer,
            Err(problem) = connection => Err(said(&problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_a_plain_url() {
        let read = |text: &str| text.parse::<Collector>().map(|one| (one.authority, one.path));
        let found = |authority: &str, path: &str| Ok((authority.to_owned(), path.to_owned()));
        assert_eq!(read("http://127.0.0.1:4318"), found("127.0.0.1:4318", "/v1/traces"));
        assert_eq!(read("http://otel.example/in/"), found("otel.example:80", "/in/v1/traces"));
        assert_eq!(read("http://[::1]:4318/"), found("[::1]:4318", "/v1/traces"));
        for wrong in [
            "",
            "127.0.0.1:4318",
            "https://a",
            "http://",
            "http://a?b=c",
            "http://u@a",
            "/x",
            "http:///x",
        ] {
            assert!(read(wrong).is_err(), "`{wrong}`");
        }
    }
}
