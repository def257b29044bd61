//! Finds ports that programs can listen on.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that systems give to outgoing connections (from 32768 on Linux), so that none
/// takes a port between the choice and the program's own bind.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// How far apart the ports of neighbouring processes begin.
const STRIDE: u32 = 97;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Chooses ports of the loopback on which nobody listens.
///
/// The same process gets a port again only after all others; processes begin at different places.
/// What remains is a race with a program that listens at random, for which whoever starts a program
/// tries again.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let begin = std::process::id().wrapping_mul(STRIDE);
    let mut ports = [0; N];
    for slot in &mut ports {
        *slot = (0..COUNT)
            .map(|_| begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST)
            .filter_map(|port| u16::try_from(port).ok())
            .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
            .ok_or_else(|| {
                io::Error::new(io::ErrorKind::AddrInUse, "every port from 20000 to 31999 is taken")
            })?;
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ports_are_free_and_different() {
        let ports: BTreeSet<u16> =
            free_ports::<8>().unwrap().into_iter().chain(free_ports::<8>().unwrap()).collect();
        assert_eq!(ports.len(), 16);
        for port in ports {
            assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
        }
    }
}
