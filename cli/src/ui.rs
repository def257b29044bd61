//! The terminal: data to stdout, everything else to stderr, colour for people only.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::command_error::CommandError;
use ajj_engine::report::escape::escape_lines;

/// Where a command writes to.
#[derive(Debug)]
pub(crate) struct Ui {
    /// Whether stdout is read by a person who sees colours.
    pub(crate) colour: bool,
    is_stderr_terminal: bool,
}

/// How long work takes before a person wants to see that it goes on.
const PATIENCE: Duration = Duration::from_secs(1);

impl Ui {
    /// The process's own stdout and stderr.
    pub(crate) fn new() -> Self {
        Self {
            colour: wants_colour(std::io::stdout().is_terminal(), |name| {
                std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
            }),
            is_stderr_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Writes data to stdout. A reader that went away is no error.
    pub(crate) fn data(&self, text: &str) -> Result<(), CommandError> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CommandError::user(format!("cannot write to stdout: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Tells a person something beside the data.
    pub(crate) fn say(&self, text: &str) {
        // There is nobody left to tell that stderr is closed.
        let _ = writeln!(std::io::stderr().lock(), "{}", escape_lines(text));
    }

    /// Does `work`, which counts its steps; shows them on a terminal if it takes a while.
    /// What is counted has a name, and a total where it is known.
    pub(crate) fn with_progress<T>(
        &self,
        what: &str,
        total: Option<usize>,
        work: impl FnOnce(&AtomicUsize) -> T,
    ) -> T {
        let done = AtomicUsize::new(0);
        if !self.is_stderr_terminal {
            return work(&done);
        }
        let (finished, wait) = channel::<()>();
        std::thread::scope(|scope| {
            let done = &done;
            scope.spawn(move || {
                let mut pause = PATIENCE;
                let mut shown = false;
                while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(pause) {
                    let count = done.load(Ordering::Relaxed);
                    let mut stderr = std::io::stderr().lock();
                    let _ = match total {
                        Some(total) => write!(stderr, "\rjudged {count} of {total} {what} "),
                        None => write!(stderr, "\rjudged {count} {what} "),
                    };
                    let _ = stderr.flush();
                    (pause, shown) = (PATIENCE / 10, true);
                }
                if shown {
                    let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
                }
            });
            let result = work(done);
            drop(finished);
            result
        })
    }
}

/// Says what is wrong with the arguments, or prints the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// The same in the manner of conftest, whose users' scripts know it.
pub(crate) fn conftest_usage(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "Error: {}", escape_lines(message));
    ExitCode::from(1)
}

/// `NO_COLOR` wins, then `CLICOLOR_FORCE`, then what the terminal is.
fn wants_colour(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
        return true;
    }
    is_terminal && variable("TERM").is_none_or(|terminal| terminal != "dumb")
}

#[cfg(test)]
mod tests {
    use super::wants_colour;

    #[test]
    fn colour_is_for_people() {
        for (is_terminal, variables, expected) in [
            (true, &[][..], true),
            (false, &[], false),
            (true, &[("NO_COLOR", "1")], false),
            (true, &[("NO_COLOR", "")], true),
            (true, &[("TERM", "dumb")], false),
            (true, &[("TERM", "xterm")], true),
            (false, &[("CLICOLOR_FORCE", "1")], true),
            (false, &[("CLICOLOR_FORCE", "0")], false),
            (true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (false, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], true),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(wants_colour(is_terminal, variable), expected, "{variables:?}");
        }
    }
}
