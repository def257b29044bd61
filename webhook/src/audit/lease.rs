//! Which of the replicas audits: the one that holds a Lease.
//!
//! The rules are those of client-go's leader election: a Lease that nobody has renewed for its duration, by
//! the clock of who looks, may be taken; who holds it gives up well before others may take it.

use std::time::Duration;

use ajj_engine::{Node, Tree};
use ajj_facts::{WriteError, Writer};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

use super::report::MANAGED;

/// How long a Lease is another's that is not renewed.
const DURATION: Duration = Duration::from_secs(15);
/// How long after it was renewed its holder goes on.
const HELD: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_secs(3);
const NAME: &str = "ajj-audit";

/// What is known of the Lease.
#[derive(Debug)]
struct Contest {
    me: String,
    /// The version that was seen last, and when it first was.
    seen: Option<(String, Instant)>,
}

/// What is to be done about the Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// It is not there.
    Create,
    /// It is ours, or nobody's: to be written over this version, as one more transition or not.
    Write { version: String, is_taken: bool, transitions: i64 },
    /// It is another's.
    Wait,
}

impl Contest {
    fn new(me: &str) -> Self {
        Self { me: me.to_owned(), seen: None }
    }

    fn step(&mut self, lease: Option<Node<'_>>, now: Instant) -> Step {
        let Some(lease) = lease else { return Step::Create };
        let text = |keys: &[&str]| lease.at(keys).and_then(Node::as_str).unwrap_or_default();
        let (version, holder) =
            (text(&["metadata", "resourceVersion"]), text(&["spec", "holderIdentity"]));
        let since = match &self.seen {
            Some((known, since)) if known == version => *since,
            _ => {
                self.seen = Some((version.to_owned(), now));
                now
            }
        };
        let is_ours = holder == self.me;
        if !is_ours && !holder.is_empty() && now.duration_since(since) < DURATION {
            return Step::Wait;
        }
        let transitions = lease.at(&["spec", "leaseTransitions"]);
        let transitions = transitions.and_then(|node| node.to_json().parse().ok()).unwrap_or(0);
        Step::Write { version: version.to_owned(), is_taken: !is_ours, transitions }
    }
}

/// Until when this replica audits, if it does.
pub(super) type Held = watch::Receiver<Option<Instant>>;

/// Competes for the Lease of a namespace, for as long as it is polled.
pub(super) async fn compete(
    writer: Writer,
    namespace: String,
    me: String,
    held: watch::Sender<Option<Instant>>,
) {
    let list = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
    let mut contest = Contest::new(&me);
    let mut said: Option<String> = None;
    loop {
        let began = Instant::now();
        match look(&writer, &list, &mut contest).await {
            Ok(true) => {
                if held.send_replace(Some(began + HELD)).is_none() {
                    info!("this replica audits");
                }
                said = None;
            }
            // Another has it, or came first.
            Ok(false) | Err(WriteError::Conflict(_)) => {
                if held.send_replace(None).is_some() {
                    warn!("another replica audits");
                }
                said = None;
            }
            // What was held is held until its time has come.
            Err(problem) => {
                let problem = problem.to_string();
                if said.as_ref() != Some(&problem) {
                    warn!(problem, "the Lease of the audit cannot be read or written");
                    said = Some(problem);
                }
            }
        }
        sleep(LOOK).await;
    }
}

/// Looks at the Lease once, and says whether it is ours now.
async fn look(writer: &Writer, list: &str, contest: &mut Contest) -> Result<bool, WriteError> {
    let path = format!("{list}/{NAME}");
    let lease = match writer.get(&path).await {
        Ok(lease) => Some(lease),
        Err(WriteError::NotFound) => None,
        Err(problem) => return Err(problem),
    };
    let root = lease.as_ref().map(|lease: &std::sync::Arc<Tree>| lease.root());
    match contest.step(root, Instant::now()) {
        Step::Wait => Ok(false),
        Step::Create => {
            let (label, ajj) = MANAGED;
            let object = json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {"name": NAME, "labels": {label: ajj}},
                "spec": spec(&contest.me, Some(0)),
            });
            writer.create(list, object.to_string()).await.map(|_| true)
        }
        Step::Write { version, is_taken, transitions } => {
            let transitions = is_taken.then_some(transitions + 1);
            let patch = json!({
                "metadata": {"resourceVersion": version}, "spec": spec(&contest.me, transitions),
            });
            writer.merge(&path, patch.to_string()).await.map(|_| true)
        }
    }
}

fn spec(me: &str, transitions: Option<i64>) -> Json {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
    match transitions {
        None => json!({
            "holderIdentity": me, "leaseDurationSeconds": DURATION.as_secs(), "renewTime": now,
        }),
        Some(transitions) => json!({
            "holderIdentity": me, "leaseDurationSeconds": DURATION.as_secs(), "renewTime": now,
            "acquireTime": now, "leaseTransitions": transitions,
        }),
    }
}

/// Waits until this replica audits.
pub(super) async fn won(held: &mut Held) {
    let is_held = |until: &Option<Instant>| until.is_some_and(|until| until > Instant::now());
    if held.wait_for(is_held).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until this replica must no longer audit.
pub(super) async fn lost(held: &mut Held) {
    loop {
        let Some(until) = *held.borrow_and_update() else { return };
        tokio::select! {
            () = sleep_until(until) => {
                if held.borrow().is_none_or(|until| until <= Instant::now()) {
                    return;
                }
            }
            changed = held.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
