//! Controls over the profiles of AppArmor, SELinux and seccomp.

use super::CheckId;
use crate::pod_security::finding::{
    BadValue, FieldError, Finding, Place, containers, plural, quoted, setters, sorted,
};
use crate::pod_security::pod::{Fields, Pod};
use crate::scalar::quote;

pub(super) const SE_LINUX_TYPES_1_0: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t"];
pub(super) const SE_LINUX_TYPES_1_31: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub(super) fn app_armor<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut found = Profiles::of(pod, "appArmorProfile");
    let mut setters = Vec::new();
    if found.pod || !found.names.is_empty() {
        setters.push(found.setters());
    }
    let mut annotations = Vec::new();
    for (key, value) in pod.annotations.entries() {
        let allowed =
            value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
        if key.starts_with(APP_ARMOR_ANNOTATION) && !allowed {
            let error = Place::annotation(key).forbids(BadValue::Text(value));
            annotations.push((format!("{key}={}", quote::quoted(value)), error));
        }
    }
    // Upstream sorts the texts; the fields it leaves in the order of a Go map, which is none.
    annotations.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut values: Vec<String> = sorted(found.values.iter().map(|value| (*value).to_owned()));
    if !annotations.is_empty() {
        setters.push(plural("annotation", "annotations", annotations.len()).to_owned());
        for (text, error) in annotations {
            values.push(text);
            found.errors.push(error);
        }
    }
    (!found.errors.is_empty()).then(|| Finding {
        id: CheckId::AppArmorProfile,
        reason: plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.len()),
        detail: format!(
            "{} must not set AppArmor profile type to {}",
            setters.join(" and "),
            quoted(values.iter().map(String::as_str)),
        ),
        addition: None,
        errors: found.errors,
    })
}

/// Before 1.19 the profile was an annotation.
pub(super) fn seccomp_annotations<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let mut details = Vec::new();
    let mut errors = Vec::new();
    let mut look_at = |key: String| {
        let Some(value) = pod.annotations.entry(&key) else { return };
        let allowed = matches!(value, "runtime/default" | "docker/default");
        if !allowed && !value.starts_with("localhost/") {
            details.push(format!("{key}={}", quote::quoted(value)));
            errors.push(Place::annotation(&key).forbids(BadValue::Text(value)));
        }
    };
    look_at(SECCOMP_POD_ANNOTATION.to_owned());
    for container in &pod.containers {
        look_at(format!("{SECCOMP_CONTAINER_ANNOTATION}{}", container.name));
    }
    let details = sorted(details);
    (!errors.is_empty()).then(|| Finding {
        id: CheckId::SeccompProfileBaseline,
        reason: "seccompProfile",
        detail: format!(
            "forbidden {} {}",
            plural("annotation", "annotations", details.len()),
            details.join(", "),
        ),
        addition: None,
        errors,
    })
}

pub(super) fn seccomp_baseline<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let found = Profiles::of(pod, "seccompProfile");
    (!found.errors.is_empty()).then(|| found.seccomp(CheckId::SeccompProfileBaseline))
}

pub(super) fn seccomp_restricted<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let found = Profiles::of(pod, "seccompProfile");
    if !found.errors.is_empty() {
        return Some(found.seccomp(CheckId::SeccompProfileRestricted));
    }
    if pod.security.is_some_and(|security| security.get("seccompProfile").is_some()) {
        return None;
    }
    let mut names = Vec::new();
    let mut errors = Vec::new();
    for container in &pod.containers {
        if container.security.is_none_or(|security| security.get("seccompProfile").is_none()) {
            names.push(container.name);
            let place = container.place().keys(&["securityContext", "seccompProfile", "type"]);
            errors.push(place.requires());
        }
    }
    (!names.is_empty()).then(|| Finding {
        id: CheckId::SeccompProfileRestricted,
        reason: "seccompProfile",
        detail: format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            containers(&names),
        ),
        addition: None,
        errors,
    })
}

/// Who sets a profile to a type that is neither the runtime's own nor a local one.
struct Profiles<'t> {
    pod: bool,
    names: Vec<&'t str>,
    values: Vec<&'t str>,
    errors: Vec<FieldError<'t>>,
}

