//! The library's suites for a cluster (`.chainsaw-test`), replayed as AdmissionReviews: what they
//! apply is created or changed, and admitted or refused as they say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_engine::report::ObjectIdentity;
use ajj_engine::{Document, Limits, Severity, Source, parse_json, read as read_documents};
use ajj_facts::Offline;
use ajj_webhook::review::{self, ResourceKinds};
use ajj_webhook::{Detail, Replica, judge};
use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::golden::{Golden, files, list, read, text};
use crate::ledger::{Failure, Ledger};
use crate::reach::Reach;

/// The namespace that a suite is run in.
const NAMESPACE: &str = "chainsaw";

pub(crate) fn chainsaw(golden: &Golden, ledger: &mut Ledger) {
    let root = golden.corpus("kyverno/policies");
    let suites = files(&root, "/chainsaw-test.yaml");
    let replayed: Vec<_> = suites
        .par_iter()
        .map(|suite| {
            let name = suite.strip_prefix(&root).unwrap().parent().unwrap();
            (name.display().to_string(), replay(suite))
        })
        .collect();
    for (name, steps) in replayed {
        match steps {
            Err(reason) => ledger.out_of_reach(reason),
            Ok(steps) => {
                for (step, result) in steps {
                    ledger.enter(format!("{name} {step}"), result);
                }
            }
        }
    }
}

type Steps = Vec<(String, Result<(), Failure>)>;

/// What a suite's cluster holds.
#[derive(Default)]
struct Cluster {
    policies: BTreeMap<String, Value>,
    objects: BTreeMap<ObjectIdentity, Value>,
}

/// Runs one suite; an error says why it is not for us.
fn replay(suite: &Path) -> Result<Steps, &'static str> {
    let folder = suite.parent().unwrap();
    let mut cluster = Cluster::default();
    let mut steps = Vec::new();
    for test in values(suite)? {
        let written = list(&test["spec"], "steps").iter();
        for operation in written.flat_map(|step| list(step, "try")) {
            let (word, operation) = operation.as_object().unwrap().iter().next().unwrap();
            match word.as_str() {
                "apply" | "create" => {
                    let denied = is_denied(operation)?;
                    let file = text(operation, "file");
                    for object in values(&lexical(&folder.join(file)))? {
                        cluster.apply(file, object, denied, &mut steps)?;
                    }
                }
                "patch" => cluster.patch(&operation["resource"])?,
                // They wait for a controller.
                "assert" | "sleep" | "wait" | "error" => {}
                "delete" => return Err("suites that delete"),
                _ => return Err("suites with scripts"),
            }
        }
    }
    Ok(steps)
}

/// Whether an operation is expected to be refused.
fn is_denied(operation: &Value) -> Result<bool, &'static str> {
    match list(operation, "expect") {
        [] => Ok(false),
        [one] if *one == json!({"check": {"($error != null)": true}}) => Ok(true),
        _ => Err("suites with other expectations"),
    }
}

