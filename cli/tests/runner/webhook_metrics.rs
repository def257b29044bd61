//! Metrics and decisions at an address of their own.

use serde_json::{Value, json};

use crate::admission::{Folder, is_allowed, review, serve};

#[test]
fn metrics_and_decisions_can_have_an_address_of_their_own() {
    let folder = Folder::new("listen-metrics");
    let mut served = serve(&folder, &["--listen-metrics", "127.0.0.1:0"]);
    assert!(!is_allowed(&served, true));
    assert_eq!(served.get("/readyz").status, 200);
    for path in ["/metrics", "/decisions/000000000000"] {
        let elsewhere = served.get(path);
        assert_eq!(elsewhere.status, 404, "{path}");
        assert!(elsewhere.text().contains("--listen-metrics"), "{path}: {}", elsewhere.text());
    }
    let denied = served.decisions.find("\"allowed\":false").unwrap();
    let denied: Value = serde_json::from_str(&denied).unwrap();

    let serving: Value = serde_json::from_str(&served.log.find("\"serving\"").unwrap()).unwrap();
    served.address = serving["metrics"].as_str().unwrap().parse().unwrap();
    assert_eq!(served.metric("ajj_ready"), 1.0);
    assert!(served.metric("ajj_rules") > 0.0);
    let found = served.get(&format!("/decisions/{}", denied["id"].as_str().unwrap()));
    assert_eq!(found.json(), denied);
    // Whoever may scrape may not have anything judged there.
    let review = review("u2", json!({"hostNetwork": true}));
    for path in ["/validate", "/validate/fail", "/validate/policies"] {
        assert_eq!(served.post(path, &review).status, 404, "{path}");
    }
    assert_eq!(served.get("/readyz").status, 404);
}
