//! Metrics of the audit.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::text::Page;
use crate::audit::Audited;

impl Page {
    pub(super) fn audited(&mut self, audited: &Audited) {
        let flag = |flag: &AtomicBool| u8::from(flag.load(Ordering::Relaxed));
        let gauge = |gauge: &AtomicUsize| gauge.load(Ordering::Relaxed);
        self.one(
            "ajj_audit_leader",
            "gauge",
            "Whether this replica audits.",
            flag(&audited.is_leading),
        );
        self.one(
            "ajj_audit_report_apis",
            "gauge",
            "Kinds of reports that are written; 0 where none is installed.",
            gauge(&audited.report_apis),
        );
        self.one(
            "ajj_audit_objects",
            "gauge",
            "Objects that policies are about.",
            gauge(&audited.objects),
        );
        let name = "ajj_audit_results";
        self.head(name, "gauge", "What rules say of the objects that are there.");
        for (word, count) in audited.results() {
            let _ = writeln!(self.text, "{name}{{result=\"{word}\"}} {count}");
        }
        let counters: [(&str, &str, &AtomicU64); 4] = [
            ("pairs", "Pairs of a rule and an object that were judged.", &audited.pairs),
            ("errors", "What could not be listed, judged or reported.", &audited.errors),
            ("reports_written", "Reports that were written.", &audited.written),
            ("reports_removed", "Reports that were removed.", &audited.removed),
        ];
        for (name, help, counter) in counters {
            let name = format!("ajj_audit_{name}_total");
            self.one(&name, "counter", help, counter.load(Ordering::Relaxed));
        }
        self.one(
            "ajj_audit_round_seconds",
            "gauge",
            "How long the last complete round took; 0 before the first.",
            audited.round(),
        );
    }
}
