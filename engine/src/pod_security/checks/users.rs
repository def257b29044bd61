//! Controls over who a container runs as.

use super::CheckId;
use crate::pod_security::finding::{BadValue, Finding, Place, containers, setters};
use crate::pod_security::pod::{Fields, Pod};

pub(super) fn run_as_non_root<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let set =
        |security: Option<Fields<'t>>| security.and_then(|fields| fields.flag("runAsNonRoot"));
    let of_pod = set(pod.security);
    let mut errors = Vec::new();
    if of_pod == Some(false) {
        let place = Place::spec().keys(&["securityContext", "runAsNonRoot"]);
        errors.push(place.forbids(BadValue::Bool(false)));
    }
    let mut explicit = Vec::new();
    let mut implicit = Vec::new();
    let mut required = Vec::new();
    for container in &pod.containers {
        let place = || container.place().keys(&["securityContext", "runAsNonRoot"]);
        match set(container.security) {
            Some(true) => {}
            Some(false) => {
                explicit.push(container.name);
                errors.push(place().forbids(BadValue::Bool(false)));
            }
            None if of_pod == Some(true) => {}
            None => {
                implicit.push(container.name);
                required.push(place().requires());
            }
        }
    }
    // Kubernetes tells only what is set wrongly, if anything is; Kyverno's fork goes on to what
    // is not set.
    let mut details = Vec::new();
    if !errors.is_empty() {
        let who = setters(of_pod == Some(false), &explicit);
        details.push(format!("{who} must not set securityContext.runAsNonRoot=false"));
    }
    if !implicit.is_empty() {
        details.push(format!(
            "pod or {} must set securityContext.runAsNonRoot=true",
            containers(&implicit)
        ));
    }
    errors.extend(required);
    let mut details = details.into_iter();
    Some(Finding {
        id: CheckId::RunAsNonRoot,
        reason: "runAsNonRoot != true",
        detail: details.next()?,
        addition: details.next(),
        errors,
    })
}

pub(super) fn run_as_user<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    explicit(pod, CheckId::RunAsUser, "runAsUser=0", "runAsUser=0", |security| {
        (security.number("runAsUser") == Some(0)).then_some((&["runAsUser"], BadValue::Int(0)))
    })
}

pub(super) fn windows_host_process<'t>(pod: &Pod<'t>) -> Option<Finding<'t>> {
    let what = "securityContext.windowsOptions.hostProcess=true";
    explicit(pod, CheckId::WindowsHostProcess, "hostProcess", what, |security| {
        let set = security.at(&["windowsOptions"]).flag("hostProcess") == Some(true);
        set.then_some((&["windowsOptions", "hostProcess"], BadValue::Bool(true)))
    })
}

type BadField<'t> = (&'static [&'static str], BadValue<'t>);

/// Pod and containers that set `what`.
fn explicit<'t>(
    pod: &Pod<'t>,
    id: CheckId,
    reason: &'static str,
    what: &str,
    bad: impl Fn(Fields<'t>) -> Option<BadField<'t>>,
) -> Option<Finding<'t>> {
    let mut names = Vec::new();
    let mut errors = Vec::new();
    let of_pod = pod.security.and_then(&bad);
    let bad_pod = of_pod.is_some();
    if let Some((keys, value)) = of_pod {
        errors.push(Place::spec().key("securityContext").keys(keys).forbids(value));
    }
    for container in &pod.containers {
        if let Some((keys, value)) = container.security.and_then(&bad) {
            names.push(container.name);
            errors.push(container.place().key("securityContext").keys(keys).forbids(value));
        }
    }
    (!errors.is_empty()).then(|| Finding {
        id,
        reason,
        detail: format!("{} must not set {what}", setters(bad_pod, &names)),
        addition: None,
        errors,
    })
}
