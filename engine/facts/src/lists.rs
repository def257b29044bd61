//! Which lists of an API server hold the objects that rules are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ajj_engine::{KindPattern, Registration};

use crate::live::{Discovered, ServedResource};

/// The lists, and what is in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Each resource in one version, or in as many as rules insist on.
    pub resources: Vec<ServedResource>,
    /// Kinds that rules name and the API server does not have.
    pub not_served: Vec<NotServed>,
}

/// A kind that a rule names and the API server does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotServed {
    /// The kind.
    pub kind: KindPattern,
    /// The policy of the rule.
    pub policy: Arc<str>,
    /// The name that the rule answers with.
    pub rule: Arc<str>,
}

/// Derives the lists from what rules can match and what there is.
///
/// Objects are the same in every version, so that one version of a resource is enough, unless
/// rules name several: the newest stable one if none is named.
pub fn lists(targets: &[Registration], served: &Discovered) -> Lists {
    let mut wanted: BTreeSet<(&KindPattern, bool)> = BTreeSet::new();
    let mut not_served = BTreeSet::new();
    for registration in targets {
        for kind in registration.targets.iter().flat_map(|target| &target.kinds) {
            if !is_about_objects(kind) {
                continue;
            }
            if served.resources.iter().any(|resource| kind.covers(&resource.kind, "")) {
                wanted.insert((kind, registration.only_namespaced));
                continue;
            }
            not_served.insert(NotServed {
                kind: kind.clone(),
                policy: Arc::clone(&registration.policy),
                rule: Arc::clone(&registration.rule),
            });
        }
    }
    let mut by_name: BTreeMap<(&str, &str), Vec<&ServedResource>> = BTreeMap::new();
    for resource in served.resources.iter().filter(|resource| resource.is_listable) {
        by_name.entry((&resource.group, &resource.resource)).or_default().push(resource);
    }
    let mut resources = Vec::new();
    for mut versions in by_name.into_values() {
        versions.sort_by_key(|resource| std::cmp::Reverse(stability(&resource.version)));
        let mut open: Vec<&KindPattern> = Vec::new();
        for (kind, only_namespaced) in &wanted {
            let covers = |one: &&ServedResource| {
                kind.covers(&one.kind, "") && (one.is_namespaced || !only_namespaced)
            };
            if versions.iter().any(covers) {
                open.push(kind);
            }
        }
        for version in versions {
            let before = open.len();
            open.retain(|kind| !kind.covers(&version.kind, ""));
            if open.len() < before {
                resources.push(version.clone());
            }
        }
    }
    Lists { resources, not_served: not_served.into_iter().collect() }
}

/// Whether a kind means objects, not a subresource alone.
fn is_about_objects(kind: &KindPattern) -> bool {
    kind.subresource.is_empty() || kind.subresource == "*"
}

/// Orders versions as the API server prefers them: stable ones, then beta, then alpha; of each the
/// highest.
fn stability(version: &str) -> (u8, u32, u32) {
    let read = || {
        let rest = version.strip_prefix('v')?;
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let (major, rest) = rest.split_at_checked(end)?;
        let major = major.parse().ok()?;
        if rest.is_empty() {
            return Some((3, major, 0));
        }
        let beta = rest.strip_prefix("beta").map(|minor| (2, minor));
        let (rank, minor) = beta.or_else(|| rest.strip_prefix("alpha").map(|minor| (1, minor)))?;
        Some((rank, major, minor.parse().ok()?))
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ajj_engine::{GroupVersionKind, Source, compile};

    use super::{Lists, lists, stability};
    use crate::live::{Discovered, ServedResource};

    fn resource(group: &str, version: &str, plural: &str, kind: &str) -> ServedResource {
        ServedResource {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: plural.to_owned(),
            kind: GroupVersionKind {
                group: group.into(),
                version: version.into(),
                kind: kind.into(),
            },
            is_namespaced: kind != "Node",
            is_listable: kind != "TokenReview",
            subresources: Vec::new(),
        }
    }

    fn of(policy_kind: &str, kinds: &str) -> Lists {
        let text = format!(
            "apiVersion: kyverno.io/v1\nkind: {policy_kind}\nmetadata: {{name: p, annotations: {{pod-policies.kyverno.io/autogen-controllers: none}}}}\nspec:\n  rules:\n  \
             - name: r\n    match: {{any: [{{resources: {{kinds: [{kinds}]}}}}]}}\n    \
             validate: {{message: m, deny: {{}}}}\n"
        );
        let (policies, found) = compile(&[Source::new("p.yaml", text)]);
        assert_eq!(found, []);
        let served = Discovered {
            resources: vec![
                resource("", "v1", "nodes", "Node"),
                resource("", "v1", "pods", "Pod"),
                resource("authentication.k8s.io", "v1", "tokenreviews", "TokenReview"),
                resource("autoscaling", "v1", "scalers", "Scaler"),
                resource("autoscaling", "v2", "scalers", "Scaler"),
                resource("autoscaling", "v3beta1", "scalers", "Scaler"),
            ],
            stale: Vec::new(),
        };
        lists(&policies.background_targets(), &served)
    }

    fn paths(lists: &Lists) -> Vec<String> {
        lists.resources.iter().map(|resource| resource.list_path(None)).collect()
    }

    #[test]
    fn one_version_of_a_resource_is_listed_unless_rules_name_several() {
        for (kinds, expected) in [
            ("Pod", &["/api/v1/pods"] as &[&str]),
            ("Scaler", &["/apis/autoscaling/v2/scalers"]),
            ("autoscaling/v1/Scaler", &["/apis/autoscaling/v1/scalers"]),
            (
                "Scaler, autoscaling/v1/Scaler",
                &["/apis/autoscaling/v2/scalers", "/apis/autoscaling/v1/scalers"],
            ),
            ("Pod, Node", &["/api/v1/nodes", "/api/v1/pods"]),
            ("Pod/exec, TokenReview", &[]),
        ] {
            let lists = of("ClusterPolicy", kinds);
            assert_eq!(paths(&lists), expected, "{kinds}");
            assert_eq!(lists.not_served, [], "{kinds}");
        }
    }

    #[test]
    fn a_policy_of_a_namespace_is_not_about_objects_of_the_cluster() {
        assert_eq!(paths(&of("Policy", "Pod, Node")), ["/api/v1/pods"]);
    }

    #[test]
    fn kinds_that_are_not_served_are_said() {
        let lists = of("ClusterPolicy", "Widget");
        let said: Vec<_> = lists
            .not_served
            .iter()
            .map(|one| (&*one.kind.kind, &*one.policy, &*one.rule))
            .collect();
        assert_eq!(said, [("Widget", "p", "r")]);
        assert_eq!(lists.resources, []);
    }

    #[test]
    fn versions_are_ordered_as_the_api_server_prefers_them() {
        let mut versions = ["v1alpha1", "v10", "v2beta2", "odd", "v2", "v2beta10", "v3alpha1"];
        versions.sort_by_key(|version| std::cmp::Reverse(stability(version)));
        assert_eq!(versions, ["v10", "v2", "v2beta10", "v2beta2", "v3alpha1", "v1alpha1", "odd"]);
    }
}
