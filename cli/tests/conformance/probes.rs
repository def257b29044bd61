//! Small policies that each probe one corner: the whole command against upstream's whole answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::golden::{Golden, list, read, text};
use crate::ledger::{Failure, Ledger};
use crate::reach::{Reach, documents};
use crate::rows::{Answer, Expected, Key, Message, compare, grouped, object};

pub(crate) fn probes(golden: &Golden, ledger: &mut Ledger) {
    let mut folders: Vec<_> = std::fs::read_dir(golden.golden("kyverno-probes"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let policy = read(&folder.join("policy.yaml"));
        if policy.contains("policies.kyverno.io/v1") || policy.contains("cel:") {
            ledger.out_of_reach("CEL");
            continue;
        }
        ledger.enter(name, probe(&folder, &policy));
    }
}

/// Our own cases, by name.
pub(crate) fn own() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/kyverno");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    folders.map(|entry| (entry.file_name().into_string().unwrap(), entry.path())).collect()
}

/// Whether one of our own cases holds; these know no lists of what differs.
pub(crate) fn hold(folder: &Path) -> Result<(), String> {
    probe(folder, &read(&folder.join("policy.yaml")))
        .map_err(|failure| format!("{}\n{}", failure.what, failure.detail))
}

/// Runs one folder and compares all rows of it.
fn probe(folder: &Path, policy: &str) -> Result<(), Failure> {
    let answer: Value = serde_json::from_str(&read(&folder.join("answer.json"))).unwrap();
    let mut reach = Reach::default();
    reach.add(&documents(&folder.join("policy.yaml"), "policy.yaml"));
    let is_suite = folder.join(SUITE).exists();
    let report = if is_suite { test(folder)? } else { validate(folder)? };
    let audit_warns = text(&answer, "command").contains("--audit-warn");
    let unscored = policy.contains("scored: \"false\"");
    let ours = grouped(match is_suite {
        true => suite_answers(&report),
        false => answers(&report, audit_warns, unscored),
    });
    let expected = grouped(list(&answer, "results").iter().map(|row| {
        let key = Key {
            policy: text(row, "policy").to_owned(),
            rule: text(row, "rule").to_owned(),
            object: object(&row["object"]),
        };
        (key, Expected { result: text(row, "result").to_owned(), message: Message::of(row) })
    }));
    let keys: BTreeSet<&Key> = ours.keys().chain(expected.keys()).collect();
    let mut failures: Vec<(String, Failure)> = Vec::new();
    for key in keys {
        let ours = ours.get(key).map_or(&[][..], Vec::as_slice);
        let expected = expected.get(key).map_or(&[][..], Vec::as_slice);
        let foreign = ours.is_empty() && !reach.has(&key.policy, &key.rule);
        if let (Err(failure), false) = (compare(ours, expected), foreign) {
            let (kind, name) = names(&key.object);
            failures.push((format!("{} {kind}/{name}: {}", key.rule, failure.what), failure));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = failures.iter().map(|(what, _)| what.as_str()).collect();
    let details = failures.iter().map(|(what, failure)| format!("{what}\n{}", failure.detail));
    let details: Vec<String> = details.chain(diagnostics(&report)).collect();
    Err(Failure::new(what.join("; "), details.join("\n")))
}

fn names(object: &str) -> (&str, &str) {
    let mut parts = object.rsplit('/');
    let name = parts.next().unwrap_or_default();
    (parts.nth(1).unwrap_or_default(), name)
}

fn diagnostics(report: &Value) -> impl Iterator<Item = String> {
    list(report, "diagnostics")
        .iter()
        .map(|diagnostic| format!("{} {}", text(diagnostic, "code"), text(diagnostic, "message")))
}

/// Runs `ajj policy validate` in a folder of the upstream layout.
fn validate(folder: &Path) -> Result<Value, Failure> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ajj"));
    command.current_dir(folder).args(["policy", "validate", "resources.yaml", "-o", "json"]);
    command.args(["-p", "policy.yaml"]);
    for (file, flag) in
        [("exception.yaml", "-p"), ("values.yaml", "--values"), ("userinfo.yaml", "--user-info")]
    {
        if folder.join(file).exists() {
            command.args([flag, file]);
        }
    }
    report(&mut command)
}

/// The suite of a folder that has one: its rows are compared, not those of the policy alone.
const SUITE: &str = "kyverno-test.yaml";

/// Runs `ajj policy test` on the suite of a folder.
fn test(folder: &Path) -> Result<Value, Failure> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ajj"));
    command.current_dir(folder).args(["policy", "test", "--compat", SUITE, "-o", "json"]);
    report(&mut command)
}

fn report(command: &mut Command) -> Result<Value, Failure> {
    let output = command.output().unwrap();
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        Failure::new("no report", format!("{error}\n{stderr}"))
    })
}

/// What the rules of a suite answered, whatever it expects of them.
fn suite_answers(report: &Value) -> Vec<(Key, Answer)> {
    let rows = list(report, "suites").iter().flat_map(|suite| list(suite, "rows"));
    let answers = rows.map(|row| {
        let key = Key {
            policy: text(row, "policy").to_owned(),
            rule: text(row, "answeredBy").to_owned(),
            object: object(&row["object"]),
        };
        let (result, message) = (text(row, "actual").to_owned(), text(row, "message").to_owned());
        (key, Answer { result, message })
    });
    answers.collect()
}

/// The rows of our report, in upstream's words.
fn answers(report: &Value, audit_warns: bool, unscored: bool) -> Vec<(Key, Answer)> {
    let mut rows = Vec::new();
    for decision in list(report, "decisions") {
        let results = list(decision, "results");
        // --audit-warn looks at a policy as a whole: one rule that enforces keeps all from warning.
        let enforces = |policy: &str| {
            let of_policy = results.iter().filter(|result| text(result, "policy") == policy);
            of_policy.into_iter().any(|result| text(result, "action") == "deny")
        };
        for result in results {
            let key = Key {
                policy: text(result, "policy").to_owned(),
                rule: text(result, "rule").to_owned(),
                object: object(&decision["object"]),
            };
            let audited = audit_warns && !enforces(text(result, "policy"));
            let result_word = match text(result, "outcome") {
                "fail" if audited || unscored => "warn",
                outcome => outcome,
            };
            let message = text(result, "message").to_owned();
            rows.push((key, Answer { result: result_word.to_owned(), message }));
        }
    }
    rows
}
