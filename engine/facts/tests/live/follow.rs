//! Lists that are followed: one kind in several versions, and kinds that the server does not know.

use std::time::{Duration, Instant};

use ajj_facts::{Followed, LiveOptions};

use crate::fixture::{Fixture, options};
use crate::server::{BOUND, Route, eventually, status};

const NAMESPACES: &str = "/api/v1/namespaces";
const THINGS: &str = "/apis/example.com/v1/things";

fn quick() -> LiveOptions {
    LiveOptions { ask_absent_again_after: Duration::from_millis(10), ..options() }
}

fn names(followed: &Followed) -> Vec<String> {
    let snapshot = followed.snapshot().unwrap();
    let name = |tree: &std::sync::Arc<ajj_engine::Tree>| {
        tree.root().at(&["metadata", "name"]).unwrap().as_str().unwrap().to_owned()
    };
    snapshot.objects.iter().map(name).collect()
}

async fn listed(followed: &Followed) {
    tokio::time::timeout(BOUND, followed.listed()).await.unwrap();
}

#[tokio::test]
async fn the_first_version_that_the_server_knows_counts() {
    let fixture = Fixture::ready(quick()).await;
    let followed = fixture.live.follow([THINGS, NAMESPACES]);
    listed(&followed).await;
    assert_eq!(names(&followed), ["one", "three", "two"]);
    assert_eq!((followed.age(), followed.trouble()), (Some(Duration::ZERO), None));
}

#[tokio::test]
async fn changes_are_waited_for_and_say_when_they_came() {
    let fixture = Fixture::ready(quick()).await;
    let followed = fixture.live.follow([NAMESPACES]);
    listed(&followed).await;
    fixture.server.until(|server| server.watches_begun() == 2).await;
    let first = followed.snapshot().unwrap();
    assert!(first.changed_at.is_some());
    assert_eq!(followed.snapshot().unwrap().changed_at, None);

    let before = Instant::now();
    fixture.server.put_namespace("four", "{}", false);
    tokio::time::timeout(BOUND, followed.changed(first.revision)).await.unwrap();
    let second = followed.snapshot().unwrap();
    assert!(second.revision > first.revision);
    assert!(second.changed_at.is_some_and(|at| before <= at && at <= Instant::now()));
    assert_eq!(names(&followed), ["four", "one", "three", "two"]);
}

#[tokio::test]
async fn a_kind_that_the_server_does_not_know_has_no_objects_until_it_does() {
    let fixture = Fixture::ready(quick()).await;
    let followed = fixture.live.follow([THINGS]);
    listed(&followed).await;
    let empty = followed.snapshot().unwrap();
    assert!(empty.objects.is_empty());
    assert_eq!((followed.age(), followed.trouble()), (Some(Duration::ZERO), None));
    // Asking again is no change.
    fixture.server.until(|server| server.calls_of(THINGS).len() > 3).await;
    assert_eq!(followed.revision(), empty.revision);

    let list = r#"{"apiVersion":"example.com/v1","kind":"ThingList","metadata":{"resourceVersion":"7"},
        "items":[{"metadata":{"name":"a","namespace":"n","resourceVersion":"3"}}]}"#;
    fixture.server.route(THINGS, Route::json(list));
    eventually(async || (names(&followed) == ["a"]).then_some(())).await;
    let snapshot = followed.snapshot().unwrap();
    assert_eq!(snapshot.objects[0].root().get("kind").unwrap().as_str(), Some("Thing"));
    // It goes again, with its objects.
    fixture.server.forget_route(THINGS);
    eventually(async || names(&followed).is_empty().then_some(())).await;
}

#[tokio::test]
async fn what_may_not_be_listed_is_no_empty_list() {
    let fixture = Fixture::ready(quick()).await;
    fixture.server.route(THINGS, Route::status(403, &status(403, "Forbidden")));
    let followed = fixture.live.follow([THINGS, NAMESPACES]);
    eventually(async || followed.trouble()).await;
    assert!(!followed.is_listed());
    assert!(followed.snapshot().is_err());
    assert_eq!(followed.trouble().unwrap(), format!("cannot list {THINGS}: forbidden"));
}

#[tokio::test]
async fn a_watch_ends_with_who_follows() {
    let fixture = Fixture::ready(quick()).await;
    let followed = fixture.live.follow([NAMESPACES]);
    listed(&followed).await;
    fixture.server.until(|server| server.watches_open() == 2).await;
    drop(followed);
    fixture.server.bookmark();
    eventually(async || (fixture.server.watches_open() == 1).then_some(())).await;
}
