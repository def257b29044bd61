//! The controls: which there are, since which release, and which one makes another needless.

mod containers;
mod pods;
mod profiles;
mod users;

use super::finding::Finding;
use super::pod::Pod;
use super::{Level, Version};

/// A control, by the name Kubernetes gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckId {
    AllowPrivilegeEscalation,
    AppArmorProfile,
    CapabilitiesBaseline,
    CapabilitiesRestricted,
    HostNamespaces,
    HostPathVolumes,
    HostPorts,
    HostProbesAndHostLifecycle,
    Privileged,
    ProcMount,
    ProcMountRestricted,
    RestrictedVolumes,
    RunAsNonRoot,
    RunAsUser,
    SeLinuxOptions,
    SeccompProfileBaseline,
    SeccompProfileRestricted,
    Sysctls,
    WindowsHostProcess,
}

struct Check {
    id: CheckId,
    level: Level,
    /// Since which minor release it reads like this; in rising order.
    versions: &'static [(u32, Test)],
    /// The baseline control that this one covers.
    covers: Option<CheckId>,
}

type Test = for<'t> fn(&Pod<'t>) -> Option<Finding<'t>>;

/// What the standards of Kubernetes find (policy/registry.go, EvaluatePod).
pub(super) fn findings<'t>(level: Level, version: Version, pod: &Pod<'t>) -> Vec<Finding<'t>> {
    let minor = version.minor();
    let holds = |check: &&Check| check.level <= level && check.since() <= minor;
    let covered = |id: CheckId| CHECKS.iter().filter(holds).any(|check| check.covers == Some(id));
    let of_level =
        |level: Level| CHECKS.iter().filter(holds).filter(move |check| check.level == level);
    of_level(Level::Baseline)
        .filter(|check| !covered(check.id))
        .chain(of_level(Level::Restricted))
        .filter_map(|check| check.test(minor)(pod))
        .collect()
}

/// What Kyverno 1.19 finds (pkg/pss/evaluate.go, evaluatePSS): it carries the controls of
/// Kubernetes 1.34, runs all of them for every level but baseline, privileged included, lets none
/// cover another, and runs a control that is newer than the version all the same.
pub(crate) fn findings_of_kyverno<'t>(
    level: Level,
    version: Version,
    pod: &Pod<'t>,
) -> Vec<Finding<'t>> {
    const NEWEST: u32 = 34;
    let minor = version.minor().min(NEWEST);
    CHECKS
        .iter()
        .filter(|check| check.since() <= NEWEST)
        .filter(|check| level != Level::Baseline || check.level == Level::Baseline)
        .filter_map(|check| check.test(minor)(pod))
        .collect()
}

impl Check {
    fn since(&self) -> u32 {
        self.versions.first().map_or(u32::MAX, |(since, _)| *since)
    }

    /// The newest test that is not newer than `minor`, or else the first.
    fn test(&self, minor: u32) -> Test {
        let suitable = self.versions.iter().rev().find(|(since, _)| *since <= minor);
        suitable.or(self.versions.first()).map_or(|_| None, |(_, test)| *test)
    }
}

