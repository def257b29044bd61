//! Configuration formats as conftest reads them: a text in, trees out.
//!
//! Shapes are those of conftest 0.71 (`parser/`), so that policies written for it see the same
//! input. A text is read whole or not at all, and nothing here does input or output.

mod codeowners;
mod config_error;
mod cyclonedx;
mod depth;
mod dockerfile;
mod dotenv;
mod edn;
mod hcl1;
mod hcl2;
mod hocon;
mod ignore;
mod ini;
mod jsonc;
mod nginx;
mod parser;
mod properties;
mod scan;
mod spdx;
mod toml_text;
mod typed;
mod xml;
mod yaml;

use std::sync::Arc;

use ajj_engine::{Limits, Node, Source, Tree, parse_json};

pub use config_error::ConfigError;
pub use parser::Parser;

/// What a text says: one document, or several of a YAML stream.
#[derive(Clone, Debug)]
pub struct Config {
    /// The documents in order; an empty one is `null`.
    pub documents: Vec<Arc<Tree>>,
}

impl Config {
    /// What is judged on its own: each document of a stream, or each item of a list, which conftest
    /// cannot tell from a stream (`policy/engine.go`).
    pub fn inputs(&self) -> Vec<Node<'_>> {
        match self.documents.as_slice() {
            [one] => match one.root().as_list() {
                Some(items) => items.iter().collect(),
                None => vec![one.root()],
            },
            documents => documents.iter().map(|document| document.root()).collect(),
        }
    }

    /// The whole as one value: the documents of a stream are a list.
    pub fn to_tree(&self) -> Result<Arc<Tree>, ConfigError> {
        let [one] = self.documents.as_slice() else {
            let documents: Vec<_> =
                self.documents.iter().map(|document| document.root().to_json()).collect();
            return tree_of_json(&format!("[{}]", documents.join(",")));
        };
        Ok(Arc::clone(one))
    }
}

/// Reads a text.
///
/// ```
/// # use ajj_config::{Parser, parse};
/// let config = parse(Parser::Ini, "[server]\nport = 80\n")?;
/// assert_eq!(config.to_tree()?.root().to_json(), r#"{"server":{"port":80}}"#);
/// # Ok::<(), ajj_config::ConfigError>(())
/// ```
pub fn parse(parser: Parser, text: &str) -> Result<Config, ConfigError> {
    if text.len() > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes, found {}", text.len());
        return Err(ConfigError::new(message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = match parser {
        Parser::Yaml => return yaml::parse(&Source::new("", text)),
        Parser::Json => return one(parse_json(text, &Limits::default())?),
        Parser::Jsonc => return one(parse_json(jsonc::to_json(text)?, &Limits::default())?),
        Parser::Cyclonedx => return cyclonedx::parse(text),
        Parser::Codeowners => codeowners::parse(text)?,
        Parser::Dockerfile => dockerfile::parse(text)?,
        Parser::Dotenv => dotenv::parse(text)?,
        Parser::Edn => edn::parse(text)?,
        Parser::Hcl1 => hcl1::parse(text)?,
        Parser::Hcl2 => hcl2::parse(text)?,
        Parser::Hocon => hocon::parse(text)?,
        Parser::Ignore => ignore::parse(text),
        Parser::Ini => ini::parse(text)?,
        Parser::Nginx => nginx::parse(text)?,
        Parser::Properties => properties::parse(text)?,
        Parser::Spdx => spdx::parse(text)?,
        Parser::Toml => toml_text::parse(text)?,
        Parser::Xml => xml::parse(text)?,
        Parser::Cue | Parser::Groovy | Parser::Jsonnet | Parser::Textproto | Parser::Vcl => {
            return Err(ConfigError::new(format!(
                "the parser `{parser}` is not supported by ajj; convert the file to JSON first"
            )));
        }
    };
    Ok(Config { documents: vec![tree_of_json(&value.to_string())?] })
}

/// The bytes of a text; a value made of it is several times as large.
const MAX_BYTES: usize = 64 << 20;

fn one(tree: Tree) -> Result<Config, ConfigError> {
    Ok(Config { documents: vec![Arc::new(tree)] })
}

fn tree_of_json(text: &str) -> Result<Arc<Tree>, ConfigError> {
    Ok(Arc::new(parse_json(text, &Limits::default())?))
}

/// What tests of parsers share.
#[cfg(test)]
mod testing {
    /// Reads a text, and compares what it says, or why it is none, with what is expected.
    pub(crate) fn check<V: ToString, E: ToString>(
        parse: impl Fn(&str) -> Result<V, E>,
        text: &str,
        expected: &str,
    ) {
        let found = match parse(text) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text:?}");
    }
}
