//! The stories of clusters that a webhook kept from coming up, each as a request that must not be
//! sent while nobody answers. They are incidents of other tools; what the
//! API server itself makes of the conditions is tried against a real one.

use ajj_engine::{GroupVersionKind, Source, compile};
use serde_json::json;

use super::*;

fn resource(group: &str, plural: &str, kind: &str, is_namespaced: bool) -> ServedResource {
    ServedResource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: plural.to_owned(),
        kind: GroupVersionKind { group: group.into(), version: "v1".into(), kind: kind.into() },
        is_namespaced,
        is_listable: true,
        subresources: vec!["status".to_owned()],
    }
}

fn served() -> Vec<ServedResource> {
    vec![
        resource("", "pods", "Pod", true),
        resource("", "configmaps", "ConfigMap", true),
        resource("", "endpoints", "Endpoints", true),
        resource("", "nodes", "Node", false),
        resource("apps", "deployments", "Deployment", true),
        resource("apps", "daemonsets", "DaemonSet", true),
        resource("coordination.k8s.io", "leases", "Lease", true),
        resource(
            "certificates.k8s.io",
            "certificatesigningrequests",
            "CertificateSigningRequest",
            false,
        ),
        resource("storage.k8s.io", "volumeattachments", "VolumeAttachment", false),
        resource("kyverno.io", "clusterpolicies", "ClusterPolicy", false),
    ]
}

fn settings() -> Settings {
    Settings {
        namespace: "ajj".to_owned(),
        exempt_namespaces: BTreeSet::from(["cni".to_owned()]),
        client: Client::Service("ajj-webhook".to_owned()),
        account: Some("system:serviceaccount:ajj:ajj-webhook".to_owned()),
        inject_from: None,
    }
}

fn policy(kinds: &str, spec: &str) -> Vec<Registration> {
    let text = format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: p, annotations: \
         {{pod-policies.kyverno.io/autogen-controllers: none}}}}\nspec:\n  {spec}\n  \
         background: false\n  rules:\n  - name: r\n    match: {{any: [{{resources: {{kinds: \
         {kinds}}}}}]}}\n    validate: {{message: m, deny: {{}}}}\n"
    );
    let (set, found) = compile(&[Source::new("p.yaml", text)]);
    assert_eq!(found.len(), 0, "{found:?}");
    set.registrations()
}

fn derived(kinds: &str) -> Value {
    configuration(&settings(), &policy(kinds, "failurePolicy: Fail"), &served(), Some("Yg=="))
        .object
}

/// A request as far as a registration can tell it from others.
struct Asked<'a> {
    group: &'a str,
    resource: &'a str,
    /// Empty for an object of the cluster.
    namespace: &'a str,
    user: &'a str,
    groups: &'a [&'a str],
}

const CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";

fn asked<'a>(group: &'a str, resource: &'a str, namespace: &'a str) -> Asked<'a> {
    Asked { group, resource, namespace, user: CONTROLLER, groups: &["system:authenticated"] }
}

/// Whether the webhook of failure policy Fail would be called, by what the configuration says.
fn is_sent(configuration: &Value, asked: &Asked<'_>) -> bool {
    let webhooks = configuration["webhooks"].as_array().unwrap();
    let Some(webhook) = webhooks.iter().find(|one| one["name"] == "validate.ajj.io") else {
        return false;
    };
    let holds = |list: &Value, wanted: &str| {
        list.as_array().unwrap().iter().any(|one| {
            let one = one.as_str().unwrap();
            one == "*" || one == "*/*" || one == wanted
        })
    };
    let is_ruled = webhook["rules"].as_array().unwrap().iter().any(|rule| {
        holds(&rule["apiGroups"], asked.group)
            && holds(&rule["resources"], asked.resource)
            && (!asked.namespace.is_empty() || rule["scope"] == "*")
    });
    let selector = &webhook["namespaceSelector"]["matchExpressions"][0];
    assert_eq!(selector["key"], "kubernetes.io/metadata.name");
    assert_eq!(selector["operator"], "NotIn");
    let is_exempt = selector["values"].as_array().unwrap().contains(&json!(asked.namespace));
    is_ruled && !is_exempt && conditions_hold(webhook, asked)
}

