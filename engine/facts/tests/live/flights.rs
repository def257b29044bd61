//! Who waits for whom, what is kept, and what comes too late.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ajj_engine::{
    FactError, FactKey, Facts, Limits, Outcome, Request, Source, compile, parse_json,
};
use ajj_facts::{FactSource, LiveOptions, decide};
use tokio::time::Instant;

use crate::fixture::{Fixture, ask, ask_until, failed, options};
use crate::server::{BOUND, Route, Server, eventually, status};

const MAP: &str = "/api/v1/namespaces/one/configmaps/settings";
const MAPS: &str = "/api/v1/namespaces/one/configmaps";

/// Many askers on runtimes of their own, as the workers of a webhook are.
fn askers(fixture: &Fixture, path: &'static str, count: usize) -> Vec<Asker> {
    let ask = |live: ajj_facts::Live| {
        std::thread::spawn(move || {
            let worker = tokio::runtime::Builder::new_current_thread().enable_all().build();
            worker.unwrap().block_on(ask(&live, &FactKey::get(path)))
        })
    };
    (0..count).map(|_| ask(fixture.live.clone())).collect()
}

type Asker = std::thread::JoinHandle<Result<String, FactError>>;

#[tokio::test]
async fn many_who_ask_the_same_make_one_call() {
    let fixture = Fixture::ready(options()).await;
    let (gate, held) = Route::json(r#"{"data":{"a":"b"}}"#).held();
    fixture.server.route(MAP, held);
    let askers = askers(&fixture, MAP, 50);
    eventually(async || (fixture.count(|counters| &counters.joined) == 49).then_some(())).await;
    gate.send_replace(true);
    for asker in askers {
        assert_eq!(asker.join().unwrap().as_deref(), Ok(r#"{"data":{"a":"b"}}"#));
    }
    assert_eq!(fixture.server.calls_of(MAP).len(), 1);
    assert_eq!(fixture.count(|counters| &counters.api_calls), 1);
    // And it is kept.
    assert_eq!(fixture.get(MAP).await.as_deref(), Ok(r#"{"data":{"a":"b"}}"#));
    assert_eq!(fixture.server.calls_of(MAP).len(), 1);
    assert_eq!(fixture.count(|counters| &counters.cache_hits), 1);
}

#[tokio::test]
async fn a_list_is_as_new_as_the_request() {
    let fixture = Fixture::ready(options()).await;
    let (gate, held) = Route::json(r#"{"items":[]}"#).held();
    fixture.server.route(MAPS, held);
    let early = askers(&fixture, MAPS, 1);
    fixture.server.until(|server| server.calls_of(MAPS).len() == 1).await;
    // Something is admitted, and then others ask while the old call is under way.
    fixture.server.route(MAPS, Route::json(r#"{"items":[1]}"#));
    let late = askers(&fixture, MAPS, 20);
    eventually(async || (fixture.count(|counters| &counters.joined) == 20).then_some(())).await;
    gate.send_replace(true);
    for asker in early {
        assert_eq!(asker.join().unwrap().as_deref(), Ok(r#"{"items":[]}"#));
    }
    for asker in late {
        assert_eq!(asker.join().unwrap().as_deref(), Ok(r#"{"items":[1]}"#));
    }
    assert!(fixture.server.calls_of(MAPS).len() <= 21);
    // Nothing of it is kept.
    fixture.server.route(MAPS, Route::json(r#"{"items":[1,2]}"#));
    assert_eq!(fixture.get(MAPS).await.as_deref(), Ok(r#"{"items":[1,2]}"#));
}

#[tokio::test]
async fn what_comes_too_late_blocks_nobody_and_is_kept() {
    let fixture = Fixture::ready(options()).await;
    let (gate, held) = Route::json(r#"{"late":true}"#).held();
    fixture.server.route(MAP, held);
    let key = FactKey::get(MAP);
    let soon = Instant::now() + Duration::from_millis(20);
    assert_eq!(ask_until(&fixture.live, &key, soon).await, Err(FactError::Timeout));
    assert_eq!(fixture.count(|counters| &counters.timeouts), 1);
    // The same again joins the call that goes on, and others are not held up.
    let past = Instant::now();
    assert_eq!(ask_until(&fixture.live, &key, past).await, Err(FactError::Timeout));
    assert!(fixture.get("/api/v1/namespaces/one").await.is_ok());
    gate.send_replace(true);
    assert_eq!(fixture.get(MAP).await.as_deref(), Ok(r#"{"late":true}"#));
    assert_eq!(fixture.server.calls_of(MAP).len(), 1);
}

#[tokio::test]
async fn who_asks_needs_no_runtime() {
    let fixture = Fixture::ready(options()).await;
    let (gate, held) = Route::json("1").held();
    fixture.server.route(MAP, held);
    let asked = |live: ajj_facts::Live, deadline: Instant| {
        let ask = move || pollster::block_on(ask_until(&live, &FactKey::get(MAP), deadline));
        std::thread::spawn(ask)
    };
    let soon = Instant::now() + Duration::from_millis(20);
    let late = asked(fixture.live.clone(), soon);
    assert_eq!(late.join().unwrap(), Err(FactError::Timeout));
    let in_time = asked(fixture.live.clone(), Instant::now() + BOUND);
    gate.send_replace(true);
    assert_eq!(in_time.join().unwrap().as_deref(), Ok("1"));
}

#[tokio::test]
async fn one_late_answer_takes_no_other_with_it() {
    let fixture = Fixture::ready(options()).await;
    let (_gate, held) = Route::json("{}").held();
    fixture.server.route(MAP, held);
    fixture.server.route("/api/v1/nodes/n", Route::json(r#"{"node":true}"#));
    let keys: BTreeSet<FactKey> =
        [MAP, "/api/v1/nodes/n", "/api/v1/namespaces/one"].map(FactKey::get).into();
    // The other call is there before the deadline is even set.
    assert!(fixture.get("/api/v1/nodes/n").await.is_ok());
    let facts = fixture.live.until(Instant::now()).fetch(&keys).await;
    let is_ok = |path: &str| facts.get(&FactKey::get(path)).unwrap().is_ok();
    assert!(is_ok("/api/v1/nodes/n") && is_ok("/api/v1/namespaces/one"));
    assert!(matches!(facts.get(&FactKey::get(MAP)), Some(Err(FactError::Timeout))));
}

#[tokio::test]
async fn all_questions_of_a_request_are_asked_at_once() {
    let fixture = Fixture::ready(options()).await;
    let paths = ["/api/v1/nodes/a", "/api/v1/nodes/b", "/api/v1/nodes/c"];
    let mut gates = Vec::new();
    for path in paths {
        let (gate, held) = Route::json("{}").held();
        fixture.server.route(path, held);
        gates.push(gate);
    }
    let live = fixture.live.clone();
    let keys: BTreeSet<FactKey> = paths.map(FactKey::get).into();
    let asked = tokio::spawn(async move { live.until(Instant::now() + BOUND).fetch(&keys).await });
    fixture.server.until(|server| paths.iter().all(|path| server.calls_of(path).len() == 1)).await;
    for gate in gates {
        gate.send_replace(true);
    }
    let facts = asked.await.unwrap();
    assert!(paths.iter().all(|path| facts.get(&FactKey::get(*path)).unwrap().is_ok()));
}

#[tokio::test]
async fn a_call_has_an_end_of_its_own() {
    let call_timeout = Duration::from_millis(30);
    let fixture = Fixture::ready(LiveOptions { call_timeout, ..options() }).await;
    let (_gate, held) = Route::json("{}").held();
    fixture.server.route(MAP, held);
    assert_eq!(fixture.get(MAP).await, Err(FactError::Timeout));
    // The next one is a new call.
    fixture.server.route(MAP, Route::json("{}"));
    assert_eq!(fixture.get(MAP).await.as_deref(), Ok("{}"));
}

#[tokio::test]
async fn errors_are_kept_shortly_and_absence_not_at_all() {
    let cache_errors_for = Duration::from_secs(3600);
    let fixture = Fixture::ready(LiveOptions { cache_errors_for, ..options() }).await;
    for (path, code, error, calls) in [
        ("/api/v1/nodes/a", 404, FactError::NotFound, 2),
        ("/api/v1/nodes/b", 403, FactError::Forbidden, 1),
        ("/api/v1/nodes/c", 500, FactError::Failed("said: x".to_owned()), 1),
    ] {
        fixture.server.route(path, Route::status(code, &status(code, "x")));
        assert_eq!(fixture.get(path).await, Err(error.clone()));
        assert_eq!(fixture.get(path).await, Err(error));
        assert_eq!(fixture.server.calls_of(path).len(), calls, "{path}");
    }
}

#[tokio::test]
async fn kept_answers_go_after_their_time_and_beyond_their_bytes() {
    let cache_objects_for = Duration::from_millis(1);
    let fixture = Fixture::ready(LiveOptions { cache_objects_for, ..options() }).await;
    fixture.server.route(MAP, Route::json("1"));
    assert_eq!(fixture.get(MAP).await.as_deref(), Ok("1"));
    fixture.server.route(MAP, Route::json("2"));
    eventually(async || (fixture.get(MAP).await.as_deref() == Ok("2")).then_some(())).await;

    let fixture = Fixture::ready(LiveOptions { cache_bytes: 1_000, ..options() }).await;
    fixture.server.route(MAP, Route::json(&format!("[{}1]", "1,".repeat(500))));
    for _ in 0..3 {
        assert!(fixture.get(MAP).await.is_ok());
    }
    assert!(fixture.server.calls_of(MAP).len() > 1);
}

#[tokio::test]
async fn there_is_an_end_to_open_questions() {
    let fixture = Fixture::ready(LiveOptions { max_open_questions: 2, ..options() }).await;
    let (gate, held) = Route::json("{}").held();
    for path in ["/api/v1/nodes/a", "/api/v1/nodes/b"] {
        fixture.server.route(path, held.clone());
    }
    let first = askers(&fixture, "/api/v1/nodes/a", 1);
    let second = askers(&fixture, "/api/v1/nodes/b", 2);
    fixture.server.until(|server| server.calls_of("/api/v1/nodes/b").len() == 1).await;
    fixture.server.until(|server| server.calls_of("/api/v1/nodes/a").len() == 1).await;
    let message = failed(fixture.get("/api/v1/nodes/c").await);
    assert!(message.starts_with("too many questions are open"), "{message}");
    gate.send_replace(true);
    for asker in first.into_iter().chain(second) {
        assert_eq!(asker.join().unwrap().as_deref(), Ok("{}"));
    }
    // The room is free again.
    fixture.server.route("/api/v1/nodes/c", Route::json("3"));
    eventually(async || fixture.get("/api/v1/nodes/c").await.ok()).await;
}

#[tokio::test]
async fn without_its_runtime_it_fails_and_does_not_hang() {
    let mut fixture = Fixture::ready(options()).await;
    let (_gate, held) = Route::json("{}").held();
    fixture.server.route(MAP, held);
    let open = askers(&fixture, MAP, 1);
    fixture.server.until(|server| server.calls_of(MAP).len() == 1).await;
    let control = fixture.control.take().unwrap();
    std::thread::spawn(move || drop(control)).join().unwrap();
    for asker in open {
        assert_eq!(failed(asker.join().unwrap()), "the call was given up");
    }
    assert_eq!(failed(fixture.get("/api/v1/nodes/x").await), "the call was given up");
    assert!(fixture.get("/api/v1/namespaces/one").await.is_ok());
}

fn request(labels: &str) -> Request {
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"one","labels":{labels}}}}}"#
    );
    let tree = parse_json(text, &Limits::default()).unwrap();
    Request::create(Arc::new(tree), "2026-01-01T00:00:00Z".parse().unwrap())
}

const HEAD: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  background: false\n  rules:\n";

#[tokio::test]
async fn what_needs_no_fact_makes_no_call() {
    let fixture = Fixture::ready(options()).await;
    let source = Source::new(
        "p.yaml",
        format!(
            "{HEAD}  - name: r\n    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n    validate: {{message: m, pattern: {{metadata: {{labels: {{a: b}}}}}}}}\n"
        ),
    );
    let (policies, diagnostics) = compile(&[source]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let before = fixture.server.calls().len();
    for (labels, outcome) in [(r#"{"a":"b"}"#, Outcome::Pass), ("{}", Outcome::Fail)] {
        let source = fixture.live.until(Instant::now() + BOUND);
        let decision = decide(&policies, &request(labels), Facts::default(), &source).await;
        assert_eq!(decision.results[0].outcome, outcome);
    }
    assert_eq!(fixture.server.calls().len(), before);
    let counters = fixture.live.counters();
    for counter in [
        &counters.api_calls,
        &counters.watch_hits,
        &counters.cache_hits,
        &counters.cache_misses,
        &counters.joined,
    ] {
        assert_eq!(counter.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test]
async fn a_decision_with_labels_and_a_configmap() {
    let fixture = Fixture::ready(options()).await;
    let source = Source::new(
        "p.yaml",
        format!(
            "{HEAD}  - name: r\n    match:\n      any:\n      - resources:\n          kinds: [Pod]\n          namespaceSelector: {{matchLabels: {{is: one}}}}\n    context:\n    - name: settings\n      configMap: {{name: settings, namespace: one}}\n    validate:\n      message: m\n      pattern: {{metadata: {{labels: {{a: \"{{{{ settings.data.a }}}}\"}}}}}}\n"
        ),
    );
    let (policies, diagnostics) = compile(&[source]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let outcome = async |labels: &str| {
        let source = fixture.live.until(Instant::now() + BOUND);
        let decision = decide(&policies, &request(labels), Facts::default(), &source).await;
        (decision.results[0].outcome, decision.results[0].message.clone())
    };
    let (missing, message) = outcome(r#"{"a":"b"}"#).await;
    assert_eq!(missing, Outcome::Error, "{message}");
    fixture.server.route(MAP, Route::json(r#"{"data":{"a":"b"},"metadata":{}}"#));
    assert_eq!(outcome(r#"{"a":"b"}"#).await.0, Outcome::Pass);
    assert_eq!(outcome(r#"{"a":"c"}"#).await.0, Outcome::Fail);
    assert_eq!(fixture.server.calls_of(MAP).len(), 2);
    assert_eq!(fixture.server.calls_of("/api/v1/namespaces/one").len(), 0);
}

#[tokio::test]
async fn a_server_that_nobody_started_is_a_failure() {
    let control = crate::fixture::runtime();
    let server = Server::start(control.handle()).await;
    server.stop();
    let live = crate::fixture::live(&control, &server, options()).await;
    let message = failed(ask(&live, &FactKey::get(MAP)).await);
    assert!(message.starts_with("the API server cannot be asked: "), "{message}");
    assert!(!live.is_ready());
    control.shutdown_background();
}
