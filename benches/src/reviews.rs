//! AdmissionReviews as an API server sends them, of several sizes, made here: a Pod or Deployment
//! with the fields that real ones have, managed fields included.

#![expect(clippy::indexing_slicing, reason = "values of JSON: what is written to is a map of ours")]

use serde_json::{Map, Value, json};

/// A review whose uid is written anew for each request.
#[derive(Clone, Debug)]
pub struct Review {
    /// The request's body.
    pub body: Vec<u8>,
    /// What has to be answered.
    pub allowed: bool,
    /// Where the uid stands in the body.
    uid: usize,
}

/// How large a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A Pod is created: 5 KB.
    Small,
    /// A Deployment is created: 8 KB.
    Usual,
    /// A Deployment of many containers is created: 43 KB.
    Large,
    /// The same is changed, so that both objects are there: 87 KB.
    Update,
}

/// What 17 Pod Security policies think of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to object.
    Clear,
    /// Only rules that audit object.
    Audited,
    /// Rules that deny object.
    Denied,
}

/// Characters of a uid.
const UID: usize = 36;

impl Review {
    /// The review of a size with a verdict.
    pub fn new(size: Size, verdict: Verdict) -> Self {
        let (kind, object) = match size {
            Size::Small => ("Pod", pod(1, 3, verdict)),
            Size::Usual => ("Deployment", deployment(1, 20, verdict)),
            Size::Large => ("Deployment", deployment(10, 13, verdict)),
            Size::Update => ("Deployment", deployment(10, 14, verdict)),
        };
        let old = match size {
            Size::Update => {
                // What was bad already may stay so: only the new object is.
                let mut old = deployment(10, 14, Verdict::Clear);
                old["metadata"]["generation"] = json!(6);
                old
            }
            _ => Value::Null,
        };
        Self::of(kind, &object, &old, verdict != Verdict::Denied)
    }

    fn of(kind: &str, object: &Value, old: &Value, allowed: bool) -> Self {
        let group = if kind == "Pod" { "" } else { "apps" };
        let resource = format!("{}s", kind.to_lowercase());
        let options = if old.is_null() { "CreateOptions" } else { "UpdateOptions" };
        let operation = if old.is_null() { "CREATE" } else { "UPDATE" };
        let uid = "0".repeat(UID);
        let kind = json!({"group": group, "version": "v1", "kind": kind});
        let resource = json!({"group": group, "version": "v1", "resource": resource});
        let user = json!({
            "username": "system:serviceaccount:delivery:deployer",
            "uid": "1d1c7bd5-6f6c-4f0e-9f44-5f3c2f5d8a01",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:delivery",
                "system:authenticated"],
            "extra": {"authentication.kubernetes.io/pod-name": ["deployer-6c9f7-x2k4p"]},
        });
        let options = json!({"kind": options, "apiVersion": "meta.k8s.io/v1",
            "fieldManager": "kubectl-client-side-apply", "fieldValidation": "Strict"});
        // In the order in which an API server writes them.
        let text = format!(
            r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"{uid}","kind":{kind},"resource":{resource},"requestKind":{kind},"requestResource":{resource},"name":"checkout","namespace":"shop","operation":"{operation}","userInfo":{user},"object":{object},"oldObject":{old},"dryRun":false,"options":{options}}}}}"#
        );
        let uid = text.find(&uid).unwrap_or_default();
        Self { body: text.into_bytes(), allowed, uid }
    }

    /// Gives the review the uid of a number.
    pub fn set_uid(&mut self, number: u64) {
        let uid = format!("{:08x}-0000-4000-8000-{:012x}", number >> 32, number & 0xffff_ffff);
        if let Some(place) = self.body.get_mut(self.uid..self.uid + UID) {
            place.copy_from_slice(uid.as_bytes());
        }
    }

    /// Whether an answer is for this review, and says what it has to.
    pub fn is_answered_by(&self, answer: &[u8]) -> bool {
        let Some(uid) = self.body.get(self.uid..self.uid + UID) else { return false };
        let verdict: &[u8] = if self.allowed { b"\"allowed\":true" } else { b"\"allowed\":false" };
        // Both stand at the head of an answer, before what is said about a denial.
        let head = answer.get(..answer.len().min(256)).unwrap_or_default();
        let holds = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
        holds(uid) && holds(verdict)
    }
}

fn metadata(labels: &Value, fields: &Value) -> Value {
    json!({
        "name": "checkout", "namespace": "shop", "uid": "7f3f0b52-61a5-4d0c-a0c2-8f1f3b6c9e10",
        "resourceVersion": "48151623", "generation": 7,
        "creationTimestamp": "2026-02-11T08:15:42Z", "labels": labels,
        "annotations": {"example.com/owner": "team-checkout",
            "example.com/runbook": "https://runbooks.example/checkout?view=\"all\""},
        "managedFields": [{"manager": "kubectl-client-side-apply", "operation": "Update",
            "apiVersion": "v1", "time": "2026-02-11T08:15:42Z", "fieldsType": "FieldsV1",
            "fieldsV1": fields}],
    })
}

fn labels() -> Value {
    json!({"app.kubernetes.io/name": "checkout", "app.kubernetes.io/part-of": "shop",
        "tier": "backend"})
}

fn pod(containers: usize, variables: usize, verdict: Verdict) -> Value {
    let spec = pod_spec(containers, variables, verdict);
    let fields = json!({"f:metadata": owned(&json!({"labels": labels()})), "f:spec": owned(&spec)});
    json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata(&labels(), &fields),
        "spec": spec, "status": {"phase": "Pending", "qosClass": "Burstable"}})
}

