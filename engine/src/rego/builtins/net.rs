//! Networks and addresses (`v1/topdown/cidr.go`).

mod merge;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::operand::{failed, operands, string};
use crate::rego::{BuiltinError, Host, Value};

pub(super) use merge::cidr_merge;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// A network: its first address, and how many bits all of it share. An IPv6 address that maps an
/// IPv4 one is that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    prefix: u32,
}

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn address(value: u128, length: u32) -> IpAddr {
    match length {
        32 => IpAddr::V4(Ipv4Addr::from_bits(value as u32)),
        _ => IpAddr::V6(Ipv6Addr::from_bits(value)),
    }
}

/// How many addresses share so many bits, less one.
fn rest(prefix: u32, length: u32) -> u128 {
    1_u128.checked_shl(length - prefix).unwrap_or_default().wrapping_sub(1)
}

impl Network {
    /// Reads `10.0.0.0/8` (`net.ParseCIDR`).
    fn parse(text: &str) -> Result<Self, BuiltinError> {
        let wrong = || failed(format!("invalid CIDR address: {text}"));
        let (start, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let start: IpAddr = start.parse().map_err(|_| wrong())?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|_| digits).ok_or_else(wrong)?;
        let (value, length) = bits(start);
        if prefix > length {
            return Err(wrong());
        }
        let first = address(value & !rest(prefix, length), length);
        Ok(match first.to_canonical() {
            mapped @ IpAddr::V4(_) if length == 128 => {
                Self { first: mapped, prefix: prefix.saturating_sub(96) }
            }
            _ => Self { first, prefix },
        })
    }

    fn last(self) -> IpAddr {
        let (value, length) = bits(self.first);
        address(value | rest(self.prefix, length), length)
    }

    fn contains(self, other: IpAddr) -> bool {
        let (value, length) = bits(self.first);
        let (other, other_length) = bits(other.to_canonical());
        length == other_length && other & !rest(self.prefix, length) == value
    }
}

fn network(value: &Value<'_>) -> Result<Network, BuiltinError> {
    Network::parse(string(value, 1)?)
}

/// Whether a network has an address, or all of another network.
fn contains(whole: &Value<'_>, part: &Value<'_>) -> Result<bool, BuiltinError> {
    let whole = network(whole)?;
    let text = string(part, 1)?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(whole.contains(address));
    }
    let part = Network::parse(text).map_err(|_| {
        failed(format!("not a valid textual representation of an IP address or CIDR: {text}"))
    })?;
    Ok(whole.contains(part.first) && whole.contains(part.last()))
}

pub(super) fn cidr_contains<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [whole, part] = operands(arguments)?;
    contains(whole, part).map(Value::from)
}

pub(super) fn cidr_intersects<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [left, right] = operands(arguments)?;
    let (left, right) = (network(left)?, network(right)?);
    Ok(Value::from(left.contains(right.first) || right.contains(left.first)))
}

pub(super) fn cidr_is_valid<'v>(_: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    Ok(Value::from(value.as_str().is_some_and(|text| Network::parse(text).is_ok())))
}

/// Every address of a network.
pub(super) fn cidr_expand<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let network = network(value)?;
    let (first, length) = bits(network.first);
    let more = rest(network.prefix, length);
    let count = usize::try_from(more).unwrap_or(usize::MAX).saturating_add(1);
    // The text of an address has forty bytes at most.
    host.make_values(count)?;
    host.make(count.saturating_mul(40))?;
    let texts = (0..=more).map(|offset| Value::from(address(first + offset, length).to_string()));
    Ok(Value::set(texts.collect()))
}

/// The networks or addresses of a text or a collection, each with what it is called by.
fn listed<'v>(
    host: &Host<'_, 'v>,
    value: &Value<'v>,
    position: usize,
) -> Result<Vec<(Value<'v>, Value<'v>)>, BuiltinError> {
    host.make_values(value.len().unwrap_or(1) * 2)?;
    let pairs: Vec<_> = if value.as_str().is_some() {
        return Ok(vec![(value.clone(), value.clone())]);
    } else if let Some(items) = value.as_array() {
        items.iter().enumerate().map(|(index, item)| (Value::from(index), item)).collect()
    } else if let Some(members) = value.as_set() {
        members.iter().map(|member| (member.clone(), member.clone())).collect()
    } else {
        value.as_object().map(|entries| entries.sorted()).unwrap_or_default()
    };
    let mut listed = Vec::with_capacity(pairs.len());
    for (index, item) in pairs {
        let first = match item.as_array() {
            _ if item.as_str().is_some() => Some(item.clone()),
            Some(items) => items.get(0),
            None => None,
        };
        let first = first.ok_or_else(|| {
            failed(format!("operand {position}: element must be string or non-empty array"))
        })?;
        listed.push((first, index));
    }
    Ok(listed)
}

/// Which networks of one collection have which of another: pairs of indexes, keys or members.
pub(super) fn cidr_contains_matches<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [wholes, parts] = operands(arguments)?;
    let (wholes, parts) = (listed(host, wholes, 1)?, listed(host, parts, 2)?);
    host.step(wholes.len().saturating_mul(parts.len()).saturating_mul(4))?;
    let mut found = Vec::new();
    for (whole, index) in &wholes {
        for (part, other_index) in &parts {
            if contains(whole, part)? {
                host.make_values(3)?;
                found.push(Value::from(vec![index.clone(), other_index.clone()]));
            }
        }
    }
    Ok(Value::set(found))
}
