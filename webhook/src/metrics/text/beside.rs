//! What there is beside reviews: the cluster, registration, spans.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ClusterGauges, Page};
use crate::policies::LAGS;
use crate::register::Registered;
use crate::traces::SpanCounters;

impl Page {
    pub(super) fn cluster(&mut self, cluster: &ClusterGauges<'_>) {
        self.one(
            "ajj_exceptions_ignored",
            "gauge",
            "Exceptions of namespaces whose exceptions do not count.",
            cluster.exceptions_ignored,
        );
        self.one(
            "ajj_cluster_listed",
            "gauge",
            "Whether policies and namespaces were listed.",
            u8::from(cluster.age.is_some()),
        );
        self.one(
            "ajj_cluster_age_seconds",
            "gauge",
            "How long nothing was heard of a list that is followed; 0 while its watch stands.",
            cluster.age.unwrap_or_default().as_secs_f64(),
        );
        self.one(
            "ajj_cluster_trouble",
            "gauge",
            "Whether a list or watch does not stand; the log says why.",
            u8::from(cluster.has_trouble),
        );
        let name = "ajj_policy_enforcement_lag_seconds";
        self.head(name, "histogram", "From the event that tells of a change until it decides.");
        let mut count = 0;
        for (number, added) in cluster.lag.buckets().enumerate() {
            count += added;
            let bound = LAGS.get(number).map_or("+Inf".to_owned(), f64::to_string);
            let _ = writeln!(self.text, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(self.text, "{name}_sum {}\n{name}_count {count}", cluster.lag.sum());
        self.one(
            "ajj_policy_enforcement_lag_last_seconds",
            "gauge",
            "The same of the last change.",
            cluster.lag.last(),
        );
        self.one(
            "ajj_events_dropped_total",
            "counter",
            "Events of denials that were not written because there are too many.",
            cluster.events_dropped,
        );
        let counters = cluster.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        for (name, help, counter) in [
            ("api_calls", "Calls of the API server for a rule.", &counters.api_calls),
            ("service_calls", "Calls of services for a rule.", &counters.service_calls),
            ("writes", "Writes to the API server.", &counters.writes),
            ("pages", "Pages of lists that were read to look at objects once.", &counters.pages),
            ("lists", "Lists that feed a watch.", &counters.lists),
            ("watches", "Watches that were begun.", &counters.watches),
            ("watch_hits", "Questions that a watch answered.", &counters.watch_hits),
            ("cache_hits", "Questions that a kept answer answered.", &counters.cache_hits),
            ("cache_misses", "Questions that neither answered.", &counters.cache_misses),
            ("joined", "Questions that waited for another's call.", &counters.joined),
            ("timeouts", "Questions whose answer came too late.", &counters.timeouts),
            ("refused", "Questions that may not be asked.", &counters.refused),
            ("failures", "Questions that failed.", &counters.failures),
        ] {
            self.one(&format!("ajj_facts_{name}_total"), "counter", help, read(counter));
        }
    }

    pub(super) fn spans(&mut self, spans: &SpanCounters) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let exported = read(&spans.exported);
        self.one("ajj_spans_exported_total", "counter", "Spans that a collector took.", exported);
        self.one(
            "ajj_spans_dropped_total",
            "counter",
            "Spans that were lost: more came than are sent, or the collector did not take them.",
            read(&spans.dropped),
        );
    }

    pub(super) fn registered(&mut self, registered: &Registered) {
        self.one(
            "ajj_registration_current",
            "gauge",
            "Whether the API server holds the registration that policies ask for.",
            u8::from(registered.is_current.load(Ordering::Relaxed)),
        );
        let counters = [
            (
                "ajj_registration_writes_total",
                "Registrations that were written.",
                &registered.writes,
            ),
            (
                "ajj_registration_restored_total",
                "Changes of the registration by others that were undone.",
                &registered.restored,
            ),
            (
                "ajj_registration_failures_total",
                "Registrations that could not be written.",
                &registered.failures,
            ),
        ];
        for (name, help, counter) in counters {
            self.one(name, "counter", help, counter.load(Ordering::Relaxed));
        }
        self.one(
            "ajj_registration_kinds_left_out",
            "gauge",
            "Kinds that rules name and about which no request comes.",
            registered.left_out.load(Ordering::Relaxed),
        );
    }
}
