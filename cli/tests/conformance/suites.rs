//! The suites of Kyverno's own library: the rows of `kyverno test`, and ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::golden::{Golden, list, text};
use crate::ledger::{Failure, Ledger};
use crate::reach::{Reach, documents};

/// One recorded row: whether it passed, and what is special about it.
#[derive(Debug)]
struct Recorded {
    passed: bool,
    nothing_answered: bool,
    expects_skip: bool,
    excluded: bool,
}

/// Suite, policy, rule, object, expected result.
type Key = (String, String, String, String, String);

/// With `--compat` each row counts as upstream counted it.
pub(crate) fn compat(golden: &Golden, ledger: &mut Ledger) {
    run(golden, ledger, &["--compat"], |recorded, outcome, _| match (recorded.passed, outcome) {
        (true, "passed") | (false, "failed") => Ok(()),
        (passed, outcome) => {
            let upstream = if passed { "passed" } else { "failed" };
            Err(format!("upstream {upstream}, ours {outcome}"))
        }
    });
}

/// By default, what nothing answered is an error; all else is as upstream says.
pub(crate) fn honest(golden: &Golden, ledger: &mut Ledger) {
    run(golden, ledger, &[], |recorded, outcome, asked_kind| {
        let unanswered = recorded.excluded || asked_kind;
        match (recorded.passed, outcome) {
            (_, "error") if recorded.nothing_answered => Ok(()),
            // A rule that matched and had nothing to look at is a skip here, and no row upstream.
            (_, "passed") if recorded.nothing_answered && recorded.expects_skip => Ok(()),
            (_, outcome) if recorded.nothing_answered => {
                Err(format!("nothing answered, ours {outcome}"))
            }
            (true, "passed") | (false, "failed") => Ok(()),
            (true, "error" | "failed") if unanswered => Ok(()),
            (_, outcome) => Err(format!("upstream passed, ours {outcome}")),
        }
    });
}

fn run(
    golden: &Golden,
    ledger: &mut Ledger,
    flags: &[&str],
    judge: impl Fn(&Recorded, &str, bool) -> Result<(), String>,
) {
    let root = golden.corpus("kyverno/policies");
    let mut recorded: BTreeMap<Key, (Recorded, bool)> = BTreeMap::new();
    let mut suites = BTreeMap::new();
    for row in golden.json_lines("kyverno-cli-rows.jsonl.gz") {
        let suite = text(&row, "suite");
        let reach = suites.entry(suite.to_owned()).or_insert_with(|| reach(&root.join(suite)));
        if !reach.has(text(&row, "policy"), text(&row, "rule")) && !reach.is_whole() {
            ledger.out_of_reach("rows of other rule types");
            continue;
        }
        let part = |key| text(&row, key).to_owned();
        let key = (part("suite"), part("policy"), part("rule"), part("resource"), part("expected"));
        let answer = Recorded {
            passed: text(&row, "result") == "Pass",
            expects_skip: text(&row, "expected") == "skip",
            nothing_answered: row["nothingAnswered"] == true,
            excluded: text(&row, "reason") == "Excluded",
        };
        if row["unstable"] == true {
            ledger.out_of_reach("rows that change from run to run");
            continue;
        }
        recorded.insert(key, (answer, row["kindAsked"].is_string()));
    }
    let asked: BTreeSet<String> = recorded.keys().map(|key| key.0.clone()).collect();
    let ours = rows(&root, asked.iter(), flags);
    for (key, (recorded, asked_kind)) in &recorded {
        let (suite, policy, rule, object, expected) = key;
        let case = format!("{suite} {policy} {rule} {object} {expected}");
        let result = match ours.get(key) {
            Some((outcome, message)) => judge(recorded, outcome, *asked_kind)
                .map_err(|what| Failure::new(what, message.clone())),
            None => Err(Failure::new("ours has no such row", near(&ours, key))),
        };
        ledger.enter(case, result);
    }
}

fn near(ours: &BTreeMap<Key, (String, String)>, key: &Key) -> String {
    let rows = ours
        .iter()
        .filter(|((suite, policy, rule, ..), _)| (suite, policy, rule) == (&key.0, &key.1, &key.2));
    let rows = rows.take(6).map(|((.., object, expected), (outcome, message))| {
        format!("{object} {expected}: {outcome} {message}\n")
    });
    rows.collect()
}

fn reach(suite: &Path) -> Reach {
    let mut reach = Reach::default();
    let folder = suite.parent().unwrap();
    for document in documents(suite, "kyverno-test.yaml") {
        let policies = document.tree().root().get("policies");
        let policies = policies.and_then(|policies| policies.as_list());
        for policy in policies.iter().flat_map(|policies| policies.iter()) {
            let file = folder.join(policy.as_str().unwrap_or_default());
            if file.is_file() {
                reach.add(&documents(&file, "policy.yaml"));
            }
        }
    }
    reach
}

/// Runs `ajj policy test` on suites; the rows by key, with outcome and message.
fn rows<'s>(
    root: &Path,
    suites: impl Iterator<Item = &'s String>,
    flags: &[&str],
) -> BTreeMap<Key, (String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ajj"));
    command.current_dir(root).args(["policy", "test", "-o", "json"]).args(flags).args(suites);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("no report: {error}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    let mut rows = BTreeMap::new();
    for suite in list(&report, "suites") {
        let path = text(suite, "path");
        for row in list(suite, "rows") {
            let part = |key| text(row, key).to_owned();
            let object = crate::rows::object(&row["object"]);
            let message = format!("actual {}: {}", text(row, "actual"), text(row, "message"));
            // Upstream's rows have the name that answered, or the written one where none did.
            for rule in [part("rule"), part("answeredBy")] {
                let (path, object) = (path.to_owned(), object.clone());
                let key = (path, part("policy"), rule, object, part("expected"));
                rows.insert(key, (part("outcome"), message.clone()));
            }
        }
    }
    rows
}
