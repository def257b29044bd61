//! Answers what rules ask: from files now, from clusters and registries where there are any.

mod offline;
mod source;

pub use offline::Offline;
pub use source::FactSource;
