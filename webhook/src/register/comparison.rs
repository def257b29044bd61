//! How what is registered compares with what should be.

#![expect(
    clippy::indexing_slicing,
    reason = "values of JSON: what is not there is null, and what is written to is a map of ours"
)]

use super::owner::is_owned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Names the content, so that replicas tell one another's from a stranger's.
const DIGEST: &str = "ajj.dev/digest";

/// What is registered, seen from what should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// As it should be.
    Same,
    /// Nothing.
    Missing,
    /// What another replica holds for right, from policies or kinds that it knows of and we do not,
    /// or the other way round.
    OfPeer,
    /// Changed by a stranger.
    Changed,
}

/// Adds to a derived configuration what names its content.
pub(super) fn sign(object: &mut Value) {
    let digest = digest(&object["webhooks"]);
    object["metadata"]["annotations"][DIGEST] = digest.into();
}

/// Compares; `is_injected` says that somebody else fills in what the API server is to trust.
pub(super) fn compare(found: Option<&Value>, wanted: &Value, is_injected: bool) -> Standing {
    let Some(found) = found else { return Standing::Missing };
    let mut webhooks = by_name(&found["webhooks"]);
    if is_injected {
        webhooks = without_bundles(webhooks);
    }
    let labels = |key: &str| match wanted["metadata"][key].as_object() {
        Some(wanted) => {
            wanted.iter().all(|(name, value)| found["metadata"][key].get(name) == Some(value))
        }
        None => true,
    };
    let owners = wanted["metadata"]["ownerReferences"].as_array();
    let is_theirs = owners.into_iter().flatten().all(|owner| is_owned(found, owner));
    let is_labelled = labels("labels") && labels("annotations");
    if webhooks == by_name(&wanted["webhooks"]) && is_labelled && is_theirs {
        return Standing::Same;
    }
    match signature(found).is_some_and(|signature| signature == digest(&webhooks)) {
        true => Standing::OfPeer,
        false => Standing::Changed,
    }
}

/// What names the content, as whoever wrote it says.
pub(super) fn signature(found: &Value) -> Option<&str> {
    found["metadata"]["annotations"][DIGEST].as_str()
}

/// A merge patch that leaves nothing else in the list of webhooks: strangers' additions survive an
/// apply. `found` is what the API server holds.
pub(super) fn replacement(found: &Value, wanted: &Value, is_injected: bool) -> Value {
    let mut webhooks = wanted["webhooks"].clone();
    for webhook in webhooks.as_array_mut().into_iter().flatten().filter(|_| is_injected) {
        let same = |other: &&Value| other["name"] == webhook["name"];
        let other = found["webhooks"].as_array().and_then(|others| others.iter().find(same));
        if let Some(bundle) = other.map(|other| &other["clientConfig"]["caBundle"])
            && bundle.is_string()
        {
            webhook["clientConfig"]["caBundle"] = bundle.clone();
        }
    }
    json!({
        "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
        "webhooks": webhooks,
    })
}

/// What the API server trusts, in base64; `None` where webhooks differ in it.
pub(super) fn bundle(found: &Value) -> Option<&str> {
    let mut bundles = found["webhooks"]
        .as_array()?
        .iter()
        .map(|webhook| webhook["clientConfig"]["caBundle"].as_str());
    let first = bundles.next()??;
    bundles.all(|bundle| bundle == Some(first)).then_some(first)
}

/// The order of webhooks means nothing.
fn by_name(webhooks: &Value) -> Value {
    let mut list = webhooks.as_array().cloned().unwrap_or_default();
    list.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    list.into()
}

fn without_bundles(mut webhooks: Value) -> Value {
    for webhook in webhooks.as_array_mut().into_iter().flatten() {
        if let Some(client) = webhook["clientConfig"].as_object_mut() {
            client.remove("caBundle");
        }
    }
    webhooks
}

