//! Namespaces come from a watch; what it does not have is asked for.

use std::time::Duration;

use ajj_engine::FactError;
use ajj_facts::LiveOptions;

use crate::fixture::{Fixture, ask, failed, live, options, runtime};
use crate::server::{Route, Server, eventually, status};

const ONE: &str = "/api/v1/namespaces/one";

#[tokio::test]
async fn a_namespace_is_answered_whole_and_without_a_call() {
    let fixture = Fixture::ready(options()).await;
    for name in ["one", "two", "three"] {
        let answer = fixture.get(&format!("/api/v1/namespaces/{name}")).await;
        assert_eq!(answer, Ok(fixture.server.namespace(name)));
    }
    assert_eq!(fixture.server.calls_of(ONE).len(), 0);
    assert_eq!(fixture.count(|counters| &counters.api_calls), 0);
    assert_eq!(fixture.count(|counters| &counters.watch_hits), 3);
    // Three namespaces are two pages of one list.
    assert_eq!(fixture.server.calls_of("/api/v1/namespaces").len(), 2);
    assert_eq!(fixture.count(|counters| &counters.lists), 1);
    assert_eq!(fixture.live.age(), Some(Duration::ZERO));
    assert!(fixture.live.namespace("one").is_some() && fixture.live.namespace("none").is_none());
}

#[tokio::test]
async fn the_watch_brings_changes() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.put_namespace("one", r#"{"is":"changed"}"#, false);
    let expected = fixture.server.namespace("one");
    eventually(async || (fixture.get(ONE).await.as_ref() == Ok(&expected)).then_some(())).await;
    fixture.server.put_namespace("four", "{}", false);
    eventually(async || fixture.live.namespace("four")).await;
    fixture.server.delete_namespace("two");
    eventually(async || fixture.live.namespace("two").is_none().then_some(())).await;
    assert_eq!(fixture.get("/api/v1/namespaces/two").await, Err(FactError::NotFound));
    assert_eq!(fixture.count(|counters| &counters.lists), 1);
}

