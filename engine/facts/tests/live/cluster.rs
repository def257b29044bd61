//! Calls of the API server: what is refused, what answers mean, how much is read.

use std::time::Duration;

use ajj_engine::{FactError, FactKey};
use ajj_facts::LiveOptions;

use crate::fixture::{Fixture, TOKEN, failed, options, post};
use crate::server::{BodyKind, Route, Server, status};

const NODE: &str = "/api/v1/nodes/n";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

#[tokio::test]
async fn refused_paths_reach_nobody() {
    let fixture = Fixture::ready(options()).await;
    let elsewhere = Server::start(fixture.control.as_ref().unwrap().handle()).await;
    let before = fixture.server.calls().len();
    let paths = [
        format!("http://{}/api/v1/nodes/n", elsewhere.address),
        format!("//{}/api/v1/nodes/n", elsewhere.address),
        format!("@{}/api/v1/nodes/n", elsewhere.address),
        "/api/v1/../../healthz".to_owned(),
        "/api/v1/namespaces/one/..%2f..%2fpods".to_owned(),
        "/api/v1/nodes/n/proxy/run".to_owned(),
        "/api/v1/nodes/n\r\nx: y".to_owned(),
        "/api/v1/namespaces?watch=true".to_owned(),
        "/api/v1/namespaces/../secrets".to_owned(),
        String::new(),
    ];
    for path in &paths {
        let message = failed(fixture.get(path).await);
        assert!(message.starts_with("the path") || message.starts_with("the query"), "{message}");
    }
    for path in ["/api/v1/namespaces/one/pods", NODE] {
        assert!(failed(fixture.ask(&post(path, "{}")).await).contains("is not for POST"));
    }
    assert_eq!(fixture.server.calls().len(), before);
    assert_eq!(elsewhere.calls().len(), 0);
    assert_eq!(fixture.count(|counters| &counters.refused), 12);
    assert_eq!(fixture.count(|counters| &counters.api_calls), 0);
}

#[tokio::test]
async fn a_call_has_the_token_and_the_query() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.route("/api/v1/pods", Route::json("[]"));
    let answer = fixture.get("/api/v1/pods?labelSelector=app in (a,b)&limit=1").await;
    assert_eq!(answer.as_deref(), Ok("[]"));
    let [call] = &fixture.server.calls_of("/api/v1/pods")[..] else { panic!("one call") };
    assert_eq!((&*call.method, &*call.body), ("GET", ""));
    assert_eq!(call.query, "labelSelector=app%20in%20(a,b)&limit=1");
    assert_eq!(call.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(call.headers["accept"], "application/json");
}

