//! Controls over what the pod as a whole shares with its host.

use super::CheckId;
use crate::pod_security::finding::{BadValue, Finding, Place, plural, quoted, sorted};
use crate::pod_security::pod::Pod;

/// Sources that hold nothing of the host.
const HARMLESS_SOURCES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The other sources, in the order in which upstream looks for them.
const RESTRICTED_SOURCES: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

/// Kernel parameters of the pod alone, and since which minor release they count as such.
const SAFE_SYSCTLS: [(&str, u32); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

pub(super) fn host_namespaces<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut details = Vec::new();
    let mut errors = Vec::new();
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod.spec.flag(name) == Some(true) {
            details.push(format!("{name}=true"));
            errors.push(Place::spec().key(name).forbids(BadValue::Bool(true)));
        }
    }
    (!errors.is_empty()).then(|| Finding {
        id: CheckId::HostNamespaces,
        reason: "host namespaces",
        detail: details.join(", "),
        addition: None,
        errors,
    })
}

pub(super) fn host_path_volumes<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for (index, volume) in pod.spec.each("volumes").enumerate() {
        let Some(source) = volume.fields("hostPath") else { continue };
        names.push(volume.text("name").unwrap_or_default());
        let place = Place::spec().key("volumes").index(index).key("hostPath");
        errors.push(place.forbids(BadValue::Text(source.text("path").unwrap_or_default())));
    }
    (!errors.is_empty()).then(|| Finding {
        id: CheckId::HostPathVolumes,
        reason: "hostPath volumes",
        detail: format!(
            "{} {}",
            plural("volume", "volumes", names.len()),
            quoted(names.iter().copied())
        ),
        addition: None,
        errors,
    })
}

pub(super) fn restricted_volumes<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut types = Vec::new();
    let mut errors = Vec::new();
    for (index, volume) in pod.spec.each("volumes").enumerate() {
        let has = |source: &&str| volume.get(source).is_some();
        if HARMLESS_SOURCES.iter().any(&has) {
            continue;
        }
        names.push(volume.text("name").unwrap_or_default());
        let place = Place::spec().key("volumes").index(index);
        let (source, place) = match RESTRICTED_SOURCES.into_iter().find(&has) {
            Some(source) => (source, place.key(source)),
            None => ("unknown", place.unnamed("unknown")),
        };
        types.push(source);
        errors.push(place.forbids(BadValue::None));
    }
    let types = sorted(types);
    (!errors.is_empty()).then(|| Finding {
        id: CheckId::RestrictedVolumes,
        reason: "restricted volume types",
        detail: format!(
            "{} {} {} {} {}",
            plural("volume", "volumes", names.len()),
            quoted(names.iter().copied()),
            plural("uses", "use", names.len()),
            plural("restricted volume type", "restricted volume types", types.len()),
            quoted(types),
        ),
        addition: None,
        errors,
    })
}

pub(super) fn sysctls<'t>(pod: &Pod<'t>, minor: u32) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for (index, sysctl) in pod.security?.each("sysctls").enumerate() {
        let name = sysctl.text("name").unwrap_or_default();
        if SAFE_SYSCTLS.iter().any(|(safe, since)| *safe == name && *since <= minor) {
            continue;
        }
        names.push(name);
        let place = Place::spec().keys(&["securityContext", "sysctls"]).index(index).key("name");
        errors.push(place.forbids(BadValue::Text(name)));
    }
    (!errors.is_empty()).then(|| Finding {
        id: CheckId::Sysctls,
        reason: "forbidden sysctls",
        detail: names.join(", "),
        addition: None,
        errors,
    })
}
