//! The same verdict in the webhook: every object of `kyverno apply` as an AdmissionReview over TLS,
//! against what the library decides of the same request, byte for byte.

use std::sync::Arc;

use ajj_engine::report::document::Decision;
use ajj_engine::report::{Keep, ObjectReport};
use ajj_engine::{Facts, GroupVersionResource, PolicySet, Request, Severity, Source, compile};
use ajj_facts::Offline;
use serde_json::{Value, json};

use crate::apply::requests;
use crate::golden::{Golden, read, text};
use crate::ledger::{Failure, Ledger};
use crate::served::{Served, eventually, post};

pub(crate) fn webhook(golden: &Golden, ledger: &mut Ledger) {
    let folder = std::env::temp_dir().join(format!("ajj-verdicts-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let policies = policies(golden, &folder);
    let served = Served::start(&folder, &["-p", ".", "--log-decisions", "all"], None);
    let facts = Offline::new(&[], &[]).0;
    let mut connection = served.connect();
    for (number, mut request) in requests(golden).into_iter().enumerate() {
        request.uid = format!("uid-{number}");
        request.resource = resource(&request);
        let case = ajj_engine::report::ObjectIdentity::of(&request).to_string();
        let body = serde_json::to_vec(&review(&request)).unwrap();
        let answer = post(&mut connection, "/validate?timeout=30s", &body).unwrap().json();
        let line = eventually(|| served.decisions.find(&format!("\"uid\":\"{}\"", request.uid)));
        let deciding = ajj_facts::decide(&policies, &request, Facts::default(), &facts);
        let decision = pollster::block_on(deciding);
        let report = ObjectReport::new(&request, decision, Keep::All, |_| None);
        let ours = serde_json::to_string(&Decision::canonical(&report)).unwrap();
        let is_equal = line.ends_with(&format!("\"decision\":{ours}}}"))
            && answer["response"]["allowed"] == json!(report.allowed);
        let failure = || Failure {
            what: "the webhook decides otherwise".to_owned(),
            detail: format!("library: {ours}\nwebhook: {line}\nanswer: {answer}"),
        };
        ledger.enter(case, is_equal.then_some(()).ok_or_else(failure));
    }
    drop(served);
    let _ = std::fs::remove_dir_all(&folder);
}

/// The policies of all runs that compile, as one set; a copy of each lies in `folder`.
fn policies(golden: &Golden, folder: &std::path::Path) -> PolicySet {
    let mut sources = Vec::new();
    for run in golden.json_lines("kyverno-apply/runs.jsonl") {
        let file = golden.corpus(&format!("kyverno/policies/{}", text(&run, "policy")));
        let name = format!("{:03}.yaml", sources.len());
        let source = Source::new(Arc::<str>::from(name.as_str()), read(&file));
        let (policies, diagnostics) = compile(std::slice::from_ref(&source));
        // Without a cluster nobody knows roles, and a webhook that is asked for them does not start.
        if policies.asks_roles() {
            continue;
        }
        if diagnostics.iter().all(|found| found.severity == Severity::Warning) {
            std::fs::write(folder.join(name), &*source.text).unwrap();
            sources.push(source);
        }
    }
    assert!(sources.len() > 200, "{}", sources.len());
    compile(&sources).0
}

/// A resource of that kind; which plural it is makes no difference to rules.
fn resource(request: &Request) -> GroupVersionResource {
    GroupVersionResource {
        group: request.kind.group.clone(),
        version: request.kind.version.clone(),
        resource: format!("{}s", request.kind.kind.to_lowercase()).into(),
    }
}

fn review(request: &Request) -> Value {
    let object = request.object.as_ref().unwrap().root().to_json();
    let object: Value = serde_json::from_str(&object).unwrap();
    let (group, version) = (&*request.kind.group, &*request.kind.version);
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": request.uid, "operation": "CREATE",
        "name": request.name, "namespace": request.namespace,
        "kind": {"group": group, "version": version, "kind": &*request.kind.kind},
        "resource": {"group": group, "version": version, "resource": &*request.resource.resource},
        "object": object, "oldObject": null, "dryRun": false, "options": null}})
}
