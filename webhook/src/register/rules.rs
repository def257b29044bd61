//! From kinds, as policies name them, to resources, as an API server names them.

use std::collections::{BTreeMap, BTreeSet};

use ajj_engine::{KindPattern, Operation, Registration};
use ajj_facts::ServedResource;

use super::conditions;

/// One of the `rules` of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WebhookRule {
    pub(crate) groups: BTreeSet<String>,
    pub(crate) versions: BTreeSet<String>,
    pub(crate) resources: BTreeSet<String>,
    pub(crate) operations: BTreeSet<Operation>,
    pub(crate) only_namespaced: bool,
}

/// A kind that a rule names and that no request will be about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LeftOut {
    pub(crate) policy: String,
    pub(crate) rule: String,
    pub(crate) kind: String,
    pub(crate) why: Why,
}

/// Why requests about a kind do not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// The API server does not serve it now.
    NotServed,
    /// A cluster could not be brought back if it were covered.
    NeverCovered,
    /// The policy is one of a namespace, the kind one of the cluster.
    OfTheCluster,
}

/// One resource of a rule, before rules are merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Covered {
    group: String,
    version: String,
    resource: String,
}

/// The rules of one webhook, merged and in a stable order, and what is left out.
pub(crate) fn rules<'r>(
    registrations: impl IntoIterator<Item = &'r Registration>,
    served: &[ServedResource],
) -> (Vec<WebhookRule>, BTreeSet<LeftOut>) {
    let mut left_out = BTreeSet::new();
    let mut operations: BTreeMap<(Covered, bool), BTreeSet<Operation>> = BTreeMap::new();
    for registration in registrations {
        let only_namespaced = registration.only_namespaced;
        for target in &registration.targets {
            for kind in &target.kinds {
                let found = resources(kind, only_namespaced, served);
                for covered in found.covered {
                    let known = operations.entry((covered, only_namespaced)).or_default();
                    known.extend(&target.operations);
                }
                if let Some(why) = found.nothing_because {
                    left_out.insert(LeftOut {
                        policy: registration.policy.to_string(),
                        rule: registration.rule.to_string(),
                        kind: written(kind),
                        why,
                    });
                }
            }
        }
    }
    for ((covered, _), operations) in &mut operations {
        // Nobody connects to an object itself.
        if !takes_connections(&covered.resource) {
            operations.remove(&Operation::Connect);
        }
    }
    (merge(&operations), left_out)
}

/// Whether there can be a request to connect: objects and the subresources that hold a part of them
/// take none.
fn takes_connections(resource: &str) -> bool {
    const WRITTEN: [&str; 5] = ["approval", "ephemeralcontainers", "finalize", "scale", "status"];
    resource.split_once('/').is_some_and(|(_, sub)| !WRITTEN.contains(&sub))
}

struct Found {
    covered: Vec<Covered>,
    nothing_because: Option<Why>,
}

fn resources(kind: &KindPattern, only_namespaced: bool, served: &[ServedResource]) -> Found {
    let is_name = |text: &str| !text.contains(['*', '?']);
    let (any_group, any_version) = (kind.group == "*", kind.version == "*");
    let plain_sub = is_name(&kind.subresource) || kind.subresource == "*";
    let plain_group = any_group || is_name(&kind.group);
    // Also for what is served later.
    if kind.kind == "*" && plain_sub && plain_group {
        let version = if is_name(&kind.version) { kind.version.clone() } else { "*".to_owned() };
        let resource = match kind.subresource.as_str() {
            "" => "*".to_owned(),
            subresource => format!("*/{subresource}"),
        };
        let mut covered =
            vec![Covered { group: kind.group.clone(), version: version.clone(), resource }];
        // Whoever asks for pods is asked about their ephemeral containers.
        let of_core = any_group || kind.group.is_empty();
        if !matches!(kind.subresource.as_str(), "*" | "ephemeralcontainers") && of_core {
            let resource = "pods/ephemeralcontainers".to_owned();
            covered.push(Covered { group: String::new(), version, resource });
        }
        return Found { covered, nothing_because: None };
    }
    let mut covered = Vec::new();
    let mut nothing_because = Why::NotServed;
    for one in served {
        let subresources = one.subresources.iter().map(String::as_str);
        for subresource in std::iter::once("").chain(subresources) {
            if !kind.covers(&one.kind, subresource) {
                continue;
            }
            if only_namespaced && !one.is_namespaced {
                nothing_because = nothing_because.max(Why::OfTheCluster);
                continue;
            }
            if conditions::is_never_covered(&one.group, &one.resource) {
                nothing_because = Why::NeverCovered;
                continue;
            }
            let resource = match subresource {
                "" => one.resource.clone(),
                subresource => format!("{}/{subresource}", one.resource),
            };
            let version = if any_version { "*".to_owned() } else { one.version.clone() };
            covered.push(Covered { group: one.group.clone(), version, resource });
        }
    }
    let nothing_because = covered.is_empty().then_some(nothing_because);
    Found { covered, nothing_because }
}

