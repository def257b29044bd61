//! An API server that traces: its trace goes on here.

use ajj_e2e::{ControlPlane, Controllers, Folder, eventually};
use serde_json::json;

use super::served::Served;
use super::{JUDGED, kyverno, register};
use crate::collector::Collector;
use crate::support::BOUND;

/// Samples everything; where its own spans go, nobody listens.
const TRACING: &str = "
apiVersion: apiserver.config.k8s.io/v1
kind: TracingConfiguration
endpoint: 127.0.0.1:1
samplingRatePerMillion: 1000000
";

#[test]
fn the_trace_of_an_api_server_goes_on() {
    let folder = Folder::create("tracing-").unwrap();
    let file = folder.path().join("tracing.yaml");
    std::fs::write(&file, TRACING).unwrap();
    let argument = format!("--tracing-config-file={}", file.display());
    let plane = ControlPlane::start_with(Controllers::Absent, &[argument]).unwrap();
    kyverno::define(&plane);
    let collector = Collector::start();
    let served = Served::start_with(&plane, "webhook", &["--otlp-endpoint", &collector.url]);
    served.ready();
    register(&plane, &served);
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "judged", "labels": {JUDGED: "yes"}},
    });
    let applied = plane.kubectl(&["apply", "-f", "-"], &namespace.to_string()).unwrap();
    assert_eq!(applied.code, 0, "{applied:?}");
    let create = ["create", "configmap", "thing", "--dry-run=server", "--namespace", "judged"];
    // A registration holds a moment after it is written.
    let span = eventually(BOUND, || {
        let created = plane.kubectl(&create, "").unwrap();
        let spans = collector.spans();
        let is_it = |key: &str, value: &str, span: &crate::collector::Span| {
            span.attributes.get(key).is_some_and(|found| found == value)
        };
        let found = spans.into_iter().find(|span| {
            is_it("k8s.namespace.name", "judged", span)
                && is_it("ajj.review.kind", "ConfigMap", span)
        });
        found.ok_or_else(|| (created, served.log(), plane.logs()))
    });
    let span = span.unwrap();
    assert_eq!(span.kind, 2);
    assert_eq!(span.parent.len(), 16, "{span:?}");
    assert_eq!(span.flags, 0x301, "sampled, and the parent is another process");
    assert_eq!(span.attributes["ajj.decision.allowed"], "true");
}
