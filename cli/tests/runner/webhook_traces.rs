//! Traces of reviews, as a collector gets them.

use std::io::Write;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::admission::{Folder, is_allowed, policy, review, serve};
use crate::collector::{Collector, Span};
use crate::served::{Served, eventually, reply};

/// The spans of a trace, once its review's is among them.
fn trace_of(collector: &Collector, holds: impl Fn(&Span) -> bool) -> Vec<Span> {
    eventually(|| {
        let spans = collector.spans();
        let trace = spans.iter().find(|span| span.kind == 2 && holds(span))?.trace.clone();
        Some(spans.into_iter().filter(|span| span.trace == trace).collect())
    })
}

/// Sends a review with more headers.
fn send(served: &Served, headers: &str, review: &[u8]) -> Value {
    let mut connection = served.connect();
    let head = format!(
        "POST /validate/fail?timeout=5s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{headers}\r\n",
        review.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(review).unwrap();
    reply(&mut connection).unwrap().json()
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_collector_gets_the_spans_of_reviews_whose_trace_is_sampled() {
    let folder = Folder::new("traces");
    let collector = Collector::start();
    let served = serve(&folder, &["--otlp-endpoint", &collector.url]);
    let bad = review("u-unsampled", json!({"hostNetwork": true}));
    send(&served, &format!("traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\n"), &bad);
    let bad = review("u-sampled", json!({"hostNetwork": true}));
    let headers = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\ntracestate: a=1\r\n");
    let answer = send(&served, &headers, &bad);
    assert_eq!(answer["response"]["allowed"], false);

    let spans = trace_of(&collector, |span| span.attributes["ajj.review.uid"] == "u-sampled");
    assert_eq!(spans.len(), 3, "{spans:#?}");
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let root = named("POST /validate/fail");
    assert_eq!((root.trace.as_str(), root.parent.as_str()), (TRACE, "b7ad6b7169203331"));
    assert_eq!((root.state.as_str(), root.flags), ("a=1", 0x301));
    let line = eventually(|| served.decisions.find("u-sampled"));
    let line: Value = serde_json::from_str(&line).unwrap();
    for (key, value) in [
        ("ajj.decision.id", line["id"].as_str().unwrap()),
        ("ajj.decision.allowed", "false"),
        ("ajj.policies.digest", line["policies"].as_str().unwrap()),
        ("ajj.review.kind", "Pod"),
        ("ajj.review.operation", "CREATE"),
        ("ajj.review.dry_run", "false"),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(root.attributes.get(key).map(String::as_str), Some(value), "{key}: {root:#?}");
    }
    for child in ["read", "evaluate"] {
        let child = named(child);
        assert_eq!((&child.parent, child.kind), (&root.id, 1));
        assert!(child.nanoseconds <= root.nanoseconds);
    }

    // Without a word a trace begins here.
    assert!(is_allowed(&served, false));
    let begun = trace_of(&collector, |span| span.attributes["ajj.review.uid"] == "u1");
    let root = begun.iter().find(|span| span.kind == 2).unwrap();
    assert!(root.parent.is_empty() && root.trace != TRACE);
    assert_eq!(root.attributes["ajj.decision.allowed"], "true");
    eventually(|| (served.metric("ajj_spans_exported_total") == 6.0).then_some(()));
    assert_eq!(served.metric("ajj_spans_dropped_total"), 0.0);
}

/// A policy with a rule that asks a cluster, of which there is none.
fn asking() -> String {
    let asking = json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "asking"},
        "spec": {"validationFailureAction": "Enforce", "background": false, "rules": [{
            "name": "asking",
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "context": [{"name": "count", "apiCall": {
                "urlPath": "/api/v1/namespaces/shop/pods?secret=x", "jmesPath": "length(items)",
            }}],
            "validate": {"message": "too many", "deny": {"conditions": {"any": [
                {"key": "{{ count }}", "operator": "GreaterThan", "value": 9},
            ]}}},
        }]},
    });
    format!("{}\n---\n{asking}\n", policy(false))
}

#[test]
fn what_rules_ask_has_spans_of_its_own() {
    let folder = Folder::new("traces-facts");
    let policies = folder.write("asking.yaml", &asking());
    let collector = Collector::start();
    let arguments = ["-p", policies.to_str().unwrap(), "--otlp-endpoint", &collector.url];
    let served = Served::start(&folder.0, &arguments, None);
    assert!(!is_allowed(&served, false));
    let spans = trace_of(&collector, |_| true);
    let evaluate = spans.iter().find(|span| span.name == "evaluate").unwrap();
    let fact = spans.iter().find(|span| span.name == "fact").unwrap();
    assert_eq!((&fact.parent, fact.kind, fact.status), (&evaluate.id, 3, 2));
    assert_eq!(fact.attributes["ajj.fact"], "GET /api/v1/namespaces/shop/pods");
    assert!(!fact.attributes["error.type"].is_empty());
}

#[test]
fn without_a_collector_reviews_are_answered_and_lost_spans_are_counted() {
    let folder = Folder::new("traces-lost");
    // Nobody listens there any more.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let served = serve(&folder, &["--otlp-endpoint", &format!("http://{free}")]);
    for host_network in [true, false] {
        assert_eq!(is_allowed(&served, host_network), !host_network);
    }
    eventually(|| (served.metric("ajj_spans_dropped_total") == 6.0).then_some(()));
    assert_eq!(served.metric("ajj_spans_exported_total"), 0.0);
    assert!(served.log.find("does not take spans").is_some(), "{}", served.log.text());
}
