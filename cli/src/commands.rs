//! One file for each command, and what they share: how a command ends.

mod completions;
mod findings;
mod policy_audit;
mod policy_impact;
mod policy_replay;
pub(crate) mod policy_test;
mod policy_validate;
mod webhook;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::args::{Arguments, Command, PolicyCommand};
use crate::command_error::CommandError;
use crate::ui::Ui;
use findings::Findings;

/// Exit code of a command that could not do its work.
const NOT_DONE: u8 = 2;

/// Runs the command and answers with its exit code.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let ui = Ui::new();
    let command = AssertUnwindSafe(|| match arguments.command {
        Command::Policy(command) => match *command {
            PolicyCommand::Validate(arguments) => policy_validate::run(&ui, &arguments),
            PolicyCommand::Test(arguments) => policy_test::run(&ui, &arguments),
            PolicyCommand::Replay(arguments) => policy_replay::run(&ui, &arguments),
            PolicyCommand::Audit(arguments) => policy_audit::run(&ui, &arguments),
            PolicyCommand::Impact(arguments) => policy_impact::run(&ui, &arguments),
        },
        Command::Webhook(arguments) => webhook::run(&ui, &arguments),
        Command::Conftest(arguments) => crate::conftest::run(&ui, &arguments),
        Command::Completions { shell } => completions::run(&ui, shell),
    });
    let result = catch_unwind(command).unwrap_or_else(|_| {
        let error = CommandError::internal("this is a defect of ajj");
        Err(error.hint("please report it with what is said above"))
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            ui.say(&error.to_string());
            ExitCode::from(NOT_DONE)
        }
    }
}
