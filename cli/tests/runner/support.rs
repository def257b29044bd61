//! Runs `ajj` in a directory of `testdata`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a run ends with.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `ajj` with words separated by spaces, below `testdata/validate`.
pub(crate) fn ajj(arguments: &str) -> Run {
    ajj_with_stdin(arguments, "")
}

pub(crate) fn ajj_with_stdin(arguments: &str, stdin: &str) -> Run {
    run("validate", arguments, stdin)
}

/// Runs `ajj` with words separated by spaces, below another directory of `testdata`.
pub(crate) fn ajj_in(directory: &str, arguments: &str) -> Run {
    run(directory, arguments, "")
}

/// The same with something on stdin.
pub(crate) fn ajj_in_with(directory: &str, arguments: &str, stdin: &str) -> Run {
    run(directory, arguments, stdin)
}

fn run(directory: &str, arguments: &str, stdin: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ajj"))
        .args(arguments.split_whitespace())
        .current_dir(testdata().join(directory))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read stdin may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("testdata")
}

impl Run {
    /// Everything that is seen: what a snapshot holds.
    pub(crate) fn seen(&self) -> String {
        let mut text = self.stdout.clone();
        if !self.stderr.is_empty() {
            text.push_str("--- stderr ---\n");
            text.push_str(&self.stderr);
        }
        text.push_str(&format!("--- exit code {} ---\n", self.code));
        without_digest(&without_time(&text))
    }
}

/// How long a run takes is never the same.
fn without_time(text: &str) -> String {
    let human = regex::Regex::new(r" in \d+ ms").unwrap();
    let json = regex::Regex::new(r#""milliseconds": [0-9.]+"#).unwrap();
    let text = human.replace_all(text, " in … ms");
    json.replace_all(&text, r#""milliseconds": 0.0"#).into_owned()
}

/// The digest of a policy set changes with every policy and says nothing to a reader.
fn without_digest(text: &str) -> String {
    match text.split_once("\"sha256:") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|character: char| character.is_ascii_hexdigit());
            format!("{before}\"sha256:…{after}")
        }
        None => text.to_owned(),
    }
}

/// A directory that is gone when the test ends.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ajj-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
