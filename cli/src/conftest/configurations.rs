//! Configuration files, read by their parsers (`parser/parser.go`).

use std::io::Read;
use std::path::{Path, PathBuf};

use ajj_config::{Config, Parser};

use super::Failure;
use super::files::reason;
use super::json::Object;

/// A file and what it says.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) path: String,
    pub(crate) config: Config,
}

/// Reads files, each once, in the order of their first naming.
pub(crate) fn read(paths: &[String], parser: Option<&str>) -> Result<Vec<Configuration>, Failure> {
    let mut configurations: Vec<Configuration> = Vec::new();
    for path in paths {
        if configurations.iter().any(|known| known.path == *path) {
            continue;
        }
        let at_path = |failure: String| format!("{failure}, path: {path}");
        let parser = match parser {
            Some(name) => Parser::named(name).map_err(|error| format!("new parser: {error}")),
            None => Parser::of_path(path).map_err(|error| format!("new parser: new: {error}")),
        };
        let parser = parser.map_err(at_path)?;
        let text = content(path)
            .map_err(|failure| at_path(format!("get configuration content: {failure}")))?;
        let config = ajj_config::parse(parser, &text)
            .map_err(|error| at_path(format!("parser unmarshal: {error}")))?;
        configurations.push(Configuration { path: path.clone(), config });
    }
    Ok(configurations)
}

fn content(path: &str) -> Result<String, Failure> {
    let not_utf8 = |_| "expected UTF-8; save the file as UTF-8".to_owned();
    if path == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| format!("read standard in: {}", reason(&error)))?;
        return String::from_utf8(bytes).map_err(not_utf8);
    }
    let absolute = absolute(path);
    let bytes = std::fs::read(&absolute)
        .map_err(|error| format!("open file: open {}: {}", absolute.display(), reason(&error)))?;
    String::from_utf8(bytes).map_err(not_utf8)
}

/// A path from the root.
pub(crate) fn absolute(path: &str) -> PathBuf {
    let directory = std::env::current_dir().unwrap_or_default();
    super::files::clean(&directory.join(Path::new(path)))
}

/// All inputs in one list with their paths, sorted by them, as JSON (`CombineConfigurations`).
pub(crate) fn combined(configurations: &[Configuration]) -> String {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for Configuration { path, config } in configurations {
        for input in config.inputs() {
            let mut entry = Object::default();
            entry.text("path", path);
            entry.raw("contents", &input.to_json());
            entries.push((path, entry.finish()));
        }
    }
    entries.sort_by_key(|(path, _)| *path);
    let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
    format!("[{}]", entries.join(","))
}
