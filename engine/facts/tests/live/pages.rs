//! Lists that are read in pages.

use ajj_engine::FactError;
use ajj_facts::{LiveOptions, PageError};

use crate::fixture::{Fixture, options};
use crate::server::{Route, status};

const THINGS: &str = "/apis/example.com/v1/things";

fn page(names: &[&str], next: &str) -> Route {
    let items: Vec<String> =
        names.iter().map(|name| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#)).collect();
    Route::json(&format!(
        r#"{{"apiVersion":"example.com/v1","kind":"ThingList",
            "metadata":{{"resourceVersion":"7","continue":"{next}"}},"items":[{}]}}"#,
        items.join(",")
    ))
}

fn queries(fixture: &Fixture) -> Vec<String> {
    fixture.server.calls_of(THINGS).into_iter().map(|call| call.query).collect()
}

#[tokio::test]
async fn pages_follow_one_another_and_objects_know_their_kind() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.route(THINGS, page(&["a", "b"], "more of/it"));
    let mut pages = fixture.live.pages(THINGS);
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!(
        first[1].root().to_json(),
        r#"{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"b"}}"#
    );
    fixture.server.route(THINGS, page(&["c"], ""));
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert!(pages.next().await.is_none());
    assert_eq!(queries(&fixture), ["limit=250", "limit=250&continue=more%20of%2Fit"]);
    assert_eq!(fixture.live.list(THINGS).await.unwrap().len(), 1);
    let mut ours = fixture.live.pages(THINGS).with_label("a/b", "c");
    assert!(ours.next().await.unwrap().is_ok());
    let query = queries(&fixture).pop();
    assert_eq!(query.as_deref(), Some("limit=250&labelSelector=a%2Fb%3Dc"));
}

#[tokio::test]
async fn pages_that_are_too_large_get_smaller() {
    let fixture = Fixture::ready(LiveOptions { max_response_bytes: 4_000, ..options() }).await;
    fixture.server.route(THINGS, page(&["a", &"b".repeat(4_000)], ""));
    let mut pages = fixture.live.pages(THINGS);
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(matches!(error, PageError::Failed(FactError::Failed(_))), "{error:?}");
    assert!(pages.next().await.is_none());
    assert_eq!(queries(&fixture), ["limit=250", "limit=62", "limit=15", "limit=3", "limit=1"]);
}

#[tokio::test]
async fn what_is_forbidden_gone_or_no_list_is_said_at_once() {
    let fixture = Fixture::ready(options()).await;
    for (route, expected, calls) in [
        (Route::status(403, &status(403, "Forbidden")), PageError::Failed(FactError::Forbidden), 1),
        (Route::status(404, &status(404, "NotFound")), PageError::Failed(FactError::NotFound), 1),
        (Route::status(410, &status(410, "Expired")), PageError::Expired, 3),
    ] {
        let before = queries(&fixture).len();
        fixture.server.route(THINGS, route);
        assert_eq!(fixture.live.list(THINGS).await.unwrap_err(), expected);
        assert_eq!(queries(&fixture).len() - before, calls, "{expected}");
    }
}
