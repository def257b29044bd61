//! Entries that gather data for all rules.

use ajj_engine::{FactError, FactKey};
use ajj_facts::LiveOptions;

use crate::fixture::{Fixture, failed, options};
use crate::server::{Route, eventually, status};

const V2: &str = "/apis/kyverno.io/v2/globalcontextentries";
const BETA: &str = "/apis/kyverno.io/v2beta1/globalcontextentries";
const NODES: &str = "/api/v1/nodes";

/// A list of the entries `(name, version, spec)`; what is watched then stays as it is.
fn entries(items: &[(&str, &str)]) -> Route {
    let items: Vec<_> = items
        .iter()
        .map(|(name, spec)| {
            format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"1"}},"spec":{spec}}}"#)
        })
        .collect();
    Route::json(&list("GlobalContextEntryList", &items.join(",")))
}

fn list(kind: &str, items: &str) -> String {
    format!(
        r#"{{"kind":"{kind}","apiVersion":"v1","metadata":{{"resourceVersion":"1"}},"items":[{items}]}}"#
    )
}

fn node(name: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"1"}}}}"#)
}

fn key(reference: &str) -> FactKey {
    FactKey::GlobalContext(reference.into())
}

#[tokio::test]
async fn the_objects_of_a_resource_and_what_is_made_of_them() {
    let fixture = Fixture::ready(options()).await;
    let spec = r#"{"kubernetesResource":{"version":"v1","resource":"nodes"},"projections":[{"name":"names","jmesPath":"[].metadata.name"},{"name":"wrong","jmesPath":"length(`1`)"}]}"#;
    fixture.server.route(BETA, entries(&[("nodes", spec), ("a.b", spec)]));
    fixture.server.route(NODES, Route::json(&list("NodeList", &[node("n"), node("m")].join(","))));

    let whole = r#"[{"apiVersion":"v1","kind":"Node","metadata":{"name":"m","resourceVersion":"1"}},{"apiVersion":"v1","kind":"Node","metadata":{"name":"n","resourceVersion":"1"}}]"#;
    assert_eq!(fixture.ask(&key("nodes")).await.as_deref(), Ok(whole));
    // The newest version that the cluster has; it knows no other.
    assert_eq!(fixture.server.calls_of(V2).len(), 1);
    let names = r#"["m","n"]"#;
    assert_eq!(fixture.ask(&key("nodes.names")).await.as_deref(), Ok(names));
    // A name with dots.
    assert_eq!(fixture.ask(&key("a.b")).await.as_deref(), Ok(whole));
    assert_eq!(fixture.ask(&key("a.b.names")).await.as_deref(), Ok(names));
    failed(fixture.ask(&key("nodes.wrong")).await);
    let message = failed(fixture.ask(&key("nodes.none")).await);
    assert_eq!(message, "global context entry nodes has no `none`");
    assert_eq!(fixture.ask(&key("none")).await, Err(FactError::NotFound));
    // One list for each entry, however often it is asked for.
    assert_eq!(fixture.server.calls_of(NODES).len(), 2);
}

#[tokio::test]
async fn the_answer_of_a_call_is_renewed() {
    let fixture = Fixture::ready(options()).await;
    let spec = r#"{"apiCall":{"urlPath":"/api/v1/nodes/n","refreshInterval":"1s"},"projections":[{"name":"a","jmesPath":"a"}]}"#;
    fixture.server.route(V2, entries(&[("call", spec)]));
    fixture.server.route("/api/v1/nodes/n", Route::json(r#"{"a":1}"#));
    assert_eq!(fixture.ask(&key("call")).await.as_deref(), Ok(r#"{"a":1}"#));
    assert_eq!(fixture.ask(&key("call.a")).await.as_deref(), Ok("1"));
    fixture.server.route("/api/v1/nodes/n", Route::json(r#"{"a":2}"#));
    eventually(async || (fixture.ask(&key("call.a")).await.as_deref() == Ok("2")).then_some(()))
        .await;
    // What fails is said, and no old answer stands in for it.
    fixture.server.route("/api/v1/nodes/n", Route::status(500, &status(500, "x")));
    let said = Err(FactError::Failed("said: x".to_owned()));
    eventually(async || (fixture.ask(&key("call")).await == said).then_some(())).await;
    assert_eq!(fixture.ask(&key("call.a")).await, said);
}

#[tokio::test]
async fn an_entry_that_changes_gathers_anew() {
    let fixture = Fixture::ready(options()).await;
    let spec = |path: &str| format!(r#"{{"apiCall":{{"urlPath":"{path}"}}}}"#);
    let object = |version: u64, path: &str| {
        format!(
            r#"{{"metadata":{{"name":"call","resourceVersion":"{version}"}},"spec":{}}}"#,
            spec(path)
        )
    };
    fixture.server.route("/api/v1/nodes/a", Route::json("1"));
    fixture.server.route("/api/v1/nodes/b", Route::json("2"));
    // Each watch of this server ends at once, so that the list is what counts.
    fixture.server.route(V2, entries(&[("call", &spec("/api/v1/nodes/a"))]));
    assert_eq!(fixture.ask(&key("call")).await.as_deref(), Ok("1"));
    let event = format!(r#"{{"type":"MODIFIED","object":{}}}"#, object(2, "/api/v1/nodes/b"));
    fixture.server.route(V2, Route::json(&format!("{event}\n")));
    eventually(async || (fixture.ask(&key("call")).await.as_deref() == Ok("2")).then_some(()))
        .await;
    let event = format!(r#"{{"type":"DELETED","object":{}}}"#, object(3, "/api/v1/nodes/b"));
    fixture.server.route(V2, Route::json(&format!("{event}\n")));
    let gone = Err(FactError::NotFound);
    eventually(async || (fixture.ask(&key("call")).await == gone).then_some(())).await;
}

#[tokio::test]
async fn what_is_in_the_way_is_said() {
    let fixture = Fixture::ready(LiveOptions { max_watched_bytes: 2_000, ..options() }).await;
    let message = failed(fixture.ask(&key("nodes")).await);
    assert_eq!(message, "the cluster knows no GlobalContextEntry");
    fixture.server.route(V2, Route::status(403, &status(403, "Forbidden")));
    assert_eq!(fixture.ask(&key("nodes")).await, Err(FactError::Forbidden));
    // Nothing of that is for ever.
    let resource = |plural: &str| {
        format!(r#"{{"kubernetesResource":{{"version":"v1","resource":"{plural}"}}}}"#)
    };
    fixture.server.route(
        V2,
        entries(&[("secrets", &resource("secrets")), ("nodes", &resource("nodes")), ("odd", "{}")]),
    );
    fixture.server.route("/api/v1/secrets", Route::status(403, &status(403, "Forbidden")));
    let message = failed(fixture.ask(&key("secrets")).await);
    assert_eq!(message, "cannot list /api/v1/secrets: forbidden");
    let message = failed(fixture.ask(&key("odd")).await);
    assert_eq!(message, "the entry odd needs either `kubernetesResource` or `apiCall`");
    let nodes: Vec<_> = (0..50).map(|number| node(&format!("n{number}"))).collect();
    fixture.server.route(NODES, Route::json(&list("NodeList", &nodes.join(","))));
    let message = failed(fixture.ask(&key("nodes")).await);
    assert_eq!(message, "the list is larger than 2000 bytes");
}
