//! Says in each policy's status whether it is enforced: the condition `Ready`, as upstream has it.
//!
//! Upstream: api/kyverno/v1/policy_status.go. Every replica would write the same, so that whoever
//! comes first writes, and the others see that nothing is left to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::Node;
use ajj_facts::{WriteError, Writer};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use crate::answer::shorten;
use crate::decision_id::Replica;
use crate::policies::{Outcome, State};

/// Between two writes: a storm of policies is no storm of writes.
const PAUSE: Duration = Duration::from_millis(20);
/// How much longer than a round took the pause after it is.
const REST: u32 = 1;
/// How far replicas are apart at most, so that mostly one writes.
const APART: u64 = 300;
/// The first pause before a status is written again that another has written over; it doubles.
const AGAIN: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(3_600);
/// The bound of upstream's definition is 32 Ki; a table shows far less.
const MAX_MESSAGE: usize = 600;

/// What is said of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ready {
    is_ready: bool,
    reason: &'static str,
    message: String,
}

/// Keeps writing what has changed.
pub(crate) async fn keep_up(
    writer: Writer,
    mut outcome: watch::Receiver<Arc<Outcome>>,
    replica: Replica,
) {
    let mut attempts = BTreeMap::new();
    let mut next: Option<Instant> = None;
    loop {
        let newer = outcome.changed();
        let ended = match next {
            None => newer.await.is_err(),
            Some(next) => matches!(tokio::time::timeout_at(next, newer).await, Ok(Err(_))),
        };
        if ended {
            return;
        }
        tokio::time::sleep(Duration::from_millis(replica.number() % APART)).await;
        let began = Instant::now();
        let now = Arc::clone(&outcome.borrow_and_update());
        next = write_all(&writer, &now, &mut attempts).await;
        // Each write is a change that is told of: looking at all policies again has to be rare.
        tokio::time::sleep(began.elapsed() * REST).await;
    }
}

/// The last time that a status was to be written.
#[derive(Clone, Debug)]
struct Attempt {
    /// Of the policy that it was about.
    generation: String,
    /// What it was written over.
    version: String,
    /// Whether nothing is left to do until the watch tells of something.
    is_settled: bool,
    /// How often it was written in this generation.
    written: u32,
    not_before: Instant,
}

/// When a status is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Never,
    Now,
    At(Instant),
}

impl Attempt {
    fn first(object: Node<'_>, now: Instant) -> Self {
        Self {
            generation: generation(object),
            version: String::new(),
            is_settled: false,
            written: 0,
            not_before: now,
        }
    }

    /// When the status of the object as it is now is to be written, if it is not what it should be.
    fn due(&self, object: Node<'_>, now: Instant) -> Due {
        if self.generation != generation(object) {
            return Due::Now;
        }
        if self.is_settled && self.version == text(object, &["metadata", "resourceVersion"]) {
            return Due::Never;
        }
        // Somebody else has written over it, another version of ajj perhaps: no race with that.
        if self.not_before > now { Due::At(self.not_before) } else { Due::Now }
    }

    /// The same after a write of what stands in the object now.
    fn after(self, object: Node<'_>, result: Result<(), &WriteError>, now: Instant) -> Self {
        let mut next = match self.generation == generation(object) {
            true => self,
            false => Self::first(object, now),
        };
        text(object, &["metadata", "resourceVersion"]).clone_into(&mut next.version);
        match result {
            Ok(()) => {
                next.is_settled = true;
                next.written += 1;
                let doubled = AGAIN * 2_u32.saturating_pow(next.written.saturating_sub(2).min(16));
                let pause = if next.written < 2 { Duration::ZERO } else { doubled.min(LONGEST) };
                next.not_before = now + pause;
            }
            // It changed meanwhile, or is gone: the watch tells.
            Err(WriteError::Conflict(_) | WriteError::NotFound) => next.is_settled = true,
            Err(_) => {
                next.is_settled = false;
                next.not_before = now + AGAIN;
            }
        }
        next
    }
}

/// Writes what is due, and says when something will be.
async fn write_all(
    writer: &Writer,
    outcome: &Outcome,
    attempts: &mut BTreeMap<String, Attempt>,
) -> Option<Instant> {
    let mut known = std::mem::take(attempts);
    let mut next_due: Option<Instant> = None;
    for state in outcome.states.iter().filter(|state| has_status(state)) {
        let (path, object) = (path_of(state), state.object.root());
        let now = Instant::now();
        let before = known.remove(&path);
        let Some(patch) = patch(state, Timestamp::now()) else {
            // It says what it should, for now.
            attempts.extend(before.map(|attempt| (path, attempt)));
            continue;
        };
        let attempt = before.unwrap_or_else(|| Attempt::first(object, now));
        let due = attempt.due(object, now);
        if due != Due::Now {
            if let Due::At(later) = due {
                next_due = Some(next_due.map_or(later, |due| due.min(later)));
            }
            attempts.insert(path, attempt);
            continue;
        }
        let written = writer.merge(&path, patch).await;
        if let Err(problem) = &written
            && !matches!(problem, WriteError::Conflict(_) | WriteError::NotFound)
        {
            warn!(path, %problem, "the status of a policy cannot be written");
        }
        let attempt = attempt.after(object, written.as_ref().map(|_| ()), Instant::now());
        if !attempt.is_settled {
            let later = attempt.not_before;
            next_due = Some(next_due.map_or(later, |due| due.min(later)));
        }
        attempts.insert(path, attempt);
        tokio::time::sleep(PAUSE).await;
    }
    next_due
}

