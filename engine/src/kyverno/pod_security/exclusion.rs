//! Takes out of the findings what a policy or an exception excludes.

use std::collections::{BTreeMap, BTreeSet};

use super::PodSecurityRule;
use crate::pod_security::{self, BadValue, CheckId, FieldError, Finding, Pod};
use crate::scalar::wildcard;

/// An entry of `exclude`, or of `podSecurity` in a PolicyException.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exclusion {
    pub(super) control: Control,
    /// Wildcards; where there are none, the exclusion is about the pod and not its containers.
    pub(super) images: Vec<String>,
    /// The field with `*` for every index; empty for all fields of the control.
    pub(super) restricted_field: String,
    /// Wildcards.
    pub(super) values: Vec<String>,
}

/// A control as Kyverno names it (pkg/pss/utils/mapping.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    HostProcess,
    HostNamespaces,
    PrivilegedContainers,
    Capabilities,
    HostPathVolumes,
    HostPorts,
    AppArmor,
    SeLinux,
    ProcMountType,
    Seccomp,
    Sysctls,
    VolumeTypes,
    PrivilegeEscalation,
    RunningAsNonRoot,
    RunningAsNonRootUser,
}

/// Whether an exclusion of a control names images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// It must not.
    Pod,
    /// It must.
    Container,
    /// It may.
    Both,
}

impl Exclusion {
    /// Cancels what the excluded part of `pod` would be blamed for (exemptExclusions).
    ///
    /// Each field that is blamed there cancels one equal field, not all of them: an exclusion
    /// without images, which is judged on one container that does not exist, excuses the first
    /// of several containers.
    pub(super) fn apply<'t>(
        &self,
        rule: &PodSecurityRule,
        pod: &Pod<'t>,
        findings: &mut Vec<Finding<'t>>,
    ) {
        if !findings.iter().any(|finding| self.control.covers(finding.id)) {
            return;
        }
        let by_image = !self.images.is_empty();
        let part = if by_image {
            pod.only_containers(|container| matches_any(&self.images, container.image))
        } else {
            pod.with_placeholder_container()
        };
        let blamed = pod_security::findings_of_kyverno(rule.standard(), rule.version, &part);
        for excluded in blamed.iter().filter(|finding| self.control.covers(finding.id)) {
            let Some(finding) = findings.iter_mut().find(|finding| finding.id == excluded.id)
            else {
                continue;
            };
            let mut open = Open::of(finding, by_image);
            for error in &excluded.errors {
                let field = without_numbers(&error.place.field);
                let is_meant = self.restricted_field.is_empty() || field == self.restricted_field;
                if is_meant && self.allows(&error.value) {
                    let container = error.place.container.filter(|_| by_image);
                    open.cancel(finding, &(field, container));
                }
            }
        }
        findings.retain(|finding| !finding.errors.is_empty());
    }

    /// Whether every bad value is one of `values`; what has no value is always allowed.
    fn allows(&self, value: &BadValue<'_>) -> bool {
        let matches = |text: &str| matches_any(&self.values, text);
        self.values.is_empty()
            || match value {
                BadValue::None | BadValue::Text("") => true,
                BadValue::Text(text) => matches(text),
                BadValue::Texts(texts) => texts.iter().all(|text| matches(text)),
                BadValue::Bool(value) => matches(if *value { "true" } else { "false" }),
                BadValue::Int(value) => matches(&value.to_string()),
            }
    }
}

/// A field without its numbers and, where it counts, the container's name.
type Key<'t> = (String, Option<&'t str>);

/// The fields of a finding that are not cancelled yet, so that a pod with thousands of
/// containers does not cost millions of comparisons.
struct Open<'t> {
    keys: Vec<Key<'t>>,
    positions: BTreeMap<Key<'t>, BTreeSet<usize>>,
}

