//! Certificates that are replaced while clients come.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{CertifiedIssuer, KeyPair};
use serde_json::json;

use crate::admission::{Folder, Stopping, authority, pair, policy, review};
use crate::served::{Served, client, eventually, post};

#[test]
fn fifty_rotations_cost_no_client_that_knows_both_authorities() {
    let folder = Folder::new("rotations");
    let authorities = [authority("old"), authority("new")];
    let install = |issuer: &CertifiedIssuer<'_, KeyPair>| {
        let (certificate, key) = pair(issuer);
        folder.write("key.pem", &key);
        folder.write("cert.pem", &certificate);
    };
    install(&authorities[0]);
    let policies = folder.write("policies.yaml", &policy(false));
    let arguments =
        ["-p", policies.to_str().unwrap(), "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let both: String = authorities.iter().map(|authority| authority.pem()).collect();
    let served = Served::start(&folder.0, &arguments, Some(both.clone().into_bytes()));
    let review = review("u1", json!({"hostNetwork": false}));

    let (stop, handshakes) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        for _ in 0..2 {
            scope.spawn(|| {
                let mut kept = served.connect();
                while !stop.load(Ordering::SeqCst) {
                    // A new connection each time, and one that goes on.
                    let mut fresh = served.try_connect(client(both.as_bytes())).unwrap();
                    for connection in [&mut fresh, &mut kept] {
                        let answer = post(connection, "/validate", &review).unwrap().json();
                        assert_eq!(answer["response"]["allowed"], true);
                    }
                    handshakes.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for rotation in 0..50 {
            install(&authorities[rotation % 2]);
            std::thread::sleep(Duration::from_millis(50));
        }
        // The last one is taken, whatever was met on the way.
        install(&authorities[1]);
        let last = client(authorities[1].pem().as_bytes());
        eventually(|| served.try_connect(last.clone()).ok());
        assert!(served.try_connect(client(authorities[0].pem().as_bytes())).is_err());
        // However slow the machine is.
        eventually(|| (handshakes.load(Ordering::SeqCst) > 10).then_some(()));
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(served.metric("ajj_certificate_stale"), 0.0);
}
