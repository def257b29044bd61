//! What happens while the webhook or the API server is away. With a control plane of its own.

use ajj_e2e::{ControlPlane, Controllers, Output, eventually};
use serde_json::{Value, json};

use super::served::Served;
use super::{JUDGED, kyverno, register};
use crate::support::BOUND;

struct Own {
    plane: ControlPlane,
    served: Served,
}

impl Own {
    /// A control plane with a webhook, and a namespace `judged` with a policy about ConfigMaps.
    fn start() -> Self {
        let plane = ControlPlane::start(Controllers::Absent).unwrap();
        kyverno::define(&plane);
        let served = Served::start(&plane);
        served.ready();
        register(&plane, &served);
        let own = Self { plane, served };
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "judged", "labels": {JUDGED: "yes"}},
        });
        own.apply(&namespace);
        own.apply(&refuse("first"));
        own.until_refused("first");
        own
    }

    fn kubectl(&self, arguments: &str, stdin: &str) -> Output {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        self.plane.kubectl(&arguments, stdin).unwrap()
    }

    fn apply(&self, object: &Value) {
        let applied = self.kubectl("apply -f -", &object.to_string());
        assert_eq!(applied.code, 0, "{applied:?}");
    }

    fn create(&self, name: &str) -> Output {
        self.kubectl(&format!("create configmap {name} --dry-run=server --namespace judged"), "")
    }

    fn until_refused(&self, name: &str) {
        eventually(BOUND, || {
            let seen = self.create(name);
            if seen.stderr.contains(&format!("`{name}` is no name")) {
                Ok(())
            } else {
                Err((seen, self.served.log()))
            }
        })
        .unwrap();
    }
}

/// A policy that refuses ConfigMaps of a name.
fn refuse(name: &str) -> Value {
    super::policy(
        name,
        name,
        json!({
            "match": {"any": [{"resources": {"kinds": ["ConfigMap"], "names": [name]}}]},
            "validate": {"message": format!("`{name}` is no name"), "deny": {}},
        }),
    )
}

#[test]
fn a_webhook_that_is_killed_lets_nothing_pass_and_comes_back_with_all_policies() {
    let own = Own::start();
    own.served.kill();
    let refused = own.create("other");
    assert!(refused.stderr.contains("failed calling webhook \"objects.ajj.dev\""), "{refused:?}");
    // Policies can be changed no more than anything else, unless somebody takes the guard away.
    let refused = own.kubectl("apply -f -", &refuse("second").to_string());
    assert!(refused.stderr.contains("failed calling webhook \"policies.ajj.dev\""), "{refused:?}");
    own.served.start_again();
    own.served.ready();
    // It has a new certificate, which the registration has to name.
    register(&own.plane, &own.served);
    own.until_refused("first");
    eventually(BOUND, || own.create("other").succeeded()).unwrap();
    own.apply(&refuse("second"));
    own.until_refused("second");
}

#[test]
fn while_the_api_server_is_away_the_last_set_goes_on_and_its_age_is_told() {
    let mut own = Own::start();
    own.plane.stop_api_server();
    eventually(BOUND, || {
        let age = own.served.metric("ajj_cluster_age_seconds");
        if age > 0.0 { Ok(()) } else { Err(own.served.log()) }
    })
    .unwrap();
    assert_eq!(own.served.get("/readyz").0, 200);
    assert_eq!(own.served.metric("ajj_policies{state=\"enforced\"}"), 1.0);
    assert_eq!(own.served.metric("ajj_cluster_trouble"), 1.0);
    own.plane.start_api_server().unwrap();
    own.until_refused("first");
    own.apply(&refuse("second"));
    own.until_refused("second");
    eventually(BOUND, || {
        let age = own.served.metric("ajj_cluster_age_seconds");
        if age == 0.0 { Ok(()) } else { Err((age, own.served.log())) }
    })
    .unwrap();
}

#[test]
fn a_webhook_that_starts_before_the_api_server_is_not_ready_until_it_has_policies() {
    let mut own = Own::start();
    own.served.kill();
    own.plane.stop_api_server();
    own.served.start_again();
    let (code, body) = own.served.get("/readyz");
    assert_eq!((code, body.as_str()), (503, "policies or namespaces are not loaded yet\n"));
    own.plane.start_api_server().unwrap();
    own.served.ready();
    assert_eq!(own.served.metric("ajj_policies{state=\"enforced\"}"), 1.0);
}

#[test]
fn a_policy_that_asks_nothing_costs_no_call() {
    let own = Own::start();
    let mut policy = refuse("asks-nothing");
    policy["spec"]["rules"][0]["match"]["any"][0]["resources"]["namespaceSelector"] =
        json!({"matchLabels": {JUDGED: "yes"}});
    own.apply(&policy);
    own.until_refused("asks-nothing");
    let calls = own.served.metric("ajj_facts_api_calls_total");
    for _ in 0..5 {
        assert_eq!(own.create("asks-nothing").code, 1);
        assert_eq!(own.create("allowed").code, 0);
    }
    assert_eq!(own.served.metric("ajj_facts_api_calls_total"), calls);
    // The namespace's labels were known beforehand, not asked for.
    assert_eq!(calls, 0.0);
    assert_eq!(own.served.metric("ajj_facts_watch_hits_total"), 0.0);
    // Bindings are followed only if some rule asks for roles.
    let lists = own.served.metric("ajj_facts_lists_total");
    let mut roles = refuse("asks-roles");
    roles["spec"]["rules"][0]["exclude"] = json!({"any": [{"clusterRoles": ["nobody"]}]});
    own.apply(&roles);
    own.until_refused("asks-roles");
    assert_eq!(own.served.metric("ajj_facts_lists_total"), lists + 2.0);
}