fn deployment(containers: usize, variables: usize, verdict: Verdict) -> Value {
    let spec = json!({
        "replicas": 3, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": {"app.kubernetes.io/name": "checkout"}},
        "strategy": {"type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "template": {"metadata": {"labels": labels()},
            "spec": pod_spec(containers, variables, verdict)},
    });
    let fields = json!({"f:metadata": owned(&json!({"labels": labels()})), "f:spec": owned(&spec)});
    json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": metadata(&labels(), &fields),
        "spec": spec, "status": {}})
}

fn pod_spec(containers: usize, variables: usize, verdict: Verdict) -> Value {
    let containers: Vec<Value> =
        (0..containers).map(|number| container(number, variables, verdict)).collect();
    let mut security = json!({"runAsNonRoot": true, "runAsUser": 10_001, "fsGroup": 10_001,
        "seccompProfile": {"type": "RuntimeDefault"}});
    if verdict == Verdict::Audited {
        security["runAsNonRoot"] = json!(false);
    }
    json!({
        "containers": containers, "serviceAccountName": "checkout", "restartPolicy": "Always",
        "serviceAccount": "checkout", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "hostNetwork": verdict == Verdict::Denied, "securityContext": security,
        "volumes": [{"name": "work", "emptyDir": {}},
            {"name": "settings", "configMap": {"name": "settings", "defaultMode": 420}}],
    })
}

fn container(number: usize, variables: usize, verdict: Verdict) -> Value {
    let variables: Vec<Value> = (0..variables)
        .map(|variable| match variable % 3 {
            0 => json!({"name": format!("SECRET_{variable}"), "valueFrom": {"secretKeyRef":
                {"name": "checkout", "key": format!("key-{variable}")}}}),
            _ => json!({"name": format!("SETTING_{variable}"),
                "value": format!("https://service-{variable}.shop.svc:8443/api")}),
        })
        .collect();
    let probe = |path: &str| {
        json!({"httpGet": {"path": path, "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1,
            "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
    };
    json!({
        "name": format!("part-{number}"),
        "image": format!("registry.example/shop/part-{number}:1.9.{number}"),
        "ports": [{"name": "http", "containerPort": 8080 + number, "protocol": "TCP"}],
        "env": variables,
        "resources": {"requests": {"cpu": "250m", "memory": "128Mi"},
            "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "work", "mountPath": "/tmp"},
            {"name": "settings", "mountPath": "/etc/checkout", "readOnly": true}],
        "livenessProbe": probe("/live"), "readinessProbe": probe("/ready"),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true,
            "runAsNonRoot": verdict != Verdict::Audited, "allowPrivilegeEscalation": false},
    })
}

/// The fields of a value as managed fields name them: maps by key, items of lists by name.
fn owned(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (format!("f:{key}"), owned(value)));
            Value::Object(Map::from_iter(entries))
        }
        Value::Array(items) if items.iter().all(|item| item.get("name").is_some()) => {
            let items = items.iter().map(|item| {
                let name = item.get("name").cloned().unwrap_or_default();
                let mut fields = owned(item);
                fields["."] = json!({});
                (format!("k:{}", json!({"name": name})), fields)
            });
            Value::Object(items.collect())
        }
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use ajj_engine::{Facts, Limits, compile, parse_json};

    use super::{Review, Size, Verdict};

    #[test]
    fn reviews_are_as_large_as_they_say_and_get_the_verdict_that_they_expect() {
        let (policies, _) = compile(&crate::pod_security().unwrap());
        for (size, from, to) in [
            (Size::Small, 4_500, 5_200),
            (Size::Usual, 7_700, 8_700),
            (Size::Large, 41_000, 45_000),
            (Size::Update, 84_000, 90_000),
        ] {
            for verdict in [Verdict::Clear, Verdict::Audited, Verdict::Denied] {
                let mut review = Review::new(size, verdict);
                assert!((from..to).contains(&review.body.len()), "{size:?} {}", review.body.len());
                review.set_uid(7);
                let text = std::str::from_utf8(&review.body).unwrap();
                let tree = parse_json(text, &Limits::default()).unwrap();
                let request = crate::admission(&tree).unwrap();
                assert_eq!(request.uid, "00000000-0000-4000-8000-000000000007");
                let decision = policies.conclude(&request, &Facts::default());
                assert_eq!(decision.allowed(), review.allowed, "{size:?} {verdict:?}");
                let findings = decision.results.iter().any(|result| {
                    matches!(result.outcome, ajj_engine::Outcome::Fail | ajj_engine::Outcome::Error)
                });
                assert_eq!(findings, verdict != Verdict::Clear, "{size:?} {verdict:?}");
            }
        }
    }

    #[test]
    fn an_answer_has_to_be_for_the_review_and_say_what_it_has_to() {
        let mut review = Review::new(Size::Small, Verdict::Denied);
        review.set_uid(1);
        let answer = |uid: &str, allowed: bool| {
            format!(r#"{{"response":{{"uid":"{uid}","allowed":{allowed}}}}}"#).into_bytes()
        };
        let uid = "00000000-0000-4000-8000-000000000001";
        assert!(review.is_answered_by(&answer(uid, false)));
        assert!(!review.is_answered_by(&answer(uid, true)));
        assert!(!review.is_answered_by(&answer("00000000-0000-4000-8000-000000000002", false)));
        assert!(!review.is_answered_by(b""));
    }
}
