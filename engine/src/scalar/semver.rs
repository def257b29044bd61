//! Semantic versions and ranges of them, as blang/semver v4 reads and orders them.

mod range;

use std::cmp::Ordering;

pub use range::Range;

/// A version such as `1.2.3-rc.1+build`.
#[derive(Clone, Debug)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: Vec<Identifier>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(Box<str>),
}

impl Version {
    /// Reads a version of three numbers, strictly: no leading `v`, no leading zeros, no spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, rest) = text.split_once('.')?;
        let (minor, rest) = rest.split_once('.')?;
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        let (patch, prerelease) = match rest.split_once('-') {
            Some((patch, prerelease)) => (patch, Some(prerelease)),
            None => (rest, None),
        };
        if !build.is_none_or(|build| build.split('.').all(is_identifier)) {
            return None;
        }
        Some(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: match prerelease {
                Some(prerelease) => prerelease.split('.').map(identifier).collect::<Option<_>>()?,
                None => Vec::new(),
            },
        })
    }

    /// Orders two versions; what stands behind `+` does not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                _ => self.prerelease.cmp(&other.prerelease),
            }
        })
    }
}

/// A number without leading zeros and without sign.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits && !leading_zero { text.parse().ok() } else { None }
}

fn identifier(text: &str) -> Option<Identifier> {
    if !is_identifier(text) {
        None
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        number(text).map(Identifier::Number)
    } else {
        Some(Identifier::Text(text.into()))
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strict_versions_are_read() {
        for (text, expected) in [
            ("1.2.3", true),
            ("0.0.0", true),
            ("1.2.3-rc.1+build.5", true),
            ("1.2.3+build-5", true),
            ("1.2.3--", true),
            ("v1.2.3", false),
            ("1.2", false),
            ("01.2.3", false),
            ("1.2.3-", false),
            ("1.2.3-01", false),
            ("1.2.3+", false),
            ("1.2.3.4", false),
            ("1.2.", false),
            (" 1.2.3", false),
            ("18446744073709551616.0.0", false),
        ] {
            assert_eq!(Version::parse(text).is_some(), expected, "`{text}`");
        }
    }

    #[test]
    fn versions_are_in_the_order_of_the_specification() {
        let order = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0",
            "1.0.1",
            "1.10.0",
            "2.0.0",
        ];
        let versions: Vec<_> = order.iter().filter_map(|text| Version::parse(text)).collect();
        assert_eq!(versions.len(), order.len());
        for (position, left) in versions.iter().enumerate() {
            for (other_position, right) in versions.iter().enumerate() {
                assert_eq!(left.compare(right), position.cmp(&other_position));
            }
        }
        let built = Version::parse("1.0.0+b").map(|built| built.compare(&versions[7]));
        assert_eq!(built, Some(Ordering::Equal));
    }
}
