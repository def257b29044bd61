use std::time::Duration;

use ajj_engine::{Limits, Tree, parse_yaml};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Contest, DURATION, Step, lost};

fn lease(holder: &str, version: &str) -> Tree {
    let text = format!(
        "{{metadata: {{resourceVersion: '{version}'}}, \
         spec: {{holderIdentity: '{holder}', leaseTransitions: 4}}}}"
    );
    parse_yaml(text, &Limits::default()).unwrap()
}

fn write(version: &str, is_taken: bool) -> Step {
    Step::Write { version: version.to_owned(), is_taken, transitions: 4 }
}

#[test]
fn a_lease_is_taken_when_nobody_renews_it() {
    let start = Instant::now();
    let mut contest = Contest::new("me");
    for (holder, version, seconds, expected) in [
        ("other", "1", 0, Step::Wait),
        ("other", "1", 14, Step::Wait),
        // It was renewed: its time begins anew.
        ("other", "2", 15, Step::Wait),
        ("other", "2", 29, Step::Wait),
        ("other", "2", 30, write("2", true)),
        ("me", "3", 31, write("3", false)),
        ("other", "4", 32, Step::Wait),
        ("", "5", 33, write("5", true)),
    ] {
        let lease = lease(holder, version);
        let now = start + Duration::from_secs(seconds);
        assert_eq!(contest.step(Some(lease.root()), now), expected, "{holder} {version} {seconds}");
    }
    assert_eq!(contest.step(None, start), Step::Create);
    assert!(super::HELD < DURATION);
}

#[tokio::test]
async fn who_cannot_renew_stops_when_its_time_has_come() {
    let bound = Duration::from_secs(20);
    let (held, mut seen) = watch::channel(Some(Instant::now() + Duration::from_secs(3600)));
    let waits = timeout(Duration::from_millis(1), lost(&mut seen)).await;
    assert!(waits.is_err(), "what is held is not lost");
    held.send_replace(Some(Instant::now() + Duration::from_millis(5)));
    timeout(bound, lost(&mut seen)).await.unwrap();
    held.send_replace(Some(Instant::now() + Duration::from_secs(3600)));
    held.send_replace(None);
    timeout(bound, lost(&mut seen)).await.unwrap();
}
