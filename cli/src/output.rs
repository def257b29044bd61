//! What a report looks like: for people and for programs.

pub(crate) mod audit_human;
pub(crate) mod concise;
pub(crate) mod human;
pub(crate) mod impact_human;
pub(crate) mod impact_json;
pub(crate) mod json;
pub(crate) mod snippet;
mod table;
pub(crate) mod test_human;
pub(crate) mod test_json;

use std::io::Write;
use std::path::Path;

use crate::args::{Format, Output};
use crate::command_error::CommandError;
use crate::ui::Ui;

/// Writes each output where it belongs. `render` gets whether colours are wanted.
///
/// Every output is tried; the first error is answered.
pub(crate) fn write_all(
    ui: &Ui,
    outputs: &[Output],
    render: impl Fn(Format, bool) -> String,
) -> Result<(), CommandError> {
    let mut first_error = Ok(());
    for output in outputs {
        let written = match &output.file {
            None => ui.data(&render(output.format, ui.colour)),
            Some(file) => write_file(file, &render(output.format, false)),
        };
        first_error = first_error.and(written);
    }
    first_error
}

/// Refuses what would mix two outputs, before any work is done.
pub(crate) fn check(outputs: &[Output]) -> Result<(), CommandError> {
    for (position, output) in outputs.iter().enumerate() {
        let earlier = outputs.get(..position).unwrap_or_default();
        if earlier.iter().any(|earlier| earlier.file == output.file) {
            let place = match &output.file {
                None => "stdout".to_owned(),
                Some(file) => format!("`{}`", file.display()),
            };
            return Err(CommandError::user(format!("two outputs go to {place}"))
                .hint("write one of them to a file, as in `-o human -o json=report.json`"));
        }
    }
    Ok(())
}

/// Replaces a file at once: a reader sees the old content or the new, never a part.
fn write_file(file: &Path, content: &str) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::user(format!("cannot write `{}`: {error}", file.display()))
    };
    // A pipe or device cannot be replaced, and is not to be.
    if file.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return std::fs::write(file, content).map_err(failed);
    }
    let Some(name) = file.file_name() else {
        return Err(CommandError::user(format!("`{}` names no file", file.display())));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = std::fs::File::create(&beside)
        .and_then(|mut handle| handle.write_all(content.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() {
        // What is left over helps nobody; the first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(failed)
}
