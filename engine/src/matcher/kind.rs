//! Kinds as policies write them: `Pod`, `apps/v1/Deployment`, `*/scale`.

use crate::request::GroupVersionKind;
use crate::scalar::wildcard::Wildcard;

/// Selects objects by group, version, kind and subresource, with wildcards.
#[derive(Clone, Debug)]
pub(crate) struct KindSelector {
    group: Wildcard,
    version: Wildcard,
    kind: Wildcard,
    subresource: Wildcard,
}

impl KindSelector {
    /// Reads what a policy writes; upstream: `ParseKindSelector` in `pkg/utils/kube/kind.go`.
    pub(crate) fn parse(written: &str) -> Self {
        Self::of(parts(written))
    }

    /// From group, version, kind and subresource.
    pub(crate) fn of(parts: [&str; 4]) -> Self {
        let [group, version, kind, subresource] = parts.map(Wildcard::new);
        Self { group, version, kind, subresource }
    }

    /// Group, version, kind and subresource, as they can be written.
    pub(crate) fn patterns(&self) -> [String; 4] {
        [&self.group, &self.version, &self.kind, &self.subresource].map(Wildcard::to_string)
    }

    /// Selects everything, subresources too.
    pub(crate) fn anything() -> Self {
        Self::parse("*/*")
    }

    /// Whether this selects objects of `kind`, or their `subresource` where that is not empty.
    ///
    /// Who selects pods also selects their ephemeral containers.
    pub(crate) fn matches(&self, kind: &GroupVersionKind, subresource: &str) -> bool {
        let is_pod = || kind.group.is_empty() && &*kind.version == "v1" && &*kind.kind == "Pod";
        self.kind.matches(&kind.kind)
            && self.group.matches(&kind.group)
            && self.version.matches(&kind.version)
            && (self.subresource.matches(subresource)
                || subresource == "ephemeralcontainers" && is_pod())
    }

    /// The only kind that this selects, in whatever groups and versions.
    pub(crate) fn exact_kind(&self) -> Option<&str> {
        self.kind.as_literal()
    }
}

/// Group, version, kind and subresource.
fn parts(written: &str) -> [&str; 4] {
    let (before, last) = match written.rsplit_once('/') {
        Some((before, last)) => (Some(before), last),
        None => (None, written),
    };
    let parts: Vec<_> =
        before.into_iter().flat_map(|before| before.split('/')).chain(last.split('.')).collect();
    match *parts.as_slice() {
        [kind] => ["*", "*", kind, ""],
        ["*", "*"] => ["*", "*", "*", "*"],
        ["*", subresource] if subresource.to_lowercase() == subresource => {
            ["*", "*", "*", subresource]
        }
        [version, kind] if is_version(version) => ["*", version, kind, ""],
        [kind, subresource] => ["*", "*", kind, subresource],
        [version, kind, subresource] if is_version(version) => ["*", version, kind, subresource],
        [group, version, kind] => [group, version, kind, ""],
        [group, version, kind, subresource] => [group, version, kind, subresource],
        _ => ["", "", "", ""],
    }
}

/// `*`, or such as `v1` and `v1beta1`; upstream knows no number of two digits.
fn is_version(text: &str) -> bool {
    let digit = |text: &str| matches!(text.as_bytes(), [byte] if byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('v') else { return text == "*" };
    match ["alpha", "beta"].into_iter().find_map(|stage| number.split_once(stage)) {
        Some((major, minor)) => digit(major) && digit(minor),
        None => digit(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_upstream_reads_them() {
        for (written, expected) in [
            ("Pod", ["*", "*", "Pod", ""]),
            ("*", ["*", "*", "*", ""]),
            ("*/*", ["*", "*", "*", "*"]),
            ("*/scale", ["*", "*", "*", "scale"]),
            ("*/Deployment", ["*", "*", "Deployment", ""]),
            ("v1/Pod", ["*", "v1", "Pod", ""]),
            ("v2beta2/Pod", ["*", "v2beta2", "Pod", ""]),
            ("v10/Pod", ["*", "*", "v10", "Pod"]),
            ("v10/Pod/exec", ["v10", "Pod", "exec", ""]),
            ("v1gamma1/Pod", ["*", "*", "v1gamma1", "Pod"]),
            ("Pod/exec", ["*", "*", "Pod", "exec"]),
            ("Pod.status", ["*", "*", "Pod", "status"]),
            ("v1/Pod.status", ["*", "v1", "Pod", "status"]),
            ("v1/Pod/status", ["*", "v1", "Pod", "status"]),
            ("apps/v1/Deployment", ["apps", "v1", "Deployment", ""]),
            ("apps/*/Deployment", ["apps", "*", "Deployment", ""]),
            ("apps/v1/Deployment/scale", ["apps", "v1", "Deployment", "scale"]),
            ("apps/v1/Deployment.scale", ["apps", "v1", "Deployment", "scale"]),
            ("*/*/*", ["*", "*", "*", "*"]),
            ("a/b/c/d/e", ["", "", "", ""]),
        ] {
            assert_eq!(parts(written), expected, "`{written}`");
        }
    }

    #[test]
    fn subresources_match_only_where_they_are_named() {
        let kind = |api_version: &str, kind: &str| GroupVersionKind::new(api_version, kind);
        let pod = kind("v1", "Pod");
        for (written, kind, subresource, expected) in [
            ("*", &pod, "", true),
            ("*", &pod, "exec", false),
            ("*/*", &pod, "exec", true),
            ("Pod", &pod, "ephemeralcontainers", true),
            ("v2/Pod", &pod, "ephemeralcontainers", false),
            ("Pod/status", &pod, "ephemeralcontainers", true),
            ("Pod/status", &pod, "", false),
            ("pod", &pod, "", false),
            ("P?d", &pod, "", true),
            ("apps/*/Deployment", &kind("apps/v1", "Deployment"), "", true),
            ("apps/*/Deployment", &kind("extensions/v1", "Deployment"), "", false),
        ] {
            let selector = KindSelector::parse(written);
            assert_eq!(selector.matches(kind, subresource), expected, "`{written}` {subresource}");
        }
    }
}
