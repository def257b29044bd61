//! Runs the real kubectl, and Helm, which is run in the same way.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::eventually;

/// After this a kubectl is killed: nothing may hang.
const BOUND: Duration = Duration::from_secs(120);

/// A kubectl or Helm with its own home and configuration, which sees nothing of the user's.
#[derive(Debug, Clone)]
pub struct Kubectl {
    /// The program.
    pub program: PathBuf,
    /// The home directory, where it keeps its cache.
    pub home: PathBuf,
    /// The configuration that counts where the arguments name no other.
    pub kubeconfig: PathBuf,
}

/// What a run of kubectl ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Its exit code.
    pub code: i32,
}

impl Kubectl {
    /// Runs kubectl with arguments and a text on standard input.
    ///
    /// Other users are tried with `--as` and `--as-group`, or with `--kubeconfig`.
    pub fn run(&self, arguments: &[&str], stdin: &str) -> io::Result<Output> {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut input), Some(mut output), Some(mut errors)) = pipes else {
            return Err(io::Error::other("kubectl has no pipes"));
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (status, read) = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A command that does not read may have ended by now.
                let _ = input.write_all(stdin.as_bytes());
            });
            let reads = [
                scope.spawn(|| output.read_to_end(&mut stdout)),
                scope.spawn(|| errors.read_to_end(&mut stderr)),
            ];
            let status = eventually(BOUND, || child.try_wait().transpose().ok_or(()));
            if !matches!(status, Ok(Ok(_))) {
                // The readers wait for the end of its pipes. What cannot be killed has ended.
                let _ = child.kill();
                let _ = child.wait();
            }
            (status, reads.into_iter().all(|read| matches!(read.join(), Ok(Ok(_)))))
        });
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(stdout), text(stderr));
        let status = status.unwrap_or_else(|()| {
            let why = format!("kubectl {} took more than {BOUND:?}: {stderr}", arguments.join(" "));
            Err(io::Error::new(io::ErrorKind::TimedOut, why))
        })?;
        match status.code() {
            Some(code) if read => Ok(Output { stdout, stderr, code }),
            _ => Err(io::Error::other(format!("kubectl ended with {status}: {stderr}"))),
        }
    }
}

impl Output {
    /// Reads standard output as JSON, for `--output json`.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_str(&self.stdout)
    }

    /// Gives standard output if kubectl ended well, and what it said if not.
    pub fn succeeded(self) -> Result<String, String> {
        if self.code == 0 { Ok(self.stdout) } else { Err(self.stderr) }
    }
}
