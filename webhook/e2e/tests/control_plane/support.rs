//! One control plane for all tests, each of which has a namespace of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use ajj_e2e::{ControlPlane, Controllers, Output};

/// How long something may take to come about; what is asserted is that it does.
pub(crate) const BOUND: Duration = Duration::from_secs(120);

/// A static is never dropped: the programs end with this process.
static PLANE: LazyLock<Result<ControlPlane, String>> =
    LazyLock::new(|| ControlPlane::start(Controllers::Running).map_err(|error| error.to_string()));

pub(crate) fn plane() -> &'static ControlPlane {
    match &*PLANE {
        Ok(plane) => plane,
        Err(error) => panic!("{error}"),
    }
}

/// Creates a namespace in the control plane that all tests share.
pub(crate) fn plane_with_namespace(name: &str) -> &'static ControlPlane {
    let plane = plane();
    if let Err(error) = plane.create_namespace(name) {
        panic!("{error}\n{}", plane.logs());
    }
    plane
}

/// Runs kubectl with words separated by spaces.
pub(crate) fn kubectl(arguments: &str) -> Output {
    kubectl_with(arguments, "")
}

pub(crate) fn kubectl_with(arguments: &str, stdin: &str) -> Output {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    plane().kubectl(&arguments, stdin).unwrap()
}

/// What kubectl answers when all is well and it has nothing to warn of.
pub(crate) fn said(stdout: &str) -> Output {
    Output { stdout: stdout.to_owned(), stderr: String::new(), code: 0 }
}

/// The program under test, built once.
pub(crate) fn program() -> PathBuf {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--package", "ajj-cli", "--message-format=json"])
            .current_dir(workspace)
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let messages = String::from_utf8(built.stdout).unwrap();
        let executable = messages.lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            message["executable"].as_str().map(PathBuf::from)
        });
        executable.unwrap()
    });
    PROGRAM.clone()
}
