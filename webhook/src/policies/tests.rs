use ajj_engine::Source;

use super::Policies;

fn policy(pattern: &str) -> Source {
    let text = format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n  rules:\n  \
         - name: r\n    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}\n    validate:\n      \
         message: m\n      {pattern}\n"
    );
    Source::new("p.yaml", text)
}

#[test]
fn a_set_that_does_not_compile_is_not_taken_and_the_one_before_goes_on() {
    let policies = Policies::default();
    assert!(policies.current().is_none());
    let broken = policy("patern: {spec: {}}\n      pattern: {spec: {}}");
    assert!(policies.offer(std::slice::from_ref(&broken), Vec::new()).is_err());
    assert!(policies.current().is_none() && policies.is_stale());

    policies.offer(&[policy("pattern: {spec: {}}")], Vec::new()).unwrap();
    let first = policies.current().as_ref().unwrap().digest.clone();
    assert!(!policies.is_stale());

    let refused = policies.offer(&[broken], Vec::new()).unwrap_err();
    assert_eq!(refused.diagnostics[0].code, "unknown-field");
    assert_eq!(policies.current().as_ref().unwrap().digest, first);
    assert!(policies.is_stale());

    policies.offer(&[policy("pattern: {spec: {hostNetwork: false}}")], Vec::new()).unwrap();
    assert_ne!(policies.current().as_ref().unwrap().digest, first);
    assert!(!policies.is_stale());
    assert_eq!(policies.counts(), (2, 2));
}

#[test]
fn rules_that_ask_for_roles_need_a_cluster() {
    let mut asks = policy("deny: {}");
    asks.text = asks
        .text
        .replace("any: [{", "any: [{clusterRoles: [admin], ")
        .replace("spec:\n", "spec:\n  background: false\n")
        .into();
    let refused = Policies::default().offer(std::slice::from_ref(&asks), Vec::new()).unwrap_err();
    assert_eq!(refused.diagnostics[0].code, "roles-need-cluster");

    // Beside a cluster, policies from files decide once those of the cluster are there.
    let beside = Policies::with_cluster();
    beside.offer(&[asks], Vec::new()).unwrap();
    assert!(beside.current().is_none() && !beside.is_stale());
    assert_eq!(beside.file_sources().len(), 1);
}
