//! Takes URIs apart, as `url.Parse` of Go does (`v1/topdown/uri.go`).

use std::net::Ipv6Addr;

use super::encoding::{lossy, percent_decoded};
use super::operand::{failed, operands, string};
use crate::rego::{BuiltinError, Host, Value};
use crate::scalar::quote::quoted;

type Answer<'v> = Result<Value<'v>, BuiltinError>;

/// The parts of a URI; what is not there is empty.
#[derive(Debug, Default)]
struct Uri {
    scheme: String,
    host: String,
    port: String,
    path: Vec<u8>,
    raw_path: String,
    query: String,
    fragment: Vec<u8>,
}

pub(super) fn parse<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let text = string(value, 1)?;
    host.make(text.len().saturating_mul(3))?;
    let uri = read(text)?;
    let mut parts = Vec::new();
    let mut add = |name: &'static str, part: Vec<u8>| {
        if !part.is_empty() {
            parts.push((Value::from(name), lossy(host, part)?));
        }
        Ok::<(), BuiltinError>(())
    };
    add("scheme", uri.scheme.into_bytes())?;
    add("hostname", uri.host.into_bytes())?;
    add("port", uri.port.into_bytes())?;
    if !uri.path.is_empty() {
        let written = escaped_path(&uri.path) == uri.raw_path;
        let raw = if written { uri.path.clone() } else { uri.raw_path.into_bytes() };
        add("path", uri.path)?;
        add("raw_path", raw)?;
    }
    add("raw_query", uri.query.into_bytes())?;
    add("fragment", uri.fragment)?;
    Ok(Value::object(parts))
}

pub(super) fn is_valid<'v>(host: &Host<'_, 'v>, arguments: &[Value<'v>]) -> Answer<'v> {
    let [value] = operands(arguments)?;
    let Some(text) = value.as_str() else { return Ok(Value::from(false)) };
    host.make(text.len())?;
    Ok(Value::from(!text.is_empty() && read(text).is_ok()))
}

fn read(text: &str) -> Result<Uri, BuiltinError> {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let wrong = |what: String| failed(format!("parse {}: {what}", quoted(before)));
    if before.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err(wrong("net/url: invalid control character in URL".to_owned()));
    }
    let fragment = decoded(fragment).map_err(wrong)?;
    let mut uri = Uri { fragment, ..Uri::default() };
    if before == "*" {
        uri.path = b"*".to_vec();
        uri.raw_path = "*".to_owned();
        return Ok(uri);
    }
    let (scheme, rest) = scheme(before).map_err(wrong)?;
    uri.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    uri.query = query.to_owned();
    let mut path = rest;
    if !rest.starts_with('/') {
        // What has a scheme and no slash is opaque: `mailto:somebody`.
        if !uri.scheme.is_empty() {
            return Ok(uri);
        }
        if rest.split('/').next().unwrap_or_default().contains(':') {
            return Err(wrong("first path segment in URL cannot contain colon".to_owned()));
        }
    }
    let has_authority = !uri.scheme.is_empty() || !rest.starts_with("///");
    if let Some(behind) = rest.strip_prefix("//").filter(|_| has_authority) {
        let end = behind.find('/').unwrap_or(behind.len());
        let (authority, rest) = behind.split_at_checked(end).unwrap_or((behind, ""));
        path = rest;
        let name = authority.rsplit_once('@').map_or(authority, |(_, name)| name);
        if let Some((user, _)) = authority.rsplit_once('@') {
            let known = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
            if !user.chars().all(known) {
                return Err(wrong("net/url: invalid userinfo".to_owned()));
            }
            decoded(user).map_err(wrong)?;
        }
        (uri.host, uri.port) = host_and_port(&uri.scheme, name).map_err(wrong)?;
    }
    uri.path = decoded(path).map_err(wrong)?;
    uri.raw_path = path.to_owned();
    Ok(uri)
}

fn decoded(text: &str) -> Result<Vec<u8>, String> {
    percent_decoded(text, false).map_err(message)
}

fn message(error: BuiltinError) -> String {
    match error {
        BuiltinError::Type(message)
        | BuiltinError::Failed(message)
        | BuiltinError::Halt(message) => message,
        BuiltinError::Undefined => String::new(),
    }
}

/// What stands before the first colon, where that can be a scheme.
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (place, character) in text.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if place > 0 => {}
            ':' if place == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok(text.split_once(':').unwrap_or(("", text))),
            _ => break,
        }
    }
    Ok(("", text))
}

fn host_and_port(scheme: &str, text: &str) -> Result<(String, String), String> {
    let is_port = |text: &str| {
        text.is_empty()
            || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
    };
    let port_error = |port: &str| Err(format!("invalid port {} after host", quoted(port)));
    if text.rfind('[').is_some_and(|place| place > 0) {
        return Err("invalid IP-literal".to_owned());
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (address, port) = inner.rsplit_once(']').ok_or("missing ']' in host")?;
        if !is_port(port) {
            return port_error(port);
        }
        let (name, zone) = address.split_once("%25").unwrap_or((address, ""));
        if name.parse::<Ipv6Addr>().is_err() {
            return Err("invalid host: ParseAddr: unable to parse IP".to_owned());
        }
        let zone = String::from_utf8_lossy(&decoded(zone)?).into_owned();
        let percent = if address.contains("%25") { "%" } else { "" };
        return Ok((format!("{name}{percent}{zone}"), port.trim_start_matches(':').to_owned()));
    }
    let strict = matches!(scheme, "http" | "https");
    let colon = if strict { text.find(':') } else { text.rfind(':') };
    if let Some(port) = colon.and_then(|colon| text.get(colon..)).filter(|port| !is_port(port)) {
        return port_error(port);
    }
    if let Some(bad) = text.chars().find(|c| c.is_ascii() && !is_host_character(*c)) {
        return Err(format!("invalid character {} in host name", quoted(&bad.to_string())));
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, port),
        None => (text, ""),
    };
    Ok((String::from_utf8_lossy(&host_name(name)?).into_owned(), port.to_owned()))
}

/// A name; what is escaped in it has to be no ASCII.
fn host_name(name: &str) -> Result<Vec<u8>, String> {
    for escape in name.split('%').skip(1) {
        if escape.starts_with(|c: char| c < '8') && !escape.starts_with("25") {
            let shown = escape.get(..2).unwrap_or(escape);
            return Err(format!("invalid URL escape \"%{shown}\""));
        }
    }
    decoded(name)
}

fn is_host_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(character)
}

/// The path as Go would write it, to tell whether it was written otherwise.
fn escaped_path(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(*byte)),
            _ if b"-_.~$&+,/:;=@".contains(byte) => out.push(char::from(*byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
