//! `ajj webhook --register` before a real API server: nobody writes a webhook configuration by hand.

use ajj_e2e::{ControlPlane, Controllers, Output, eventually};
use serde_json::{Value, json};

use crate::support::BOUND;
use crate::webhook_cluster::kyverno;
use replicas::Replicas;

#[path = "webhook_register/decisions.rs"]
mod decisions;
#[path = "webhook_register/elsewhere.rs"]
mod elsewhere;
#[path = "webhook_register/replicas.rs"]
mod replicas;
#[path = "webhook_register/rotation.rs"]
mod rotation;

/// A control plane of one test's own, since what is registered holds for all of it.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
    pub(crate) replicas: Replicas,
}

impl Cluster {
    fn start() -> Self {
        let cluster = Self::bare();
        kyverno::define(&cluster.plane);
        cluster
    }

    /// Without the kinds that policies are written in.
    pub(crate) fn bare() -> Self {
        Self::with(Controllers::Absent)
    }

    /// The same, where what an owner leaves behind is collected, if controllers run.
    pub(crate) fn with(controllers: Controllers) -> Self {
        let cluster = Self::empty(controllers);
        for namespace in ["ajj", "shop", "cni"] {
            cluster.plane.create_namespace(namespace).unwrap();
        }
        cluster
    }

    /// The same, without namespaces.
    pub(crate) fn empty(controllers: Controllers) -> Self {
        let plane = ControlPlane::start(controllers).unwrap();
        let replicas = Replicas::new(&plane);
        Self { plane, replicas }
    }

    pub(crate) fn kubectl(&self, arguments: &str) -> Output {
        self.kubectl_with(arguments, "")
    }

    pub(crate) fn kubectl_with(&self, arguments: &str, stdin: &str) -> Output {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        self.plane.kubectl(&arguments, stdin).unwrap()
    }

    pub(crate) fn apply(&self, object: &Value) {
        let applied = self.kubectl_with("apply -f -", &object.to_string());
        assert_eq!(applied.code, 0, "{applied:?}\n{}", self.replicas.logs());
    }

    /// Waits until kubectl ends with an answer that holds a text.
    pub(crate) fn until_said(&self, arguments: &str, stdin: &str, text: &str) -> Output {
        let said = eventually(BOUND, || {
            let seen = self.kubectl_with(arguments, stdin);
            let holds = seen.stderr.contains(text) || seen.stdout.contains(text);
            if holds { Ok(seen) } else { Err(seen) }
        });
        said.unwrap_or_else(|seen| panic!("no `{text}` in {seen:?}\n{}", self.replicas.logs()))
    }

    /// The webhooks that are registered.
    fn webhooks(&self) -> Vec<Value> {
        let found = self.kubectl("get validatingwebhookconfiguration ajj --output json");
        let webhooks = found.json().ok().and_then(|found| found["webhooks"].as_array().cloned());
        let mut webhooks = webhooks.unwrap_or_default();
        // Their order means nothing.
        webhooks.sort_by_key(|webhook| webhook["name"].to_string());
        webhooks
    }

    /// Waits until what is registered holds.
    fn until_registered(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let registered = eventually(BOUND, || {
            let webhooks = self.webhooks();
            if holds(&webhooks) { Ok(webhooks) } else { Err(webhooks) }
        });
        registered.unwrap_or_else(|seen| panic!("{what}: {seen:?}\n{}", self.replicas.logs()))
    }

    /// Applies a policy that refuses whatever is labelled `bad`, and waits until it holds.
    fn refuse_what_is_bad(&self) {
        self.apply(&bad("bad", "Fail", json!(["*/*"])));
        self.until_said(DRY_RUN, &config_map("probe", "shop", true), "it is bad");
    }
}

pub(crate) const DRY_RUN: &str = "create --dry-run=server -f -";

/// A policy that refuses what is labelled `bad` of some kinds.
#[expect(clippy::needless_pass_by_value, reason = "callers write the value in place")]
pub(crate) fn bad(name: &str, failure_policy: &str, kinds: Value) -> Value {
    json!({
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name},
        "spec": {
            "validationFailureAction": "Enforce",
            "failurePolicy": failure_policy,
            "background": false,
            "rules": [{
                "name": name,
                "match": {"any": [{"resources": {
                    "kinds": kinds, "operations": ["CREATE", "UPDATE"],
                }}]},
                "validate": {"message": "it is bad", "deny": {"conditions": {"any": [{
                    "key": "{{ request.object.metadata.labels.bad || 'no' }}",
                    "operator": "Equals",
                    "value": "yes",
                }]}}},
            }],
        },
    })
}

