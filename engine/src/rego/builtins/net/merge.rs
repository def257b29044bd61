//! Merges networks that touch or overlap into as few as possible.

use std::net::IpAddr;

use super::{Answer, Network, address, bits, rest};
use crate::rego::builtins::operand::{failed, members, operands};
use crate::rego::{BuiltinError, Host, Value};

/// Addresses from one to another, and the text of the network where they are one as it was given.
#[derive(Debug)]
struct Range {
    length: u32,
    first: u128,
    last: u128,
    text: Option<String>,
}

pub(in crate::rego::builtins) fn cidr_merge<'v>(
    host: &Host<'_, 'v>,
    arguments: &[Value<'v>],
) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let members = members(value).ok_or_else(|| failed("operand must be an array"))?;
    host.make_values(members.len().saturating_mul(8))?;
    let mut ranges: Vec<Range> = members.iter().map(range).collect::<Result<_, _>>()?;
    // IPv4 first, as their sixteen bytes are in order; then by the last address.
    ranges.sort_by(|left, right| {
        (left.length, left.last, left.first).cmp(&(right.length, right.last, right.first))
    });
    let mut merged: Vec<Range> = Vec::new();
    for mut range in ranges {
        while let Some(before) = merged.last() {
            let touches = range.first.saturating_sub(1) <= before.last;
            if before.length != range.length || !touches {
                break;
            }
            range = Range { first: range.first.min(before.first), text: None, ..range };
            merged.pop();
        }
        merged.push(range);
    }
    let mut texts = Vec::new();
    for range in merged {
        match range.text {
            Some(text) => texts.push(Value::from(text)),
            None => cover(host, &range, &mut texts)?,
        }
    }
    Ok(Value::set(texts))
}

/// One network, or an address by itself, which stands for the network of its class.
fn range(value: &Value<'_>) -> Result<Range, BuiltinError> {
    let text = value.as_str().ok_or_else(|| failed("element must be string"))?;
    let (network, shown) = match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(_)) => return Err(failed("IPv6 invalid: needs prefix length")),
        Ok(IpAddr::V4(address)) => {
            let prefix = match address.octets() {
                [0..=127, ..] => 8,
                [128..=191, ..] => 16,
                _ => 24,
            };
            let shown = format!("{address}/{prefix}");
            (Network::parse(&shown)?, shown)
        }
        Err(_) => {
            let network = Network::parse(text)?;
            (network, format!("{}/{}", network.first, network.prefix))
        }
    };
    let (first, length) = bits(network.first);
    Ok(Range { length, first, last: first | rest(network.prefix, length), text: Some(shown) })
}

/// The fewest networks that are a range together.
fn cover<'v>(
    host: &Host<'_, 'v>,
    range: &Range,
    texts: &mut Vec<Value<'v>>,
) -> Result<(), BuiltinError> {
    let mut first = range.first;
    loop {
        // As large as the beginning is round, and as long as it does not reach beyond the end.
        let mut prefix = range.length - first.trailing_zeros().min(range.length);
        while first | rest(prefix, range.length) > range.last {
            prefix += 1;
        }
        host.make_values(2)?;
        texts.push(Value::from(format!("{}/{prefix}", address(first, range.length))));
        let last = first | rest(prefix, range.length);
        if last >= range.last {
            return Ok(());
        }
        first = last + 1;
    }
}
