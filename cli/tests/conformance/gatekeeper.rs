//! Gatekeeper's library: its suites, and exactly what its constraints answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ajj_engine::report::ObjectIdentity;
use ajj_engine::suite::reviewed;
use ajj_engine::{
    Document, Evaluation, FactError, FactKey, Facts, Outcome, PolicySet, Request, Tree,
    compile_policies, inventory,
};
use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::Value;

use crate::golden::{Golden, files, list, read, text};
use crate::ledger::{Failure, Ledger};
use crate::reach::documents;

const LIBRARY: &str = "open-policy-agent/gatekeeper-library";

/// Message and details of a violation.
type Said = (String, Value);

/// Every row of every suite passes, as it does upstream.
pub(crate) fn suites(golden: &Golden, ledger: &mut Ledger) {
    let root = golden.corpus(LIBRARY);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ajj"));
    command.current_dir(&root).args(["policy", "test", "-o", "json", "library"]);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("no report: {error}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    for suite in list(&report, "suites") {
        for row in list(suite, "rows") {
            let part = |key| text(row, key);
            let case = format!("{} {} {}", text(suite, "path"), part("rule"), part("resource"));
            let result = match part("outcome") {
                "passed" => Ok(()),
                outcome => {
                    let what = format!(
                        "expected {}, actual {}: {outcome}",
                        part("expected"),
                        part("actual")
                    );
                    Err(Failure::new(what, part("message")))
                }
            };
            ledger.enter(case, result);
        }
        for found in list(suite, "diagnostics") {
            let case = format!("{} {}", text(suite, "path"), text(found, "code"));
            ledger.enter(case, Err(Failure::new("a diagnostic", text(found, "message"))));
        }
    }
}

/// What Gatekeeper answers to each case of the library: messages and details.
pub(crate) fn violations(golden: &Golden, ledger: &mut Ledger) {
    let root = golden.corpus(LIBRARY);
    let mut suites: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in golden.json_lines("gatekeeper-violations.jsonl") {
        suites.entry(text(&row, "suite").to_owned()).or_default().push(row);
    }
    for (suite, rows) in &suites {
        let path = root.join(suite);
        let folder = path.parent().unwrap();
        let document = documents(&path, suite).remove(0);
        for row in rows {
            let (case, object) = (text(row, "case"), text(row, "object"));
            let wanted: Vec<Said> = list(row, "violations")
                .iter()
                .map(|one| (text(one, "msg").to_owned(), one["details"].clone()))
                .collect();
            // Tests of one suite may have cases of one name: one of them is meant.
            let mut result = Err(Failure::new("the suite has no such case", ""));
            for ours in cases_of(&document, case, object, folder) {
                result = ours.and_then(|ours| compare(&ours, &wanted));
                if result.is_ok() {
                    break;
                }
            }
            ledger.enter(format!("{suite} {case}"), result);
        }
    }
}

/// What ours answers to each case of a name that a suite holds.
fn cases_of(
    suite: &Document,
    name: &str,
    object: &str,
    folder: &Path,
) -> Vec<Result<Vec<Said>, Failure>> {
    let suite: Value = serde_json::from_str(&suite.tree().root().to_json()).unwrap();
    let tests = list(&suite, "tests").iter();
    let cases = tests.flat_map(|test| list(test, "cases").iter().map(move |case| (test, case)));
    let named =
        cases.filter(|(_, case)| text(case, "name") == name && text(case, "object") == object);
    named.map(|(test, case)| answer_case(test, case, folder)).collect()
}

fn answer_case(test: &Value, case: &Value, folder: &Path) -> Result<Vec<Said>, Failure> {
    let object = text(case, "object");
    let template = folder.join(text(test, "template"));
    let policies = policies(&template, &folder.join(text(test, "constraint")))?;
    let mut objects = Vec::new();
    for path in list(case, "inventory") {
        let path = folder.join(path.as_str().unwrap());
        objects.extend(documents(&path, "inventory").iter().map(|found| Arc::clone(found.tree())));
    }
    let document = documents(&folder.join(object), object).remove(0);
    let request = reviewed(&document, Timestamp::UNIX_EPOCH)
        .map_err(|found| Failure::new("the object cannot be reviewed", format!("{found:?}")))?;
    let inventory = inventory(objects.iter().map(|object| &**object));
    answer(&policies, &request, &inventory)
}

fn policies(template: &Path, constraint: &Path) -> Result<PolicySet, Failure> {
    let mut both = documents(template, "template.yaml");
    both.extend(documents(constraint, "constraint.yaml"));
    let (policies, found) = compile_policies(&both);
    match found.first() {
        None => Ok(policies),
        Some(_) => Err(Failure::new("does not compile", format!("{found:#?}"))),
    }
}

