//! Metrics as Prometheus reads them: durations in seconds, names `ajj_*`.

mod beside;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ajj_facts::LiveCounters;

use super::{BUCKETS, Finding, OPERATIONS, Shard, VERDICTS};
use crate::audit::Audited;
use crate::policies::Lag;
use crate::register::Registered;
use crate::traces::SpanCounters;

/// What is read when somebody asks, not counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauges<'g> {
    pub(crate) ready: bool,
    pub(crate) stale: bool,
    pub(crate) rules: usize,
    pub(crate) policies: usize,
    pub(crate) not_evaluated: usize,
    pub(crate) digest: String,
    pub(crate) replaced: u64,
    pub(crate) refused: u64,
    pub(crate) certificate_expiry: f64,
    pub(crate) certificate_stale: bool,
    pub(crate) log_dropped: u64,
    /// Where somebody asked for traces.
    pub(crate) spans: Option<&'g SpanCounters>,
    /// Policies of the set that have rules which can only answer with an error.
    pub(crate) broken: usize,
    pub(crate) registered: Option<&'g Registered>,
    pub(crate) audited: Option<&'g Audited>,
    pub(crate) cluster: Option<ClusterGauges<'g>>,
}

/// What is read of a cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClusterGauges<'g> {
    /// How old the oldest of what is known is; `None` before it is known.
    pub(crate) age: Option<Duration>,
    pub(crate) has_trouble: bool,
    pub(crate) counters: &'g LiveCounters,
    pub(crate) lag: &'g Lag,
    pub(crate) events_dropped: u64,
    pub(crate) exceptions_ignored: usize,
}

/// Writes everything in the text format of Prometheus.
pub(crate) fn write(shards: &[Arc<Shard>], gauges: &Gauges<'_>) -> String {
    let mut out = Page::default();
    out.requests(shards);
    out.durations(shards);
    out.findings(shards);
    let sum = |read: fn(&Shard) -> &AtomicU64| total(shards.iter().map(|shard| read(shard)));
    out.one(
        "ajj_admission_in_flight",
        "gauge",
        "Reviews being answered.",
        sum(|shard| &shard.in_flight),
    );
    out.one("ajj_connections", "gauge", "Open connections.", sum(|shard| &shard.connections));
    out.one(
        "ajj_tls_handshake_failures_total",
        "counter",
        "Connections that ended before a request.",
        sum(|shard| &shard.handshake_failures),
    );
    out.one(
        "ajj_ready",
        "gauge",
        "Whether a complete set of policies decides.",
        u8::from(gauges.ready),
    );
    out.one(
        "ajj_policies_stale",
        "gauge",
        "Whether policies offered last were refused and an older set decides.",
        u8::from(gauges.stale),
    );
    out.head("ajj_policies", "gauge", "Policies in the set that decides.");
    let sound = gauges.policies.saturating_sub(gauges.broken);
    for (state, count) in [("enforced", sound), ("broken", gauges.broken)] {
        let _ = writeln!(out.text, "ajj_policies{{state=\"{state}\"}} {count}");
    }
    out.one("ajj_rules", "gauge", "Rules in the set that decides.", gauges.rules);
    out.one(
        "ajj_rules_not_evaluated",
        "gauge",
        "Rules that are recognised and that this build does not evaluate.",
        gauges.not_evaluated,
    );
    out.head("ajj_policies_info", "gauge", "Names the set that decides.");
    let digest = label(&gauges.digest);
    let _ = writeln!(out.text, "ajj_policies_info{{digest=\"{digest}\"}} 1");
    out.one("ajj_policies_replaced_total", "counter", "Sets that were taken.", gauges.replaced);
    out.one("ajj_policies_refused_total", "counter", "Sets that were refused.", gauges.refused);
    out.one(
        "ajj_certificate_expiry_timestamp_seconds",
        "gauge",
        "When the serving certificate expires, since 1970.",
        gauges.certificate_expiry,
    );
    out.one(
        "ajj_certificate_stale",
        "gauge",
        "Whether the certificate files could not be taken and an older pair serves.",
        u8::from(gauges.certificate_stale),
    );
    if let Some(registered) = gauges.registered {
        out.registered(registered);
    }
    if let Some(audited) = gauges.audited {
        out.audited(audited);
    }
    out.one(
        "ajj_decision_log_dropped_total",
        "counter",
        "Decisions that were not logged because stdout is too slow.",
        gauges.log_dropped,
    );
    if let Some(spans) = gauges.spans {
        out.spans(spans);
    }
    if let Some(cluster) = &gauges.cluster {
        out.cluster(cluster);
    }
    out.text
}

#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn one(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        value: impl std::fmt::Display,
    ) {
        self.head(name, kind, help);
        let _ = writeln!(self.text, "{name} {value}");
    }

    fn requests(&mut self, shards: &[Arc<Shard>]) {
        let name = "ajj_admission_requests_total";
        self.head(name, "counter", "Reviews by operation and answer.");
        let rows = OPERATIONS.iter().map(|(_, word)| *word).chain(["unknown"]);
        for (row, operation) in rows.enumerate() {
            for (column, (_, verdict)) in VERDICTS.iter().enumerate() {
                let cells = shards.iter().filter_map(|shard| shard.requests.get(row)?.get(column));
                let count = total(cells);
                let labels = format!("operation=\"{operation}\",decision=\"{verdict}\"");
                let _ = writeln!(self.text, "{name}{{{labels}}} {count}");
            }
        }
    }

    fn durations(&mut self, shards: &[Arc<Shard>]) {
        let name = "ajj_admission_duration_seconds";
        self.head(name, "histogram", "From the first byte of a review's body to its answer.");
        let mut count = 0;
        for number in 0..=BUCKETS.len() {
            count += total(shards.iter().filter_map(|shard| shard.buckets.get(number)));
            let bound = BUCKETS.get(number).map_or("+Inf".to_owned(), f64::to_string);
            let _ = writeln!(self.text, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let seconds = total(shards.iter().map(|shard| &shard.nanoseconds)) as f64 / 1e9;
        let _ = writeln!(self.text, "{name}_sum {seconds}\n{name}_count {count}");
    }

    fn findings(&mut self, shards: &[Arc<Shard>]) {
        let name = "ajj_policy_findings_total";
        self.head(name, "counter", "Failures and errors of rules.");
        let mut sums: BTreeMap<Finding, u64> = BTreeMap::new();
        for shard in shards {
            let findings = shard.findings.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in findings.iter() {
                *sums.entry(key.clone()).or_default() += count;
            }
        }
        for ((policy, rule, outcome, action), count) in &sums {
            let _ = writeln!(
                self.text,
                "{name}{{policy=\"{}\",rule=\"{}\",outcome=\"{outcome}\",action=\"{action}\"}} {count}",
                label(policy),
                label(rule)
            );
        }
    }
}

fn total<'c>(counters: impl IntoIterator<Item = &'c AtomicU64>) -> u64 {
    counters.into_iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
}

/// The value of a label, escaped as the format wants it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
