//! An OTLP collector that keeps what it gets. Messages are read by the numbers of their fields, as
//! OTLP's `trace.proto` has them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A collector that keeps what it gets.
pub(crate) struct Collector {
    pub(crate) url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

/// A span, with its numbers in hexadecimal.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) name: String,
    pub(crate) kind: u64,
    pub(crate) nanoseconds: u64,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) status: u64,
    pub(crate) flags: u64,
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
    pub(crate) fn start() -> Self {
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

    /// What it got so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
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
