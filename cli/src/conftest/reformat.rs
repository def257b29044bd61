//! `conftest reformat`: writes saved results in another format.

use std::io::Read;

use super::config_file::ConfigFile;
use super::files::reason;
use super::output::{Options, render};
use super::result::results_of_json;
use super::{Ended, Failure};
use crate::args::ReformatArguments;

pub(super) fn run(arguments: &ReformatArguments, settings: &ConfigFile) -> Result<Ended, Failure> {
    let format = settings.text("output", arguments.output.as_deref())?.unwrap_or_default();
    let text = match arguments.files.first() {
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            format!("failed to open input file: open {path}: {}", reason(&error))
        })?,
        None => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|error| format!("failed to read stdin: {}", reason(&error)))?;
            text
        }
    };
    let results =
        results_of_json(&text).map_err(|error| format!("failed to parse JSON input: {error}"))?;
    Ok(Ended::well(render(&format, &results, &Options::default())))
}
