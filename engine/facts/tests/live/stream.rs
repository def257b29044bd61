//! Lists that are told of and not kept.

use ajj_engine::{Node, Tree};
use ajj_facts::{ListEvent, ListStream};

use crate::fixture::{Fixture, options};
use crate::server::{BOUND, Route, status};

const NAMESPACES: &str = "/api/v1/namespaces";

fn name(object: &Tree) -> &str {
    object.root().at(&["metadata", "name"]).and_then(Node::as_str).unwrap()
}

/// The next event, in a word.
async fn next(stream: &mut ListStream) -> String {
    let event = tokio::time::timeout(BOUND, stream.next()).await.unwrap();
    match event.unwrap() {
        ListEvent::Begun => "begun".to_owned(),
        ListEvent::Page(objects) => {
            let names: Vec<&str> = objects.iter().map(|object| name(object)).collect();
            format!("page {}", names.join(","))
        }
        ListEvent::Complete => "complete".to_owned(),
        ListEvent::Changed(object) => format!("changed {}", name(&object)),
        ListEvent::Deleted(object) => format!("deleted {}", name(&object)),
        ListEvent::Trouble(reason) => format!("trouble {reason}"),
    }
}

/// The next event that is no complaint.
async fn next_sound(stream: &mut ListStream) -> String {
    loop {
        let event = next(stream).await;
        if !event.starts_with("trouble") {
            return event;
        }
    }
}

#[tokio::test]
async fn a_list_is_told_of_and_then_its_changes() {
    let fixture = Fixture::ready(options()).await;
    let mut stream = fixture.live.stream(NAMESPACES);
    for expected in ["begun", "page one,three", "page two", "complete"] {
        assert_eq!(next(&mut stream).await, expected);
    }
    fixture.server.until(|server| server.watches_begun() == 2).await;
    fixture.server.put_namespace("four", "{}", false);
    assert_eq!(next(&mut stream).await, "changed four");
    fixture.server.bookmark();
    fixture.server.delete_namespace("two");
    assert_eq!(next(&mut stream).await, "deleted two");
    // A watch that ends goes on where it was.
    fixture.server.end_watches(false);
    fixture.server.put_namespace("five", "{}", false);
    assert_eq!(next_sound(&mut stream).await, "changed five");
    // What happened while nothing was heard comes by a list.
    fixture.server.end_watches(true);
    fixture.server.put_namespace("six", "{}", true);
    fixture.server.compact();
    for expected in ["begun", "page five,four", "page one,six", "page three", "complete"] {
        assert_eq!(next_sound(&mut stream).await, expected);
    }
}

#[tokio::test]
async fn what_cannot_be_listed_is_said_and_tried_again() {
    let fixture = Fixture::ready(options()).await;
    let path = "/apis/example.com/v1/things";
    fixture.server.route(path, Route::status(403, &status(403, "Forbidden")));
    let mut stream = fixture.live.stream(path);
    for _ in 0..2 {
        assert_eq!(next(&mut stream).await, "begun");
        let said = next(&mut stream).await;
        assert!(said.starts_with("trouble cannot list /apis/example.com/v1/things: "), "{said}");
    }
}