#[tokio::test]
async fn what_statuses_mean() {
    let fixture = Fixture::ready(options()).await;
    let said = |text: &str| FactError::Failed(text.to_owned());
    let long = format!(r#"{{"message":"{}"}}"#, "ä".repeat(5_000));
    for (code, body, expected) in [
        (404, status(404, "NotFound"), FactError::NotFound),
        (403, status(403, "Forbidden"), FactError::Forbidden),
        (401, status(401, "Unauthorized"), FactError::Forbidden),
        (400, status(400, "BadRequest"), said("said: BadRequest")),
        (429, status(429, "TooManyRequests"), said("said: TooManyRequests")),
        (500, "plain\r\nwords\u{7}".to_owned(), said("plain  words")),
        (503, String::new(), said("the API server answers HTTP 503 Service Unavailable")),
        (500, long, said(&format!("{}…", "ä".repeat(1_000)))),
    ] {
        fixture.server.route(NODE, Route::status(code, &body));
        let before = fixture.server.calls_of(NODE).len();
        assert_eq!(fixture.get(NODE).await, Err(expected), "{code}");
        // Unless the server says when, a rule's question is asked once.
        assert_eq!(fixture.server.calls_of(NODE).len(), before + 1, "{code}");
    }
    for code in [200, 201] {
        fixture.server.route(NODE, Route::status(code, "[1]"));
        assert_eq!(fixture.get(NODE).await.as_deref(), Ok("[1]"));
    }
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_asked_again() {
    let fixture = Fixture::ready(options()).await;
    let busy = |code, seconds| {
        let body = status(code, "storage is (re)initializing");
        Route { retry_after: Some(seconds), ..Route::status(code, &body) }
    };
    for code in [429, 503] {
        let path = format!("{NODE}-{code}");
        fixture.server.route(&path, busy(code, 1));
        let recovers = async {
            fixture.server.until(|server| server.calls_of(&path).len() == 1).await;
            fixture.server.route(&path, Route::json("[1]"));
        };
        let (answer, ()) = tokio::join!(fixture.get(&path), recovers);
        assert_eq!(answer.as_deref(), Ok("[1]"), "{code}");
        assert_eq!(fixture.server.calls_of(&path).len(), 2, "{code}");
    }
    // Not without end.
    fixture.server.route(NODE, busy(429, 0));
    assert_eq!(failed(fixture.get(NODE).await), "said: storage is (re)initializing");
    assert_eq!(fixture.server.calls_of(NODE).len(), 11);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let fixture = Fixture::ready(options()).await;
    let elsewhere = Server::start(fixture.control.as_ref().unwrap().handle()).await;
    elsewhere.route(NODE, Route::json("{}"));
    let location = Some(format!("http://{}{NODE}", elsewhere.address));
    for code in [301, 302, 307, 308] {
        fixture.server.route(NODE, Route { location: location.clone(), ..Route::status(code, "") });
        let message = failed(fixture.get(NODE).await);
        assert!(message.starts_with(&format!("the API server answers HTTP {code}")), "{message}");
    }
    assert_eq!(elsewhere.calls().len(), 0);
}

#[tokio::test]
async fn answers_are_read_up_to_a_bound() {
    let max_response_bytes = 4_096;
    let fixture = Fixture::ready(LiveOptions { max_response_bytes, ..options() }).await;
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    for body_kind in [BodyKind::Whole, BodyKind::Chunked] {
        fixture.server.route(NODE, Route { body_kind, ..Route::json(&text(4_097)) });
        assert_eq!(failed(fixture.get(NODE).await), "the answer is larger than 4096 bytes");
    }
    for body_kind in [BodyKind::Whole, BodyKind::Chunked] {
        let path = format!("{NODE}-{body_kind:?}");
        fixture.server.route(&path, Route { body_kind, ..Route::json(&text(4_096)) });
        assert_eq!(fixture.get(&path).await, Ok(text(4_096)));
    }
}

#[tokio::test]
async fn what_is_no_whole_answer_is_a_failure() {
    let call_timeout = Duration::from_millis(200);
    let fixture = Fixture::ready(LiveOptions { call_timeout, ..options() }).await;
    for body in ["", "<html>", "{\"a\":", "{} {}", "{\"a\":1,}"] {
        fixture.server.route(NODE, Route::json(body));
        let message = failed(fixture.get(NODE).await);
        assert!(message.starts_with("the answer is no JSON: "), "{body}: {message}");
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    fixture.server.route(NODE, Route::json(&deep));
    failed(fixture.get(NODE).await);
    let body_kind = BodyKind::Crash;
    fixture.server.route(NODE, Route { body_kind, ..Route::json(r#"{"a":"b"}"#) });
    failed(fixture.get(NODE).await);
    let body_kind = BodyKind::Stuck;
    fixture.server.route(NODE, Route { body_kind, ..Route::json(r#"{"a":"b"}"#) });
    assert_eq!(fixture.get(NODE).await, Err(FactError::Timeout));
}

#[tokio::test]
async fn a_review_is_posted_each_time() {
    let fixture = Fixture::ready(options()).await;
    let answer = r#"{"status":{"allowed":true}}"#;
    fixture.server.route(REVIEWS, Route::status(201, answer));
    let key = post(REVIEWS, r#"{"spec":{"user":"jane"}}"#);
    for _ in 0..2 {
        assert_eq!(fixture.ask(&key).await.as_deref(), Ok(answer));
    }
    let calls = fixture.server.calls_of(REVIEWS);
    assert_eq!(calls.len(), 2);
    assert_eq!((&*calls[0].method, &*calls[0].body), ("POST", r#"{"spec":{"user":"jane"}}"#));
    assert_eq!(calls[0].headers["content-type"], "application/json");
}

#[tokio::test]
async fn whether_a_user_may_do_something() {
    let fixture = Fixture::ready(options()).await;
    let key = FactKey::AccessReview(r#"{"user":"jane"}"#.into());
    fixture.server.route(REVIEWS, Route::status(201, r#"{"status":{"allowed":false}}"#));
    assert_eq!(fixture.ask(&key).await.as_deref(), Ok(r#"{"allowed":false}"#));
    let calls = fixture.server.calls_of(REVIEWS);
    assert_eq!(
        calls[0].body,
        r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"jane"}}"#
    );
    // Yesterday's rights are no answer.
    fixture.server.route(REVIEWS, Route::status(201, r#"{"status":{"allowed":true}}"#));
    assert_eq!(fixture.ask(&key).await.as_deref(), Ok(r#"{"allowed":true}"#));
    for body in ["{}", r#"{"status":{}}"#, r#"{"status":{"allowed":"yes"}}"#] {
        fixture.server.route(REVIEWS, Route::status(201, body));
        assert_eq!(failed(fixture.ask(&key).await), "the access review has no status");
    }
    let key = FactKey::AccessReview("{".into());
    assert!(failed(fixture.ask(&key).await).contains("is no JSON"));
}

#[tokio::test]
async fn what_this_build_does_not_read_is_a_failure() {
    let fixture = Fixture::ready(options()).await;
    let message = failed(fixture.ask(&FactKey::Image("nginx:1".into())).await);
    assert_eq!(message, "image registries are not read by this build");
}

#[tokio::test]
async fn where_a_name_lies() {
    let fixture = Fixture::ready(options()).await;
    let key = FactKey::ExternalUrl("http://localhost:8080/x".into());
    assert_eq!(fixture.ask(&key).await.as_deref(), Ok("false"));
    failed(fixture.ask(&FactKey::ExternalUrl("http://nowhere.invalid/".into())).await);
    failed(fixture.ask(&FactKey::ExternalUrl(":".into())).await);
}