impl<'t> Profiles<'t> {
    fn of(pod: &Pod<'t>, field: &str) -> Self {
        let mut found =
            Self { pod: false, names: Vec::new(), values: Vec::new(), errors: Vec::new() };
        if let Some(kind) = pod.security.and_then(|security| bad_profile(security, field)) {
            found.pod = true;
            found.values.push(kind);
            let place = Place::spec().keys(&["securityContext", field, "type"]);
            found.errors.push(place.forbids(BadValue::Text(kind)));
        }
        for container in &pod.containers {
            let Some(kind) = container.security.and_then(|security| bad_profile(security, field))
            else {
                continue;
            };
            found.names.push(container.name);
            found.values.push(kind);
            let place = container.place().keys(&["securityContext", field, "type"]);
            found.errors.push(place.forbids(BadValue::Text(kind)));
        }
        found
    }

    fn setters(&self) -> String {
        setters(self.pod, &self.names)
    }

    fn seccomp(self, id: CheckId) -> Finding<'t> {
        Finding {
            id,
            reason: "seccompProfile",
            detail: format!(
                "{} must not set securityContext.seccompProfile.type to {}",
                self.setters(),
                quoted(sorted(self.values)),
            ),
            addition: None,
            errors: self.errors,
        }
    }
}

fn bad_profile<'t>(security: Fields<'t>, field: &str) -> Option<&'t str> {
    let kind = security.fields(field)?.text("type").unwrap_or_default();
    (!matches!(kind, "RuntimeDefault" | "Localhost")).then_some(kind)
}

pub(super) fn se_linux_options<'t>(pod: &Pod<'t>, allowed: &[&str]) -> Option<Finding<'t>> {
    let mut options = SeLinux { types: Vec::new(), user: false, role: false, errors: Vec::new() };
    let bad_pod =
        pod.security.is_some_and(|security| options.look_at(security, Place::spec, allowed));
    let mut names = Vec::new();
    for container in &pod.containers {
        let Some(security) = container.security else { continue };
        if options.look_at(security, || container.place(), allowed) {
            names.push(container.name);
        }
    }
    let mut wrong = Vec::new();
    if !options.types.is_empty() {
        let types = sorted(options.types);
        wrong.push(format!("{} {}", plural("type", "types", types.len()), quoted(types)));
    }
    if options.user {
        wrong.push("user may not be set".to_owned());
    }
    if options.role {
        wrong.push("role may not be set".to_owned());
    }
    (!wrong.is_empty()).then(|| Finding {
        id: CheckId::SeLinuxOptions,
        reason: "seLinuxOptions",
        detail: format!(
            "{} set forbidden securityContext.seLinuxOptions: {}",
            setters(bad_pod, &names),
            wrong.join("; "),
        ),
        addition: None,
        errors: options.errors,
    })
}

struct SeLinux<'t> {
    types: Vec<&'t str>,
    user: bool,
    role: bool,
    errors: Vec<FieldError<'t>>,
}

impl<'t> SeLinux<'t> {
    /// Whether anything is set that may not be.
    fn look_at(
        &mut self,
        security: Fields<'t>,
        owner: impl Fn() -> Place<'t>,
        allowed: &[&str],
    ) -> bool {
        let Some(options) = security.fields("seLinuxOptions") else { return false };
        let before = self.errors.len();
        let mut object = |field: &str, value| {
            let place = owner().keys(&["securityContext", "seLinuxOptions", field]);
            self.errors.push(place.forbids(BadValue::Text(value)));
        };
        if let Some(kind) = options.text("type").filter(|kind| !allowed.contains(kind)) {
            self.types.push(kind);
            object("type", kind);
        }
        if let Some(user) = options.text("user").filter(|user| !user.is_empty()) {
            self.user = true;
            object("user", user);
        }
        if let Some(role) = options.text("role").filter(|role| !role.is_empty()) {
            self.role = true;
            object("role", role);
        }
        self.errors.len() > before
    }
}
