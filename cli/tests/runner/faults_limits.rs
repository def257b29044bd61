//! A system that gives little: few files, no place to write, one thread, nobody who reads.

use std::net::TcpStream;

use serde_json::json;

use crate::admission::{Folder, is_allowed, policy, review};
use crate::served::{Served, eventually, post};

fn serve_in(shell: &str, folder: &Folder, arguments: &[&str]) -> Served {
    let policies = folder.write("policies.yaml", &policy(false));
    let arguments = [&["-p", policies.to_str().unwrap()], arguments].concat();
    Served::start_in(shell, &folder.0, &arguments, None)
}

#[test]
fn with_few_file_descriptors_it_goes_on_for_those_that_are_there() {
    let folder = Folder::new("files");
    let served = serve_in("ulimit -n 128; exec \"$@\"", &folder, &["--workers", "1"]);
    let denied = review("u1", json!({"hostNetwork": true}));
    let mut kept = served.connect();
    let silent: Vec<TcpStream> =
        (0..200).map(|_| TcpStream::connect(served.address).unwrap()).collect();
    for _ in 0..20 {
        let answer = post(&mut kept, "/validate", &denied).unwrap();
        assert_eq!(answer.json()["response"]["allowed"], false);
    }
    // Policies are files too: they can still be read.
    folder.write("policies.yaml", &policy(true));
    eventually(|| {
        let answer = post(&mut kept, "/validate", &denied).unwrap().json();
        answer["response"]["allowed"].as_bool().unwrap().then_some(())
    });
    drop(silent);
    assert!(is_allowed(&served, true) && !is_allowed(&served, false));
    assert!(served.log.find("could not be accepted").is_none(), "{}", served.log.text());
}

#[test]
fn it_writes_no_file() {
    let folder = Folder::new("read-only");
    // Whoever writes a byte to a file is killed, as on a disk that is full or cannot be written to.
    let shell = "ulimit -f 0; export TMPDIR=/nonexistent HOME=/nonexistent; exec \"$@\"";
    let served = serve_in(shell, &folder, &["--log-decisions", "all"]);
    assert!(is_allowed(&served, false) && !is_allowed(&served, true));
    folder.write("policies.yaml", &policy(true));
    eventually(|| is_allowed(&served, true).then_some(()));
    served.terminate();
    assert_eq!(served.wait(), 0);
}

#[test]
fn output_that_goes_nowhere_costs_lines_and_nothing_else() {
    let folder = Folder::new("no-reader");
    for shell in [
        // Decisions go to a disk that is full.
        "exec \"$@\" >/dev/full",
        // Nobody reads the log after the line that says where it serves.
        r#"exec bash -c 'exec "$@" 2> >(sed -u "/\"serving\"/q" >&2)' bash "$@""#,
    ] {
        let served = serve_in(shell, &folder, &["--log-decisions", "all"]);
        assert!(is_allowed(&served, false) && !is_allowed(&served, true));
        for turn in [true, false, true] {
            folder.write("policies.yaml", &policy(turn));
            eventually(|| is_allowed(&served, turn).then_some(()));
            assert!(!is_allowed(&served, !turn));
        }
    }
}

#[test]
fn one_thread_answers_all() {
    let folder = Folder::new("one-thread");
    let served = serve_in("exec \"$@\"", &folder, &["--workers", "1"]);
    let mut connections: Vec<_> = (0..50).map(|_| served.connect()).collect();
    for number in 0..500_usize {
        let host_network = number.is_multiple_of(2);
        let review = review(&format!("u{number}"), json!({"hostNetwork": host_network}));
        let connection = connections.get_mut(number % 50).unwrap();
        let answer = post(connection, "/validate", &review).unwrap().json();
        assert_eq!(answer["response"]["allowed"], !host_network);
        assert_eq!(answer["response"]["uid"], format!("u{number}"));
    }
    assert_eq!(served.get("/readyz").status, 200);
}
