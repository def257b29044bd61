//! `ajj`: policies for Kubernetes, validated and tested where you work.

mod args;
mod cluster;
mod command_error;
mod commands;
mod existing;
mod grants;
mod impact;
mod judge;
mod load;
mod output;
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
        Err(error) => ui::usage(&error),
    }
}
