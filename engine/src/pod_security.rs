//! The Pod Security Standards of Kubernetes 1.37, by level and version.
//!
//! The checks are those of `k8s.io/pod-security-admission`; they know nothing of any policy
//! language. Kyverno's `validate.podSecurity` stands on them in [`crate::kyverno`].

mod checks;
mod finding;
mod pod;
mod shape;

use std::fmt;

use crate::tree::Node;

pub(crate) use checks::{CheckId, findings_of_kyverno};
pub(crate) use finding::{BadValue, FieldError, Finding};
pub(crate) use pod::Pod;
pub(crate) use shape::decoded_entry;

/// How much a pod may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Privileged,
    /// Nothing that is known to escalate privileges.
    Baseline,
    /// What current hardening practice asks for.
    Restricted,
}

/// The release of Kubernetes whose standards hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `v1.x`.
    Minor(u32),
    /// The newest that is known.
    Latest,
}

/// A control that a pod violates, in the words of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The control, such as `hostNamespaces`.
    pub check: &'static str,
    /// What it is called, such as `host namespaces`.
    pub reason: &'static str,
    /// What exactly is forbidden.
    pub detail: String,
}

/// What the standards find in `pod`, an object of kind Pod; an error where it cannot be read.
///
/// The order is that of the API server's denial: controls of the baseline level first.
///
/// ```
/// # use ajj_engine::pod_security::{Level, Version};
/// assert_eq!(Version::parse("v1.24"), Some(Version::Minor(24)));
/// assert_eq!(Level::parse("baseline"), Some(Level::Baseline));
/// ```
pub fn evaluate(level: Level, version: Version, pod: Node<'_>) -> Result<Vec<Forbidden>, String> {
    let pod = Pod::read(pod)?;
    let findings = checks::findings(level, version, &pod);
    let forbidden = findings.into_iter().map(|finding| Forbidden {
        check: finding.id.as_str(),
        reason: finding.reason,
        detail: finding.detail,
    });
    Ok(forbidden.collect())
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Privileged, Self::Baseline, Self::Restricted];

    /// The word of the standards.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// From the word of the standards.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

impl Version {
    /// From `latest` or `v1.x`.
    pub fn parse(word: &str) -> Option<Self> {
        if word == "latest" {
            return Some(Self::Latest);
        }
        let minor = word.strip_prefix("v1.")?;
        let canonical = minor == "0" || !minor.starts_with('0');
        let digits = minor.bytes().all(|byte| byte.is_ascii_digit());
        if canonical && digits { minor.parse().ok().map(Self::Minor) } else { None }
    }

    /// The minor release, or more than any.
    fn minor(self) -> u32 {
        match self {
            Self::Minor(minor) => minor,
            Self::Latest => u32::MAX,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minor(minor) => write!(formatter, "v1.{minor}"),
            Self::Latest => formatter.write_str("latest"),
        }
    }
}

#[cfg(test)]
mod tests;
