use ajj_engine::{FailurePolicy, GroupVersionKind, KindPattern, Operation, Registration, Target};
use ajj_facts::ServedResource;

use super::*;

/// `group/version/resource Kind scope subresources`.
fn served(lines: &[&str]) -> Vec<ServedResource> {
    let served = lines.iter().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [group, version, resource] = words[0].split('/').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        ServedResource {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            kind: GroupVersionKind {
                group: group.into(),
                version: version.into(),
                kind: words[1].into(),
            },
            is_namespaced: words[2] == "ns",
            is_listable: true,
            subresources: words[3..].iter().map(|word| (*word).to_owned()).collect(),
        }
    });
    served.collect()
}

fn cluster() -> Vec<ServedResource> {
    served(&[
        "/v1/pods Pod ns ephemeralcontainers exec status",
        "/v1/services Service ns status",
        "/v1/nodes Node cluster status",
        "/v1/namespaces Namespace cluster status",
        "/v1/events Event ns",
        "apps/v1/deployments Deployment ns scale status",
        "apps/v1/statefulsets StatefulSet ns scale",
        "autoscaling/v1/horizontalpodautoscalers HorizontalPodAutoscaler ns",
        "autoscaling/v2/horizontalpodautoscalers HorizontalPodAutoscaler ns",
        "coordination.k8s.io/v1/leases Lease ns",
        "authentication.k8s.io/v1/tokenreviews TokenReview cluster",
        "kyverno.io/v1/clusterpolicies ClusterPolicy cluster status",
    ])
}

/// A rule about kinds as `[group/version/]Kind[/subresource]` and the first letters of operations.
fn about(kinds: &[&str], letters: &str, only_namespaced: bool) -> Registration {
    let pattern = |kind: &&str| {
        let parts: Vec<&str> = kind.split('/').collect();
        let [group, version, kind, subresource] = match parts[..] {
            [kind] => ["*", "*", kind, ""],
            [kind, subresource] => ["*", "*", kind, subresource],
            [group, version, kind] => [group, version, kind, ""],
            [group, version, kind, subresource] => [group, version, kind, subresource],
            _ => panic!("{kind}"),
        }
        .map(str::to_owned);
        KindPattern { group, version, kind, subresource }
    };
    let all = [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect];
    let operations = all.into_iter().filter(|one| letters.contains(&one.as_str()[..2]));
    Registration {
        policy: "p".into(),
        rule: "r".into(),
        failure_policy: FailurePolicy::Fail,
        only_namespaced,
        timeout_seconds: None,
        targets: vec![Target {
            kinds: kinds.iter().map(pattern).collect(),
            operations: operations.collect(),
        }],
    }
}

const ALL: &str = "CR UP DE CO";

fn shown(rules: &[WebhookRule]) -> Vec<String> {
    let list =
        |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let show = |rule: &WebhookRule| {
        let letters: String = rule.operations.iter().map(|one| &one.as_str()[..2]).collect();
        let scope = if rule.only_namespaced { " ns" } else { "" };
        format!(
            "[{}]/[{}]/[{}] {letters}{scope}",
            list(&rule.groups),
            list(&rule.versions),
            list(&rule.resources)
        )
    };
    rules.iter().map(show).collect()
}

