//! What names mean: of rules and of packages.

/// What a rule's name makes of what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Failure,
    Warning,
}

impl Severity {
    /// The severity of `deny`, `violation` and `warn`, alone or with words behind `_`.
    pub(super) fn of(rule: &str) -> Option<Self> {
        let mut words = rule.split('_');
        let severity = match words.next()? {
            "deny" | "violation" => Self::Failure,
            "warn" => Self::Warning,
            _ => return None,
        };
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        words.all(is_word).then_some(severity)
    }
}

/// The name by which exceptions call a rule: without the word that gives the severity.
pub(super) fn exempted(rule: &str) -> &str {
    let mut name = rule;
    for word in ["violation", "deny", "warn"] {
        if name == word {
            return "";
        }
        name = name.strip_prefix(word).and_then(|rest| rest.strip_prefix('_')).unwrap_or(name);
    }
    name
}

/// A package as OPA writes its path, without `data`.
pub(super) fn namespace(package: &[Box<str>]) -> String {
    let mut text = String::new();
    for (position, name) in package.iter().enumerate() {
        let mut characters = name.chars();
        let first = characters.next();
        let is_plain = first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && characters.all(|next| next.is_ascii_alphanumeric() || next == '_');
        match (is_plain, position) {
            (true, 0) => text.push_str(name),
            (true, _) => {
                text.push('.');
                text.push_str(name);
            }
            (false, _) => {
                text.push('[');
                crate::value::write_json_string(name, &mut text);
                text.push(']');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Severity, exempted, namespace};

    #[test]
    fn severities() {
        for (rule, expected) in [
            ("deny", Some(Severity::Failure)),
            ("violation_a_B1", Some(Severity::Failure)),
            ("warn_x", Some(Severity::Warning)),
            ("warn_", None),
            ("deny__x", None),
            ("denied", None),
            ("Deny", None),
            ("allow", None),
        ] {
            assert_eq!(Severity::of(rule), expected, "{rule}");
        }
    }

    #[test]
    fn exceptions_name_the_rest() {
        for (rule, expected) in
            [("deny", ""), ("warn", ""), ("deny_root", "root"), ("violation_deny_x", "x")]
        {
            assert_eq!(exempted(rule), expected, "{rule}");
        }
    }

    #[test]
    fn namespaces() {
        let name = |parts: &[&str]| {
            namespace(&parts.iter().map(|part| Box::from(*part)).collect::<Vec<_>>())
        };
        assert_eq!(name(&["main", "gke"]), "main.gke");
        assert_eq!(name(&["a", "b-c", "d"]), "a[\"b-c\"].d");
    }
}
