//! Bounds how deep values stand in each other, so that no text decides how deep a parser recurses.

/// Deeper than any configuration that people write.
pub(crate) const MAX_DEPTH: usize = 128;

/// What is said of deeper texts.
pub(crate) const TOO_DEEP: &str = "values stand in each other more than 128 levels deep";
