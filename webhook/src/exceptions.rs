//! Whose exceptions count: who may write one must not be able to exempt himself from what others
//! demand.

use std::collections::BTreeSet;
use std::str::FromStr;

use ajj_engine::Node;

/// The namespaces whose PolicyExceptions count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptionsFrom {
    /// These; none if there are none.
    Namespaces(BTreeSet<String>),
    /// Every one.
    Everywhere,
}

/// What is said of an exception that does not count.
pub(crate) const DOES_NOT_COUNT: &str =
    "exceptions of this namespace do not count: `--exceptions-from` names those that do";

impl Default for ExceptionsFrom {
    fn default() -> Self {
        Self::Namespaces(BTreeSet::new())
    }
}

impl FromStr for ExceptionsFrom {
    type Err = String;

    /// Reads names with commas between them, or `*`.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let names: BTreeSet<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let is_name = |name: &String| !name.is_empty() && name.bytes().all(plain);
        match text {
            "*" => Ok(Self::Everywhere),
            _ if names.iter().all(is_name) => Ok(Self::Namespaces(names)),
            _ => Err("expected names of namespaces with commas between them, or `*`".to_owned()),
        }
    }
}

impl ExceptionsFrom {
    /// Whether exceptions of a namespace count.
    pub(crate) fn counts(&self, namespace: &str) -> bool {
        match self {
            Self::Namespaces(names) => names.contains(namespace),
            Self::Everywhere => true,
        }
    }

    /// Whether an object is an exception that does not count.
    pub(crate) fn ignores(&self, object: Node<'_>) -> bool {
        let text =
            |path: &[&str]| object.at(path).and_then(|text| text.as_str()).unwrap_or_default();
        text(&["kind"]) == "PolicyException" && !self.counts(text(&["metadata", "namespace"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_everything_else_is_refused() {
        let read = |text: &str| text.parse::<ExceptionsFrom>();
        assert_eq!(read("*"), Ok(ExceptionsFrom::Everywhere));
        let some = read("platform, security").unwrap();
        assert!(some.counts("platform") && some.counts("security") && !some.counts("shop"));
        assert!(!ExceptionsFrom::default().counts(""));
        for wrong in ["", ",", "a,", "*,a", "a*", "A", "a/b"] {
            assert!(read(wrong).is_err(), "`{wrong}`");
        }
    }
}