/// Reads the few shapes of expressions that there are.
fn conditions_hold(webhook: &Value, asked: &Asked<'_>) -> bool {
    webhook["matchConditions"].as_array().unwrap().iter().all(|condition| {
        let expression = condition["expression"].as_str().unwrap();
        match condition["name"].as_str().unwrap() {
            "never-covered" | "no-infrastructure" => {
                let Asked { group, resource, .. } = asked;
                let one = format!(
                    "!(request.resource.group == '{group}' && request.resource.resource == \
                     '{resource}')"
                );
                let groups = expression.split_once(" in [").map(|(_, rest)| rest);
                let groups = groups.and_then(|rest| rest.split_once(']')).map(|(list, _)| list);
                let is_of_group = groups
                    .is_some_and(|list| list.split(", ").any(|of| of == format!("'{group}'")));
                !expression.contains(&one) && !is_of_group
            }
            "not-by-a-node" => {
                assert!(expression.ends_with("!('system:nodes' in request.userInfo.groups)"));
                !asked.groups.contains(&"system:nodes")
            }
            "not-by-ajj" | "not-by-the-api-server" => {
                !expression.ends_with(&format!("!= '{}'", asked.user))
            }
            other => panic!("{other}"),
        }
    })
}

const EVERYTHING: &str = "['*/*']";

#[test]
fn ordinary_requests_are_sent() {
    let configuration = derived(EVERYTHING);
    for asked in [
        asked("", "pods", "shop"),
        asked("", "configmaps", "default"),
        asked("apps", "deployments", "shop"),
        asked("example.com", "widgets", ""),
        // Controllers of the cluster create what users are denied.
        Asked {
            user: CONTROLLER,
            groups: &["system:serviceaccounts:kube-system"],
            ..asked("", "pods", "shop")
        },
    ] {
        assert!(is_sent(&configuration, &asked), "{}/{}", asked.group, asked.resource);
    }
}

/// Jetstack 2019: a webhook on everything that fails closed blocked the ConfigMaps and Leases of
/// leader elections, and nodes were made anew in a loop.
#[test]
fn leader_elections_and_heartbeats_go_on() {
    for kinds in [EVERYTHING, "['*']", "[ConfigMap, Endpoints, Lease]"] {
        let configuration = derived(kinds);
        for asked in [
            asked("", "configmaps", "kube-system"),
            asked("", "endpoints", "kube-system"),
            asked("coordination.k8s.io", "leases", "kube-system"),
            asked("coordination.k8s.io", "leases", "kube-node-lease"),
            asked("coordination.k8s.io", "leases", "shop"),
        ] {
            assert!(!is_sent(&configuration, &asked), "{kinds} {}", asked.resource);
        }
    }
}

/// Kyverno 4686, 11122, 2869, 2058: all nodes go, and what networks and volumes need cannot start
/// because the webhook cannot.
#[test]
fn a_cluster_comes_up_with_nobody_to_answer() {
    let configuration = derived(EVERYTHING);
    let bootstrap = &["system:bootstrappers", "system:authenticated"];
    let kubelet = &["system:nodes", "system:authenticated"];
    for asked in [
        // Nodes join and report.
        Asked {
            groups: bootstrap,
            ..asked("certificates.k8s.io", "certificatesigningrequests", "")
        },
        Asked { groups: kubelet, ..asked("", "nodes", "") },
        asked("", "nodes", ""),
        Asked { groups: kubelet, ..asked("", "pods", "shop") },
        Asked { groups: kubelet, ..asked("storage.k8s.io", "csinodes", "") },
        // The network starts, where it belongs to the system and where it was said to.
        asked("apps", "daemonsets", "kube-system"),
        asked("", "pods", "kube-system"),
        asked("", "pods", "cni"),
        // Volumes are attached.
        asked("storage.k8s.io", "volumeattachments", ""),
        // The API server says where it is.
        Asked { user: "system:apiserver", ..asked("", "endpoints", "default") },
        // And so do we.
        asked("apps", "deployments", "ajj"),
        asked("", "pods", "ajj"),
        asked("", "secrets", "ajj"),
    ] {
        assert!(!is_sent(&configuration, &asked), "{}/{}", asked.group, asked.resource);
    }
}

/// What was written on purpose holds: a policy about Nodes is asked about them, but not by kubelets.
#[test]
fn nodes_are_covered_where_a_rule_names_them() {
    let configuration = derived("[Node]");
    assert!(is_sent(&configuration, &asked("", "nodes", "")));
    let kubelet = Asked { groups: &["system:nodes"], ..asked("", "nodes", "") };
    assert!(!is_sent(&configuration, &kubelet));
}