#[tokio::test]
async fn a_namespace_that_the_watch_does_not_have_yet_is_asked_for() {
    let fixture = Fixture::ready(options()).await;
    let path = "/api/v1/namespaces/new";
    assert_eq!(fixture.get(path).await, Err(FactError::NotFound));
    fixture.server.put_namespace("new", r#"{"is":"new"}"#, true);
    // That it was not there is not kept.
    assert_eq!(fixture.get(path).await, Ok(fixture.server.namespace("new")));
    assert_eq!(fixture.server.calls_of(path).len(), 2);
}

#[tokio::test]
async fn that_a_namespace_is_not_there_is_asked_by_each_request_anew() {
    let fixture = Fixture::ready(options()).await;
    let path = "/api/v1/namespaces/late";
    let (gate, held) = Route::status(404, &status(404, "NotFound")).held();
    fixture.server.route(path, held);
    let live = fixture.live.clone();
    let early = tokio::spawn(async move { ask(&live, &ajj_engine::FactKey::get(path)).await });
    fixture.server.until(|server| server.calls_of(path).len() == 1).await;
    // The namespace comes to be, then a request in it, while the old call is under way.
    fixture.server.forget_route(path);
    fixture.server.put_namespace("late", "{}", true);
    let live = fixture.live.clone();
    let late = tokio::spawn(async move { ask(&live, &ajj_engine::FactKey::get(path)).await });
    eventually(async || (fixture.count(|counters| &counters.joined) == 1).then_some(())).await;
    gate.send_replace(true);
    assert_eq!(early.await.unwrap(), Err(FactError::NotFound));
    assert_eq!(late.await.unwrap(), Ok(fixture.server.namespace("late")));
}

#[tokio::test]
async fn before_the_first_list_a_namespace_is_asked_for() {
    let control = runtime();
    let server = Server::start(control.handle()).await;
    server.put_namespace("one", "{}", true);
    let (gate, held) = Route::status(503, "").held();
    server.route("/api/v1/namespaces", held);
    let live = live(&control, &server, options()).await;
    server.until(|server| server.calls_of("/api/v1/namespaces").len() == 1).await;
    assert!(!live.is_ready());
    assert_eq!(live.age(), None);
    let answer = ask(&live, &ajj_engine::FactKey::get(ONE)).await;
    assert_eq!(answer, Ok(server.namespace("one")));
    gate.send_replace(true);
    eventually(async || live.trouble()).await;
    assert!(live.trouble().unwrap().starts_with("cannot list /api/v1/namespaces: "));
    server.forget_route("/api/v1/namespaces");
    live.ready().await;
    eventually(async || live.trouble().is_none().then_some(())).await;
    control.shutdown_background();
}

#[tokio::test]
async fn while_the_api_server_is_away_the_last_state_answers() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.stop();
    eventually(async || fixture.live.age().filter(|age| !age.is_zero())).await;
    assert!(fixture.live.trouble().is_some());
    assert!(fixture.live.is_ready());
    assert_eq!(fixture.get(ONE).await, Ok(fixture.server.namespace("one")));
    // What is not known is an error and never an empty answer.
    let message = failed(fixture.get("/api/v1/namespaces/new").await);
    assert!(message.starts_with("the API server cannot be asked: "), "{message}");

    fixture.server.put_namespace("one", r#"{"is":"back"}"#, false);
    let expected = fixture.server.namespace("one");
    fixture.server.resume().await;
    eventually(async || (fixture.get(ONE).await.as_ref() == Ok(&expected)).then_some(())).await;
    eventually(async || fixture.live.age().filter(Duration::is_zero)).await;
    assert_eq!(fixture.live.trouble(), None);
    // It went on where it had stopped.
    assert_eq!(fixture.count(|counters| &counters.lists), 1);
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_without_a_list() {
    let fixture = Fixture::ready(options()).await;
    for (round, crash) in [false, true, false, true].into_iter().enumerate() {
        fixture.server.bookmark();
        fixture.server.end_watches(crash);
        fixture.server.until(|server| server.watches_begun() == round + 2).await;
    }
    fixture.server.put_namespace("one", r#"{"is":"after"}"#, false);
    let expected = fixture.server.namespace("one");
    eventually(async || (fixture.get(ONE).await.as_ref() == Ok(&expected)).then_some(())).await;
    assert_eq!(fixture.count(|counters| &counters.lists), 1);
}

#[tokio::test]
async fn a_watch_that_lost_the_thread_lists_once() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.put_namespace("missed", "{}", true);
    fixture.server.compact();
    fixture.server.end_watches(false);
    eventually(async || fixture.live.namespace("missed")).await;
    assert_eq!(fixture.count(|counters| &counters.lists), 2);

    // The same, said in the watch itself.
    fixture.server.until(|server| server.watches_open() == 1).await;
    fixture.server.put_namespace("more", "{}", true);
    fixture.server.say(&format!(r#"{{"type":"ERROR","object":{}}}"#, status(410, "Expired")));
    eventually(async || fixture.live.namespace("more")).await;
    assert_eq!(fixture.count(|counters| &counters.lists), 3);
}

#[tokio::test]
async fn what_cannot_be_read_in_a_watch_is_no_reason_to_miss_something() {
    for line in [
        "garbage",
        "{}",
        r#"{"type":"ADDED","object":{"metadata":{}}}"#,
        r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"9"}}}"#,
        r#"{"type":"RENAMED","object":{"metadata":{"name":"x","resourceVersion":"9"}}}"#,
        r#"{"type":"ERROR","object":{"code":500,"message":"no"}}"#,
    ] {
        let fixture = Fixture::ready(options()).await;
        fixture.server.put_namespace("missed", "{}", true);
        fixture.server.say(line);
        eventually(async || fixture.live.namespace("missed")).await;
        assert_eq!(fixture.count(|counters| &counters.lists), 2, "{line}");
        eventually(async || fixture.live.trouble().is_none().then_some(())).await;
    }
}

#[tokio::test]
async fn a_line_without_end_ends_the_watch() {
    let fixture = Fixture::ready(LiveOptions { max_response_bytes: 4096, ..options() }).await;
    fixture.server.put_namespace("missed", "{}", true);
    fixture.server.say(&"x".repeat(10_000));
    eventually(async || fixture.live.namespace("missed")).await;
}

#[tokio::test]
async fn more_namespaces_than_may_be_kept_are_asked_for() {
    let fixture = Fixture::ready(LiveOptions { max_watched_bytes: 1_000, ..options() }).await;
    let kept = ["one", "two", "three"].map(|name| fixture.live.namespace(name).is_some());
    assert!(kept.contains(&true) && kept.contains(&false), "{kept:?}");
    for name in ["one", "two", "three"] {
        let answer = fixture.get(&format!("/api/v1/namespaces/{name}")).await;
        assert_eq!(answer, Ok(fixture.server.namespace(name)));
    }
    assert!(fixture.count(|counters| &counters.api_calls) > 0);
}

#[tokio::test]
async fn the_watch_ends_with_the_last_clone() {
    let mut fixture = Fixture::ready(options()).await;
    assert_eq!(fixture.server.watches_open(), 1);
    let other_control = runtime();
    let other_server = Server::start(other_control.handle()).await;
    let other = live(&other_control, &other_server, options()).await;
    let clone = fixture.live.clone();
    drop(std::mem::replace(&mut fixture.live, other));
    assert!(clone.is_ready());
    fixture.server.bookmark();
    assert_eq!(fixture.server.watches_open(), 1);
    drop(clone);
    eventually(async || (fixture.server.watches_open() == 0).then_some(())).await;
    other_control.shutdown_background();
}
