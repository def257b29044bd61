//! How many connections the system allows.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for all that is no connection: runtimes, policies and certificates being read.
const RESERVED: u64 = 64;

/// As many connections as are wanted, or as the limit of open files leaves room for: one that is
/// accepted must not keep policies from being read.
pub(crate) fn connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    // The soft limit is low for programs that use `select`; this one does not.
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    within(wanted, files)
}

/// `None` stands for no limit.
fn within(wanted: usize, files: Option<u64>) -> usize {
    let Some(files) = files else { return wanted };
    let left = files.saturating_sub(RESERVED).max(files / 4).max(1);
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn connections_leave_room_for_other_files() {
        for (files, connections) in [
            (None, 8_192),
            (Some(1 << 20), 8_192),
            (Some(1_024), 960),
            (Some(128), 64),
            (Some(32), 8),
            (Some(0), 1),
        ] {
            assert_eq!(within(8_192, files), connections, "{files:?}");
        }
    }
}
