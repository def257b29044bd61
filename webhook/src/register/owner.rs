//! What the registration and the authority belong to: the garbage collector takes them away with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{FactError, FactKey};
use ajj_facts::{FactSource, Live, WriteError, Writer};
use arc_swap::ArcSwapOption;
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::{info, warn};

const LIST: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
/// How often it is read: one that was made anew has another uid.
const LOOK: Duration = Duration::from_secs(10);
/// How long one question takes at most.
const WITHIN: Duration = Duration::from_secs(5);

/// A ClusterRole that owns what is written; an object of the whole cluster can only belong to one.
#[derive(Debug)]
pub(crate) struct Owner {
    live: Live,
    name: Option<String>,
    /// Its reference, as it was read last.
    known: ArcSwapOption<Value>,
}

impl Owner {
    /// An owner by its name; without one nothing is owned.
    pub(crate) fn new(live: &Live, name: Option<String>) -> Self {
        Self { live: live.clone(), name, known: ArcSwapOption::default() }
    }

    /// What stands in `ownerReferences`, where it is known. One that is gone stays known: what is
    /// written for it then goes too.
    pub(crate) fn reference(&self) -> Option<Arc<Value>> {
        self.known.load_full()
    }

    /// Keeps looking, for as long as it is polled.
    pub(crate) async fn keep(&self) {
        let mut said = None;
        loop {
            let problem = self.look().await.err();
            if let (Some(problem), Some(owner)) = (&problem, &self.name)
                && said.as_ref() != Some(problem)
            {
                warn!(%problem, owner, "without its owner the registration stays when that goes");
            }
            said = problem;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads it.
    pub(crate) async fn look(&self) -> Result<(), FactError> {
        let Some(name) = &self.name else { return Ok(()) };
        let key = FactKey::get(format!("{LIST}/{name}"));
        let keys = BTreeSet::from([key.clone()]);
        let facts = self.live.until(Instant::now() + WITHIN).fetch(&keys).await;
        let role = facts.get(&key).cloned().unwrap_or(Err(FactError::Timeout))?;
        let uid = role.root().at(&["metadata", "uid"]).and_then(|uid| uid.as_str());
        let reference = reference(name, uid.unwrap_or_default());
        if self.known.load().as_deref() != Some(&reference) {
            info!(owner = name, "the registration belongs to this ClusterRole");
            self.known.store(Some(Arc::new(reference)));
        }
        Ok(())
    }

    /// Lets an object that exists belong to the owner too.
    pub(crate) async fn adopt(&self, writer: &Writer, path: &str, object: &Value) {
        let Some(patch) = self.reference().and_then(|owner| adoption(&owner, object)) else {
            return;
        };
        match writer.merge(path, patch.to_string()).await {
            Ok(_) => info!(path, "belongs to its owner now"),
            // Another replica did the same, or it is looked at again in a moment.
            Err(WriteError::Conflict(_) | WriteError::NotFound) => {}
            Err(problem) => warn!(%problem, path, "cannot be made to belong to its owner"),
        }
    }
}

fn reference(name: &str, uid: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "name": name, "uid": uid,
    })
}

/// Lets an object that is derived belong to what a reference names.
pub(super) fn own(object: &mut Value, owner: &Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("ownerReferences".to_owned(), json!([owner]));
    }
}

/// Whether an object belongs to what a reference names.
pub(super) fn is_owned(object: &Value, owner: &Value) -> bool {
    references(object).iter().any(|found| found.get("uid") == owner.get("uid"))
}

/// What adds a reference to an object that does not have it; one to an owner of the same name that
/// was there before is replaced.
fn adoption(owner: &Value, object: &Value) -> Option<Value> {
    if is_owned(object, owner) {
        return None;
    }
    let is_other =
        |found: &&Value| ["kind", "name"].iter().any(|key| found.get(*key) != owner.get(*key));
    let others = references(object).iter().filter(is_other).chain([owner]).collect::<Vec<_>>();
    let version = object.pointer("/metadata/resourceVersion");
    Some(json!({"metadata": {"resourceVersion": version, "ownerReferences": others}}))
}

fn references(object: &Value) -> &[Value] {
    let found = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(references: &Value) -> Value {
        json!({"metadata": {"resourceVersion": "7", "ownerReferences": references}})
    }

    #[test]
    fn an_object_is_adopted_once() {
        let owner = reference("ajj", "one");
        let patch = adoption(&owner, &json!({"metadata": {"resourceVersion": "7"}})).unwrap();
        assert_eq!(patch, object(&json!([owner])));
        assert_eq!(adoption(&owner, &patch), None);
    }

    #[test]
    fn an_owner_that_was_made_anew_takes_the_place_of_the_one_before() {
        let other = json!({"apiVersion": "v1", "kind": "Namespace", "name": "ajj", "uid": "three"});
        let before = object(&json!([reference("ajj", "one"), other]));
        let owner = reference("ajj", "two");
        assert!(!is_owned(&before, &owner));
        assert_eq!(adoption(&owner, &before), Some(object(&json!([other, owner]))));
    }
}