/// The violations of all constraints, sorted; an error is one of its message.
fn answer(
    policies: &PolicySet,
    request: &Request,
    inventory: &Arc<Tree>,
) -> Result<Vec<Said>, Failure> {
    let mut facts = Facts::default();
    let decision = loop {
        match policies.evaluate(request, &facts) {
            Evaluation::Decided(decision) => break decision,
            Evaluation::Needs(keys) => {
                for key in keys {
                    let answer = fact(&key, inventory);
                    facts.insert(key, answer);
                }
            }
        }
    };
    let mut said = Vec::new();
    for result in decision.results {
        if result.outcome == Outcome::Error {
            return Err(Failure::new("an error", result.message.to_string()));
        }
        for violation in result.violations {
            let details = violation
                .details
                .map_or(Value::Null, |details| serde_json::from_str(details.as_json()).unwrap());
            said.push((violation.message, details));
        }
    }
    Ok(said)
}

fn fact(key: &FactKey, inventory: &Arc<Tree>) -> Result<Arc<Tree>, FactError> {
    let FactKey::Api { path, .. } = key else { return Ok(Arc::clone(inventory)) };
    let name = path.strip_prefix("/api/v1/namespaces/").unwrap();
    let namespace = inventory.root().at(&["cluster", "v1", "Namespace", name]);
    namespace.map(|namespace| Arc::new(namespace.to_tree())).ok_or(FactError::NotFound)
}

fn compare(ours: &[Said], wanted: &[Said]) -> Result<(), Failure> {
    let sorted = |said: &[Said]| {
        let mut lines: Vec<_> =
            said.iter().map(|(message, details)| format!("{message} {details}")).collect();
        lines.sort();
        lines
    };
    let (ours, wanted) = (sorted(ours), sorted(wanted));
    if ours == wanted {
        return Ok(());
    }
    let what = match ours.len() == wanted.len() {
        true => "other messages or details".to_owned(),
        false => format!("upstream {} violations, ours {}", wanted.len(), ours.len()),
    };
    let detail = format!("upstream:\n{}\nours:\n{}", wanted.join("\n"), ours.join("\n"));
    Err(Failure::new(what, detail))
}

/// What `gator test` answers to templates with their sample constraints on many objects.
pub(crate) fn test(golden: &Golden, ledger: &mut Ledger) {
    let root = golden.corpus(LIBRARY);
    let mut objects: Vec<Document> = Vec::new();
    for file in files(&golden.golden("kyverno-apply/manifests"), ".yaml") {
        objects.extend(documents(&file, file.to_str().unwrap()));
    }
    let inventory = inventory(objects.iter().map(|document| &**document.tree()));
    // The template, the constraint and the object: what it has against it.
    let mut wanted: BTreeMap<(String, String), BTreeMap<ObjectIdentity, Vec<Said>>> =
        BTreeMap::new();
    for row in golden.json_lines("gatekeeper-test.jsonl.gz") {
        let object = &row["object"];
        let part = |key| text(object, key).to_owned();
        let identity = ObjectIdentity {
            api_version: part("apiVersion"),
            kind: part("kind"),
            namespace: part("namespace"),
            name: part("name"),
        };
        let key = (text(&row, "template").to_owned(), text(&row, "constraint").to_owned());
        let said = (text(&row, "message").to_owned(), row["details"].clone());
        wanted.entry(key).or_default().entry(identity).or_default().push(said);
    }
    let mut runs = golden.json_lines("gatekeeper-test-runs.jsonl");
    let all = runs.len();
    // gator answers by CEL where a template has both; this build by Rego.
    runs.retain(|run| {
        let template = read(&root.join(text(run, "template")));
        !template.contains("K8sNativeValidation")
    });
    (runs.len()..all).for_each(|_| ledger.out_of_reach("templates that gator evaluates as CEL"));
    let compared: Vec<_> = runs
        .par_iter()
        .flat_map(|run| {
            let key = (text(run, "template").to_owned(), text(run, "constraint").to_owned());
            let of_run = wanted.get(&key).cloned().unwrap_or_default();
            let name = &key.1;
            let policies = match policies(&root.join(&key.0), &root.join(name)) {
                Ok(policies) => policies,
                Err(failure) => return vec![(name.clone(), Err(failure))],
            };
            let mut results = Vec::new();
            let mut met = BTreeSet::new();
            for object in &objects {
                let request = reviewed(object, Timestamp::UNIX_EPOCH).unwrap();
                let identity = ObjectIdentity::of_object(object.tree().root());
                let nothing = Vec::new();
                let wanted = of_run.get(&identity).unwrap_or(&nothing);
                met.insert(identity.clone());
                let result =
                    answer(&policies, &request, &inventory).and_then(|ours| compare(&ours, wanted));
                if result.is_err() || !wanted.is_empty() {
                    results.push((format!("{name} {identity}"), result));
                }
            }
            for identity in of_run.keys().filter(|identity| !met.contains(identity)) {
                let failure = Failure::new("there is no such object", "");
                results.push((format!("{name} {identity}"), Err(failure)));
            }
            results
        })
        .collect();
    for (case, result) in compared {
        ledger.enter(case, result);
    }
    ledger.note(format!("{} constraints on {} objects", runs.len(), objects.len()));
}