/// The bundle is left out: the authority is the same for all, and goes its own way.
fn digest(webhooks: &Value) -> String {
    let mut text = String::new();
    write(&without_bundles(by_name(webhooks)), &mut text);
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a value with the keys of objects in order.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in fields {
                text.push_str(&format!("{key:?}:"));
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Value {
        let mut object = json!({
            "metadata": {"name": "ajj", "labels": {"a": "b"}},
            "webhooks": [
                {"name": "one", "clientConfig": {"url": "u", "caBundle": "Yg=="}, "rules": [1]},
                {"name": "two", "clientConfig": {"url": "v", "caBundle": "Yg=="}},
            ],
        });
        sign(&mut object);
        object
    }

    fn found(change: impl Fn(&mut Value)) -> Standing {
        let mut object = wanted();
        change(&mut object);
        compare(Some(&object), &wanted(), false)
    }

    #[test]
    fn what_strangers_change_is_told_from_what_peers_hold_for_right() {
        assert_eq!(compare(None, &wanted(), false), Standing::Missing);
        assert_eq!(found(|_| {}), Standing::Same);
        assert_eq!(found(|object| object["metadata"]["labels"]["c"] = "d".into()), Standing::Same);
        assert_eq!(
            found(|object| object["webhooks"].as_array_mut().unwrap().reverse()),
            Standing::Same
        );
        for change in [
            (|object: &mut Value| object["webhooks"][0]["rules"] = json!([])) as fn(&mut Value),
            |object| object["webhooks"][0]["failurePolicy"] = "Ignore".into(),
            |object| object["webhooks"][0]["matchConditions"] = json!([{"name": "x"}]),
            |object| object["webhooks"] = json!([]),
            |object| drop(object["webhooks"].as_array_mut().unwrap().pop()),
            |object| object["webhooks"].as_array_mut().unwrap().push(json!({"name": "x"})),
            |object| object["metadata"]["annotations"] = json!({}),
        ] {
            assert_eq!(found(change), Standing::Changed);
        }
        assert_eq!(
            found(|object| {
                object["webhooks"][0]["rules"] = json!([2]);
                sign(object);
            }),
            Standing::OfPeer
        );
        // Another authority is for the Secret to tell, and a label for nobody.
        assert_eq!(
            found(|object| object["webhooks"][0]["clientConfig"]["caBundle"] = "eA==".into()),
            Standing::OfPeer
        );
        assert_eq!(found(|object| object["metadata"]["labels"] = json!({})), Standing::OfPeer);
    }

    #[test]
    fn who_owns_it_is_held_and_other_owners_are_nobodys_business() {
        let owned = |uids: &[&str]| {
            let mut object = wanted();
            let owners: Vec<Value> = uids.iter().map(|uid| json!({"uid": uid})).collect();
            object["metadata"]["ownerReferences"] = owners.into();
            object
        };
        for (found, wanted, standing) in [
            (owned(&["a", "b"]), owned(&["a"]), Standing::Same),
            (owned(&["a"]), wanted(), Standing::Same),
            (wanted(), owned(&["a"]), Standing::OfPeer),
            (owned(&["b"]), owned(&["a"]), Standing::OfPeer),
        ] {
            assert_eq!(compare(Some(&found), &wanted, false), standing, "{found} {wanted}");
        }
    }

    #[test]
    fn injected_bundles_are_left_alone() {
        let mut ours = wanted();
        ours["webhooks"] = without_bundles(ours["webhooks"].clone());
        let mut theirs = wanted();
        assert_eq!(compare(Some(&theirs), &ours, true), Standing::Same);
        assert_eq!(compare(Some(&theirs), &ours, false), Standing::OfPeer);
        theirs["metadata"]["resourceVersion"] = "5".into();
        let patch = replacement(&theirs, &ours, true);
        assert_eq!(patch["webhooks"], wanted()["webhooks"]);
        assert_eq!(patch["metadata"], json!({"resourceVersion": "5"}));
        assert_eq!(replacement(&theirs, &ours, false)["webhooks"], ours["webhooks"]);
    }

    #[test]
    fn a_bundle_counts_only_if_every_webhook_has_it() {
        assert_eq!(bundle(&wanted()), Some("Yg=="));
        let mut object = wanted();
        object["webhooks"][1]["clientConfig"]["caBundle"] = "eA==".into();
        assert_eq!(bundle(&object), None);
        object["webhooks"] = json!([]);
        assert_eq!(bundle(&object), None);
    }
}
