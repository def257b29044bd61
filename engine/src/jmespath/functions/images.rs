//! Functions on image references and URLs.

use std::net::IpAddr;

use super::Arguments;
use crate::external_url::{host, is_external};
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
