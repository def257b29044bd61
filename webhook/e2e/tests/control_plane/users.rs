//! Requests of others than the administrator.

use serde_json::json;

use crate::support::{kubectl, plane_with_namespace, said};

#[test]
fn kubectl_asks_as_somebody_else() {
    let who = kubectl("auth whoami --as jane --as-group developers --output json").json().unwrap();
    let user = &who["status"]["userInfo"];
    assert_eq!(user["username"], "jane");
    assert_eq!(user["groups"], json!(["developers", "system:authenticated"]));
    let refused = kubectl("get pods --namespace default --as jane");
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.stderr,
        "Error from server (Forbidden): pods is forbidden: User \"jane\" cannot list resource \
         \"pods\" in API group \"\" in the namespace \"default\"\n"
    );
}

#[test]
fn a_service_account_may_what_it_is_bound_to() {
    let plane = plane_with_namespace("account");
    let created = kubectl("create serviceaccount reader --namespace account");
    assert_eq!(created, said("serviceaccount/reader created\n"));
    let token = kubectl("create token reader --namespace account").succeeded().unwrap();
    let file = plane.write_kubeconfig("reader", token.trim()).unwrap();
    let list = format!("get pods --namespace account --kubeconfig {}", file.display());

    let refused = kubectl(&list);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("User \"system:serviceaccount:account:reader\" cannot list"),
        "{refused:?}"
    );

    let binding = "create rolebinding readers --clusterrole view --serviceaccount account:reader \
                   --namespace account";
    assert_eq!(kubectl(binding), said("rolebinding.rbac.authorization.k8s.io/readers created\n"));
    // The authorizer learns of it a moment later.
    let allowed = ajj_e2e::eventually(crate::support::BOUND, || {
        let seen = kubectl(&list);
        if seen.code == 0 { Ok(seen) } else { Err(seen) }
    });
    assert_eq!(allowed.unwrap().stderr, "No resources found in account namespace.\n");
}
