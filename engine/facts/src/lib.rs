//! Answers what rules ask: from files alone, or from a cluster.

mod decide;
mod layered;
mod lists;
mod live;
mod offline;
mod source;

pub use decide::decide;
pub use layered::Layered;
pub use lists::{Lists, NotServed, lists};
pub use live::{
    ConnectError, Desk, Discovered, Followed, ListEvent, ListStream, Live, LiveCounters,
    LiveOptions, PageError, Pages, READS, Right, ServedResource, Snapshot, Until, WRITES,
    WriteError, Writer, client, connect,
};
pub use offline::Offline;
pub use source::FactSource;
