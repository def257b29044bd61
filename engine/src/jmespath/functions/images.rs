//! Functions on image references and URLs.

use std::net::IpAddr;

use super::Arguments;
use crate::facts::FactKey;
use crate::image;
use crate::jmespath::evaluate::{Failure, Result};
use crate::value::Value;

/// What an image without registry belongs to.
const DEFAULT_REGISTRY: &str = "docker.io";

pub(super) fn image_normalize<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let text = arguments.text(0);
    arguments.read(text.len())?;
    match image::parse(&text, DEFAULT_REGISTRY) {
        Ok(image) => arguments.made(image.to_string()),
        Err(reason) => Err(arguments.error(&reason)),
    }
}

/// Addresses are judged here; a name is asked for as a fact.
pub(super) fn is_external_url<'t>(arguments: &Arguments<'_, 't, '_, '_>) -> Result<'t> {
    let url = arguments.text(0);
    arguments.read(url.len())?;
    let host =
        host(&url).map_err(|reason| Failure::failed(format!("parse {:?}: {reason}", &*url)))?;
    if host.is_empty() {
        return Err(Failure::failed("lookup : no such host"));
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(Value::Bool(is_external(address)));
    }
    let key = FactKey::ExternalUrl((&*url).into());
    match arguments.evaluation.scope.facts.fact(&key) {
        None => Err(Failure::Missing(Box::new(key))),
        Some(Err(error)) => Err(Failure::failed(format!("lookup {host}: {error}"))),
        Some(Ok(answer)) => match answer.root().as_bool() {
            Some(external) => Ok(Value::Bool(external)),
            None => Err(Failure::failed(format!("lookup {host}: the answer is no truth value"))),
        },
    }
}

fn is_external(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let private = match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    !(private || address.is_loopback())
}

/// The host of a URL, as Go's `url.Parse` finds it; empty where there is none.
fn host(url: &str) -> std::result::Result<&str, String> {
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
