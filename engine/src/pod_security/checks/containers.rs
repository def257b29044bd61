//! Controls over what a container may do by itself.

use super::CheckId;
use crate::pod_security::finding::{
    BadValue, FieldError, Finding, containers, plural, quoted, sorted,
};
use crate::pod_security::pod::{Container, Fields, Pod};

/// The capabilities a container runtime gives anyway.
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Where a container may name a host to be asked.
const HANDLERS: [&[&str]; 5] = [
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

pub(super) fn privileged<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for (container, security) in secured(pod) {
        if security.flag("privileged") == Some(true) {
            names.push(container.name);
            let place = container.place().keys(&["securityContext", "privileged"]);
            errors.push(place.forbids(BadValue::Bool(true)));
        }
    }
    (!names.is_empty()).then(|| Finding {
        id: CheckId::Privileged,
        reason: "privileged",
        detail: format!("{} must not set securityContext.privileged=true", containers(&names)),
        addition: None,
        errors,
    })
}

pub(super) fn allow_privilege_escalation<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for container in &pod.containers {
        let set = container.security.map(|security| security.flag("allowPrivilegeEscalation"));
        let Some(error) = (match set {
            Some(Some(false)) => None,
            Some(Some(true)) => Some(Some(BadValue::Bool(true))),
            // Upstream's word for a security context that does not mention it.
            Some(None) => Some(Some(BadValue::Text("nil"))),
            None => Some(None),
        }) else {
            continue;
        };
        names.push(container.name);
        let place = container.place().keys(&["securityContext", "allowPrivilegeEscalation"]);
        errors.push(match error {
            Some(value) => place.forbids(value),
            None => place.requires(),
        });
    }
    (!names.is_empty()).then(|| Finding {
        id: CheckId::AllowPrivilegeEscalation,
        reason: "allowPrivilegeEscalation != false",
        detail: format!(
            "{} must set securityContext.allowPrivilegeEscalation=false",
            containers(&names)
        ),
        addition: None,
        errors,
    })
}

pub(super) fn capabilities_baseline<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let added = Added::beyond(pod, &DEFAULT_CAPABILITIES);
    (!added.names.is_empty()).then(|| Finding {
        id: CheckId::CapabilitiesBaseline,
        reason: "non-default capabilities",
        detail: added.detail(),
        addition: None,
        errors: added.errors,
    })
}

pub(super) fn capabilities_restricted<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for container in &pod.containers {
        let capabilities = capabilities(container).unwrap_or_default();
        if capabilities.texts("drop").any(|name| name == "ALL") {
            continue;
        }
        names.push(container.name);
        let place = container.place().keys(&["securityContext", "capabilities", "drop"]);
        let dropped = sorted(capabilities.texts("drop"));
        errors.push(if dropped.is_empty() {
            place.requires()
        } else {
            place.forbids(BadValue::Texts(dropped))
        });
    }
    let added = Added::beyond(pod, &["NET_BIND_SERVICE"]);
    let mut details = Vec::new();
    if !names.is_empty() {
        details.push(format!(
            "{} must set securityContext.capabilities.drop=[\"ALL\"]",
            containers(&names)
        ));
    }
    if !added.names.is_empty() {
        details.push(added.detail());
    }
    errors.extend(added.errors);
    (!details.is_empty()).then(|| Finding {
        id: CheckId::CapabilitiesRestricted,
        reason: "unrestricted capabilities",
        detail: details.join("; "),
        addition: None,
        errors,
    })
}

/// Capabilities that containers add although they may not.
struct Added<'t> {
    names: Vec<&'t str>,
    capabilities: Vec<&'t str>,
    errors: Vec<FieldError<'t>>,
}

impl<'t> Added<'t> {
    fn beyond(pod: &Pod<'t>, allowed: &[&str]) -> Self {
        let mut added = Self { names: Vec::new(), capabilities: Vec::new(), errors: Vec::new() };
        for container in &pod.containers {
            let Some(capabilities) = capabilities(container) else { continue };
            let bad = sorted(capabilities.texts("add").filter(|name| !allowed.contains(name)));
            if !bad.is_empty() {
                added.names.push(container.name);
                added.capabilities.extend(&bad);
                let place = container.place().keys(&["securityContext", "capabilities", "add"]);
                added.errors.push(place.forbids(BadValue::Texts(bad)));
            }
        }
        added
    }

    fn detail(&self) -> String {
        format!(
            "{} must not include {} in securityContext.capabilities.add",
            containers(&self.names),
            quoted(sorted(self.capabilities.iter().copied())),
        )
    }
}

pub(super) fn host_ports<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut ports = Vec::new();
    let mut errors = Vec::new();
    for container in &pod.containers {
        let before = errors.len();
        for (index, port) in container.fields.each("ports").enumerate() {
            let Some(number) = port.number("hostPort").filter(|number| *number != 0) else {
                continue;
            };
            ports.push(number.to_string());
            let place = container.place().key("ports").index(index).key("hostPort");
            errors.push(place.forbids(BadValue::Int(number)));
        }
        if errors.len() > before {
            names.push(container.name);
        }
    }
    let ports = sorted(ports);
    (!names.is_empty()).then(|| Finding {
        id: CheckId::HostPorts,
        reason: "hostPort",
        detail: format!(
            "{} {} {} {}",
            containers(&names),
            plural("uses", "use", names.len()),
            plural("hostPort", "hostPorts", ports.len()),
            ports.join(", "),
        ),
        addition: None,
        errors,
    })
}

pub(super) fn host_probes_and_host_lifecycle<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut hosts = Vec::new();
    let mut errors = Vec::new();
    for container in &pod.containers {
        for handler in HANDLERS {
            for action in ["httpGet", "tcpSocket"] {
                let fields = container.fields.at(handler).at(&[action]);
                let Some(host) = fields.text("host").filter(|host| !host.is_empty()) else {
                    continue;
                };
                names.push(container.name);
                hosts.push(host);
                let place = container.place().keys(handler).keys(&[action, "host"]);
                errors.push(place.forbids(BadValue::Text(host)));
            }
        }
    }
    let names = sorted(names);
    let hosts = sorted(hosts);
    (!names.is_empty()).then(|| Finding {
        id: CheckId::HostProbesAndHostLifecycle,
        reason: "probe or lifecycle host",
        detail: format!(
            "{} {} {} {}",
            containers(&names),
            plural("uses", "use", names.len()),
            plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.len()),
            quoted(hosts),
        ),
        addition: None,
        errors,
    })
}

pub(super) fn proc_mount<'t>(pod: &Pod<'t>, id: CheckId) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut types = Vec::new();
    let mut errors = Vec::new();
    for (container, security) in secured(pod) {
        let Some(kind) = security.text("procMount").filter(|kind| *kind != "Default") else {
            continue;
        };
        names.push(container.name);
        types.push(kind);
        let place = container.place().keys(&["securityContext", "procMount"]);
        errors.push(place.forbids(BadValue::Text(kind)));
    }
    (!names.is_empty()).then(|| Finding {
        id,
        reason: "procMount",
        detail: format!(
            "{} must not set securityContext.procMount to {}",
            containers(&names),
            quoted(sorted(types)),
        ),
        addition: None,
        errors,
    })
}

fn secured<'p, 't>(pod: &'p Pod<'t>) -> impl Iterator<Item = (&'p Container<'t>, Fields<'t>)> {
    pod.containers.iter().filter_map(|container| Some((container, container.security?)))
}

fn capabilities<'t>(container: &Container<'t>) -> Option<Fields<'t>> {
    container.security?.fields("capabilities")
}
