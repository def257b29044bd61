//! Answers what rules ask: from files now, from clusters and registries where there are any.

mod decide;
mod offline;
mod source;

pub use decide::decide;
pub use offline::Offline;
pub use source::FactSource;
