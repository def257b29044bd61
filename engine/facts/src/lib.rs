//! Answers what rules ask: from files alone, or from a cluster.

mod decide;
mod live;
mod offline;
mod source;

pub use decide::decide;
pub use live::{Live, LiveCounters, LiveOptions, Right, Until, WRITES, WriteError, Writer, client};
pub use offline::Offline;
pub use source::FactSource;
