//! `ajj policy replay`: one review, a list, one a line; and what is none.

use serde_json::{Value, json};

use crate::admission::Folder;
use crate::support::{Run, ajj_with_stdin};

fn review(uid: &str, run_as_non_root: bool) -> Value {
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": uid, "operation": "CREATE", "name": "web", "namespace": "shop",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": {"kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"hostNetwork": !run_as_non_root, "containers": [{"name": "c", "image": "i"}]}}}})
}

fn replay(arguments: &str, input: &str) -> Run {
    let policies = "../../policies/pod-security/baseline/host-namespaces/policy.yaml";
    ajj_with_stdin(&format!("policy replay -p {policies} {arguments} -"), input)
}

fn verdicts(run: &Run) -> Vec<(String, bool)> {
    run.stdout
        .lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            assert_eq!(answer["kind"], "AdmissionReview");
            let response = &answer["response"];
            (response["uid"].as_str().unwrap().to_owned(), response["allowed"].as_bool().unwrap())
        })
        .collect()
}

#[test]
fn reviews_are_answered_in_order_however_they_are_written() {
    let expected = vec![("a".to_owned(), true), ("b".to_owned(), false)];
    let (good, bad) = (review("a", true), review("b", false));
    for (name, input) in [
        ("lines", format!("{good}\n{bad}\n")),
        ("a list", json!([good, bad]).to_string()),
        ("pretty", format!("{good:#}\n{bad:#}")),
    ] {
        let run = replay("", &input);
        assert_eq!((run.code, verdicts(&run)), (0, expected.clone()), "{name}: {}", run.stderr);
        assert!(!run.stdout.contains("\"decision\":{"));
    }
    let run = replay("--verbose", &good.to_string());
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["decision"]["object"]["name"], "web");
    assert_eq!(answer["decision"]["results"][0]["outcome"], "pass");
}

#[test]
fn what_is_no_review_is_said_with_its_place_and_the_rest_is_answered() {
    let mut odd = review("b", true);
    odd["request"]["operation"] = json!("PATCH");
    let run = replay("", &format!("{}\n{odd}\n{}\n", review("a", true), review("c", true)));
    assert_eq!(run.code, 2);
    assert_eq!(verdicts(&run).len(), 2);
    assert!(run.stderr.contains("-:2:2: error[not-a-review] expected CREATE"), "{}", run.stderr);
    let run = replay("", &json!([review("a", true), 3]).to_string());
    assert_eq!((run.code, verdicts(&run).len()), (2, 1), "{}", run.stderr);
    let run = replay("", "{\"broken\": ");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let run = replay("", "# nothing\n");
    assert_eq!(run.code, 3, "{}", run.stderr);
}

#[test]
fn rules_about_roles_know_them_from_the_facts_or_say_so() {
    let policy = "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: admins}
spec:
  background: false
  rules:
  - name: not-by-admins
    match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [admin]}]}
    validate: {failureAction: Enforce, message: not so, deny: {}}
";
    let bindings = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{kind: User, name: alice}]
";
    let folder = Folder::new("replay-roles");
    let write = |name: &str, text: &str| folder.write(name, text).to_str().unwrap().to_owned();
    let (policy, bindings) = (write("policy.yaml", policy), write("bindings.yaml", bindings));
    let by = |user: &str| {
        let mut review = review(user, true);
        review["request"]["userInfo"] = json!({"username": user});
        review.to_string()
    };
    let input = format!("{}\n{}\n", by("alice"), by("bob"));
    let run = ajj_with_stdin(&format!("policy replay -p {policy} --facts {bindings} -"), &input);
    let expected = vec![("alice".to_owned(), false), ("bob".to_owned(), true)];
    assert_eq!((run.code, verdicts(&run)), (0, expected), "{}", run.stderr);
    let run = ajj_with_stdin(&format!("policy replay -p {policy} -"), &input);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let said = "error[roles-unknown] a rule asks for the roles of `alice`";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}