impl<'t> Open<'t> {
    fn of(finding: &Finding<'t>, by_image: bool) -> Self {
        let key = |error: &FieldError<'t>| {
            (without_numbers(&error.place.field), error.place.container.filter(|_| by_image))
        };
        let keys: Vec<_> = finding.errors.iter().map(key).collect();
        let mut positions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (position, key) in keys.iter().enumerate() {
            positions.entry(key.clone()).or_default().insert(position);
        }
        Self { keys, positions }
    }

    /// Takes out the first equal field. Upstream moves the last one into the gap; its messages
    /// show that order.
    fn cancel(&mut self, finding: &mut Finding<'t>, key: &Key<'t>) {
        let Some(position) = self.positions.get_mut(key).and_then(BTreeSet::pop_first) else {
            return;
        };
        let last = self.keys.len().saturating_sub(1);
        if let Some(moved) = self.keys.get(last).and_then(|key| self.positions.get_mut(key))
            && moved.remove(&last)
        {
            moved.insert(position);
        }
        self.keys.swap_remove(position);
        finding.errors.swap_remove(position);
    }
}

fn matches_any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| wildcard::matches(pattern, text))
}

/// Every run of digits becomes `*`, in names as well as in indexes.
fn without_numbers(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut in_number = false;
    for character in field.chars() {
        let digit = character.is_ascii_digit();
        if !digit {
            out.push(character);
        } else if !in_number {
            out.push('*');
        }
        in_number = digit;
    }
    out
}

impl Control {
    pub(super) const ALL: [Self; 15] = [
        Self::HostProcess,
        Self::HostNamespaces,
        Self::PrivilegedContainers,
        Self::Capabilities,
        Self::HostPathVolumes,
        Self::HostPorts,
        Self::AppArmor,
        Self::SeLinux,
        Self::ProcMountType,
        Self::Seccomp,
        Self::Sysctls,
        Self::VolumeTypes,
        Self::PrivilegeEscalation,
        Self::RunningAsNonRoot,
        Self::RunningAsNonRootUser,
    ];

