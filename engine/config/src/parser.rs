//! The parsers, their names, and which one a file name asks for.

use crate::ConfigError;

/// A format that conftest has a parser for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    /// Who owns which files, as GitHub has it.
    Codeowners,
    /// Not supported.
    Cue,
    /// A bill of materials, as JSON or XML.
    Cyclonedx,
    /// How an image is built.
    Dockerfile,
    /// Extensible data notation.
    Edn,
    /// Not supported.
    Groovy,
    /// The first language of HashiCorp.
    Hcl1,
    /// The language of Terraform.
    Hcl2,
    /// Human-optimized configuration, of Lightbend.
    Hocon,
    /// `.gitignore`, `.dockerignore`.
    Ignore,
    /// Sections of keys and values.
    Ini,
    /// JSON.
    Json,
    /// JSON with comments.
    Jsonc,
    /// Not supported.
    Jsonnet,
    /// The configuration of nginx.
    Nginx,
    /// Properties of Java.
    Properties,
    /// A bill of materials, as tags and values.
    Spdx,
    /// Not supported.
    Textproto,
    /// TOML.
    Toml,
    /// The configuration of Varnish.
    Vcl,
    /// XML.
    Xml,
    /// YAML, any number of documents.
    Yaml,
    /// Variables of an environment.
    Dotenv,
}

/// In the order in which conftest lists them, with `jsonc`, which its list lacks.
const NAMES: &[(&str, Parser)] = &[
    ("codeowners", Parser::Codeowners),
    ("cue", Parser::Cue),
    ("cyclonedx", Parser::Cyclonedx),
    ("dockerfile", Parser::Dockerfile),
    ("edn", Parser::Edn),
    ("groovy", Parser::Groovy),
    ("hcl1", Parser::Hcl1),
    ("hcl2", Parser::Hcl2),
    ("hocon", Parser::Hocon),
    ("ignore", Parser::Ignore),
    ("ini", Parser::Ini),
    ("json", Parser::Json),
    ("jsonc", Parser::Jsonc),
    ("jsonnet", Parser::Jsonnet),
    ("nginx", Parser::Nginx),
    ("properties", Parser::Properties),
    ("spdx", Parser::Spdx),
    ("textproto", Parser::Textproto),
    ("toml", Parser::Toml),
    ("vcl", Parser::Vcl),
    ("xml", Parser::Xml),
    ("yaml", Parser::Yaml),
    ("dotenv", Parser::Dotenv),
];

impl Parser {
    /// The parser of a name.
    pub fn named(name: &str) -> Result<Self, ConfigError> {
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, parser)) => Ok(*parser),
            None => Err(ConfigError::new(format!("unknown parser: {name}"))),
        }
    }

    /// The parser that a file name asks for (`parser/parser.go`, `NewFromPath`); `-` is YAML.
    pub fn of_path(path: &str) -> Result<Self, ConfigError> {
        if path == "-" {
            return Ok(Self::Yaml);
        }
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let name = name.to_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_or_begins = |word: &str| {
            name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match extension {
            _ if is_or_begins("dockerfile") || extension == "dockerfile" => Ok(Self::Dockerfile),
            "yml" | "yaml" => Ok(Self::Yaml),
            "hcl" | "tf" | "tfvars" => Ok(Self::Hcl2),
            "gitignore" | "dockerignore" => Ok(Self::Ignore),
            _ if is_or_begins(".env") || extension == "env" => Ok(Self::Dotenv),
            _ if name == "nginx.conf" => Ok(Self::Nginx),
            _ if is_or_begins("jenkinsfile") => Ok(Self::Groovy),
            "textproto" | "textpb" => Ok(Self::Textproto),
            _ if name == "codeowners" => Ok(Self::Codeowners),
            _ => Self::named(extension),
        }
    }

    /// Whether a file's name asks for a parser, be it one that this build has or not.
    pub fn knows(path: &str) -> bool {
        Self::of_path(path).is_ok()
    }

    /// The names of all parsers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

impl std::fmt::Display for Parser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = NAMES.iter().find(|(_, parser)| parser == self);
        formatter.write_str(name.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::Parser;

    #[test]
    fn names_ask_for_parsers() {
        for (path, expected) in [
            ("-", Some(Parser::Yaml)),
            ("a/Dockerfile", Some(Parser::Dockerfile)),
            ("Dockerfile.debug", Some(Parser::Dockerfile)),
            ("dev.Dockerfile", Some(Parser::Dockerfile)),
            ("DEPLOY.YML", Some(Parser::Yaml)),
            ("main.tf", Some(Parser::Hcl2)),
            (".gitignore", Some(Parser::Ignore)),
            (".env.prod", Some(Parser::Dotenv)),
            ("prod.env", Some(Parser::Dotenv)),
            ("nginx.conf", Some(Parser::Nginx)),
            ("Jenkinsfile.safe", Some(Parser::Groovy)),
            ("CODEOWNERS", Some(Parser::Codeowners)),
            ("a.hcl1", Some(Parser::Hcl1)),
            ("a.conf", None),
            ("Makefile", None),
        ] {
            assert_eq!(Parser::of_path(path).ok(), expected, "{path}");
        }
    }
}
