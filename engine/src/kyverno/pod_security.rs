//! Kyverno's `validate.podSecurity`: the Pod Security Standards with exclusions.
//!
//! Follows pkg/engine/handlers/validation/validate_pss.go and pkg/pss/evaluate.go of Kyverno
//! 1.19. Where upstream's order is that of a Go map, ours is that of the controls.

mod compile;
mod exclusion;
mod message;

use crate::decision::Violation;
use crate::diagnostic::Diagnostic;
use crate::pod_security::{self, CheckId, Finding, Level, Pod, Version};
use crate::tree::Node;

pub(crate) use compile::{Problem, compile_exclusions};
pub(crate) use exclusion::Exclusion;

/// A compiled `validate.podSecurity`.
#[derive(Clone, Debug)]
pub(crate) struct PodSecurityRule {
    /// Without one, upstream runs every control, as for `restricted`.
    level: Option<Level>,
    version: Version,
    /// The version as it is written, for the message; empty where there is none.
    version_word: String,
    exclude: Vec<Exclusion>,
}

/// What a `podSecurity` rule says of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PodSecurityOutcome {
    /// Nothing is violated.
    Pass,
    /// All that is violated is excused by policy exceptions.
    Excepted,
    /// Something is violated.
    Fail(PodSecurityFailure),
}

/// What is violated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodSecurityFailure {
    /// Upstream's whole text.
    pub(crate) message: String,
    /// At least one.
    pub(crate) violations: Vec<Violation>,
    /// For the properties of a report.
    pub(crate) controls: Vec<ViolatedControl>,
}

/// A control as upstream's reports list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ViolatedControl {
    /// Kubernetes' name of the check.
    pub(crate) id: &'static str,
    /// Kyverno's name of the control; empty for a check that has none.
    pub(crate) name: &'static str,
    /// The containers whose images upstream lists; `None` where it finds none in the detail.
    pub(crate) containers: Option<Vec<String>>,
}

impl From<Problem<'_>> for Diagnostic {
    fn from(problem: Problem<'_>) -> Self {
        Self {
            code: "pod-security",
            severity: problem.severity,
            message: problem.message,
            span: None,
            help: problem.help,
        }
    }
}

/// The workloads whose pod stands in `spec.template`.
const TEMPLATED: [&str; 6] =
    ["DaemonSet", "Deployment", "Job", "StatefulSet", "ReplicaSet", "ReplicationController"];

/// Where the pod is inside an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workload {
    Pod,
    Template,
    CronJob,
}

/// What `rule` says of `object`; an error where the object is no workload or cannot be decoded.
///
/// `excused` are the exclusions of the policy exceptions that match, in their order.
pub(crate) fn evaluate(
    rule: &PodSecurityRule,
    excused: &[&Exclusion],
    object: Node<'_>,
    kind: &str,
    rule_name: &str,
) -> Result<PodSecurityOutcome, String> {
    let read = |workload: Workload| match workload {
        Workload::Pod => Pod::read(object),
        Workload::Template => Pod::read_template(object),
        Workload::CronJob => Pod::read_cron_job(object),
    };
    let workload =
        Workload::of(kind).ok_or_else(|| "could not find correct resource type".to_owned());
    let (workload, pod) = workload
        .and_then(|workload| Ok((workload, read(workload)?)))
        .map_err(|error| format!("Error while getting new resource: {error}"))?;
    let mut findings = pod_security::findings_of_kyverno(rule.standard(), rule.version, &pod);
    for exclusion in &rule.exclude {
        exclusion.apply(rule, &pod, &mut findings);
    }
    if findings.is_empty() {
        return Ok(PodSecurityOutcome::Pass);
    }
    for exclusion in excused {
        exclusion.apply(rule, &pod, &mut findings);
    }
    if findings.is_empty() {
        return Ok(PodSecurityOutcome::Excepted);
    }
    Ok(PodSecurityOutcome::Fail(PodSecurityFailure {
        message: message::failed(rule, rule_name, &findings, workload),
        violations: message::violations(&findings, object, workload),
        controls: findings.iter().map(ViolatedControl::of).collect(),
    }))
}

impl PodSecurityRule {
    fn standard(&self) -> Level {
        self.level.unwrap_or(Level::Restricted)
    }

    /// The level as it is written; empty where there is none.
    pub(crate) fn level_word(&self) -> &'static str {
        self.level.map_or("", Level::as_str)
    }

    /// The version as it is written; empty where there is none.
    pub(crate) fn version_word(&self) -> &str {
        &self.version_word
    }
}

impl Workload {
    fn of(kind: &str) -> Option<Self> {
        match kind {
            "Pod" => Some(Self::Pod),
            "CronJob" => Some(Self::CronJob),
            _ if TEMPLATED.contains(&kind) => Some(Self::Template),
            _ => None,
        }
    }
}

impl ViolatedControl {
    fn of(finding: &Finding<'_>) -> Self {
        Self {
            id: finding.id.as_str(),
            name: exclusion::Control::of(finding.id).map_or("", exclusion::Control::as_str),
            containers: message::containers(finding),
        }
    }
}

/// Whether upstream lists the fields of this check; of the newest it does not.
fn lists_fields(id: CheckId) -> bool {
    id != CheckId::HostProbesAndHostLifecycle
}

#[cfg(test)]
mod tests;
