//! Scalars as Go and Kubernetes read, compare and write them.

pub mod duration;
pub mod number;
pub mod quantity;
pub(crate) mod quote;
pub mod regex;
pub mod semver;
pub mod time;
pub mod wildcard;