#[test]
fn kinds_become_resources() {
    for (kinds, expected) in [
        (&["Pod"] as &[&str], &["[]/[*]/[pods,pods/ephemeralcontainers] CRUPDE"] as &[&str]),
        // The ephemeral containers come with whatever names the kind.
        (
            &["Pod/exec"],
            &["[]/[*]/[pods/ephemeralcontainers] CRUPDE", "[]/[*]/[pods/exec] CRUPDECO"],
        ),
        (&["apps/v1/Deployment"], &["[apps]/[v1]/[deployments] CRUPDE"]),
        (&["Deployment/scale"], &["[apps]/[*]/[deployments/scale] CRUPDE"]),
        // One of two versions: the API server converts the other, and a third is not meant.
        (
            &["autoscaling/v1/HorizontalPodAutoscaler"],
            &["[autoscaling]/[v1]/[horizontalpodautoscalers] CRUPDE"],
        ),
        (&["HorizontalPodAutoscaler"], &["[autoscaling]/[*]/[horizontalpodautoscalers] CRUPDE"]),
        // What wildcards mean is looked up, unless they mean everything.
        (&["*Set", "Deploy*"], &["[apps]/[*]/[deployments,statefulsets] CRUPDE"]),
        (&["*"], &["[]/[*]/[pods/ephemeralcontainers] CRUPDE", "[*]/[*]/[*] CRUPDE"]),
        (&["*/*"], &["[*]/[*]/[*/*] CRUPDECO"]),
        (&["apps/v1/*"], &["[apps]/[v1]/[*] CRUPDE"]),
        (&["*/scale"], &["[]/[*]/[pods/ephemeralcontainers] CRUPDE", "[*]/[*]/[*/scale] CRUPDE"]),
        (
            &["*/sc*"],
            &[
                "[]/[*]/[pods/ephemeralcontainers] CRUPDE",
                "[apps]/[*]/[deployments/scale,statefulsets/scale] CRUPDE",
            ],
        ),
    ] {
        let (rules, left_out) = rules([&about(kinds, ALL, false)], &cluster());
        assert_eq!(left_out, BTreeSet::new(), "{kinds:?}");
        assert_eq!(shown(&rules), expected, "{kinds:?}");
    }
}

#[test]
fn rules_are_merged_and_stable() {
    let registrations = [
        about(&["Pod", "Service"], "CR UP", false),
        about(&["Pod"], "CR DE", false),
        about(&["Deployment"], "CR UP", false),
        about(&["StatefulSet"], "CR UP", true),
        about(&["Deployment"], "CR UP", true),
    ];
    let (forth, _) = rules(&registrations, &cluster());
    let (back, _) = rules(registrations.iter().rev(), &cluster());
    assert_eq!(forth, back);
    assert_eq!(
        shown(&forth),
        [
            "[]/[*]/[pods,pods/ephemeralcontainers] CRUPDE",
            "[]/[*]/[services] CRUP",
            "[apps]/[*]/[deployments] CRUP",
            "[apps]/[*]/[statefulsets] CRUP ns",
        ]
    );
    // What a wider rule says is not said again.
    let everything = about(&["*/*"], ALL, false);
    let (rules, _) = rules(registrations.iter().chain([&everything]), &cluster());
    assert_eq!(shown(&rules), ["[*]/[*]/[*/*] CRUPDECO"]);
}

#[test]
fn what_comes_of_no_request_is_said() {
    let said = |registration: &Registration| {
        let (rules, left_out) = rules([registration], &cluster());
        assert_eq!(rules, []);
        let said = left_out.into_iter().map(|one| (one.kind, one.why));
        said.collect::<Vec<_>>()
    };
    let one = |kind: &str, why| vec![(kind.to_owned(), why)];
    assert_eq!(said(&about(&["Widget"], ALL, false)), one("Widget", Why::NotServed));
    assert_eq!(
        said(&about(&["example.com/v1/Widget/scale"], ALL, false)),
        one("example.com/v1/Widget/scale", Why::NotServed)
    );
    assert_eq!(said(&about(&["Namespace"], ALL, true)), one("Namespace", Why::OfTheCluster));
    for kind in ["Lease", "Event", "TokenReview", "ClusterPolicy"] {
        assert_eq!(said(&about(&[kind], ALL, false)), one(kind, Why::NeverCovered));
    }
}

#[test]
fn a_kind_that_comes_to_be_served_is_added() {
    let widgets = about(&["Pod", "Widget"], "CR", false);
    let (_, left_out) = rules([&widgets], &cluster());
    assert_eq!(left_out.len(), 1);
    let mut later = cluster();
    later.extend(served(&["example.com/v1/widgets Widget ns"]));
    let (rules, left_out) = rules([&widgets], &later);
    assert_eq!(left_out, BTreeSet::new());
    assert!(shown(&rules).contains(&"[example.com]/[*]/[widgets] CR".to_owned()));
}
