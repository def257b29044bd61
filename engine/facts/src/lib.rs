//! Answers what rules ask: from files alone, or from a cluster.

mod decide;
mod live;
mod offline;
mod source;

pub use decide::decide;
pub use live::{
    ConnectError, Discovered, Followed, Live, LiveCounters, LiveOptions, READS, Right,
    ServedResource, Snapshot, Until, WRITES, WriteError, Writer, client, connect,
};
pub use offline::Offline;
pub use source::FactSource;
