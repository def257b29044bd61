//! The formats of results, byte by byte those of conftest 0.71 (`output/`) where they are valid.
//!
//! Unlike there, the order of files is that of the arguments, and texts that would break a format
//! are escaped: line breaks and `%` in annotations of GitHub and Azure, line breaks in TAP.

mod annotations;
mod junit;
mod sarif;
mod standard;
mod table;
mod tap;

use super::json::indented;
use super::result::CheckResult;

/// How results are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) no_color: bool,
    pub(crate) suppress_exceptions: bool,
    pub(crate) show_skipped: bool,
    pub(crate) junit_hide_message: bool,
    pub(crate) github_hide_passed: bool,
}

/// Results in a format; a name that is not known is that of people's own format, as in conftest.
pub(crate) fn render(format: &str, results: &[CheckResult], options: &Options) -> String {
    match format {
        "json" => {
            let results: Vec<_> = results.iter().map(CheckResult::to_json).collect();
            indented(&format!("[{}]", results.join(",")), "\t") + "\n"
        }
        "tap" => tap::render(results),
        "table" => table::render(results),
        "junit" => junit::render(results, options.junit_hide_message),
        "github" => annotations::github(results, options.github_hide_passed),
        "azuredevops" => annotations::azure(results),
        "sarif" => sarif::render(results),
        _ => standard::render(results, options),
    }
}

pub(crate) use standard::traces;

/// How a line names its file and namespace.
fn prefix(result: &CheckResult) -> String {
    let part = |name: &str, end: &str| match name {
        "-" => "-".to_owned(),
        name => format!("- {name}{end}"),
    };
    format!("{} {}", part(&result.file, ""), part(&result.namespace, " -"))
}

#[cfg(test)]
mod tests;
