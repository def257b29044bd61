//! The authority that replicas share, and one that follows it while requests come.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ajj_e2e::eventually;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Cluster, DRY_RUN, config_map};
use crate::support::BOUND;

impl Cluster {
    fn secret(&self, key: &str) -> String {
        let found = self.kubectl("get secret ajj-webhook-ca --namespace ajj --output json");
        let secret = found.json().unwrap_or_default();
        let encoded = secret["data"][key].as_str().unwrap_or_default();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }

    /// What the API server trusts, the same in every webhook.
    fn bundle(&self) -> String {
        let webhooks = self.webhooks();
        let bundles: BTreeSet<&str> = webhooks
            .iter()
            .map(|webhook| webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default())
            .collect();
        let first = bundles.first().copied().filter(|_| bundles.len() == 1);
        String::from_utf8(STANDARD.decode(first.unwrap_or_default()).unwrap()).unwrap()
    }
}

#[test]
fn an_authority_follows_another_while_requests_come() {
    let cluster = Cluster::start();
    // All at once: one of them makes the authority, the others take it.
    (0..3).for_each(|_| cluster.replicas.start());
    cluster.refuse_what_is_bad();
    let first = cluster.secret("ca.crt");
    assert!(first.starts_with("-----BEGIN CERTIFICATE-----"), "{first}");
    assert_eq!(cluster.bundle().trim(), first.trim());

    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Load: every answer has to come from us, whichever replica and whichever certificate.
        let load = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let seen = cluster.kubectl_with(DRY_RUN, &config_map("load", "shop", true));
                assert!(seen.stderr.contains("it is bad"), "{seen:?}\n{}", cluster.replicas.logs());
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        let rotated =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rotate(&cluster, &first)));
        is_over.store(true, Ordering::Relaxed);
        load.join().unwrap();
        if let Err(panic) = rotated {
            std::panic::resume_unwind(panic);
        }
    });
    assert!(answered.load(Ordering::Relaxed) > 10);

    // One that goes comes back from memory: certificates of it are out.
    let second = cluster.secret("ca.crt");
    assert_eq!(cluster.kubectl("delete secret ajj-webhook-ca --namespace ajj").code, 0);
    let came_back = eventually(BOUND, || match cluster.secret("ca.crt") {
        found if found == second => Ok(()),
        found => Err(found),
    });
    came_back.unwrap();
    cluster.until_said(DRY_RUN, &config_map("after", "shop", true), "it is bad");
}

fn rotate(cluster: &Cluster, first: &str) {
    let asked = "annotate secret ajj-webhook-ca ajj.dev/rotate=now --namespace ajj";
    assert_eq!(cluster.kubectl(asked).code, 0);
    // Both are told before the next is used.
    let both = eventually(BOUND, || {
        let (bundle, current) = (cluster.bundle(), cluster.secret("ca.crt"));
        assert!(current == first || bundle.contains(current.trim()), "used before it was told");
        match bundle.matches("BEGIN CERTIFICATE").count() {
            2 => Ok(bundle),
            _ => Err((bundle, cluster.replicas.logs())),
        }
    });
    let both = both.unwrap();
    assert!(both.contains(first.trim()));
    let second = eventually(BOUND, || match cluster.secret("ca.crt") {
        current if current != first => Ok(current),
        _ => Err(cluster.replicas.logs()),
    });
    assert!(both.contains(second.unwrap().trim()));
    // The last stays for as long as there are certificates of it.
    assert_eq!(cluster.bundle(), both);
    // Every replica has one of the next by now or soon; all of them are asked while that happens.
    eventually(BOUND, || {
        let logs = cluster.replicas.logs();
        match logs.matches("certificate replaced").count() {
            // Once when the first was found, once when it was followed.
            6.. => Ok(()),
            _ => Err(logs),
        }
    })
    .unwrap();
}
