//! The library's suites for a cluster (`.chainsaw-test`), replayed as AdmissionReviews: what they
//! apply is created or changed, and admitted or refused as they say.

pub(crate) mod suite;

use std::collections::BTreeMap;
use std::path::Path;

use ajj_engine::report::ObjectIdentity;
use ajj_engine::{Document, Facts, Limits, Selection, Severity, Source, parse_json};
use ajj_facts::Offline;
use ajj_webhook::review::{self, ResourceKinds};
use ajj_webhook::{Detail, Replica, judge};
use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::golden::{Golden, files, text};
use crate::ledger::{Failure, Ledger};
use crate::reach::Reach;
use suite::{Operation, document, is_classic, is_other_policy, merge, operations};

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
    let mut cluster = Cluster::default();
    let mut steps = Vec::new();
    for operation in operations(suite)? {
        match operation {
            Operation::Apply { file, object, denied } => {
                cluster.apply(&file, object, denied, &mut steps)?;
            }
            Operation::Patch(patch) => cluster.patch(&patch)?,
        }
    }
    Ok(steps)
}

impl Cluster {
    fn apply(
        &mut self,
        file: &str,
        object: Value,
        denied: bool,
        steps: &mut Steps,
    ) -> Result<(), &'static str> {
        let kind = text(&object, "kind").to_owned();
        let name = text(&object["metadata"], "name").to_owned();
        let step = format!("{file} {kind} {name}");
        if is_classic(&object) {
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
        if is_other_policy(&object) {
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
        let objects: Vec<Source> = self.objects.values().map(source).collect();
        let facts = Offline::new(&objects, &[]).0;
        let review = parse_json(review(object, old).to_string(), &Limits::default()).unwrap();
        let kinds = ResourceKinds::default();
        let request = review::read(review.root(), &kinds, Timestamp::now()).unwrap();
        let (asked, replica) = (policies.select(Selection::Admission), Replica::new("replay"));
        let judging = judge(asked, &request, Facts::default(), &facts, replica, Detail::Everything);
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

/// The object in the suite's namespace, where it names none and its kind has one.
fn in_namespace(mut object: Value) -> Value {
    let kind =
        ajj_engine::GroupVersionKind::new(text(&object, "apiVersion"), text(&object, "kind"));
    if ajj_engine::manifest::is_namespaced(&kind) && object["metadata"]["namespace"].is_null() {
        object["metadata"]["namespace"] = json!(NAMESPACE);
    }
    object
}

fn source(object: &Value) -> Source {
    Source::new("object.json", object.to_string())
}
