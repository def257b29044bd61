//! Whether violations over real manifests stand where they belong.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ajj_engine::pointer_steps;
use serde_json::Value;

use crate::golden::{Golden, files, list, read, text};
use crate::ledger::{Failure, Ledger};
use crate::locate::{Text, check_itself};

/// The share of violations whose place must be right.
const WANTED: f64 = 0.99;

pub(crate) fn places(golden: &Golden, ledger: &mut Ledger) {
    check_itself();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let library = golden.corpus("kyverno/policies");
    let manifests = golden.golden("kyverno-apply/manifests");
    let corpus = golden.corpus("manifests");
    let mut right = 0;
    let mut wrong = BTreeMap::new();
    for (policies, folder) in
        [(own.join("pod-security"), &corpus), (library.join("best-practices"), &manifests)]
    {
        for report in reports(&policies, folder) {
            compare(&report, &mut right, &mut wrong);
        }
    }
    let total = right + wrong.len();
    ledger.note(format!("{right} of {total} violations at the right place"));
    let share = right as f64 / total.max(1) as f64;
    let first: Vec<String> =
        wrong.iter().take(20).map(|(place, what)| format!("{place}: {what}")).collect();
    let result = match share >= WANTED && total > 1000 {
        true => Ok(()),
        false => Err(Failure::new("violations at a wrong place", first.join("\n"))),
    };
    if std::env::var_os("AJJ_ALL").is_some() {
        println!("{}", first.join("\n"));
    }
    ledger.enter("violations over the corpora", result);
}

/// The reports on all manifests of a folder, some files at a time.
fn reports(policies: &Path, folder: &Path) -> Vec<Value> {
    let mut manifests = files(folder, ".yaml");
    manifests.extend(files(folder, ".yml"));
    let mut reports = Vec::new();
    for some in manifests.chunks(100) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ajj"));
        command.args(["policy", "validate", "-o", "json", "-p"]).arg(policies).args(some);
        let output = command.output().unwrap();
        let report = serde_json::from_slice(&output.stdout);
        reports.push(report.unwrap_or_else(|error| {
            panic!("no report: {error}\n{}", String::from_utf8_lossy(&output.stderr))
        }));
    }
    reports
}

fn compare(report: &Value, right: &mut usize, wrong: &mut BTreeMap<String, String>) {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for decision in list(report, "decisions") {
        let source = &decision["object"]["source"];
        let file = text(source, "file");
        let line = source["line"].as_u64().unwrap() as usize;
        let content = texts.entry(file.to_owned()).or_insert_with(|| read(Path::new(file)));
        // An item of a List has its pointer from the item on, which this finder cannot know.
        if source["column"] != 1 {
            continue;
        }
        let document = Text::new(content, line);
        for result in list(decision, "results") {
            for violation in list(result, "violations") {
                let span = &violation["span"];
                let ours = (
                    span["line"].as_u64().unwrap() as usize,
                    span["column"].as_u64().unwrap() as usize,
                );
                let steps = pointer_steps(text(violation, "path")).unwrap();
                match document.place(&steps) {
                    Some(place) if place == ours => *right += 1,
                    place => {
                        let path = text(violation, "path");
                        let where_ = format!("{file}:{}:{} {path}", ours.0, ours.1);
                        wrong.insert(where_, format!("expected at {place:?}"));
                    }
                }
            }
        }
    }
}
