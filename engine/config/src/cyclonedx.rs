//! CycloneDX bills of materials, which are JSON here.

use ajj_engine::{Limits, parse_json};

use crate::{Config, ConfigError};

pub(crate) fn parse(text: &str) -> Result<Config, ConfigError> {
    if text.trim_start().starts_with('<') {
        let message = "CycloneDX as XML is not supported by ajj; convert it to JSON first";
        return Err(ConfigError::new(message));
    }
    let tree = parse_json(text, &Limits::default())?;
    match tree.root().as_map() {
        Some(_) => crate::one(tree),
        None => Err(ConfigError::at(text, 0, "expected a bill of materials, which is a map")),
    }
}
