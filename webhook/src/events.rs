//! Events on the owners of what was refused: a Deployment whose Pods are denied shows nothing but a
//! ReplicaSet without Pods, and whoever looks at that finds the reason there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ajj_engine::report::ObjectReport;
use ajj_engine::{Node, Operation, Request};
use ajj_facts::Writer;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;
use tracing::warn;

use crate::answer::Denial;
use crate::decision_id::Replica;

/// Events that wait to be written; controllers try again, so that those beyond are no loss.
const QUEUE: usize = 256;
/// How long an owner is told nothing more of the same rules.
const SILENCE: Duration = Duration::from_secs(60);
/// Owners that are remembered.
const REMEMBERED: usize = 4_096;
/// Bytes of a note, by the API.
const MAX_NOTE: usize = 1_024;
/// Between two writes.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes events, and never holds up who brings them.
#[derive(Debug)]
pub(crate) struct Events {
    queue: Sender<Told>,
    dropped: AtomicU64,
}

/// What an owner is told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    owner: Owner,
    /// The rules that deny: told once.
    rules: String,
    note: String,
    action: &'static str,
}

/// The controller of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    uid: String,
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Events {
    /// The queue, and what takes from it.
    pub(crate) fn new() -> (Self, EventQueue) {
        let (queue, received) = channel(QUEUE);
        (Self { queue, dropped: AtomicU64::new(0) }, EventQueue(received))
    }

    /// Tells the owner of an object that it was refused, where it has one that is told so.
    pub(crate) fn tell(&self, request: &Request, report: &ObjectReport, denial: &Denial) {
        let Some(told) = told(request, report, denial) else { return };
        if self.queue.try_send(told).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were not taken.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn told(request: &Request, report: &ObjectReport, denial: &Denial) -> Option<Told> {
    // On an update or deletion it is there, and says for itself what becomes of it.
    if request.dry_run || request.operation != Operation::Create || !request.subresource.is_empty()
    {
        return None;
    }
    let object = request.object.as_ref()?.root();
    let owner = controller(object, request.namespace.as_deref()?)?;
    let mut rules: Vec<String> = report
        .results
        .iter()
        .filter(|result| result.result.denies())
        .map(|result| format!("{}/{}", result.result.rule.policy, result.result.rule.rule))
        .collect();
    rules.sort_unstable();
    rules.dedup();
    let action = if &*request.kind.kind == "Pod" { "CreatePod" } else { "Create" };
    Some(Told { owner, rules: rules.join(","), note: cut(&denial.message, MAX_NOTE), action })
}

/// The owner that manages an object.
fn controller(object: Node<'_>, namespace: &str) -> Option<Owner> {
    let owners = object.at(&["metadata", "ownerReferences"])?.as_list()?;
    let manages = |owner: &Node<'_>| owner.get("controller").and_then(Node::as_bool) == Some(true);
    let owner = owners.iter().find(manages)?;
    let text = |key: &str| owner.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    Some(Owner {
        uid: text("uid"),
        api_version: text("apiVersion"),
        kind: text("kind"),
        namespace: namespace.to_owned(),
        name: text("name"),
    })
}

/// A text of so many bytes at most, with a mark where it was cut.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// What waits to be told.
#[derive(Debug)]
pub(crate) struct EventQueue(Receiver<Told>);

impl EventQueue {
    /// Writes what comes, each owner's news once.
    pub(crate) async fn write(mut self, writer: Writer, replica: Replica) {
        let mut said = Said::default();
        let mut complained: Option<Instant> = None;
        while let Some(told) = self.0.recv().await {
            if !said.is_news(&told, Instant::now()) {
                continue;
            }
            let namespace = &told.owner.namespace;
            let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
            let event = event(&told, replica, Timestamp::now());
            if let Err(problem) = writer.create(&path, event).await
                && complained.is_none_or(|at| at.elapsed() > SILENCE)
            {
                warn!(%problem, namespace, "an Event cannot be written");
                complained = Some(Instant::now());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What owners were told lately.
#[derive(Debug, Default)]
struct Said(BTreeMap<(Owner, String), Instant>);

impl Said {
    fn is_news(&mut self, told: &Told, now: Instant) -> bool {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, at| now.duration_since(*at) < SILENCE);
        }
        let key = (told.owner.clone(), told.rules.clone());
        if self.0.get(&key).is_some_and(|at| now.duration_since(*at) < SILENCE) {
            return false;
        }
        // So many owners at once are told nothing: what is not remembered would be told again.
        if self.0.len() >= REMEMBERED {
            return false;
        }
        self.0.insert(key, now);
        true
    }
}

fn event(told: &Told, replica: Replica, now: Timestamp) -> String {
    let owner = &told.owner;
    let prefix: String = owner.name.chars().take(200).collect();
    json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": format!("{prefix}-"), "namespace": owner.namespace},
        "type": "Warning",
        "reason": "PolicyViolation",
        "action": told.action,
        "note": told.note,
        // Times of Events have microseconds, and always.
        "eventTime": format!("{now:.6}"),
        "reportingController": "ajj.dev/webhook",
        "reportingInstance": replica.as_str(),
        "regarding": {
            "apiVersion": owner.api_version,
            "kind": owner.kind,
            "namespace": owner.namespace,
            "name": owner.name,
            "uid": owner.uid,
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use tokio::time::Instant;

    use super::{Owner, SILENCE, Said, Told, cut, event};
    use crate::decision_id::Replica;

    fn told(name: &str, rules: &str) -> Told {
        let owner = Owner {
            uid: format!("uid-{name}"),
            api_version: "apps/v1".to_owned(),
            kind: "ReplicaSet".to_owned(),
            namespace: "shop".to_owned(),
            name: name.to_owned(),
        };
        let (rules, note) = (rules.to_owned(), "no\n  1. because".to_owned());
        Told { owner, rules, note, action: "CreatePod" }
    }

    #[test]
    fn an_owner_is_told_once_a_minute_and_of_other_rules_at_once() {
        let (mut said, now) = (Said::default(), Instant::now());
        assert!(said.is_news(&told("a", "p/r"), now));
        assert!(!said.is_news(&told("a", "p/r"), now));
        assert!(said.is_news(&told("a", "p/s"), now));
        assert!(said.is_news(&told("b", "p/r"), now));
        assert!(said.is_news(&told("a", "p/r"), now + SILENCE + Duration::from_secs(1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut said, now) = (Said::default(), Instant::now());
        for number in 0..super::REMEMBERED {
            assert!(said.is_news(&told(&number.to_string(), "p/r"), now));
        }
        assert!(!said.is_news(&told("one more", "p/r"), now));
        assert!(said.is_news(&told("one more", "p/r"), now + SILENCE));
        assert_eq!(said.0.len(), 1);
    }

    #[test]
    fn an_event_is_what_the_api_wants() {
        let time = "2026-01-02T03:04:05Z".parse().unwrap();
        let event = event(&told("web-7d5f", "p/r"), Replica::new("a"), time);
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(event["eventTime"], "2026-01-02T03:04:05.000000Z");
        assert_eq!(event["metadata"]["generateName"], "web-7d5f-");
        assert_eq!(event["regarding"]["uid"], "uid-web-7d5f");
        assert_eq!(event["note"], "no\n  1. because");
    }

    #[test]
    fn notes_are_cut_by_bytes_between_characters() {
        assert_eq!(cut("kurz", 10), "kurz");
        let long = "ä".repeat(1_000);
        let short = cut(&long, 1_024);
        assert!(short.len() <= 1_024 && short.len() > 1_018 && short.ends_with('…'));
    }
}
