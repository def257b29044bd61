//! Which addresses rules may make this process talk to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address may not be connected to; `None` where it may.
///
/// The link-local ranges and the addresses named here are where clouds hand out credentials to
/// whoever runs on a node. Addresses that carry another one inside are judged by that.
pub(super) fn refusal(address: IpAddr, loopback: bool) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => refusal_v4(address, loopback),
        IpAddr::V6(address) => refusal_v6(address, loopback),
    }
}

fn refusal_v4(address: Ipv4Addr, loopback: bool) -> Option<&'static str> {
    let [first, ..] = address.octets();
    if address.is_loopback() {
        return (!loopback).then_some("is a loopback address");
    }
    if first == 0 {
        return Some("is unspecified");
    }
    if address.is_link_local() {
        return Some("is link-local");
    }
    if address.is_multicast() || address.is_broadcast() {
        return Some("is not that of one host");
    }
    // Alibaba, Azure, Oracle.
    let metadata = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]];
    metadata.contains(&address.octets()).then_some("is that of a metadata service")
}

fn refusal_v6(address: Ipv6Addr, loopback: bool) -> Option<&'static str> {
    if address.is_loopback() {
        return (!loopback).then_some("is a loopback address");
    }
    if address.is_unspecified() {
        return Some("is unspecified");
    }
    if address.is_unicast_link_local() {
        return Some("is link-local");
    }
    if address.is_multicast() {
        return Some("is not that of one host");
    }
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        refusal_v4(Ipv4Addr::new(a, b, c, d), loopback)
    };
    match address.segments() {
        // AWS and Google.
        [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, ..] => Some("is that of a metadata service"),
        // Compatible addresses, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0, high, low] | [0x0064, 0xff9b, _, _, _, _, high, low] => {
            embedded(high, low)
        }
        [0x2002, high, low, ..] => embedded(high, low),
        // Site-local, as old as it is.
        [first, ..] if first & 0xffc0 == 0xfec0 => Some("is site-local"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn metadata_and_oneself_are_out_of_reach() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.8.8.8",
            "255.255.255.255",
            "224.0.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "::",
            "::1",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fec0::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "::ffff:127.0.0.1",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::ffff:0.0.0.0",
        ] {
            assert!(refusal(address.parse().unwrap(), false).is_some(), "{address}");
        }
    }

    #[test]
    fn services_are_in_reach() {
        for address in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "8.8.8.8",
            "fd00::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "64:ff9b::808:808",
        ] {
            assert_eq!(refusal(address.parse().unwrap(), false), None, "{address}");
        }
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(refusal(address.parse().unwrap(), true), None, "{address}");
        }
        assert!(refusal("169.254.169.254".parse().unwrap(), true).is_some());
    }
}
