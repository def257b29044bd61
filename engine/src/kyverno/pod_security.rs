//! The Pod Security Standards, by level and version.
