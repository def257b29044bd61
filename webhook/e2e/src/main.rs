//! Starts a control plane, says how to reach it, and keeps it until standard input ends.
//!
//! `cargo run -p ajj-e2e [-- --controllers]`, then `kubectl --kubeconfig FILE` beside it.

use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;

use ajj_e2e::{ControlPlane, Controllers};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone, the exit code is what is left.
            let _ = writeln!(std::io::stderr(), "control-plane: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let controllers = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Controllers::Absent,
        ["--controllers"] => Controllers::Running,
        _ => return Err("expected nothing or `--controllers`".into()),
    };
    let plane = ControlPlane::start(controllers)?;
    let says = serde_json::json!({
        "server": plane.server(),
        "kubeconfig": plane.kubeconfig(),
        "processes": plane.process_ids(),
    });
    writeln!(std::io::stdout(), "{says}")?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
