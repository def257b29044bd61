//! Starts programs that end with the process that started them.
//!
//! A value that is dropped ends its program, but a static is never dropped, and a killed process
//! drops nothing. The kernel's own means, `PR_SET_PDEATHSIG`, is about the thread that started the
//! program, and tests' threads end with their tests. So a shell watches the end of a pipe which this
//! process holds: the shell leaves a watcher behind and becomes the program itself, whose process id
//! is thus the shell's. When the pipe ends without a word, however that came, the watcher acts.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

/// Kills the program when the pipe on standard input ends without a line.
const KILL_AFTERWARDS: &str = r#"
exec 3<&0 </dev/null
{ trap '' HUP INT QUIT TERM; read -r line <&3 || kill -KILL $$; } >/dev/null 2>&1 &
exec 3<&- "$@"
"#;

/// A running program; ends when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lease: Lease,
    log: PathBuf,
}

impl Process {
    /// Starts a program that writes both of its outputs to `log`, and has no environment but the
    /// pairs that are given.
    pub fn start<I, A>(
        program: &Path,
        arguments: I,
        environment: &[(&str, &str)],
        log: &Path,
    ) -> io::Result<Self>
    where
        I: IntoIterator<Item = A>,
        A: AsRef<std::ffi::OsStr>,
    {
        let output = File::create(log)?;
        let mut child = shell(KILL_AFTERWARDS)
            .arg(program)
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let lease = Lease(child.stdin.take());
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, child, lease, log: log.to_owned() })
    }

    /// The file name of the program.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id of the program.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says whether the program has ended, and with what.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.lease.give_back();
        }
        Ok(status)
    }

    /// All that the program has written.
    pub fn log(&self) -> String {
        match std::fs::read(&self.log) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("cannot read `{}`: {error}", self.log.display()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is there to be told, and the watcher is still there.
        if self.child.kill().is_ok() && self.child.wait().is_ok() {
            // Only now, while the id cannot have gone to another process unseen.
            self.lease.give_back();
        }
    }
}

/// The end of a pipe whose other end a watcher reads.
#[derive(Debug)]
pub(crate) struct Lease(pub(crate) Option<ChildStdin>);

impl Lease {
    /// Tells the watcher that nothing is left to do.
    pub(crate) fn give_back(&mut self) {
        if let Some(mut pipe) = self.0.take() {
            // A watcher that is gone needs no word.
            let _ = pipe.write_all(b"done\n");
        }
    }
}

/// A shell with a pipe on its standard input; its own name is `$0`, what is added is `$1` and so on.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, "watcher"]).stdin(Stdio::piped());
    command
}

#[cfg(test)]
mod tests;