pub(crate) fn config_map(name: &str, namespace: &str, is_bad: bool) -> String {
    let bad = if is_bad { "yes" } else { "no" };
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"bad": bad}},
    })
    .to_string()
}

fn named<'w>(webhooks: &'w [Value], name: &str) -> Option<&'w Value> {
    webhooks.iter().find(|webhook| webhook["name"] == name)
}

#[test]
fn what_policies_are_about_is_registered_and_stays_so() {
    let cluster = Cluster::start();
    cluster.replicas.start();
    // Without policies nothing can fail, but policies themselves are looked at.
    let webhooks = cluster.until_registered("at first", |webhooks| !webhooks.is_empty());
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0]["name"], "policies.ajj.io");

    cluster.apply(&bad("bad-maps", "Fail", json!(["ConfigMap"])));
    let refused =
        cluster.until_said("create -f -", &config_map("first", "shop", true), "it is bad");
    assert!(refused.stderr.contains("admission webhook \"validate.ajj.io\""), "{refused:?}");
    assert_eq!(cluster.kubectl_with("create -f -", &config_map("good", "shop", false)).code, 0);
    let webhooks = cluster.webhooks();
    let rules = &named(&webhooks, "validate.ajj.io").unwrap()["rules"];
    assert_eq!(rules[0]["resources"], json!(["configmaps"]));
    assert_eq!(rules[0]["operations"], json!(["CREATE", "UPDATE"]));

    // A policy that does not compile is refused.
    let mut broken = bad("broken", "Fail", json!(["Pod"]));
    broken["spec"]["rules"][0]["validate"]["patern"] = json!({});
    let refused = cluster.kubectl_with("apply -f -", &broken.to_string());
    assert!(refused.stderr.contains("policies.ajj.io"), "{refused:?}");

    // A kind that is not served yet is added once it is; each failure policy has its webhook.
    cluster.apply(&bad("bad-widgets", "Ignore", json!(["Widget"])));
    cluster.apply(&widgets());
    cluster.until_registered("widgets", |webhooks| {
        named(webhooks, "validate-ignore.ajj.io")
            .is_some_and(|webhook| webhook["rules"][0]["resources"] == json!(["widgets"]))
    });
    let widget = json!({
        "apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w", "namespace": "shop", "labels": {"bad": "yes"}},
    });
    let refused = cluster.until_said(DRY_RUN, &widget.to_string(), "it is bad");
    assert!(refused.stderr.contains("validate-ignore.ajj.io"), "{refused:?}");

    // What goes with its policy.
    assert_eq!(cluster.kubectl("delete clusterpolicy bad-widgets").code, 0);
    cluster.until_registered("widgets gone", |webhooks| {
        named(webhooks, "validate-ignore.ajj.io").is_none()
    });
    restored(&cluster);
    told_to_end(&cluster);
}

/// Whatever others do to it is undone.
fn restored(cluster: &Cluster) {
    let before = cluster.webhooks();
    let deleted = cluster.kubectl("delete validatingwebhookconfiguration ajj");
    assert_eq!(deleted.code, 0, "{deleted:?}");
    cluster.until_registered("deleted", |webhooks| webhooks == before);
    let never = json!([{"name": "never", "expression": "false"}]);
    for patch in [
        json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]),
        json!([{"op": "replace", "path": "/webhooks/0/rules", "value": []}]),
        json!([{"op": "replace", "path": "/webhooks/0/matchConditions", "value": never}]),
        json!([{"op": "replace", "path": "/webhooks/0/namespaceSelector", "value": {"matchLabels": {"a": "b"}}}]),
        json!([{"op": "replace", "path": "/webhooks/0/objectSelector", "value": {"matchLabels": {"a": "b"}}}]),
        json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ""}]),
        json!([{"op": "remove", "path": "/webhooks/0"}]),
        json!([{"op": "remove", "path": "/webhooks"}]),
        // What strangers add is not theirs to keep.
        json!([{"op": "add", "path": "/webhooks/0/matchConditions/-", "value": never[0]}]),
        json!([{"op": "add", "path": "/webhooks/-", "value": {
            "name": "other.example.com", "clientConfig": {"url": "https://127.0.0.1:1/"},
            "sideEffects": "None", "admissionReviewVersions": ["v1"],
        }}]),
    ] {
        let patch =
            patch.to_string().replace("/webhooks/0", &format!("/webhooks/{}", place(cluster)));
        let arguments =
            ["patch", "validatingwebhookconfiguration", "ajj", "--type=json", "--patch", &patch];
        let patched = cluster.plane.kubectl(&arguments, "").unwrap();
        assert_eq!(patched.code, 0, "{patched:?}");
        assert!(patched.stdout.ends_with("patched\n"), "{patch} changes nothing: {patched:?}");
        cluster.until_registered(&patch, |webhooks| webhooks == before);
    }
}

