//! What rules ask of the cluster: labels of namespaces, ConfigMaps, lists, the roles of the user.

use ajj_e2e::eventually;
use serde_json::json;

use super::{enforce, judged_namespace, policy};
use crate::support::{BOUND, kubectl};

const CREATE: &str = "create configmap thing --dry-run=server";

#[test]
fn labels_of_a_namespace_select_and_cost_no_call() {
    let served = judged_namespace("plain");
    judged_namespace("guarded");
    enforce(&policy(
        "by-namespace-label",
        "guarded",
        json!({
            "match": {"any": [{"resources": {
                "kinds": ["ConfigMap"],
                "names": ["thing"],
                "namespaceSelector": {"matchLabels": {"ajj-e2e.dev/tier": "guarded"}},
            }}]},
            "validate": {"message": "no ConfigMaps here", "deny": {}},
        }),
    ));
    let create = |namespace: &str| kubectl(&format!("{CREATE} --namespace {namespace}"));
    assert_eq!(create("guarded").code, 0);
    let labelled = kubectl("label namespace guarded ajj-e2e.dev/tier=guarded");
    assert_eq!(labelled.code, 0, "{labelled:?}");
    eventually(BOUND, || {
        let seen = create("guarded");
        if seen.stderr.contains("no ConfigMaps here") { Ok(()) } else { Err(seen) }
    })
    .unwrap();
    assert_eq!(create("plain").code, 0, "{}", served.log());
}

#[test]
fn a_config_map_of_the_context_is_read_as_it_is_now() {
    judged_namespace("context");
    let created = kubectl("create configmap limits --from-literal=most=3 --namespace context");
    assert_eq!(created.code, 0, "{created:?}");
    enforce(&policy(
        "by-config-map",
        "most",
        json!({
            "match": {"any": [{"resources": {
                "kinds": ["Secret"], "namespaces": ["context"],
            }}]},
            "context": [{
                "name": "limits",
                "configMap": {"name": "limits", "namespace": "{{ request.namespace }}"},
            }],
            "validate": {
                "message": "at most {{ limits.data.most }} keys",
                "deny": {"conditions": {"any": [{
                    "key": "{{ request.object.data | keys(@) | length(@) }}",
                    "operator": "GreaterThan",
                    "value": "{{ limits.data.most }}",
                }]}},
            },
        }),
    ));
    let create = "create secret generic s --dry-run=server --namespace context \
                  --from-literal=a=text --from-literal=b=text";
    assert_eq!(kubectl(create).code, 0);
    let replaced = kubectl("delete configmap limits --namespace context");
    assert_eq!(replaced.code, 0, "{replaced:?}");
    // What is not there is an error of the rule, and the failure policy says no.
    eventually(BOUND, || {
        let seen = kubectl(create);
        if seen.stderr.contains("1 rule cannot be evaluated (most)") { Ok(()) } else { Err(seen) }
    })
    .unwrap();
    let created = kubectl("create configmap limits --from-literal=most=1 --namespace context");
    assert_eq!(created.code, 0, "{created:?}");
    eventually(BOUND, || {
        let seen = kubectl(create);
        if seen.stderr.contains("at most 1 keys") { Ok(()) } else { Err(seen) }
    })
    .unwrap();
}

#[test]
fn roles_follow_from_bindings() {
    judged_namespace("roles");
    enforce(&policy(
        "by-role",
        "editors",
        json!({
            "match": {"any": [{"resources": {
                "kinds": ["ConfigMap"], "names": ["thing"], "namespaces": ["roles"],
            }}]},
            "exclude": {"any": [{"roles": ["roles:keeper"]}, {"clusterRoles": ["keeper"]}]},
            "validate": {
                "message": "`{{ request.userInfo.username }}` has {{ request.clusterRoles }}",
                "deny": {},
            },
        }),
    ));
    for command in [
        "create role keeper --verb=create --resource=configmaps --namespace roles",
        "create rolebinding keepers --role=keeper --user=jane --group=crew --namespace roles",
        "create rolebinding editors --clusterrole=edit --user=joe --namespace roles",
        "create serviceaccount bot --namespace roles",
        "create rolebinding bots --role=keeper --serviceaccount=roles:bot --namespace roles",
    ] {
        let created = kubectl(command);
        assert_eq!(created.code, 0, "{created:?}");
    }
    let create = format!("{CREATE} --namespace roles --as");
    for user in ["jane", "ann --as-group crew", "system:serviceaccount:roles:bot"] {
        eventually(BOUND, || kubectl(&format!("{create} {user}")).succeeded()).unwrap();
    }
    eventually(BOUND, || {
        let seen = kubectl(&format!("{create} joe"));
        if seen.stderr.contains("`joe` has [\"edit\"") { Ok(()) } else { Err(seen) }
    })
    .unwrap();
}
