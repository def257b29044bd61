//! `ajj conftest`: the arguments, outputs and exit codes of conftest, for its users' scripts.
//!
//! Facts are those of conftest 0.71.1. Whatever goes wrong is exit code 1 and `Error: …` on stderr,
//! as there.

mod config_file;
mod configurations;
mod data;
mod doc;
mod files;
mod json;
mod namespaces;
mod output;
mod parse;
mod policies;
mod pull;
mod reformat;
mod report;
mod result;
mod test;
mod verify;

pub(crate) use policies::ConfigFunctions;

use crate::args::{ConftestArguments, ConftestCommand};
use crate::command_error::CommandError;
use crate::ui::Ui;
use config_file::ConfigFile;

/// The version whose outputs these are.
const CONFTEST_VERSION: &str = "0.71.1";

/// What went wrong, from the outermost work to the cause, as Go wraps errors.
type Failure = String;

pub(crate) fn run(ui: &Ui, arguments: &ConftestArguments) -> Result<u8, CommandError> {
    match run_command(ui, arguments) {
        Ok(Ended { output, code }) => {
            ui.data(&output)?;
            Ok(code)
        }
        Err(failure) => {
            ui.say(&format!("Error: {failure}"));
            Ok(1)
        }
    }
}

/// What a command has to say, and its exit code.
#[derive(Debug)]
struct Ended {
    output: String,
    code: u8,
}

impl Ended {
    fn well(output: String) -> Self {
        Self { output, code: 0 }
    }
}

fn run_command(ui: &Ui, arguments: &ConftestArguments) -> Result<Ended, Failure> {
    if arguments.version {
        let version = env!("CARGO_PKG_VERSION");
        return Ok(Ended::well(format!(
            "Conftest: {CONFTEST_VERSION}, by ajj {version}\nOPA: 1.19.0, by ajj {version}\n"
        )));
    }
    let Some(command) = &arguments.command else {
        return Ok(Ended::well(crate::args::conftest_help()));
    };
    let settings = ConfigFile::read(arguments.config_file.as_deref())
        .map_err(|failure| format!("read in config: {failure}"))?;
    match command {
        ConftestCommand::Parse(arguments) => parse::run(arguments, &settings),
        ConftestCommand::Reformat(arguments) => reformat::run(arguments, &settings),
        ConftestCommand::Pull(arguments) => pull::run(arguments, &settings),
        ConftestCommand::Push(_) => Err(not_supported("push", "oras push")),
        ConftestCommand::Plugin { .. } => Err(not_supported("plugin", "the plugin itself")),
        ConftestCommand::Fmt(_) => Err(not_supported("fmt", "opa fmt")),
        ConftestCommand::Doc(arguments) => doc::run(arguments),
        ConftestCommand::Test(arguments) => test::run(ui, arguments, &settings),
        ConftestCommand::Verify(arguments) => verify::run(ui, arguments, &settings),
    }
}

fn not_supported(command: &str, instead: &str) -> Failure {
    format!("the command `{command}` is not supported by ajj; use `{instead}` for it")
}