/// Where the webhook of failure policy Fail stands in the list.
fn place(cluster: &Cluster) -> usize {
    let found = cluster.kubectl("get validatingwebhookconfiguration ajj --output json");
    let found = found.json().unwrap();
    let webhooks = found["webhooks"].as_array().unwrap();
    webhooks.iter().position(|webhook| webhook["name"] == "validate.ajj.io").unwrap()
}

/// SIGTERM takes nothing away: without anybody to ask, what is covered is refused.
fn told_to_end(cluster: &Cluster) {
    let before = cluster.webhooks();
    cluster.replicas.end();
    assert_eq!(cluster.webhooks(), before);
    let refused = cluster.kubectl_with(DRY_RUN, &config_map("good", "shop", false));
    assert!(refused.stderr.contains("failed calling webhook \"validate.ajj.io\""), "{refused:?}");
}

fn widgets() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    })
}

/// A policy about everything that fails closed, and nobody is there any more.
#[test]
fn with_nobody_to_answer_a_cluster_can_be_brought_back() {
    let cluster = Cluster::start();
    cluster.replicas.start();
    let deployment = "create deployment ajj-webhook --image registry.example/ajj --namespace ajj";
    assert_eq!(cluster.kubectl(deployment).code, 0);
    let binding =
        "create clusterrolebinding nodes --clusterrole cluster-admin --group system:nodes";
    assert_eq!(cluster.kubectl(binding).code, 0);
    cluster.refuse_what_is_bad();
    cluster.replicas.kill();

    let refused = "failed calling webhook \"validate.ajj.io\"";
    for (arguments, object) in [
        ("create -f -", config_map("a", "shop", false)),
        ("create -f -", config_map("a", "default", false)),
        ("create namespace other", String::new()),
        ("create clusterrole other --verb get --resource pods", String::new()),
    ] {
        let seen = cluster.kubectl_with(arguments, &object);
        assert!(seen.stderr.contains(refused), "{arguments} {object}: {seen:?}");
    }
    let lease = |namespace: &str| {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "l", "namespace": namespace},
        })
        .to_string()
    };
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}).to_string();
    let pod = |namespace: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "namespace": namespace},
            "spec": {"containers": [{"name": "c", "image": "registry.example/c"}]},
        })
        .to_string()
    };
    for (arguments, object) in [
        // Nodes come and report, elections are held.
        ("create -f -", node),
        ("label node n zone=a", String::new()),
        ("create -f - --as system:node:n --as-group system:nodes", config_map("n", "shop", false)),
        ("create -f -", lease("kube-system")),
        ("create -f -", lease("shop")),
        ("create -f -", config_map("election", "kube-system", false)),
        // What the system and its network need starts.
        ("create -f -", pod("kube-system")),
        ("create -f -", pod("cni")),
        // Rights are asked for.
        ("auth can-i create pods --namespace shop", String::new()),
        ("get validatingwebhookconfigurations", String::new()),
        // We come back.
        ("scale deployment ajj-webhook --replicas 3 --namespace ajj", String::new()),
        ("rollout restart deployment ajj-webhook --namespace ajj", String::new()),
        ("create -f -", pod("ajj")),
        ("delete pod p --namespace ajj --wait=false", String::new()),
        // Policies are mended.
        ("annotate clusterpolicy bad mended=no", String::new()),
    ] {
        let seen = cluster.kubectl_with(arguments, &object);
        assert_eq!(seen.code, 0, "{arguments} {object}: {seen:?}");
    }

    // Nobody edits webhook configurations: a replica that comes is enough.
    cluster.replicas.start();
    let bad_map = config_map("bad", "shop", true);
    cluster.until_said("create -f -", &bad_map, "it is bad");
    let good = cluster.kubectl_with("create -f -", &config_map("a", "shop", false));
    assert_eq!(good.code, 0, "{good:?}");

    // The other way out: the policy goes, while nobody is there to be asked.
    cluster.replicas.kill();
    assert_eq!(cluster.kubectl("delete clusterpolicy bad").code, 0);
    cluster.replicas.start();
    cluster.until_registered("nothing fails", |webhooks| webhooks.len() == 1);
    let created = cluster.kubectl_with("create -f -", &bad_map);
    assert_eq!(created.code, 0, "{created:?}");
}
