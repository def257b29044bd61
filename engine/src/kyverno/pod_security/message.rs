//! Upstream's text for a failure, and our own for each place.

use std::fmt::Write;

use super::{PodSecurityRule, Workload, lists_fields};
use crate::decision::Violation;
use crate::pod_security::{BadValue, CheckId, FieldError, Finding, decoded_entry};
use crate::pointer::{pointer, pointer_steps};
use crate::tree::{Kind, Node};

/// As `validate` and `FormatChecksPrint` write it.
pub(super) fn failed(
    rule: &PodSecurityRule,
    rule_name: &str,
    findings: &[Finding<'_>],
    workload: Workload,
) -> String {
    let mut out = format!(
        "Validation rule '{rule_name}' failed. It violates PodSecurity \"{}:{}\": ",
        rule.level_word(),
        rule.version_word(),
    );
    for finding in findings {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "(Forbidden reason: {}, field error list: [", finding.reason);
        let errors = if lists_fields(finding.id) { finding.errors.as_slice() } else { &[] };
        for (position, error) in errors.iter().enumerate() {
            if position > 0 {
                out.push_str(", ");
            }
            out.push_str(&field(&error.place.field, workload));
            match &error.value {
                _ if error.required => out.push_str(": Required value"),
                BadValue::None | BadValue::Text("") => out.push_str(": Forbidden"),
                value => {
                    let _ = write!(out, " is forbidden, forbidden values found: {value}");
                }
            }
        }
        out.push_str("])");
    }
    out
}

/// Upstream replaces the words wherever they stand, in the name of an annotation too, and gives
/// metadata the place it has in a Deployment whatever the kind (convertChecks).
fn field(field: &str, workload: Workload) -> String {
    let field = match workload {
        Workload::Pod => field.to_owned(),
        Workload::Template => field.replace("spec", "spec.template.spec"),
        Workload::CronJob => field.replace("spec", "spec.jobTemplate.spec.template.spec"),
    };
    field.replace("metadata", "spec.template.metadata")
}

/// One for each field that is blamed.
pub(super) fn violations(
    findings: &[Finding<'_>],
    object: Node<'_>,
    workload: Workload,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for finding in findings {
        for error in &finding.errors {
            let wanted =
                format!("{}{}", owner(&error.place.pointer, workload), error.place.pointer);
            let mut steps = pointer_steps(&wanted).unwrap_or_default();
            let missing = !find(object, &mut steps);
            let path = pointer(&steps);
            let message = explain(finding.id, error);
            violations.push(Violation { path, message, missing, details: None });
        }
    }
    violations
}

/// Where the pod is in the object.
fn owner(pointer: &str, workload: Workload) -> &'static str {
    match workload {
        Workload::Pod => "",
        Workload::Template => "/spec/template",
        Workload::CronJob if pointer.starts_with("/metadata") => "/spec/jobTemplate",
        Workload::CronJob => "/spec/jobTemplate/spec/template",
    }
}

/// Follows `steps` as Go decoded them, gives keys the case in which they are written, and tells
/// whether something stands at the end.
fn find(object: Node<'_>, steps: &mut [String]) -> bool {
    let mut node = object;
    for step in steps {
        let next = match node.kind() {
            Kind::Map(entries) => decoded_entry(entries, step),
            Kind::List(items) => {
                step.parse().ok().and_then(|index| Some((step.as_str(), items.get(index)?)))
            }
            _ => None,
        };
        let Some((key, value)) = next else { return false };
        if key != step.as_str() {
            *step = key.to_owned();
        }
        node = value;
    }
    true
}

/// What is wanted and what was found, in our words.
fn explain(id: CheckId, error: &FieldError<'_>) -> String {
    let name = error.place.field.rsplit('.').next().unwrap_or_default();
    let is_annotation = error.place.field.starts_with("metadata.annotations[");
    let (subject, wanted) = match id {
        CheckId::AllowPrivilegeEscalation => ("allowPrivilegeEscalation", "be `false`"),
        CheckId::AppArmorProfile if is_annotation => {
            ("this AppArmor annotation", "be `runtime/default` or `localhost/…`")
        }
        CheckId::AppArmorProfile => {
            ("the AppArmor profile's type", "be `RuntimeDefault` or `Localhost`")
        }
        CheckId::CapabilitiesBaseline => {
            ("capabilities.add", "name only capabilities that a container has by default")
        }
        CheckId::CapabilitiesRestricted if name == "drop" => ("capabilities.drop", "include `ALL`"),
        CheckId::CapabilitiesRestricted => {
            ("capabilities.add", "name nothing but `NET_BIND_SERVICE`")
        }
        CheckId::HostNamespaces => (name, "be `false` or absent"),
        CheckId::HostPathVolumes => ("a volume", "not be a `hostPath`"),
        CheckId::HostPorts => ("hostPort", "be `0` or absent"),
        CheckId::HostProbesAndHostLifecycle => {
            ("the host of a probe or lifecycle handler", "be absent")
        }
        CheckId::Privileged => ("privileged", "be `false` or absent"),
        CheckId::ProcMount | CheckId::ProcMountRestricted => {
            ("procMount", "be `Default` or absent")
        }
        CheckId::RestrictedVolumes => {
            let source = if name == "unknown" { "nothing that is known" } else { name };
            return format!(
                "a volume must be of a kind that the restricted level allows, found {source}"
            );
        }
        CheckId::RunAsNonRoot => ("runAsNonRoot", "be `true`"),
        CheckId::RunAsUser => ("runAsUser", "be another user than `0`"),
        CheckId::SeLinuxOptions if name == "type" => {
            ("the SELinux type", "be one of the container types, or absent")
        }
        CheckId::SeLinuxOptions if name == "user" => ("the SELinux user", "be absent"),
        CheckId::SeLinuxOptions => ("the SELinux role", "be absent"),
        CheckId::SeccompProfileBaseline if is_annotation => {
            ("this seccomp annotation", "be `runtime/default`, `docker/default` or `localhost/…`")
        }
        CheckId::SeccompProfileBaseline | CheckId::SeccompProfileRestricted => {
            ("the seccomp profile's type", "be `RuntimeDefault` or `Localhost`")
        }
        CheckId::Sysctls => ("a sysctl", "be one of the safe ones"),
        CheckId::WindowsHostProcess => ("hostProcess", "be `false` or absent"),
    };
    let found = match &error.value {
        BadValue::None => "nothing".to_owned(),
        BadValue::Text("nil") if id == CheckId::AllowPrivilegeEscalation => "nothing".to_owned(),
        BadValue::Texts(texts) => {
            texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
        }
        value => format!("`{value}`"),
    };
    format!("{subject} must {wanted}, found {found}")
}

/// The names that upstream reads out of the detail, to list their images (addImages): what
/// stands between the first `container` or `containers` and the next `must` of the same line.
pub(super) fn containers(finding: &Finding<'_>) -> Option<Vec<String>> {
    let addition = finding.addition.as_deref();
    let text = [Some(finding.detail.as_str()), addition]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    let mut rest = text.as_str();
    while let Some(position) = rest.find("container") {
        rest = rest.get(position + "container".len()..)?;
        let names = rest.strip_prefix('s').unwrap_or(rest).trim_start();
        let Some(end) = names.find("must") else { continue };
        let names = names.get(..end)?.trim_end();
        if names.contains('\n') {
            continue;
        }
        let names = names.replace(['"', ' '], "");
        return Some(names.split(',').map(str::to_owned).collect());
    }
    None
}
