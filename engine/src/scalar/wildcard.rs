//! Wildcards as Kyverno matches them: `*` is any run of characters, `?` exactly one.
//!
//! Nothing else has a meaning and nothing can be escaped, as in go-wildcard 1.0.3.

/// Tells whether the whole `text` matches `pattern`.
///
/// Takes at most as many steps as the product of both lengths, and no memory. Where both come from
/// strangers, [`matches_within`] sets a limit.
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_within(pattern, text, &mut { u64::MAX }).unwrap_or(false)
}

/// Like [`matches`], but takes each step from `steps`, and gives none when they are used up.
pub fn matches_within(pattern: &str, text: &str, steps: &mut u64) -> Option<bool> {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut place) = (0, 0);
    // Where to go on when a guess fails: behind the last star, and one character further on.
    let mut retry = None;
    loop {
        *steps = steps.checked_sub(1)?;
        match (pattern.get(at), text.get(place)) {
            (Some(b'*'), _) => {
                at += 1;
                if at == pattern.len() {
                    return Some(true);
                }
                retry = Some((at, place));
            }
            (None, None) => return Some(true),
            // Every further guess would have even less text for the same pattern.
            (Some(_), None) => return Some(false),
            (Some(b'?'), Some(first)) => {
                at += 1;
                place += character_length(*first);
            }
            (Some(wanted), Some(found)) if wanted == found => {
                at += 1;
                place += 1;
            }
            (_, Some(_)) => {
                let Some((behind_star, start)) = retry else { return Some(false) };
                let Some(first) = text.get(start) else { return Some(false) };
                at = behind_star;
                place = start + character_length(*first);
                retry = Some((at, place));
            }
        }
    }
}

/// Tells whether `text` holds `*` or `?`.
pub fn contains_wildcard(text: &str) -> bool {
    memchr::memchr2(b'*', b'?', text.as_bytes()).is_some()
}

/// A pattern that is matched often.
#[derive(Clone, Debug)]
pub struct Wildcard(Shape);

#[derive(Clone, Debug)]
enum Shape {
    Anything,
    Literal(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Within(Box<str>),
    General(Box<str>),
}

impl Wildcard {
    /// Prepares a pattern.
    pub fn new(pattern: &str) -> Self {
        let inner = pattern.trim_matches('*');
        let starts = pattern.starts_with('*');
        let ends = pattern.ends_with('*');
        Self(match (contains_wildcard(inner), starts, ends) {
            (true, _, _) => Shape::General(pattern.into()),
            (false, true, true) if inner.is_empty() => Shape::Anything,
            (false, true, true) => Shape::Within(inner.into()),
            (false, true, false) => Shape::Suffix(inner.into()),
            (false, false, true) => Shape::Prefix(inner.into()),
            (false, false, false) => Shape::Literal(pattern.into()),
        })
    }

    /// Tells whether the whole `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Shape::Anything => true,
            Shape::Literal(literal) => text == &**literal,
            Shape::Prefix(prefix) => text.starts_with(&**prefix),
            Shape::Suffix(suffix) => text.ends_with(&**suffix),
            Shape::Within(part) => memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some(),
            Shape::General(pattern) => matches(pattern, text),
        }
    }

    /// The text, where the pattern matches nothing else.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.0 {
            Shape::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}

impl std::fmt::Display for Wildcard {
    /// Writes a pattern that matches the same.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Shape::Anything => formatter.write_str("*"),
            Shape::Literal(text) | Shape::General(text) => formatter.write_str(text),
            Shape::Prefix(text) => write!(formatter, "{text}*"),
            Shape::Suffix(text) => write!(formatter, "*{text}"),
            Shape::Within(text) => write!(formatter, "*{text}*"),
        }
    }
}

/// The number of bytes of the character that starts with `first`.
fn character_length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, word for word.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(('*', rest)), None) => by_definition(rest, text),
            (Some(('*', rest)), Some((_, shorter))) => {
                by_definition(rest, text) || by_definition(pattern, shorter)
            }
            (Some(_), None) => false,
            (Some((wanted, rest)), Some((found, shorter))) => {
                (*wanted == '?' || wanted == found) && by_definition(rest, shorter)
            }
        }
    }

    proptest! {
        #[test]
        fn both_ways_agree_with_the_definition(
            pattern in "[aä€😀*?]{0,8}",
            text in "[aä€😀b*?]{0,10}",
        ) {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = by_definition(&characters(&pattern), &characters(&text));
            prop_assert_eq!(matches(&pattern, &text), expected);
            let prepared = Wildcard::new(&pattern);
            prop_assert_eq!(prepared.matches(&text), expected);
            prop_assert_eq!(Wildcard::new(&prepared.to_string()).matches(&text), expected);
        }
    }

    #[test]
    fn special_characters_of_other_languages_are_plain() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "ü", true),
            ("[ab]", "a", false),
            ("[ab]", "[ab]", true),
            ("a\\*", "a*", false),
            ("a\\*", "a\\b", true),
            ("a.c", "abc", false),
            ("a*b*c", "a-b-b-c", true),
            ("**", "x", true),
            ("*?", "", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "`{pattern}` on `{text}`");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = format!("{}b", "a*".repeat(500));
        assert!(!matches(&pattern, &"a".repeat(2000)));
        assert_eq!(matches_within(&pattern, &"a".repeat(2000), &mut 1_000), None);
    }
}
