//! Clients that are too many, too slow, or gone.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::admission::{Folder, Stopping, is_allowed, keep_asking, review, serve};
use crate::served::{Connection, client, eventually, post, reply};

const HEAD: &str = "POST /validate?timeout=10s HTTP/1.1\r\nHost: a\r\nContent-Type: \
                    application/json\r\nContent-Length: ";

/// Sends a whole review without waiting for the answer.
fn send(connection: &mut Connection, review: &[u8]) {
    connection.write_all(format!("{HEAD}{}\r\n\r\n", review.len()).as_bytes()).unwrap();
    connection.write_all(review).unwrap();
    connection.flush().unwrap();
}

#[test]
fn all_that_come_at_once_are_answered_or_told_so_and_memory_stays_bounded() {
    let folder = Folder::new("overload");
    let served = serve(&folder, &["--workers", "1", "--log-decisions", "none"]);
    let review = review("u1", json!({"hostNetwork": true, "filler": "x".repeat(8 << 10)}));
    let mut connections: Vec<Connection> = (0..400).map(|_| served.connect()).collect();
    for _ in 0..5 {
        connections.iter_mut().for_each(|connection| send(connection, &review));
        for connection in &mut connections {
            let reply = reply(connection).unwrap();
            match reply.status {
                200 => assert_eq!(reply.json()["response"]["allowed"], false),
                status => assert_eq!(status, 503, "{}", reply.text()),
            }
        }
    }
    assert!(served.status("VmHWM") < 256 << 10, "{} KiB", served.status("VmHWM"));
    drop(connections);
    assert!(is_allowed(&served, false) && !is_allowed(&served, true));
    eventually(|| (served.metric("ajj_connections") <= 1.0).then_some(()));
}

#[test]
fn clients_that_go_away_leave_nothing_behind() {
    let folder = Folder::new("churn");
    let served = serve(&folder, &["--workers", "1"]);
    let good = review("u1", json!({"hostNetwork": true}));
    for number in 0..300_u32 {
        match number % 5 {
            // Gone before, during and after the handshake; with half a request; with an answer due.
            0 => drop(TcpStream::connect(served.address).unwrap()),
            1 => {
                let mut stream = TcpStream::connect(served.address).unwrap();
                stream.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
            }
            2 => drop(served.connect()),
            3 => served.connect().write_all(format!("{HEAD}100\r\n\r\n{{").as_bytes()).unwrap(),
            _ => send(&mut served.connect(), &good),
        }
        if number.is_multiple_of(25) {
            assert!(is_allowed(&served, false) && !is_allowed(&served, true));
        }
    }
    eventually(|| (served.metric("ajj_connections") <= 1.0).then_some(()));
    assert_eq!(served.metric("ajj_admission_in_flight"), 0.0);
}

#[test]
fn who_comes_before_the_end_is_answered_without_asking_twice() {
    let folder = Folder::new("ending");
    let served = serve(&folder, &["--workers", "2"]);
    let denied = review("u1", json!({"hostNetwork": true}));
    // Each asks on one connection until it is told to leave, and then comes again.
    let ask = || {
        let mut answered = 0;
        loop {
            let mut connection = match served.try_connect(client(&served.authority)) {
                Ok(connection) => connection,
                Err(error) => return (answered, error.kind()),
            };
            loop {
                let reply = post(&mut connection, "/validate", &denied).unwrap();
                assert_eq!(reply.json()["response"]["allowed"], false);
                answered += 1;
                if reply.head.contains("connection: close") {
                    break;
                }
            }
        }
    };
    let ends: Vec<(usize, ErrorKind)> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        eventually(|| (served.metric("ajj_connections") >= 8.0).then_some(()));
        served.terminate();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert!(ends.iter().all(|(answered, _)| *answered > 0), "{ends:?}");
    // Between the last that is accepted and the end of listening, TCP leaves a moment.
    let refused = ends.iter().filter(|(_, how)| *how == ErrorKind::ConnectionRefused).count();
    assert!(refused >= 7, "{ends:?}");
    assert_eq!(served.wait(), 0);
}

#[test]
fn good_clients_are_answered_beside_silent_half_open_and_slow_ones() {
    let folder = Folder::new("slowloris");
    let served = serve(&folder, &["--workers", "1"]);
    let half_open: Vec<TcpStream> =
        (0..100).map(|_| TcpStream::connect(served.address).unwrap()).collect();
    let idle: Vec<Connection> = (0..100).map(|_| served.connect()).collect();
    let mut slow: Vec<Connection> = (0..100).map(|_| served.connect()).collect();
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let answered = std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        let (served, stop, count) = (&served, &stop, &count);
        let wants = move |host_network: bool, allowed: bool| {
            assert_eq!(allowed, !host_network);
            count.fetch_add(1, Ordering::SeqCst);
        };
        let asking = scope.spawn(move || keep_asking(served, 2, stop, wants));
        // A byte each, again and again, of a head that never ends.
        for byte in HEAD.bytes().take(40) {
            for connection in &mut slow {
                connection.write_all(&[byte]).unwrap();
                connection.flush().unwrap();
            }
        }
        eventually(|| (count.load(Ordering::SeqCst) > 2).then_some(()));
        stop.store(true, Ordering::SeqCst);
        asking.join().unwrap().len()
    });
    assert!(answered > 2, "{answered}");
    assert_eq!(served.get("/readyz").status, 200);
    drop((half_open, idle, slow));
    eventually(|| (served.metric("ajj_connections") <= 1.0).then_some(()));
}

#[test]
fn large_reviews_share_a_bounded_room() {
    let folder = Folder::new("room");
    let served = serve(&folder, &["--workers", "1"]);
    // Together more than there is room for; those that wait hold nothing but what fits a socket.
    let announced = 30 << 20;
    let mut held: Vec<Connection> = (0..8).map(|_| served.connect()).collect();
    for connection in &mut held {
        connection.write_all(format!("{HEAD}{announced}\r\n\r\n").as_bytes()).unwrap();
        connection.flush().unwrap();
    }
    // Small ones need no room.
    assert!(is_allowed(&served, false) && !is_allowed(&served, true));
    let most = served.status("VmHWM");
    assert!(most < 256 << 10, "{most} KiB");
    // Once those are gone, there is room again.
    drop(held);
    let large = review("u1", json!({"hostNetwork": true, "filler": "x".repeat(4 << 20)}));
    let answer = post(&mut served.connect(), "/validate", &large).unwrap();
    assert_eq!(answer.json()["response"]["allowed"], false);
}
