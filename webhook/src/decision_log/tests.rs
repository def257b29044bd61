use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ajj_engine::report::{Counts, Keep, ObjectReport, ResultReport};
use ajj_engine::{Facts, Request, Source, compile};
use serde_json::Value;

use super::{DecisionLog, LogDecisions};
use crate::decision_id::{DecisionId, Replica};
use crate::review::{ResourceKinds, parse};

const POLICY: &str = r#"{"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy",
    "metadata": {"name": "network"}, "spec": {"rules": [{
        "name": "host", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"failureAction": "Enforce", "message": "no",
            "pattern": {"spec": {"hostNetwork": false}}}}]}}"#;

/// Blocks until nobody can tell it to go on any more, and counts what is written.
struct Out {
    go_on: Receiver<()>,
    lines: Arc<AtomicU64>,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.go_on.recv();
        self.lines.fetch_add(u64::from(bytes.ends_with(b"\n")), Ordering::SeqCst);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> (DecisionLog, Sender<()>, Arc<AtomicU64>) {
    let (sender, go_on) = channel();
    let lines = Arc::<AtomicU64>::default();
    let out = Out { go_on, lines: Arc::clone(&lines) };
    (DecisionLog::new(LogDecisions::Findings, out).unwrap(), sender, lines)
}

fn id(uid: &str) -> DecisionId {
    DecisionId::new(Replica::new("a"), uid)
}

/// A request that was denied.
fn denied() -> (Request, ObjectReport) {
    let (policies, _) = compile(&[Source::new("policy.json", POLICY)]);
    let review = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "name": "web", "namespace": "shop",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": {"spec": {"hostNetwork": true}}}}"#;
    let time = "2026-01-01T00:00:00Z".parse().unwrap();
    let request = parse(review.as_bytes(), &ResourceKinds::default(), time).unwrap();
    let decision = policies.conclude(&request, &Facts::default());
    let report = ObjectReport::new(&request, decision, Keep::All, |_| None);
    assert_eq!(report.counts, Counts { fail: 1, ..Counts::default() });
    (request, report)
}

/// Keeps a denial whose message has so many bytes.
fn deny(log: &DecisionLog, denied: &(Request, ObjectReport), uid: &str, bytes: usize) {
    let (mut request, mut report) = denied.clone();
    request.uid = uid.to_owned();
    let message = |result: &mut ResultReport| result.result.message = "m".repeat(bytes).into();
    report.results.iter_mut().for_each(message);
    log.keep(id(uid), &request, report, "sha256:0", Duration::from_micros(7));
}

#[test]
fn a_reader_that_does_not_read_costs_lines_and_no_memory() {
    let (log, go_on, lines) = log();
    let denied = denied();
    for number in 0..2_000 {
        deny(&log, &denied, &format!("u{number}"), 32 << 10);
    }
    assert!((1_400..2_000).contains(&log.dropped()), "{}", log.dropped());
    let remembered = log.denials.lock().unwrap();
    assert!(remembered.bytes <= super::REMEMBERED_BYTES && remembered.records.len() > 400);
    assert_eq!(
        remembered.bytes,
        remembered.records.iter().map(|record| record.bytes).sum::<usize>()
    );
    drop(remembered);
    assert!(log.find(id("u0")).is_none());
    let found: Value = serde_json::from_str(&log.find(id("u1999")).unwrap()).unwrap();
    assert_eq!((&found["uid"], &found["milliseconds"]), (&"u1999".into(), &0.007.into()));
    drop(go_on);
    let kept = 2_000 - log.dropped();
    for _ in 0..6_000 {
        if lines.load(Ordering::SeqCst) == kept {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{kept} lines were not written");
}

#[test]
fn a_line_that_would_be_too_long_keeps_its_head() {
    let (log, _go_on, _) = log();
    let denied = denied();
    for (uid, bytes) in [("small", 10), ("large", 70_000)] {
        deny(&log, &denied, uid, bytes);
        let line: Value = serde_json::from_str(&log.find(id(uid)).unwrap()).unwrap();
        assert_eq!(line["uid"], uid);
        assert_eq!(line["cut"].as_bool().unwrap_or_default(), uid == "large");
        assert_eq!(line["decision"].is_null(), uid == "large");
    }
}
