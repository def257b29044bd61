//! `ajj webhook --cluster` in front of a real API server: policies are applied with kubectl, and
//! kubectl meets what comes of them.

use std::sync::LazyLock;

use ajj_e2e::{ControlPlane, Output, eventually};
use serde_json::{Value, json};

use crate::support::{BOUND, kubectl, kubectl_with, plane};
use served::Served;

#[path = "webhook_cluster/facts.rs"]
mod facts;
#[path = "webhook_cluster/kyverno.rs"]
pub(crate) mod kyverno;
#[path = "webhook_cluster/life.rs"]
mod life;
#[path = "webhook_cluster/objects.rs"]
mod objects;
#[path = "webhook_cluster/policies.rs"]
mod policies;
#[path = "webhook_cluster/served.rs"]
pub(crate) mod served;
#[path = "webhook_cluster/subresources.rs"]
mod subresources;
#[path = "webhook_cluster/traces.rs"]
mod traces;

/// The label of namespaces that the webhook judges.
const JUDGED: &str = "ajj-e2e.dev/judged";

/// One webhook before the control plane that all tests share.
static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let plane = plane();
    kyverno::define(plane);
    let served = Served::start(plane);
    served.ready();
    register(plane, &served);
    served
});

/// Registers a webhook for everything in namespaces with the label, and for policies.
fn register(plane: &ControlPlane, served: &Served) {
    let ca_bundle = served.ca_bundle();
    let webhook = |name: &str, path: &str, rules: Value, selector: Value| {
        json!({
            "name": name,
            "clientConfig": {"url": served.url(path), "caBundle": ca_bundle},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": selector,
            "rules": [rules],
        })
    };
    let everything = json!({
        "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"],
        "operations": ["*"], "scope": "Namespaced",
    });
    let policies = json!({
        "apiGroups": ["kyverno.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"],
        "resources": ["clusterpolicies", "policies", "policyexceptions"],
    });
    let judged = json!({"matchExpressions": [{"key": JUDGED, "operator": "Exists"}]});
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "ajj"},
        "webhooks": [
            webhook("objects.ajj.dev", "/validate", everything, judged),
            webhook("policies.ajj.dev", "/validate/policies", policies, json!({})),
        ],
    });
    let applied = plane.kubectl(&["apply", "-f", "-"], &configuration.to_string()).unwrap();
    assert_eq!(applied.code, 0, "{applied:?}");
}

/// Creates a namespace whose objects are judged, and waits until they are: a policy that refuses
/// ConfigMaps named `probe` there is met.
fn judged_namespace(name: &str) -> &'static Served {
    let served = &*SERVED;
    if let Err(error) = plane().create_namespace(name) {
        panic!("{error}\n{}", plane().logs());
    }
    let labelled = kubectl(&format!("label namespace {name} {JUDGED}={name}"));
    assert_eq!(labelled.code, 0, "{labelled:?}");
    apply(&policy(
        &format!("{name}-probe"),
        name,
        json!({
            "match": {"any": [{"resources": {
                "kinds": ["ConfigMap"], "names": ["probe"], "namespaces": [name],
            }}]},
            "validate": {"message": "it is judged", "deny": {}},
        }),
    ));
    let probe = format!("create configmap probe --dry-run=server --namespace {name}");
    eventually(BOUND, || {
        let seen = kubectl(&probe);
        if seen.stderr.contains("it is judged") { Ok(()) } else { Err((seen, served.log())) }
    })
    .unwrap();
    served
}

/// A policy with one rule that denies.
fn policy(name: &str, rule_name: &str, rule: Value) -> Value {
    let mut rule = rule;
    rule["name"] = json!(rule_name);
    json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name},
        "spec": {"validationFailureAction": "Enforce", "background": false, "rules": [rule]},
    })
}

fn apply(object: &Value) -> Output {
    let applied = kubectl_with("apply -f -", &object.to_string());
    assert_eq!(applied.code, 0, "{applied:?}\n{}", SERVED.log());
    applied
}

/// Applies a policy, and waits until its status says that it is enforced.
fn enforce(policy: &Value) {
    apply(policy);
    let generation = r"jsonpath={.metadata.generation} {.status.conditions[0].observedGeneration} {.status.conditions[0].status}";
    let name = policy["metadata"]["name"].as_str().unwrap();
    eventually(BOUND, || {
        let seen = plane().kubectl(&["get", "clusterpolicy", name, "--output", generation], "");
        let seen = seen.unwrap().succeeded().unwrap();
        let parts: Vec<&str> = seen.split(' ').collect();
        if parts.len() == 3 && parts[0] == parts[1] && parts[2] == "True" {
            Ok(())
        } else {
            Err((seen, SERVED.log()))
        }
    })
    .unwrap();
}

/// The text with the ids of decisions masked.
fn masked(text: &str) -> String {
    let mut parts = text.split("[decision ");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str("[decision …");
        masked.push_str(part.get(12..).unwrap_or_default());
    }
    masked
}