impl Cluster {
    fn apply(
        &mut self,
        file: &str,
        object: Value,
        denied: bool,
        steps: &mut Steps,
    ) -> Result<(), &'static str> {
        let (group, kind) = (group(&object), text(&object, "kind").to_owned());
        let name = text(&object["metadata"], "name").to_owned();
        let step = format!("{file} {kind} {name}");
        if group == "kyverno.io" && matches!(&*kind, "ClusterPolicy" | "Policy" | "PolicyException")
        {
            let document = document(&object);
            let mut reach = Reach::default();
            reach.add(std::slice::from_ref(&document));
            if !reach.is_whole() {
                return Err("suites with rules of other types");
            }
            if object.to_string().contains("\"imageRegistry\":") {
                return Err("suites that need a registry");
            }
            let (_, diagnostics) = ajj_engine::compile_policies(&[document]);
            let is_broken = diagnostics.iter().any(|found| found.severity == Severity::Error);
            steps.push((step, holds(denied, is_broken, || format!("{diagnostics:#?}"))));
            self.policies.insert(format!("{kind}/{name}"), object);
            return Ok(());
        }
        if group.ends_with("kyverno.io") || kind.contains("AdmissionPolicy") {
            return Err("suites with policies of other kinds");
        }
        let object = in_namespace(object);
        let identity = ObjectIdentity::of_object(document(&object).tree().root());
        let old = self.objects.get(&identity).cloned();
        // What is there already is patched with what is applied.
        let object = old.clone().map_or(object.clone(), |mut merged| {
            merge(&mut merged, &object);
            merged
        });
        let (is_denied, answer) = self.judge(&object, old.as_ref());
        steps.push((step, holds(denied, is_denied, || answer)));
        if !is_denied {
            self.objects.insert(identity, object);
        }
        Ok(())
    }

    fn judge(&self, object: &Value, old: Option<&Value>) -> (bool, String) {
        let documents: Vec<Document> = self.policies.values().map(document).collect();
        let (policies, _) = ajj_engine::compile_policies(&documents);
        let objects: Vec<Source> = self.objects.values().map(|object| source(object)).collect();
        let facts = Offline::new(&objects, &[]).0;
        let review = parse_json(review(object, old).to_string(), &Limits::default()).unwrap();
        let kinds = ResourceKinds::default();
        let request = review::read(review.root(), &kinds, Timestamp::now()).unwrap();
        let judging =
            judge(&policies, &request, &facts, Replica::new("replay"), Detail::Everything);
        let judged = pollster::block_on(judging);
        (judged.answer.denial.is_some(), format!("{:#?}", judged.answer))
    }

    fn patch(&mut self, patch: &Value) -> Result<(), &'static str> {
        let key = format!("{}/{}", text(patch, "kind"), text(&patch["metadata"], "name"));
        let policy = self.policies.get_mut(&key).ok_or("suites that patch what is not ours")?;
        merge(policy, patch);
        Ok(())
    }
}

fn holds(expected: bool, found: bool, detail: impl FnOnce() -> String) -> Result<(), Failure> {
    if expected == found {
        return Ok(());
    }
    let word = |denied| if denied { "refused" } else { "admitted" };
    let what = format!("expected to be {}, was {}", word(expected), word(found));
    Err(Failure { what, detail: detail() })
}

fn review(object: &Value, old: Option<&Value>) -> Value {
    let api_version = text(object, "apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = text(object, "kind");
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u1", "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
        "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": format!("{}s", kind.to_lowercase())},
        "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]},
        "object": object, "oldObject": old, "dryRun": false, "options": null}})
}

/// A merge patch (RFC 7386).
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

/// The object in the suite's namespace, where it names none and its kind has one.
fn in_namespace(mut object: Value) -> Value {
    let kind =
        ajj_engine::GroupVersionKind::new(text(&object, "apiVersion"), text(&object, "kind"));
    if ajj_engine::manifest::is_namespaced(&kind) && object["metadata"]["namespace"].is_null() {
        object["metadata"]["namespace"] = json!(NAMESPACE);
    }
    object
}

fn group(object: &Value) -> String {
    let api_version = text(object, "apiVersion");
    api_version.split_once('/').map_or("", |(group, _)| group).to_owned()
}

fn source(object: &Value) -> Source {
    Source::new("object.json", object.to_string())
}

fn document(object: &Value) -> Document {
    read_documents(&source(object), &Limits::default()).documents.remove(0)
}

/// The documents of a file, lists taken apart.
fn values(file: &Path) -> Result<Vec<Value>, &'static str> {
    if !file.is_file() {
        return Err("suites whose files are not here");
    }
    let name: Arc<str> = file.display().to_string().into();
    let reading = read_documents(&Source::new(name, read(file)), &Limits::default());
    let value = |document: &Document| -> Value {
        serde_json::from_str(&document.tree().root().to_json()).unwrap()
    };
    let mut values = Vec::new();
    for value in reading.documents.iter().map(value) {
        match text(&value, "kind") {
            "List" => values.extend(list(&value, "items").iter().cloned()),
            _ => values.push(value),
        }
    }
    Ok(values)
}

/// The path without `..`: folders on the way need not be there.
fn lexical(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}
