//! Changes of objects: what is sent, what answers mean, what is not sent at all.

use std::time::Duration;

use ajj_facts::{LiveOptions, WriteError};

use crate::fixture::{Fixture, TOKEN, options};
use crate::server::{BodyKind, Call, Route, status};

const SECRETS: &str = "/api/v1/namespaces/one/secrets";
const SECRET: &str = "/api/v1/namespaces/one/secrets/ajj-webhook-ca";
const STATUS: &str = "/apis/kyverno.io/v1/clusterpolicies/p/status";

#[tokio::test]
async fn what_is_sent() {
    let fixture = Fixture::ready(options()).await;
    let writer = fixture.live.writer();
    for path in [SECRETS, SECRET, STATUS] {
        fixture.server.route(path, Route::json(r#"{"is":"there"}"#));
    }
    let object = r#"{"a":"ä"}"#.to_owned();
    for (answer, path, method, media_type, query) in [
        (writer.get(SECRET).await, SECRET, "GET", None, ""),
        (
            writer.create(SECRETS, object.clone()).await,
            SECRETS,
            "POST",
            Some("application/json"),
            "fieldManager=ajj",
        ),
        (
            writer.apply(SECRET, object.clone()).await,
            SECRET,
            "PATCH",
            Some("application/apply-patch+yaml"),
            "fieldManager=ajj&force=true",
        ),
        (
            writer.merge(STATUS, object.clone()).await,
            STATUS,
            "PATCH",
            Some("application/merge-patch+json"),
            "fieldManager=ajj",
        ),
    ] {
        assert_eq!(answer.unwrap().root().to_json(), r#"{"is":"there"}"#);
        let calls = fixture.server.calls();
        let is_it = |call: &&Call| call.path == path && call.method == method;
        let call = calls.iter().find(is_it).unwrap();
        assert_eq!(call.query, query);
        let body = if method == "GET" { "" } else { &object };
        assert_eq!(call.body, body);
        let header = |name: &str| call.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-type"), media_type);
        assert_eq!(header("accept"), Some("application/json"));
        assert_eq!(header("authorization"), Some(&*format!("Bearer {TOKEN}")));
    }
    assert_eq!(fixture.count(|counters| &counters.writes), 4);
    assert_eq!(fixture.count(|counters| &counters.api_calls), 0);
}

#[tokio::test]
async fn what_statuses_of_writes_mean() {
    let fixture = Fixture::ready(options()).await;
    let writer = fixture.live.writer();
    let said = |text: &str| text.to_owned();
    for (code, body, expected) in [
        (404, status(404, "NotFound"), WriteError::NotFound),
        (409, status(409, "AlreadyExists"), WriteError::Conflict(said("said: AlreadyExists"))),
        (403, status(403, "Forbidden"), WriteError::Forbidden(said("said: Forbidden"))),
        (401, status(401, "Unauthorized"), WriteError::Forbidden(said("said: Unauthorized"))),
        (422, status(422, "Invalid"), WriteError::Failed(said("said: Invalid"))),
        (500, "words\n".to_owned(), WriteError::Failed(said("words"))),
        (
            503,
            String::new(),
            WriteError::Failed(said("the API server answers HTTP 503 Service Unavailable")),
        ),
    ] {
        fixture.server.route(SECRETS, Route::status(code, &body));
        let before = fixture.server.calls_of(SECRETS).len();
        assert_eq!(writer.create(SECRETS, said("{}")).await.unwrap_err(), expected, "{code}");
        // A write is sent once: whether it was done is for the caller to find out.
        assert_eq!(fixture.server.calls_of(SECRETS).len(), before + 1, "{code}");
    }
}

#[tokio::test]
async fn what_may_not_be_changed_is_not_sent() {
    let fixture = Fixture::ready(options()).await;
    let writer = fixture.live.writer();
    let before = fixture.server.calls().len();
    for path in ["/api/v1/namespaces/one/pods/p", "//else.test/api/v1/namespaces/one/secrets/s"] {
        let answer = writer.merge(path, "{}".to_owned()).await;
        assert!(matches!(answer, Err(WriteError::Refused(_))), "{path}: {answer:?}");
    }
    assert_eq!(fixture.server.calls().len(), before);
    assert_eq!(fixture.count(|counters| &counters.refused), 2);
    assert_eq!(fixture.count(|counters| &counters.writes), 0);
}

#[tokio::test]
async fn answers_to_writes_are_bounded_in_bytes_and_in_time() {
    let call_timeout = Duration::from_millis(200);
    let bounds = LiveOptions { max_response_bytes: 4_096, call_timeout, ..options() };
    let fixture = Fixture::ready(bounds).await;
    let writer = fixture.live.writer();
    fixture.server.route(SECRET, Route::json(&format!("\"{}\"", "x".repeat(4_095))));
    let large = WriteError::Failed("the answer is larger than 4096 bytes".to_owned());
    assert_eq!(writer.get(SECRET).await.unwrap_err(), large);
    let body_kind = BodyKind::Stuck;
    fixture.server.route(SECRET, Route { body_kind, ..Route::json(r#"{"a":"b"}"#) });
    assert_eq!(writer.get(SECRET).await.unwrap_err(), WriteError::Timeout);
}

#[test]
fn who_writes_needs_no_runtime() {
    let control = crate::fixture::runtime();
    let fixture = control.block_on(Fixture::ready(options()));
    fixture.server.route(SECRET, Route::json("[1]"));
    let writer = fixture.live.writer();
    let answer = pollster::block_on(writer.get(SECRET));
    assert_eq!(answer.unwrap().root().to_json(), "[1]");
}
