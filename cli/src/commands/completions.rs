//! `ajj completions`: a script that completes commands and flags.

use clap::CommandFactory;

use crate::args::Arguments;
use crate::command_error::CommandError;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, shell: clap_complete::Shell) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ajj", &mut script);
    ui.data(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