/// In the order of `DefaultChecks`, which is that of upstream's files.
const CHECKS: &[Check] = &[
    Check {
        id: CheckId::AllowPrivilegeEscalation,
        level: Level::Restricted,
        versions: &[
            (8, containers::allow_privilege_escalation),
            (25, |pod| unless_windows(pod, containers::allow_privilege_escalation)),
        ],
        covers: None,
    },
    Check {
        id: CheckId::AppArmorProfile,
        level: Level::Baseline,
        versions: &[(0, profiles::app_armor)],
        covers: None,
    },
    Check {
        id: CheckId::CapabilitiesBaseline,
        level: Level::Baseline,
        versions: &[(0, containers::capabilities_baseline)],
        covers: None,
    },
    Check {
        id: CheckId::CapabilitiesRestricted,
        level: Level::Restricted,
        versions: &[
            (22, containers::capabilities_restricted),
            (25, |pod| unless_windows(pod, containers::capabilities_restricted)),
        ],
        covers: Some(CheckId::CapabilitiesBaseline),
    },
    Check {
        id: CheckId::HostNamespaces,
        level: Level::Baseline,
        versions: &[(0, pods::host_namespaces)],
        covers: None,
    },
    Check {
        id: CheckId::HostPathVolumes,
        level: Level::Baseline,
        versions: &[(0, pods::host_path_volumes)],
        covers: None,
    },
    Check {
        id: CheckId::HostPorts,
        level: Level::Baseline,
        versions: &[(0, containers::host_ports)],
        covers: None,
    },
    Check {
        id: CheckId::HostProbesAndHostLifecycle,
        level: Level::Baseline,
        versions: &[(34, containers::host_probes_and_host_lifecycle)],
        covers: None,
    },
    Check {
        id: CheckId::Privileged,
        level: Level::Baseline,
        versions: &[(0, containers::privileged)],
        covers: None,
    },
    Check {
        id: CheckId::ProcMount,
        level: Level::Baseline,
        versions: &[
            (0, |pod| containers::proc_mount(pod, CheckId::ProcMount)),
            (35, |pod| {
                unless_user_namespace(pod, |pod| containers::proc_mount(pod, CheckId::ProcMount))
            }),
        ],
        covers: None,
    },
    Check {
        id: CheckId::ProcMountRestricted,
        level: Level::Restricted,
        versions: &[(35, |pod| containers::proc_mount(pod, CheckId::ProcMountRestricted))],
        covers: Some(CheckId::ProcMount),
    },
    Check {
        id: CheckId::RestrictedVolumes,
        level: Level::Restricted,
        versions: &[(0, pods::restricted_volumes)],
        covers: Some(CheckId::HostPathVolumes),
    },
    Check {
        id: CheckId::RunAsNonRoot,
        level: Level::Restricted,
        versions: &[
            (0, users::run_as_non_root),
            (35, |pod| unless_user_namespace(pod, users::run_as_non_root)),
        ],
        covers: None,
    },
    Check {
        id: CheckId::RunAsUser,
        level: Level::Restricted,
        versions: &[
            (23, users::run_as_user),
            (35, |pod| unless_user_namespace(pod, users::run_as_user)),
        ],
        covers: None,
    },
    Check {
        id: CheckId::SeLinuxOptions,
        level: Level::Baseline,
        versions: &[
            (0, |pod| profiles::se_linux_options(pod, profiles::SE_LINUX_TYPES_1_0)),
            (31, |pod| profiles::se_linux_options(pod, profiles::SE_LINUX_TYPES_1_31)),
        ],
        covers: None,
    },
    Check {
        id: CheckId::SeccompProfileBaseline,
        level: Level::Baseline,
        versions: &[(0, profiles::seccomp_annotations), (19, profiles::seccomp_baseline)],
        covers: None,
    },
    Check {
        id: CheckId::SeccompProfileRestricted,
        level: Level::Restricted,
        versions: &[
            (19, profiles::seccomp_restricted),
            (25, |pod| unless_windows(pod, profiles::seccomp_restricted)),
        ],
        covers: Some(CheckId::SeccompProfileBaseline),
    },
    Check {
        id: CheckId::Sysctls,
        level: Level::Baseline,
        versions: &[
            (0, |pod| pods::sysctls(pod, 0)),
            (27, |pod| pods::sysctls(pod, 27)),
            (29, |pod| pods::sysctls(pod, 29)),
            (32, |pod| pods::sysctls(pod, 32)),
            (37, |pod| pods::sysctls(pod, 37)),
        ],
        covers: None,
    },
    Check {
        id: CheckId::WindowsHostProcess,
        level: Level::Baseline,
        versions: &[(0, users::windows_host_process)],
        covers: None,
    },
];

/// A Windows pod cannot satisfy what only Linux has.
fn unless_windows<'t>(pod: &Pod<'t>, test: Test) -> Option<Finding<'t>> {
    if pod.windows { None } else { test(pod) }
}

/// Root in a user namespace is nobody outside.
fn unless_user_namespace<'t>(pod: &Pod<'t>, test: Test) -> Option<Finding<'t>> {
    if pod.user_namespace { None } else { test(pod) }
}

impl CheckId {
    /// The name Kubernetes gives it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AllowPrivilegeEscalation => "allowPrivilegeEscalation",
            Self::AppArmorProfile => "appArmorProfile",
            Self::CapabilitiesBaseline => "capabilities_baseline",
            Self::CapabilitiesRestricted => "capabilities_restricted",
            Self::HostNamespaces => "hostNamespaces",
            Self::HostPathVolumes => "hostPathVolumes",
            Self::HostPorts => "hostPorts",
            Self::HostProbesAndHostLifecycle => "hostProbesAndHostLifecycle",
            Self::Privileged => "privileged",
            Self::ProcMount => "procMount",
            Self::ProcMountRestricted => "procMount_restricted",
            Self::RestrictedVolumes => "restrictedVolumes",
            Self::RunAsNonRoot => "runAsNonRoot",
            Self::RunAsUser => "runAsUser",
            Self::SeLinuxOptions => "seLinuxOptions",
            Self::SeccompProfileBaseline => "seccompProfile_baseline",
            Self::SeccompProfileRestricted => "seccompProfile_restricted",
            Self::Sysctls => "sysctls",
            Self::WindowsHostProcess => "windowsHostProcess",
        }
    }
}
