use std::time::Duration;

use super::*;
use crate::{Folder, eventually};

const BOUND: Duration = Duration::from_secs(30);

fn start(folder: &Folder, script: &str) -> Process {
    let log = folder.path().join("log");
    Process::start(Path::new("/bin/sh"), ["-c", script], &[("WORD", "given")], &log).unwrap()
}

/// Waits until the program has written so many lines.
fn wait_for_lines(process: &Process, count: usize) {
    eventually(BOUND, || {
        let log = process.log();
        if log.lines().count() == count { Ok(()) } else { Err(log) }
    })
    .unwrap();
}

fn is_there(id: u32) -> bool {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -0 \"$1\" 2>/dev/null", "look", &id.to_string()]);
    command.status().unwrap().success()
}

#[test]
fn the_program_has_its_arguments_its_environment_and_its_log() {
    let folder = Folder::create("process-").unwrap();
    let mut process = start(&folder, "echo $$ $WORD ${HOME-none}; echo error >&2; exit 7");
    let status = eventually(BOUND, || process.ended().unwrap().ok_or("still there")).unwrap();
    assert_eq!(status.code(), Some(7));
    assert_eq!(process.log(), format!("{} given none\nerror\n", process.id()));
    assert_eq!(process.name(), "sh");
}

#[test]
fn a_dropped_value_ends_its_program() {
    let folder = Folder::create("process-").unwrap();
    let process = start(&folder, "echo begun; while :; do sleep 1; done");
    wait_for_lines(&process, 1);
    let id = process.id();
    assert!(is_there(id));
    drop(process);
    assert!(!is_there(id));
}

#[test]
fn a_pipe_that_ends_without_a_word_ends_the_program() {
    let folder = Folder::create("process-").unwrap();
    let mut process = start(&folder, "echo begun; while :; do sleep 1; done");
    wait_for_lines(&process, 1);
    assert!(process.ended().unwrap().is_none());
    // What the end of this process does.
    drop(process.lease.0.take());
    let status = eventually(BOUND, || process.ended().unwrap().ok_or("still there")).unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
}
