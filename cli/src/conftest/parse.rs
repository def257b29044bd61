//! `conftest parse`: prints what policies see of files.

use super::config_file::ConfigFile;
use super::json::{Object, indented};
use super::{Ended, Failure, configurations};
use crate::args::ParseArguments;

pub(super) fn run(arguments: &ParseArguments, settings: &ConfigFile) -> Result<Ended, Failure> {
    if arguments.files.is_empty() {
        return Err("must supply path to at least one file".to_owned());
    }
    let parser = settings.text("parser", arguments.parser.as_deref())?;
    let parser = parser.as_deref().filter(|parser| !parser.is_empty());
    let configurations = configurations::read(&arguments.files, parser)
        .map_err(|failure| format!("parse configurations: {failure}"))?;
    if settings.truth("combine", arguments.combine)? {
        let combined = indented(&configurations::combined(&configurations), "\t");
        return Ok(Ended::well(combined + "\n\n"));
    }
    let mut trees = Vec::new();
    for configuration in &configurations {
        let tree = configuration.config.to_tree().map_err(|error| error.to_string())?;
        trees.push((configuration.path.as_str(), tree.root().to_json()));
    }
    if let [(_, json)] = trees.as_slice() {
        return Ok(Ended::well(indented(json, "  ") + "\n"));
    }
    trees.sort_by_key(|(path, _)| *path);
    let mut all = Object::default();
    for (path, json) in &trees {
        all.raw(path, json);
    }
    Ok(Ended::well(indented(&all.finish(), "  ") + "\n"))
}
