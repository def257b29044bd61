//! Traces of reviews, as a collector gets them. Messages are read by the numbers of their fields, as
//! OTLP's `trace.proto` has them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::admission::{Folder, is_allowed, policy, review, serve};
use crate::served::{Served, eventually, reply};

/// A collector that keeps what it gets.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

#[derive(Clone, Debug)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    state: String,
    name: String,
    kind: u64,
    nanoseconds: u64,
    attributes: BTreeMap<String, String>,
    status: u64,
    flags: u64,
}

/// What a field holds: a number, or bytes.
type Field<'b> = (u64, u64, &'b [u8]);

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

fn fields(mut bytes: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let mut number = 0;
        let length = match tag & 7 {
            0 => {
                number = varint(&mut bytes);
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)).unwrap(),
            5 => 4,
            wire => panic!("wire type {wire}"),
        };
        let (held, rest) = bytes.split_at(length);
        if tag & 7 == 1 || tag & 7 == 5 {
            number = held.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        }
        fields.push((tag >> 3, number, held));
        bytes = rest;
    }
    fields
}

fn all(bytes: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(bytes).into_iter().filter(move |field| field.0 == number).map(|field| field.2)
}

fn number(bytes: &[u8], field: u64) -> u64 {
    fields(bytes).iter().find(|found| found.0 == field).map_or(0, |found| found.1)
}

fn text(bytes: &[u8], field: u64) -> String {
    all(bytes, field)
        .next()
        .map(|text| String::from_utf8(text.to_vec()).unwrap())
        .unwrap_or_default()
}

fn hex(bytes: &[u8], field: u64) -> String {
    let bytes = all(bytes, field).next().unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(bytes: &[u8], field: u64) -> BTreeMap<String, String> {
    let value = |value: &[u8]| match fields(value).first() {
        Some((1, _, text)) => String::from_utf8(text.to_vec()).unwrap(),
        Some((2, truth, _)) => (*truth == 1).to_string(),
        Some((3, number, _)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    all(bytes, field).map(|one| (text(one, 1), value(all(one, 2).next().unwrap()))).collect()
}

fn spans(request: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource_spans in all(request, 1) {
        let resource = attributes(all(resource_spans, 1).next().unwrap(), 1);
        assert_eq!(resource["service.name"], "ajj");
        for scope_spans in all(resource_spans, 2) {
            assert_eq!(text(all(scope_spans, 1).next().unwrap(), 1), "ajj-webhook");
            spans.extend(all(scope_spans, 2).map(|span| Span {
                trace: hex(span, 1),
                id: hex(span, 2),
                state: text(span, 3),
                parent: hex(span, 4),
                name: text(span, 5),
                kind: number(span, 6),
                nanoseconds: number(span, 8) - number(span, 7),
                attributes: attributes(span, 9),
                status: all(span, 15).next().map_or(0, |status| number(status, 3)),
                flags: number(span, 16),
            }));
        }
    }
    spans
}

impl Collector {
    /// Listens until the test ends.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::<Mutex<Vec<Span>>>::default();
        let spans = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                take(&mut stream.unwrap(), &spans);
            }
        });
        Self { url, spans: kept }
    }

    /// The spans of a trace, once its review's is among them.
    fn trace(&self, holds: impl Fn(&Span) -> bool) -> Vec<Span> {
        eventually(|| {
            let spans = self.spans.lock().unwrap();
            let trace = spans.iter().find(|span| span.kind == 2 && holds(span))?.trace.clone();
            Some(spans.iter().filter(|span| span.trace == trace).cloned().collect())
        })
    }
}

/// Reads one request and answers it.
fn take(stream: &mut TcpStream, kept: &Mutex<Vec<Span>>) {
    let mut request = Vec::new();
    let (head, body) = loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert_ne!(length, 0, "the request ends early");
        request.extend_from_slice(&part[..length]);
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(request[..end].to_vec()).unwrap().to_lowercase();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if request.len() >= end + 4 + length {
            break (head, request[end + 4..].to_vec());
        }
    };
    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    kept.lock().unwrap().extend(spans(&body));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
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

    let spans = collector.trace(|span| span.attributes["ajj.review.uid"] == "u-sampled");
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
    let begun = collector.trace(|span| span.attributes["ajj.review.uid"] == "u1");
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
    let spans = collector.trace(|_| true);
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