/// Exceptions have none upstream.
fn has_status(state: &State) -> bool {
    state.resource != "policyexceptions"
}

/// What the status of a policy should say.
fn ready(state: &State) -> Ready {
    let checked = &state.checked;
    let others: usize = checked.not_evaluated.iter().map(|other| other.count).sum();
    let kinds: Vec<&str> = checked.not_evaluated.iter().map(|other| other.kind.as_str()).collect();
    let kinds = kinds.join(", ");
    let gives_verdict = checked.not_evaluated.iter().any(|other| other.gives_verdict);
    let (is_ready, reason, message) = if let Some(first) = checked.errors.first() {
        let more = match checked.errors.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let place = match first.field.as_str() {
            "" => String::new(),
            field => format!("{field}: "),
        };
        let message = format!("it answers with an error: {place}{}{more}", first.message);
        (false, "Failed", message)
    } else if !checked.is_for_admission {
        (false, "NotForAdmission", "`spec.admission` is false: reviews are not judged".to_owned())
    } else if others > 0 && checked.rules == 0 {
        (false, "NotEvaluated", format!("no rule is enforced: ajj does not evaluate {kinds}"))
    } else if others > 0 && gives_verdict {
        let message = format!(
            "{} of {} rules are enforced: ajj does not evaluate {kinds}",
            checked.rules,
            checked.rules + others
        );
        (false, "PartlyEvaluated", message)
    } else {
        (true, "Succeeded", "Ready".to_owned())
    };
    Ready { is_ready, reason, message: shorten(&message, MAX_MESSAGE) }
}

/// The patch of a status that does not say yet what it should.
fn patch(state: &State, now: Timestamp) -> Option<String> {
    let wanted = ready(state);
    let object = state.object.root();
    let status = if wanted.is_ready { "True" } else { "False" };
    let generation = object.at(&["metadata", "generation"]).map(|number| number.to_json());
    let conditions = object.at(&["status", "conditions"]).and_then(Node::as_list);
    let conditions: Vec<Node<'_>> =
        conditions.into_iter().flat_map(|conditions| conditions.iter()).collect();
    let is_ours = |condition: &&Node<'_>| text(**condition, &["type"]) == "Ready";
    let known = conditions.iter().find(is_ours);
    if let Some(known) = known {
        let said = known.get("observedGeneration").map(|number| number.to_json());
        let is_same = text(*known, &["status"]) == status
            && text(*known, &["reason"]) == wanted.reason
            && text(*known, &["message"]) == wanted.message
            && said == generation;
        if is_same {
            return None;
        }
    }
    // The time is that of the last change between true and false.
    let since = known
        .filter(|known| text(**known, &["status"]) == status)
        .map(|known| text(*known, &["lastTransitionTime"]).to_owned())
        .filter(|since| !since.is_empty())
        .unwrap_or_else(|| Timestamp::from_second(now.as_second()).unwrap_or(now).to_string());
    let mut ours = json!({
        "type": "Ready",
        "status": status,
        "reason": wanted.reason,
        "message": wanted.message,
        "lastTransitionTime": since,
    });
    if let (Some(generation), Some(fields)) = (generation, ours.as_object_mut()) {
        fields.insert("observedGeneration".to_owned(), raw(&generation));
    }
    let others = conditions.iter().filter(|condition| !is_ours(condition));
    let all: Vec<Json> = others.map(|condition| raw(&condition.to_json())).chain([ours]).collect();
    let version = text(object, &["metadata", "resourceVersion"]);
    let patch = json!({
        // Whoever was faster has written the same, or something newer.
        "metadata": {"resourceVersion": version},
        "status": {"conditions": all},
    });
    Some(patch.to_string())
}

fn raw(json: &str) -> Json {
    // Invariant: a tree writes itself as JSON.
    serde_json::from_str(json).unwrap_or_default()
}

/// Where the status of a policy is written.
fn path_of(state: &State) -> String {
    let object = state.object.root();
    let (version, name) = (text(object, &["apiVersion"]), text(object, &["metadata", "name"]));
    let resource = state.resource;
    match text(object, &["metadata", "namespace"]) {
        "" => format!("/apis/{version}/{resource}/{name}/status"),
        namespace => format!("/apis/{version}/namespaces/{namespace}/{resource}/{name}/status"),
    }
}

fn generation(object: Node<'_>) -> String {
    object.at(&["metadata", "generation"]).map(|number| number.to_json()).unwrap_or_default()
}

fn text<'t>(node: Node<'t>, keys: &[&str]) -> &'t str {
    node.at(keys).and_then(Node::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
