//! `ajj`: policies for Kubernetes, validated and tested where you work.

mod args;
mod cluster;
mod command_error;
mod commands;
mod conftest;
mod existing;
mod grants;
mod impact;
mod judge;
mod load;
mod output;
mod rego_suites;
mod suites;
mod ui;

use std::process::ExitCode;

use clap::Parser;

/// A third of the time of short runs was the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match args::Arguments::try_parse() {
        Ok(arguments) => commands::run(arguments),
        Err(error)
            if error.use_stderr()
                && std::env::args_os().nth(1).is_some_and(|first| first == "conftest") =>
        {
            ui::conftest_usage(&args::usage_error(&error))
        }
        Err(error) => ui::usage(&error),
    }
}
