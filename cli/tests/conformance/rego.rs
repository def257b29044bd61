//! Rego: recorded probes, and OPA's own conformance cases where they are at hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_engine::rego::{Query, QueryError};
use ajj_engine::{Limits, Source, Tree, parse_json, read};
use jiff::Timestamp;
use serde_json::Value;

use crate::golden::{Golden, files, list, text};
use crate::ledger::{Failure, Ledger};

/// Beyond what any case needs.
const STEPS: u64 = 20_000_000;
const BYTES: usize = 512 << 20;

fn tree(value: &Value) -> Arc<Tree> {
    Arc::new(parse_json(value.to_string(), &Limits::default()).unwrap())
}

fn query(modules: Vec<Arc<str>>, is_v0: bool) -> Query {
    Query { modules, is_v0, steps: STEPS, bytes: BYTES, ..Query::default() }
}

/// Small programs with the answers of OPA.
pub(crate) fn probes(golden: &Golden, ledger: &mut Ledger) {
    for probe in golden.json_lines("rego-probes.jsonl") {
        let query = Query {
            text: format!("x = {}", text(&probe, "query")),
            answer: "x".to_owned(),
            input: probe.get("input").map(tree),
            data: probe.get("data").filter(|data| !data.is_null()).map(tree),
            ..query(vec![text(&probe, "module").into()], text(&probe, "rego") == "v0")
        };
        let ours = match query.ask() {
            Ok(answers) => answers.first().map_or("undefined".to_owned(), |json| normal(json)),
            Err(QueryError { code, .. }) => format!("error {code}"),
        };
        let upstream = &probe["opa_1_19_0"];
        let wanted = match (upstream.get("value"), upstream["error"].as_str()) {
            (Some(value), _) => normal(&value.to_string()),
            (None, Some(error)) => {
                let word = |word: &&str| word.ends_with("_error");
                let code = error.split([' ', ':']).find(word).unwrap_or_default();
                format!("error {code}")
            }
            (None, None) => "undefined".to_owned(),
        };
        let same = match ours == wanted {
            true => Ok(()),
            false => {
                let what = format!("upstream {wanted}, ours {ours}");
                Err(Failure::new(what, text(&probe, "module")))
            }
        };
        ledger.enter(text(&probe, "name"), same);
    }
}

/// JSON with numbers and keys written in one way.
fn normal(json: &str) -> String {
    parse_json(json, &Limits::default()).unwrap().root().to_json()
}

/// The folder of OPA's own cases (`v1/test/cases/testdata` of its module), if one is named.
fn cases() -> Option<PathBuf> {
    std::env::var_os("OPA_CASES").map(PathBuf::from)
}

/// Whether OPA's own cases are at hand.
pub(crate) fn has_cases() -> bool {
    cases().is_some()
}

/// OPA's own conformance cases, as its evaluator is tested with them.
pub(crate) fn opa(_: &Golden, ledger: &mut Ledger) {
    let Some(folder) = cases() else { return };
    for file in files(&folder, ".yaml") {
        let name = file.strip_prefix(&folder).unwrap().display().to_string();
        let source = Source::new(name.as_str(), std::fs::read_to_string(&file).unwrap());
        for document in read(&source, &Limits::default()).documents {
            let whole: Value = serde_json::from_str(&document.tree().root().to_json()).unwrap();
            for (number, case) in list(&whole, "cases").iter().enumerate() {
                let group = Path::new(&name).parent().unwrap().display();
                let case_name = format!("{group}: {} #{number}", text(case, "note"));
                ledger.enter(case_name, answered(case, name.starts_with("v0")));
            }
        }
    }
}

fn answered(case: &Value, is_v0: bool) -> Result<(), Failure> {
    let modules = list(case, "modules").iter().map(|module| module.as_str().unwrap().into());
    let wanted = list(case, "want_result");
    let names: BTreeSet<&String> =
        wanted.iter().filter_map(Value::as_object).flat_map(|bindings| bindings.keys()).collect();
    let bindings: Vec<_> = names.iter().map(|name| format!("{name:?}: {name}")).collect();
    let asked = text(case, "query");
    let query = Query {
        text: if asked.is_empty() { "true".to_owned() } else { asked.to_owned() },
        answer: format!("{{{}}}", bindings.join(", ")),
        input: case.get("input").map(tree),
        input_term: case.get("input_term").and_then(Value::as_str).map(str::to_owned),
        data: case.get("data").filter(|data| !data.is_null()).map(tree),
        is_strict: case["strict_error"] == true,
        // Some tokens of the cases have expired, others are not valid before a date.
        time: Timestamp::now(),
        ..query(modules.collect(), is_v0)
    };
    let code = text(case, "want_error_code");
    let wants_error = !code.is_empty() || case.get("want_error").is_some();
    let failure = |what: String, detail: String| Err(Failure::new(what, detail));
    match query.ask() {
        Err(error) if wants_error && (code.is_empty() || code == error.code) => Ok(()),
        Err(error) => failure(format!("error {}", error.code), error.message),
        Ok(found) if wants_error => failure(format!("no error {code}"), format!("{found:?}")),
        Ok(found) => {
            let found: Vec<Value> =
                found.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
            let (found, wanted) =
                (sorted(&Value::Array(found)), sorted(&Value::Array(wanted.to_vec())));
            match found == wanted {
                true => Ok(()),
                false => failure("another result".to_owned(), format!("{found}\nwanted {wanted}")),
            }
        }
    }
}

/// Lists in one order, each item once: what was a set is none in JSON.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            items.dedup();
            Value::Array(items)
        }
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Value::Number(number) => number.as_f64().map_or(value.clone(), |float| {
            // `1.0` and `1` are one number.
            serde_json::json!(float)
        }),
        other => other.clone(),
    }
}
