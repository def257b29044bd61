//! Which resources are served.

use ajj_engine::FactError;
use ajj_facts::ServedResource;

use crate::fixture::{Fixture, options};
use crate::server::{Route, status};

const CORE: &str = r#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[
    {"metadata":{},"versions":[{"version":"v1","freshness":"Current","resources":[
        {"resource":"pods","responseKind":{"group":"","version":"","kind":"Pod"},"scope":"Namespaced",
         "verbs":["create","list"],"subresources":[
            {"subresource":"status","responseKind":{"kind":"Pod"}},
            {"subresource":"exec","responseKind":{"kind":"PodExecOptions"}}]},
        {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster"},
        {"resource":"only-subresources"}]}]}]}"#;
const GROUPS: &str = r#"{"kind":"APIGroupDiscoveryList","items":[
    {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]},
    {"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[
        {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},
         "scope":"Namespaced"}]}]}]}"#;

#[tokio::test]
async fn resources_are_listed_with_kind_scope_and_subresources() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.route("/api", Route::json(CORE));
    fixture.server.route("/apis", Route::json(GROUPS));
    let found = fixture.live.discover().await.unwrap();
    let shown: Vec<String> = found
        .resources
        .iter()
        .map(|found| {
            let ServedResource { group, version, resource, kind, subresources, .. } = found;
            let (of, kind) = (kind.api_version(), &kind.kind);
            let flags = format!("{} {}", found.is_namespaced, found.is_listable);
            format!("{group}/{version}/{resource} {of}/{kind} {flags} {subresources:?}")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "/v1/nodes v1/Node false false []",
            "/v1/pods v1/Pod true true [\"exec\", \"status\"]",
            "apps/v1/deployments apps/v1/Deployment true false []",
        ]
    );
    assert_eq!(found.stale, ["metrics.k8s.io/v1beta1"]);
    let mut later =
        ajj_facts::Discovered { stale: vec!["apps/v1".to_owned()], ..Default::default() };
    later.keep_stale(&found);
    assert_eq!(later.resources, found.resources[2..]);
    let calls = fixture.server.calls_of("/apis");
    assert!(calls[0].headers["accept"].to_str().unwrap().contains("as=APIGroupDiscoveryList"));
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let fixture = Fixture::ready(options()).await;
    fixture.server.route("/api", Route::json(CORE));
    fixture.server.route("/apis", Route::status(403, &status(403, "Forbidden")));
    assert_eq!(fixture.live.discover().await, Err(FactError::Forbidden));
    fixture.server.route("/apis", Route::json(r#"{"kind":"APIGroupList","groups":[]}"#));
    assert!(matches!(fixture.live.discover().await, Err(FactError::Failed(_))));
}
