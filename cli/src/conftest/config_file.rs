//! What stands in `conftest.toml` and the environment, where no flag says otherwise.

use std::path::Path;
use std::sync::Arc;

use ajj_config::Parser;
use ajj_engine::{Kind, Tree};

use super::Failure;
use crate::args::parse_bool;

/// The settings of a run: flags win over the environment, which wins over the file.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    file: Option<Arc<Tree>>,
    /// Variables of the environment that begin with `CONFTEST_`, without that.
    environment: Vec<(String, String)>,
}

/// The names under which a file is looked for, in this order, as `spf13/viper` does.
const NAMES: &[&str] = &[
    "conftest.json",
    "conftest.toml",
    "conftest.yaml",
    "conftest.yml",
    "conftest.dotenv",
    "conftest.env",
];

impl ConfigFile {
    /// Reads the file that is named, or the one of the working directory, if there is one.
    pub(crate) fn read(named: Option<&str>) -> Result<Self, Failure> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix("CONFTEST_")?.to_owned();
            Some((name, value.to_string_lossy().into_owned()))
        });
        let environment = variables.filter(|(_, value)| !value.is_empty()).collect();
        let mut settings = Self { file: None, environment };
        let named = named.map(str::to_owned).or_else(|| settings.variable("config-file"));
        let path = match &named {
            Some(path) => path.as_str(),
            None => match NAMES.iter().find(|name| Path::new(name).is_file()) {
                Some(name) => name,
                None => return Ok(settings),
            },
        };
        let wrong = |why: String| format!("error reading config: {why}");
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("open {path}: {}", super::files::reason(&error))))?;
        let parser = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
            Some("json") => Parser::Json,
            Some("toml") => Parser::Toml,
            Some("yaml" | "yml") => Parser::Yaml,
            Some("dotenv" | "env") => Parser::Dotenv,
            _ => return Err(wrong(format!("the type of `{path}` is not known"))),
        };
        let config = ajj_config::parse(parser, &text)
            .and_then(|config| config.to_tree())
            .map_err(|error| wrong(format!("{path}: {error}")))?;
        if config.root().as_map().is_none() && !config.root().is_null() {
            return Err(wrong(format!("{path}: expected a map of settings")));
        }
        settings.file = Some(config);
        Ok(settings)
    }

    fn variable(&self, name: &str) -> Option<String> {
        let wanted = name.to_uppercase().replace('-', "_");
        let known = self.environment.iter().find(|(known, _)| *known == wanted);
        known.map(|(_, value)| value.clone())
    }

    /// The entry of the file, whatever the case of its key.
    fn entry(&self, name: &str) -> Option<Kind<'_>> {
        let entries = self.file.as_ref()?.root().as_map()?;
        let found = entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.kind())
    }

    pub(crate) fn text(&self, name: &str, flag: Option<&str>) -> Result<Option<String>, Failure> {
        if let Some(flag) = flag {
            return Ok(Some(flag.to_owned()));
        }
        if let Some(value) = self.variable(name) {
            return Ok(Some(value));
        }
        match self.entry(name) {
            None | Some(Kind::Null) => Ok(None),
            Some(Kind::List(_) | Kind::Map(_)) => Err(unexpected(name, "a text")),
            Some(value) => Ok(Some(shown(value))),
        }
    }

    pub(crate) fn truth(&self, name: &str, flag: Option<bool>) -> Result<bool, Failure> {
        let wrong = |why| format!("unmarshal parameters: `{name}`: {why}");
        match (flag, self.variable(name), self.entry(name)) {
            (Some(value), _, _) => Ok(value),
            (None, Some(value), _) => parse_bool(&value).map_err(wrong),
            (None, None, None | Some(Kind::Null)) => Ok(false),
            (None, None, Some(Kind::Bool(value))) => Ok(value),
            (None, None, Some(Kind::Int(value))) => Ok(value != 0),
            (None, None, Some(Kind::String(value))) => parse_bool(value).map_err(wrong),
            _ => Err(unexpected(name, "true or false")),
        }
    }

    pub(crate) fn list(&self, name: &str, flags: &[String]) -> Result<Vec<String>, Failure> {
        if !flags.is_empty() {
            return Ok(flags.to_vec());
        }
        let split = |text: &str| text.split(',').map(str::to_owned).collect();
        if let Some(value) = self.variable(name) {
            return Ok(split(&value));
        }
        match self.entry(name) {
            None | Some(Kind::Null) => Ok(Vec::new()),
            Some(Kind::List(items)) => Ok(items.iter().map(|item| shown(item.kind())).collect()),
            Some(Kind::Map(_)) => Err(unexpected(name, "a list")),
            Some(Kind::String(text)) => Ok(split(text)),
            Some(value) => Ok(vec![shown(value)]),
        }
    }
}

fn unexpected(name: &str, wanted: &str) -> Failure {
    format!("unmarshal parameters: expected {wanted} for `{name}` in the configuration file")
}

fn shown(value: Kind<'_>) -> String {
    match value {
        Kind::String(text) | Kind::BigInt(text) => text.to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Float(value) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use ajj_config::{Parser, parse};

    use super::ConfigFile;

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let text = "policy = \"a\"\ndata = [\"b\", \"c\"]\nQuiet = true\nparser = \"ini\"\n";
        let file = parse(Parser::Toml, text).unwrap().to_tree().unwrap();
        let environment = [("DATA", "d,e"), ("FAIL_ON_WARN", "1")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = ConfigFile { file: Some(file), environment: environment.to_vec() };
        assert_eq!(settings.list("policy", &[]).unwrap(), ["a"]);
        assert_eq!(settings.list("policy", &["x".to_owned()]).unwrap(), ["x"]);
        assert_eq!(settings.list("data", &[]).unwrap(), ["d", "e"]);
        assert!(settings.truth("quiet", None).unwrap());
        assert!(!settings.truth("quiet", Some(false)).unwrap());
        assert!(settings.truth("fail-on-warn", None).unwrap());
        assert_eq!(settings.text("parser", None).unwrap().as_deref(), Some("ini"));
        assert!(settings.truth("parser", None).unwrap_err().contains("invalid syntax"));
    }
}
