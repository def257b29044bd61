//! The report of one object, as the cluster keeps it.

use std::collections::BTreeMap;

use ajj_facts::Discovered;
use serde::Serialize;
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
    content: Content,
}

/// What is said of an object; the same in every API.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Content {
    owner: Reference,
    namespace: String,
    summary: Summary,
    results: Vec<Row>,
}

/// An object among others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    api_version: String,
    kind: String,
    name: String,
    uid: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    source: &'static str,
    policy: String,
    rule: String,
    result: &'static str,
    scored: bool,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<&'static str, String>,
}

impl Report {
    /// What is reported of an object.
    pub(super) fn of(uid: &str, judged: &Judged) -> Self {
        let Place { api_version, kind, namespace, name, .. } = &judged.place;
        let findings = || judged.findings.values().flatten();
        let mut summary = Summary::default();
        for finding in findings() {
            *match finding.word {
                Word::Pass => &mut summary.pass,
                Word::Fail => &mut summary.fail,
                Word::Warn => &mut summary.warn,
                Word::Error => &mut summary.error,
                Word::Skip => &mut summary.skip,
            } += 1;
        }
        let content = Content {
            owner: Reference {
                api_version: api_version.to_string(),
                kind: kind.to_string(),
                name: name.to_string(),
                uid: uid.to_owned(),
            },
            namespace: namespace.to_string(),
            summary,
            results: findings().map(row).collect(),
        };
        let digest = Sha256::digest(json(&content));
        let digest = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { digest, content }
    }

    /// The object of an API, said at a time.
    pub(super) fn object(&self, api: Api, seconds: i64) -> String {
        let Content { owner, namespace, summary, results } = &self.content;
        let (group, version) = api.group_version();
        let [(of_namespace, _), (of_cluster, _)] = api.kinds();
        let is_of_cluster = namespace.is_empty();
        let timestamp = Timestamp { seconds, nanos: 0 };
        json(&Object {
            api_version: format!("{group}/{version}"),
            kind: if is_of_cluster { of_cluster } else { of_namespace },
            metadata: Metadata {
                name: &owner.uid,
                namespace,
                labels: [MANAGED].into(),
                annotations: [(DIGEST, self.digest.as_str())].into(),
                owner_references: [owner],
            },
            source: (api == Api::OpenReports).then_some(SOURCE),
            scope: Scope { reference: owner, namespace },
            summary,
            results: results.iter().map(|row| Timed { row, timestamp }).collect(),
        })
    }
}

const SOURCE: &str = "ajj";

fn row(finding: &Finding) -> Row {
    let rule = &finding.rule;
    let is_known = SEVERITIES.contains(&&*rule.severity);
    let place = finding.place.as_ref().map(|place| {
        [("ajj.dev/path", &place.path), ("ajj.dev/fingerprint", &place.fingerprint)]
            .map(|(name, text)| (name, text.to_string()))
    });
    Row {
        source: SOURCE,
        policy: rule.policy.to_string(),
        rule: finding.name.to_string(),
        result: finding.word.as_str(),
        scored: rule.scored,
        message: finding.message.to_string(),
        severity: if is_known { rule.severity.to_string() } else { String::new() },
        category: rule.category.to_string(),
        properties: place.into_iter().flatten().collect(),
    }
}

/// A report as the API server takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    api_version: String,
    kind: &'static str,
    metadata: Metadata<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    scope: Scope<'r>,
    summary: &'r Summary,
    results: Vec<Timed<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'r> {
    name: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'r str,
    labels: BTreeMap<&'static str, &'static str>,
    annotations: BTreeMap<&'static str, &'r str>,
    owner_references: [&'r Reference; 1],
}

#[derive(Serialize)]
struct Scope<'r> {
    #[serde(flatten)]
    reference: &'r Reference,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'r str,
}

#[derive(Serialize)]
struct Timed<'r> {
    #[serde(flatten)]
    row: &'r Row,
    timestamp: Timestamp,
}

#[derive(Clone, Copy, Serialize)]
struct Timestamp {
    seconds: i64,
    nanos: i32,
}

/// Invariant: structs of strings and numbers can always be written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