/// The kind as a policy can write it.
fn written(kind: &KindPattern) -> String {
    let KindPattern { group, version, kind, subresource } = kind;
    let mut text = match (group.as_str(), version.as_str()) {
        ("*", "*") => kind.clone(),
        ("*", version) => format!("{version}/{kind}"),
        (group, version) => format!("{group}/{version}/{kind}"),
    };
    if !subresource.is_empty() {
        text.push('/');
        text.push_str(subresource);
    }
    text
}

/// Puts together what differs in one thing: resources of one group, versions of one resource,
/// operations of one resource.
fn merge(operations: &BTreeMap<(Covered, bool), BTreeSet<Operation>>) -> Vec<WebhookRule> {
    let one = |text: String| BTreeSet::from([text]);
    let mut rules: BTreeSet<WebhookRule> = BTreeSet::new();
    for ((covered, only_namespaced), own) in operations {
        let mut left = own.clone();
        // What a wider rule already says is not said again.
        for ((wider, wider_scope), theirs) in operations {
            let is_other = (wider, wider_scope) != (covered, only_namespaced);
            if is_other && is_wider(wider, covered) && (!wider_scope || *only_namespaced) {
                left = left.difference(theirs).copied().collect();
            }
        }
        if !left.is_empty() {
            rules.insert(WebhookRule {
                groups: one(covered.group.clone()),
                versions: one(covered.version.clone()),
                resources: one(covered.resource.clone()),
                operations: left,
                only_namespaced: *only_namespaced,
            });
        }
    }
    let rules = join(
        rules,
        |rule| std::mem::take(&mut rule.versions),
        |rule, versions| {
            rule.versions.extend(versions);
        },
    );
    let rules = join(
        rules,
        |rule| std::mem::take(&mut rule.resources),
        |rule, resources| {
            rule.resources.extend(resources);
        },
    );
    let rules = join(
        rules,
        |rule| std::mem::take(&mut rule.groups),
        |rule, groups| {
            rule.groups.extend(groups);
        },
    );
    rules.into_iter().collect()
}

/// Joins the rules that are equal but for one part.
fn join(
    rules: BTreeSet<WebhookRule>,
    take: impl Fn(&mut WebhookRule) -> BTreeSet<String>,
    give: impl Fn(&mut WebhookRule, BTreeSet<String>),
) -> BTreeSet<WebhookRule> {
    let mut joined: BTreeMap<WebhookRule, BTreeSet<String>> = BTreeMap::new();
    for mut rule in rules {
        let part = take(&mut rule);
        joined.entry(rule).or_default().extend(part);
    }
    let whole = joined.into_iter().map(|(mut rule, part)| {
        give(&mut rule, part);
        rule
    });
    whole.collect()
}

/// Whether whatever one resource is about, the wider one is about as well.
fn is_wider(wider: &Covered, covered: &Covered) -> bool {
    let holds = |wider: &str, own: &str| wider == "*" || wider == own;
    let (resource, sub) = parts(&covered.resource);
    let (wider_resource, wider_sub) = parts(&wider.resource);
    let subs = match (wider_sub, sub) {
        (None, None) => true,
        (Some("*"), _) => wider_resource == "*" || sub.is_some(),
        (Some(wider), Some(own)) => wider == own,
        _ => false,
    };
    holds(&wider.group, &covered.group)
        && holds(&wider.version, &covered.version)
        && holds(wider_resource, resource)
        && subs
}

fn parts(resource: &str) -> (&str, Option<&str>) {
    match resource.split_once('/') {
        Some((resource, sub)) => (resource, Some(sub)),
        None => (resource, None),
    }
}

#[cfg(test)]
mod tests;
