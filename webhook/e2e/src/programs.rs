//! Finds the programs of the control plane.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What finds them, and builds them where they are not there yet.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/control-plane/build");

/// The folder that holds the programs.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Asks `testdata/control-plane/build`, which takes the folder in `KUBEBUILDER_ASSETS`, or builds
    /// the programs with Go the first time.
    pub fn find() -> Result<Self, ProgramsError> {
        // What it says is what one waits for: some minutes, the first time.
        let output = Command::new(SCRIPT)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| ProgramsError(error.to_string()))?;
        if !output.status.success() {
            return Err(ProgramsError(format!("it ended with {}, see above", output.status)));
        }
        let stdout = String::from_utf8_lossy(&output.stdout);
        match stdout.lines().last() {
            Some(folder) if !folder.is_empty() => Ok(Self { folder: folder.into() }),
            _ => Err(ProgramsError("expected a folder on its last line, found nothing".into())),
        }
    }

    /// The folder that holds them.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a program is.
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

/// Why the programs are not there.
#[derive(Debug)]
pub struct ProgramsError(String);

impl fmt::Display for ProgramsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no control plane from `testdata/control-plane/build`: {}", self.0)
    }
}

impl std::error::Error for ProgramsError {}
