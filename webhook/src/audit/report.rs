//! The report of one object, as the cluster keeps it.

use ajj_facts::Discovered;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::finding::{Finding, Word};
use super::table::{Judged, Place};

/// Which kinds of reports are to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportApi {
    /// Those that are installed; the successor where both are.
    #[default]
    Auto,
    /// `openreports.io`.
    OpenReports,
    /// `wgpolicyk8s.io`.
    WgPolicy,
    /// Both.
    Both,
    /// None.
    None,
}

/// One kind of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Api {
    OpenReports,
    WgPolicy,
}

/// The label of what is ours.
pub(super) const MANAGED: (&str, &str) = ("app.kubernetes.io/managed-by", "ajj");
/// The annotation that names what a report says.
pub(super) const DIGEST: &str = "ajj.dev/digest";

const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

impl Api {
    pub(super) const ALL: [Self; 2] = [Self::OpenReports, Self::WgPolicy];

    /// Group and version.
    fn group_version(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenReports => ("openreports.io", "v1alpha1"),
            Self::WgPolicy => ("wgpolicyk8s.io", "v1alpha2"),
        }
    }

    /// Kind and plural of reports in namespaces, and of others.
    fn kinds(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::OpenReports => [("Report", "reports"), ("ClusterReport", "clusterreports")],
            Self::WgPolicy => {
                [("PolicyReport", "policyreports"), ("ClusterPolicyReport", "clusterpolicyreports")]
            }
        }
    }

    /// The paths that list all reports.
    pub(super) fn lists(self) -> [String; 2] {
        let (group, version) = self.group_version();
        self.kinds().map(|(_, plural)| format!("/apis/{group}/{version}/{plural}"))
    }

    /// The path of the list that a report of a namespace is in.
    pub(super) fn list(self, namespace: &str) -> String {
        let (group, version) = self.group_version();
        let [(_, plural), (_, of_cluster)] = self.kinds();
        match namespace {
            "" => format!("/apis/{group}/{version}/{of_cluster}"),
            namespace => format!("/apis/{group}/{version}/namespaces/{namespace}/{plural}"),
        }
    }

    /// Whether both kinds are there.
    pub(super) fn is_served(self, served: &Discovered) -> bool {
        let (group, version) = self.group_version();
        self.kinds().iter().all(|(_, plural)| {
            served.resources.iter().any(|one| {
                (one.group.as_str(), one.version.as_str()) == (group, version)
                    && one.resource == *plural
            })
        })
    }
}

impl ReportApi {
    /// The kinds of reports to write, with those that are wanted and not served.
    pub(super) fn choose(self, served: &Discovered) -> (Vec<Api>, Vec<Api>) {
        let wanted: &[Api] = match self {
            Self::None => &[],
            Self::OpenReports => &[Api::OpenReports],
            Self::WgPolicy => &[Api::WgPolicy],
            Self::Both => &[Api::OpenReports, Api::WgPolicy],
            Self::Auto => match Api::OpenReports.is_served(served) {
                false if Api::WgPolicy.is_served(served) => &[Api::WgPolicy],
                _ => &[Api::OpenReports],
            },
        };
        wanted.iter().partition(|api| api.is_served(served))
    }
}

/// A report that can be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Report {
    /// Names what it says, whenever it is said.
    pub(super) digest: String,
    content: Json,
}

impl Report {
    /// What is reported of an object.
    pub(super) fn of(uid: &str, judged: &Judged) -> Self {
        let Place { api_version, kind, namespace, name, .. } = &judged.place;
        let findings = || judged.findings.values().flatten();
        let mut summary = Map::new();
        for word in Word::ALL {
            let count = findings().filter(|finding| finding.word == word).count();
            summary.insert(word.as_str().to_owned(), json!(count));
        }
        let mut scope = json!({
            "apiVersion": **api_version, "kind": **kind, "name": **name, "uid": uid,
        });
        if !namespace.is_empty() {
            scope["namespace"] = json!(**namespace);
        }
        let content = json!({
            "metadata": {
                "name": uid,
                "labels": {MANAGED.0: MANAGED.1},
                "ownerReferences": [{
                    "apiVersion": **api_version, "kind": **kind, "name": **name, "uid": uid,
                }],
            },
            "scope": scope,
            "summary": summary,
            "results": findings().map(result).collect::<Vec<Json>>(),
        });
        let digest = Sha256::digest(content.to_string());
        let digest = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { digest, content }
    }

    /// The object of an API, said at a time.
    pub(super) fn object(&self, api: Api, namespace: &str, seconds: i64) -> String {
        let (group, version) = api.group_version();
        let [(of_namespace, _), (of_cluster, _)] = api.kinds();
        let mut object = self.content.clone();
        object["apiVersion"] = json!(format!("{group}/{version}"));
        object["kind"] = json!(if namespace.is_empty() { of_cluster } else { of_namespace });
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object["metadata"]["annotations"] = json!({DIGEST: self.digest});
        if api == Api::OpenReports {
            object["source"] = json!("ajj");
        }
        for result in object["results"].as_array_mut().into_iter().flatten() {
            result["timestamp"] = json!({"seconds": seconds, "nanos": 0});
        }
        object.to_string()
    }
}

fn result(finding: &Finding) -> Json {
    let rule = &finding.rule;
    let mut result = json!({
        "source": "ajj",
        "policy": *rule.policy,
        "rule": *finding.name,
        "result": finding.word.as_str(),
        "scored": rule.scored,
        "message": *finding.message,
    });
    if SEVERITIES.contains(&&*rule.severity) {
        result["severity"] = json!(*rule.severity);
    }
    if !rule.category.is_empty() {
        result["category"] = json!(*rule.category);
    }
    if let Some(place) = &finding.place {
        result["properties"] =
            json!({"ajj.dev/path": *place.path, "ajj.dev/fingerprint": *place.fingerprint});
    }
    result
}

#[cfg(test)]
mod tests;
