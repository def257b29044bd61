//! The one ValidatingWebhookConfiguration, derived from policies and from what is served.

#![expect(
    clippy::indexing_slicing,
    reason = "values of JSON: what is not there is null, and what is written to is a map of ours"
)]

use std::collections::BTreeSet;

use ajj_engine::{FailurePolicy, Operation, Registration};
use ajj_facts::ServedResource;
use serde_json::{Map, Value, json};

use super::NAME;
use super::conditions::{EXEMPT_NAMESPACES, conditions};
use super::rules::{LeftOut, WebhookRule, rules};

/// What holds for every webhook of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Our own namespace, which is never covered.
    pub(crate) namespace: String,
    /// Other namespaces that are not covered.
    pub(crate) exempt_namespaces: BTreeSet<String>,
    /// How the API server reaches us.
    pub(crate) client: Client,
    /// Our own user, where it is a service account of our namespace.
    pub(crate) account: Option<String>,
    /// The Certificate, `namespace/name`, from which cert-manager injects the authority.
    pub(crate) inject_from: Option<String>,
}

/// How the API server reaches us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// By a Service of our namespace.
    Service(String),
    /// By a URL; paths are added to it.
    Url(String),
}

/// A configuration, and what could not be put into it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Derived {
    /// The object, with every field that an API server would fill in.
    pub(crate) object: Value,
    /// Kinds about which no request will come.
    pub(crate) left_out: BTreeSet<LeftOut>,
}

/// The time for an answer where policies say nothing.
const TIMEOUT: u8 = 10;

/// Derives the configuration; `ca_bundle` is what the API server is to trust, in base64.
pub(crate) fn configuration(
    settings: &Settings,
    registrations: &[Registration],
    served: &[ServedResource],
    ca_bundle: Option<&str>,
) -> Derived {
    let mut left_out = BTreeSet::new();
    let mut webhooks = Vec::new();
    for (name, path, failure_policy) in [
        ("validate.ajj.io", "/validate/fail", FailurePolicy::Fail),
        ("validate-ignore.ajj.io", "/validate/ignore", FailurePolicy::Ignore),
    ] {
        let own = || registrations.iter().filter(|one| one.failure_policy == failure_policy);
        let (rules, without) = rules(own(), served);
        left_out.extend(without);
        if rules.is_empty() {
            continue;
        }
        let seconds = own().map(|one| one.timeout_seconds.unwrap_or(TIMEOUT)).min();
        let named = |group: &str, resource: &str| {
            rules.iter().any(|rule| {
                let is_it = |found: &String| found.split('/').next() == Some(resource);
                rule.groups.contains(group) && rule.resources.iter().any(is_it)
            })
        };
        let conditions: Vec<Value> = conditions(named, settings.account.as_deref())
            .into_iter()
            .map(|(name, expression)| json!({"name": name, "expression": expression}))
            .collect();
        webhooks.push(Webhook {
            name,
            path,
            failure_policy,
            seconds: seconds.unwrap_or(TIMEOUT),
            rules: rules.iter().map(WebhookRule::to_json).collect(),
            selector: settings.selector(),
            conditions,
        });
    }
    webhooks.push(policies());
    let webhooks: Vec<Value> =
        webhooks.into_iter().map(|webhook| webhook.to_json(settings, ca_bundle)).collect();
    let mut metadata = json!({
        "name": NAME,
        "labels": {
            "app.kubernetes.io/managed-by": "ajj",
            "app.kubernetes.io/name": "ajj",
        },
    });
    if let Some(certificate) = &settings.inject_from {
        metadata["annotations"] = json!({"cert-manager.io/inject-ca-from": certificate});
    }
    let object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": metadata,
        "webhooks": webhooks,
    });
    Derived { object, left_out }
}

/// The webhook that refuses policies which do not compile; without it they are taken, and say in
/// their status what is wrong.
fn policies() -> Webhook {
    let rule = WebhookRule {
        groups: BTreeSet::from(["kyverno.io".to_owned()]),
        versions: BTreeSet::from(["*".to_owned()]),
        resources: ["clusterpolicies", "policies", "policyexceptions"].map(str::to_owned).into(),
        operations: BTreeSet::from([Operation::Create, Operation::Update]),
        only_namespaced: false,
    };
    Webhook {
        name: "policies.ajj.io",
        path: "/validate/policies",
        failure_policy: FailurePolicy::Ignore,
        seconds: TIMEOUT,
        rules: vec![rule.to_json()],
        selector: json!({}),
        conditions: Vec::new(),
    }
}

struct Webhook {
    name: &'static str,
    path: &'static str,
    failure_policy: FailurePolicy,
    seconds: u8,
    rules: Vec<Value>,
    selector: Value,
    conditions: Vec<Value>,
}

impl Webhook {
    fn to_json(&self, settings: &Settings, ca_bundle: Option<&str>) -> Value {
        let mut client = Map::new();
        match &settings.client {
            Client::Service(name) => {
                let service = json!({
                    "namespace": settings.namespace, "name": name, "path": self.path, "port": 443,
                });
                client.insert("service".to_owned(), service);
            }
            Client::Url(url) => {
                let url = format!("{}{}", url.trim_end_matches('/'), self.path);
                client.insert("url".to_owned(), url.into());
            }
        }
        if let Some(bundle) = ca_bundle.filter(|_| settings.inject_from.is_none()) {
            client.insert("caBundle".to_owned(), bundle.into());
        }
        let mut webhook = json!({
            "name": self.name,
            "clientConfig": client,
            "admissionReviewVersions": ["v1"],
            "failurePolicy": match self.failure_policy {
                FailurePolicy::Fail => "Fail",
                FailurePolicy::Ignore => "Ignore",
            },
            "matchPolicy": "Equivalent",
            "sideEffects": "None",
            "timeoutSeconds": self.seconds,
            "namespaceSelector": self.selector,
            "objectSelector": {},
            "rules": self.rules,
        });
        if !self.conditions.is_empty() {
            webhook["matchConditions"] = self.conditions.clone().into();
        }
        webhook
    }
}

impl WebhookRule {
    fn to_json(&self) -> Value {
        let operations: Vec<&str> = self.operations.iter().map(|one| one.as_str()).collect();
        json!({
            "apiGroups": self.groups,
            "apiVersions": self.versions,
            "resources": self.resources,
            "operations": operations,
            "scope": if self.only_namespaced { "Namespaced" } else { "*" },
        })
    }
}

impl Settings {
    /// Every namespace but those that are not covered.
    fn selector(&self) -> Value {
        let mut exempt: BTreeSet<&str> = EXEMPT_NAMESPACES.into();
        exempt.insert(&self.namespace);
        exempt.extend(self.exempt_namespaces.iter().map(String::as_str));
        json!({"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": exempt},
        ]})
    }
}

#[cfg(test)]
mod tests;
