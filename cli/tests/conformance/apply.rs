//! Real policies on real manifests: every row of `kyverno apply`, in process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ajj_engine::manifest::{Content, objects};
use ajj_engine::report::ObjectIdentity;
use ajj_engine::{Facts, Outcome, Request, Tree, compile_policies};
use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::Value;

use crate::golden::{Golden, files, list, text};
use crate::ledger::{Failure, Ledger};
use crate::reach::{Reach, documents};
use crate::rows::{Answer, Expected, Key, Message, compare, grouped, object};

pub(crate) fn apply(golden: &Golden, ledger: &mut Ledger) {
    let requests = requests(golden);
    let mut expected: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in golden.json_lines("kyverno-apply/results.jsonl.gz") {
        expected.entry(text(&row, "policy").to_owned()).or_default().push(row);
    }
    let runs = golden.json_lines("kyverno-apply/runs.jsonl");
    let mut policies: Vec<&str> = Vec::new();
    for run in &runs {
        match text(run, "kind") {
            "ClusterPolicy" | "Policy" => policies.push(text(run, "policy")),
            _ => ledger.out_of_reach("policies of the CEL kinds"),
        }
    }
    let compared: Vec<Compared> = policies
        .par_iter()
        .map(|policy| {
            let rows = expected.get(*policy).map_or(&[][..], Vec::as_slice);
            compare_policy(golden, policy, rows, &requests)
        })
        .collect();
    for compared in compared {
        (0..compared.out_of_reach).for_each(|_| ledger.out_of_reach("rows of other rule types"));
        for (case, result) in compared.cases {
            ledger.enter(case, result);
        }
    }
}

/// What one policy's comparison found.
struct Compared {
    cases: Vec<(String, Result<(), Failure>)>,
    out_of_reach: usize,
}

/// The objects of all runs; one without a namespace is in `default`, as upstream's command has it.
pub(crate) fn requests(golden: &Golden) -> Vec<Request> {
    let mut requests = Vec::new();
    for file in files(&golden.golden("kyverno-apply/manifests"), ".yaml") {
        for document in documents(&file, file.to_str().unwrap()) {
            if let Content::Objects(manifests) = objects(document.tree()) {
                let object = |tree: Arc<Tree>| Request::create(tree, Timestamp::UNIX_EPOCH);
                requests.extend(manifests.into_iter().map(|manifest| object(manifest.object)));
            }
        }
    }
    requests
}

fn compare_policy(golden: &Golden, policy: &str, rows: &[Value], requests: &[Request]) -> Compared {
    let file = golden.corpus(&format!("kyverno/policies/{policy}"));
    let documents = documents(&file, policy);
    let mut reach = Reach::default();
    reach.add(&documents);
    let (policies, _) = compile_policies(&documents);
    let mut ours = Vec::new();
    for request in requests {
        let identity = ObjectIdentity::of(request);
        let decision = policies.conclude(request, &Facts::default());
        for result in decision.results {
            let key = Key {
                policy: result.rule.policy.to_string(),
                rule: result.name.to_string(),
                object: format!(
                    "{}/{}/{}/{}",
                    identity.api_version, identity.kind, identity.namespace, identity.name
                ),
            };
            let outcome = match result.outcome {
                Outcome::Fail if !result.rule.scored => "warn",
                outcome => outcome.as_str(),
            };
            ours.push((
                key,
                Answer { result: outcome.to_owned(), message: result.message.to_string() },
            ));
        }
    }
    let ours = grouped(ours);
    let mut out_of_reach = 0;
    let expected = grouped(rows.iter().filter_map(|row| {
        let key = Key {
            policy: text(row, "policyName").to_owned(),
            rule: text(row, "rule").to_owned(),
            object: object(&row["object"]),
        };
        if !reach.has(&key.policy, &key.rule) {
            out_of_reach += 1;
            return None;
        }
        let mut message = Message::of(row);
        // The reasons of podSecurity come in random order; the row's `properties` mark them.
        if let (Message::Exactly(words), false) =
            (&message, list(row, "properties").is_empty() && row["properties"].is_null())
        {
            message = Message::Unordered(words.clone());
        }
        Some((key, Expected { result: text(row, "result").to_owned(), message }))
    }));
    let keys: BTreeSet<&Key> = ours.keys().chain(expected.keys()).collect();
    let mut cases = Vec::new();
    for key in keys {
        let ours = ours.get(key).map_or(&[][..], Vec::as_slice);
        let expected = expected.get(key).map_or(&[][..], Vec::as_slice);
        // A skip that upstream has no row for is no case of upstream's.
        if expected.is_empty() && ours.iter().all(|answer| answer.result == "skip") {
            continue;
        }
        let case = format!("{policy} {} {}", key.rule, key.object);
        cases.push((case, compare(ours, expected)));
    }
    Compared { cases, out_of_reach }
}