/// Policies can be mended while they deny everything, registrations and reviews are not asked about,
/// and what we write ourselves does not come back to us.
#[test]
fn the_way_to_mend_it_stays_open() {
    let configuration = derived(EVERYTHING);
    for asked in [
        asked("kyverno.io", "clusterpolicies", ""),
        asked("kyverno.io", "policies", "shop"),
        asked("admissionregistration.k8s.io", "validatingwebhookconfigurations", ""),
        asked("apiextensions.k8s.io", "customresourcedefinitions", ""),
        asked("authorization.k8s.io", "subjectaccessreviews", ""),
        asked("authentication.k8s.io", "tokenreviews", ""),
        asked("events.k8s.io", "events", "shop"),
        Asked { user: "system:serviceaccount:ajj:ajj-webhook", ..asked("", "configmaps", "shop") },
    ] {
        assert!(!is_sent(&configuration, &asked), "{}/{}", asked.group, asked.resource);
    }
}

/// Kyverno 6554: without a replica the configuration was taken away, and everything was allowed.
/// There is no code that deletes it: what the writer can send says so.
#[test]
fn nothing_can_delete_it() {
    let ours = ajj_facts::WRITES.iter().find(|right| right.group == "admissionregistration.k8s.io");
    assert_eq!(ours.unwrap().verbs, ["get", "create", "patch"]);
    let mut deletes = ajj_facts::WRITES.iter().filter(|right| right.verbs.contains(&"delete"));
    assert!(deletes.all(|right| ["openreports.io", "wgpolicyk8s.io"].contains(&right.group)));
}

/// Gatekeeper 1045, 3014: replicas wrote different things. All derive the same from the same.
#[test]
fn every_replica_derives_the_same() {
    let (one, other) =
        (policy("[Pod]", "failurePolicy: Fail"), policy("[ConfigMap]", "failurePolicy: Ignore"));
    let forth: Vec<_> = one.iter().chain(&other).cloned().collect();
    let back: Vec<_> = other.into_iter().chain(one).collect();
    let derive = |registrations: &[Registration]| {
        configuration(&settings(), registrations, &served(), Some("Yg==")).object
    };
    assert_eq!(derive(&forth), derive(&back));
}

#[test]
fn what_it_looks_like() {
    let mut registrations =
        policy("[Pod]", "webhookConfiguration: {failurePolicy: Fail, timeoutSeconds: 5}");
    registrations.extend(policy("[ConfigMap]", "failurePolicy: Ignore"));
    let Derived { object, left_out } =
        configuration(&settings(), &registrations, &served(), Some("Yg=="));
    assert_eq!(left_out, BTreeSet::new());
    let webhooks = object["webhooks"].as_array().unwrap();
    let line = |webhook: &Value| {
        let client = &webhook["clientConfig"];
        let words = [
            &webhook["name"],
            &client["service"]["path"],
            &webhook["failurePolicy"],
            &webhook["timeoutSeconds"],
            &webhook["rules"][0]["resources"],
            &client["caBundle"],
        ];
        words.map(Value::to_string).join(" ")
    };
    assert_eq!(
        webhooks.iter().map(line).collect::<Vec<_>>(),
        [
            r#""validate.ajj.io" "/validate/fail" "Fail" 5 ["pods"] "Yg==""#,
            r#""validate-ignore.ajj.io" "/validate/ignore" "Ignore" 10 ["configmaps"] "Yg==""#,
            r#""policies.ajj.io" "/validate/policies" "Ignore" 10 ["clusterpolicies","policies","policyexceptions"] "Yg==""#,
        ]
    );
    for webhook in webhooks {
        assert_eq!(webhook["matchPolicy"], "Equivalent");
        assert_eq!(webhook["sideEffects"], "None");
        assert_eq!(webhook["admissionReviewVersions"], json!(["v1"]));
    }
    // Without policies there is nothing to fail.
    let empty = configuration(&settings(), &[], &served(), Some("Yg==")).object;
    let names: Vec<_> =
        empty["webhooks"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["policies.ajj.io"]);
}

#[test]
fn other_ways_to_reach_us_and_to_vouch_for_us() {
    let outside = Settings {
        client: Client::Url("https://127.0.0.1:8443/".to_owned()),
        inject_from: Some("ajj/webhook".to_owned()),
        account: None,
        ..settings()
    };
    let object =
        configuration(&outside, &policy("[Pod]", "failurePolicy: Fail"), &served(), Some("Yg=="))
            .object;
    let client = &object["webhooks"][0]["clientConfig"];
    assert_eq!(*client, json!({"url": "https://127.0.0.1:8443/validate/fail"}));
    let annotation = &object["metadata"]["annotations"]["cert-manager.io/inject-ca-from"];
    assert_eq!(annotation, "ajj/webhook");
    let conditions = object["webhooks"][0]["matchConditions"].to_string();
    assert!(!conditions.contains("not-by-ajj"), "nobody else may go unjudged");
}
