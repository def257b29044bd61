//! The control plane starts, and does not outlive who started it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use ajj_e2e::{ControlPlane, Controllers, eventually};
use serde_json::Value;

use crate::support::{BOUND, kubectl};

#[test]
fn server_and_client_have_the_version_that_the_facts_are_about() {
    let versions = kubectl("version --output json").json().unwrap();
    assert_eq!(versions["serverVersion"]["gitVersion"], "v1.36.3");
    assert_eq!(versions["serverVersion"]["major"], "1");
    assert_eq!(versions["serverVersion"]["minor"], "36");
    assert_eq!(versions["clientVersion"]["gitVersion"], "v1.36.3");
}

/// The addresses that a control plane listens on, and its folder.
fn address(server: &str) -> &str {
    server.strip_prefix("https://").unwrap()
}

fn is_gone(server: &str, folder: &Path) -> Result<(), String> {
    if TcpStream::connect(address(server)).is_ok() {
        return Err(format!("`{server}` still answers"));
    }
    if folder.exists() {
        return Err(format!("`{}` is still there", folder.display()));
    }
    Ok(())
}

#[test]
fn a_dropped_control_plane_leaves_nothing_behind() {
    let plane = ControlPlane::start(Controllers::Absent).unwrap();
    let namespaces = plane.kubectl(&["get", "namespaces", "--output", "name"], "").unwrap();
    assert!(namespaces.stdout.contains("namespace/default"), "{namespaces:?}");
    let (server, folder) = (plane.server().to_owned(), plane.folder().to_owned());
    TcpStream::connect(address(&server)).unwrap();
    drop(plane);
    is_gone(&server, &folder).unwrap();
}

#[test]
fn a_killed_process_leaves_nothing_behind() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_control-plane"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let says: Value = serde_json::from_str(&line).unwrap();
    let server = says["server"].as_str().unwrap();
    let folder = Path::new(says["kubeconfig"].as_str().unwrap()).parent().unwrap();
    TcpStream::connect(address(server)).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    eventually(BOUND, || is_gone(server, folder)).unwrap();
    for id in says["processes"].as_array().unwrap() {
        let is_there = || {
            let look = ["-c", "kill -0 \"$1\" 2>/dev/null", "look", &id.to_string()];
            Command::new("/bin/sh").args(look).status().unwrap().success()
        };
        eventually(BOUND, || if is_there() { Err(format!("{id} is there")) } else { Ok(()) })
            .unwrap();
    }
}
