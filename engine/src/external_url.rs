//! What `is_external_url()` takes for the host of a URL, and for an address that lies outside.
//!
//! Whoever answers [`FactKey::ExternalUrl`](crate::FactKey::ExternalUrl) reads URLs with this.

use std::net::IpAddr;

/// Whether an address lies outside the private and loopback ranges.
pub fn is_external(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let private = match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    !(private || address.is_loopback())
}

/// The host of a URL, as Go's `url.Parse` finds it; empty where there is none.
pub fn host(url: &str) -> Result<&str, String> {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    if url.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let rest = match url.split_once(':') {
        Some(("", _)) => return Err("missing protocol scheme".to_owned()),
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => url,
    };
    let Some(authority) = rest.strip_prefix("//") else { return Ok("") };
    let authority =
        authority.find(['/', '?']).and_then(|end| authority.get(..end)).unwrap_or(authority);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = match host.strip_prefix('[') {
        Some(inner) => inner.split_once(']').ok_or("missing ']' in host")?,
        None => host.find(':').and_then(|at| host.split_at_checked(at)).unwrap_or((host, "")),
    };
    let valid = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !valid {
        return Err(format!("invalid port {port:?} after host"));
    }
    if let Some(wrong) =
        name.chars().find(|character| matches!(character, ' ' | '"' | '<' | '>' | '`'))
    {
        return Err(format!("invalid character {:?} in host name", wrong.to_string()));
    }
    Ok(name)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}