    pub(super) fn of(id: CheckId) -> Option<Self> {
        Self::ALL.into_iter().find(|control| control.covers(id))
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|control| control.as_str() == name)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::HostProcess => "HostProcess",
            Self::HostNamespaces => "Host Namespaces",
            Self::PrivilegedContainers => "Privileged Containers",
            Self::Capabilities => "Capabilities",
            Self::HostPathVolumes => "HostPath Volumes",
            Self::HostPorts => "Host Ports",
            Self::AppArmor => "AppArmor",
            Self::SeLinux => "SELinux",
            Self::ProcMountType => "/proc Mount Type",
            Self::Seccomp => "Seccomp",
            Self::Sysctls => "Sysctls",
            Self::VolumeTypes => "Volume Types",
            Self::PrivilegeEscalation => "Privilege Escalation",
            Self::RunningAsNonRoot => "Running as Non-root",
            Self::RunningAsNonRootUser => "Running as Non-root user",
        }
    }

    fn covers(self, id: CheckId) -> bool {
        matches!(
            (self, id),
            (Self::HostProcess, CheckId::WindowsHostProcess)
                | (Self::HostNamespaces, CheckId::HostNamespaces)
                | (Self::PrivilegedContainers, CheckId::Privileged)
                | (
                    Self::Capabilities,
                    CheckId::CapabilitiesBaseline | CheckId::CapabilitiesRestricted
                )
                | (Self::HostPathVolumes, CheckId::HostPathVolumes)
                | (Self::HostPorts, CheckId::HostPorts)
                | (Self::AppArmor, CheckId::AppArmorProfile)
                | (Self::SeLinux, CheckId::SeLinuxOptions)
                | (Self::ProcMountType, CheckId::ProcMount)
                | (
                    Self::Seccomp,
                    CheckId::SeccompProfileBaseline | CheckId::SeccompProfileRestricted
                )
                | (Self::Sysctls, CheckId::Sysctls)
                | (Self::VolumeTypes, CheckId::RestrictedVolumes)
                | (Self::PrivilegeEscalation, CheckId::AllowPrivilegeEscalation)
                | (Self::RunningAsNonRoot, CheckId::RunAsNonRoot)
                | (Self::RunningAsNonRootUser, CheckId::RunAsUser)
        )
    }

    pub(super) fn scope(self) -> Scope {
        match self {
            Self::HostNamespaces | Self::HostPathVolumes | Self::Sysctls | Self::VolumeTypes => {
                Scope::Pod
            }
            Self::Capabilities
            | Self::PrivilegedContainers
            | Self::HostPorts
            | Self::ProcMountType
            | Self::PrivilegeEscalation => Scope::Container,
            _ => Scope::Both,
        }
    }

    /// Whether only the restricted level knows it.
    pub(super) fn is_restricted_only(self) -> bool {
        matches!(
            self,
            Self::VolumeTypes
                | Self::PrivilegeEscalation
                | Self::RunningAsNonRoot
                | Self::RunningAsNonRootUser
        )
    }

    /// Whether any check of this control can ever name `field`.
    pub(super) fn knows(self, field: &str) -> bool {
        const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
        let (of_pod, of_container) = self.fields();
        if field.starts_with("metadata.annotations[") {
            return matches!(self, Self::AppArmor | Self::Seccomp);
        }
        let Some(field) = field.strip_prefix("spec.") else { return false };
        let inner = LISTS.iter().find_map(|list| field.strip_prefix(list)?.strip_prefix("[*]."));
        match inner {
            Some(inner) => of_container.contains(&inner),
            None if self == Self::VolumeTypes => field.starts_with("volumes[*]."),
            None => of_pod.contains(&field),
        }
    }

    /// The fields, as an example of each.
    pub(super) fn example_fields(self) -> Vec<String> {
        let (of_pod, of_container) = self.fields();
        let of_pod = of_pod.iter().map(|field| format!("spec.{field}"));
        of_pod
            .chain(of_container.iter().map(|field| format!("spec.containers[*].{field}")))
            .collect()
    }

    /// What stands behind `spec.`, and what behind `spec.containers[*].`
    fn fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        const HOST_PROCESS: &[&str] = &["securityContext.windowsOptions.hostProcess"];
        const APP_ARMOR: &[&str] = &["securityContext.appArmorProfile.type"];
        const SECCOMP: &[&str] = &["securityContext.seccompProfile.type"];
        const NON_ROOT: &[&str] = &["securityContext.runAsNonRoot"];
        const USER: &[&str] = &["securityContext.runAsUser"];
        const SE_LINUX: &[&str] = &[
            "securityContext.seLinuxOptions.type",
            "securityContext.seLinuxOptions.user",
            "securityContext.seLinuxOptions.role",
        ];
        const CAPABILITIES: &[&str] =
            &["securityContext.capabilities.add", "securityContext.capabilities.drop"];
        match self {
            Self::HostProcess => (HOST_PROCESS, HOST_PROCESS),
            Self::HostNamespaces => (&["hostNetwork", "hostPID", "hostIPC"], &[]),
            Self::PrivilegedContainers => (&[], &["securityContext.privileged"]),
            Self::Capabilities => (&[], CAPABILITIES),
            Self::HostPathVolumes | Self::VolumeTypes => (&["volumes[*].hostPath"], &[]),
            Self::HostPorts => (&[], &["ports[*].hostPort"]),
            Self::AppArmor => (APP_ARMOR, APP_ARMOR),
            Self::SeLinux => (SE_LINUX, SE_LINUX),
            Self::ProcMountType => (&[], &["securityContext.procMount"]),
            Self::Seccomp => (SECCOMP, SECCOMP),
            Self::Sysctls => (&["securityContext.sysctls[*].name"], &[]),
            Self::PrivilegeEscalation => (&[], &["securityContext.allowPrivilegeEscalation"]),
            Self::RunningAsNonRoot => (NON_ROOT, NON_ROOT),
            Self::RunningAsNonRootUser => (USER, USER),
        }
    }
}
