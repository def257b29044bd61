//! A webhook that nobody listens for: what the failure policy then means.

use ajj_e2e::{eventually, free_ports};
use serde_json::json;

use crate::support::{BOUND, kubectl, kubectl_with, plane_with_namespace, said};

/// Registers a webhook for ConfigMaps of one namespace at a port on which nobody listens.
fn register(namespace: &str, failure_policy: &str) -> u16 {
    let [port] = free_ports().unwrap();
    let name = format!("{namespace}.ajj.dev");
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": name,
            "clientConfig": {"url": format!("https://127.0.0.1:{port}/validate")},
            "failurePolicy": failure_policy,
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "rules": [{
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["configmaps"],
            }],
        }],
    });
    let created = kubectl_with("create -f -", &configuration.to_string());
    let kind = "validatingwebhookconfiguration.admissionregistration.k8s.io";
    assert_eq!(created, said(&format!("{kind}/{name} created\n")));
    port
}

const CONFIG_MAP: &str =
    r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fact"}}"#;

#[test]
fn with_fail_nothing_is_created() {
    let plane = plane_with_namespace("fails");
    let port = register("fails", "Fail");
    // The API server learns of the webhook a moment later; until then it would create the object.
    let dry_run = "create --dry-run=server --namespace fails -f -";
    eventually(BOUND, || {
        let seen = kubectl_with(dry_run, CONFIG_MAP);
        if seen.code == 0 { Err(seen) } else { Ok(()) }
    })
    .unwrap();
    let refused = kubectl_with("create --namespace fails -f -", CONFIG_MAP);
    let expected = format!(
        "Error from server (InternalError): error when creating \"STDIN\": Internal error \
         occurred: failed calling webhook \"fails.ajj.dev\": failed to call webhook: Post \
         \"https://127.0.0.1:{port}/validate?timeout=10s\": dial tcp 127.0.0.1:{port}: connect: \
         connection refused\n"
    );
    assert_eq!((refused.stderr, refused.code), (expected, 1), "{}", plane.logs());
    assert_eq!(kubectl("get configmap fact --namespace fails").code, 1);
}

/// How often the API server has let a request pass because it could not call the webhook.
fn failed_open(webhook: &str) -> Option<u64> {
    let metrics = kubectl("get --raw /metrics").succeeded().unwrap();
    let name = "apiserver_admission_webhook_fail_open_count";
    let webhook = format!("name=\"{webhook}\"");
    let line = metrics.lines().find(|line| line.starts_with(name) && line.contains(&webhook))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn with_ignore_it_is_created_in_silence() {
    plane_with_namespace("ignores");
    register("ignores", "Ignore");
    let dry_run = "create --dry-run=server --namespace ignores -f -";
    let before = eventually(BOUND, || {
        let seen = kubectl_with(dry_run, CONFIG_MAP);
        failed_open("ignores.ajj.dev").ok_or(seen)
    })
    .unwrap();
    let created = kubectl_with("create --namespace ignores -f -", CONFIG_MAP);
    assert_eq!(created, said("configmap/fact created\n"));
    assert_eq!(failed_open("ignores.ajj.dev"), Some(before + 1));
}
