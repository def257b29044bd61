//! Scalars as Go and Kubernetes read, compare and write them.

pub mod duration;
pub mod number;
pub mod quantity;
pub mod regex;
pub mod semver;
pub mod time;
pub mod wildcard;
