//! Anchors: the marks around a key that say what its value means.

/// What a key of a pattern asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `key`: the value must match; a missing key counts as null.
    None,
    /// `(key)`: if this does not match, the map does not apply.
    Condition,
    /// `<(key)`: if this does not match, the rule does not apply.
    Global,
    /// `=(key)`: must match where the key is there.
    Equality,
    /// `X(key)`: the key must not be there.
    Negation,
    /// `^(key)`: some item of the list must match.
    Existence,
    /// `+(key)`: means something to mutations only; elsewhere it is a key like any other.
    AddIfNotPresent,
}

impl Anchor {
    /// Takes the anchor off a key.
    ///
    /// Upstream: `Parse` in `pkg/engine/anchor/anchor.go`. What is no anchor is a plain key, with
    /// its brackets and spaces.
    pub(super) fn parse(written: &str) -> (Self, &str) {
        Self::parse_bracketed(written.trim()).unwrap_or((Self::None, written))
    }

    fn parse_bracketed(written: &str) -> Option<(Self, &str)> {
        let (before, rest) = written.split_once('(')?;
        let key = rest.strip_suffix(')')?;
        if key.is_empty() || key.contains('\n') {
            return None;
        }
        let anchor = match before {
            "" => Self::Condition,
            "<" => Self::Global,
            "=" => Self::Equality,
            "X" => Self::Negation,
            "^" => Self::Existence,
            "+" => Self::AddIfNotPresent,
            _ => return None,
        };
        Some((anchor, key))
    }

    /// Puts the anchor around a key.
    pub(super) fn write(self, key: &str) -> String {
        let mark = match self {
            Self::None => return key.to_owned(),
            Self::Condition => "",
            Self::Global => "<",
            Self::Equality => "=",
            Self::Negation => "X",
            Self::Existence => "^",
            Self::AddIfNotPresent => "+",
        };
        format!("{mark}({key})")
    }

    /// Whether keys with this anchor are asked before all others.
    ///
    /// Upstream: `GetAnchorsResourcesFromMap` in `pkg/engine/anchor/utils.go`.
    pub(super) fn comes_first(self) -> bool {
        matches!(self, Self::Condition | Self::Equality | Self::Negation | Self::Existence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_their_anchors() {
        for (written, expected) in [
            ("a", (Anchor::None, "a")),
            (" a ", (Anchor::None, " a ")),
            ("(a)", (Anchor::Condition, "a")),
            (" (a)\t", (Anchor::Condition, "a")),
            ("( a )", (Anchor::Condition, " a ")),
            ("((a))", (Anchor::Condition, "(a)")),
            ("(a)(b)", (Anchor::Condition, "a)(b")),
            ("<(a)", (Anchor::Global, "a")),
            ("=(a)", (Anchor::Equality, "a")),
            ("X(a)", (Anchor::Negation, "a")),
            ("^(a)", (Anchor::Existence, "a")),
            ("+(a)", (Anchor::AddIfNotPresent, "a")),
            ("x(a)", (Anchor::None, "x(a)")),
            ("?(a)", (Anchor::None, "?(a)")),
            ("= (a)", (Anchor::None, "= (a)")),
            ("(a)b", (Anchor::None, "(a)b")),
            ("()", (Anchor::None, "()")),
            ("(a\nb)", (Anchor::None, "(a\nb)")),
        ] {
            assert_eq!(Anchor::parse(written), expected, "`{written}`");
        }
    }

    #[test]
    fn anchors_are_written_as_they_are_read() {
        for written in ["a", "(a)", "<(a)", "=(a)", "X(a)", "^(a)", "+(a)"] {
            let (anchor, key) = Anchor::parse(written);
            assert_eq!(anchor.write(key), written);
        }
    }
}
