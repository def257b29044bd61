//! Kubernetes' own fixtures of the Pod Security Standards, through podSecurity rules.

use std::sync::Arc;

use ajj_engine::pod_security::{Level, Version, evaluate};
use ajj_engine::{Facts, Limits, Outcome, PolicySet, Request, Source, compile, parse_yaml};
use jiff::Timestamp;

use crate::golden::{Golden, files, read};
use crate::ledger::{Failure, Ledger};

pub(crate) fn fixtures(golden: &Golden, ledger: &mut Ledger) {
    let root = golden.corpus("kubernetes/pod-security-admission/test/testdata");
    for level in ["baseline", "restricted"] {
        let mut versions: Vec<_> = std::fs::read_dir(root.join(level))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
            .collect();
        versions.sort();
        for version in versions {
            let policies = rule(level, &version);
            for file in files(&root.join(level).join(&version), ".yaml") {
                let wanted = match file.parent().unwrap().ends_with("pass") {
                    true => Outcome::Pass,
                    false => Outcome::Fail,
                };
                let case = file.strip_prefix(&root).unwrap().to_str().unwrap();
                ledger.enter(case, fixture(&read(&file), level, &version, &policies, wanted));
            }
        }
    }
}

fn rule(level: &str, version: &str) -> Option<PolicySet> {
    let policy = format!(
        r#"{{"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {{"name": "p"}},
            "spec": {{"rules": [{{"name": "r",
                "match": {{"any": [{{"resources": {{"kinds": ["Pod"]}}}}]}},
                "validate": {{"podSecurity": {{"level": "{level}", "version": "{version}"}}}}}}]}}}}"#
    );
    let (policies, diagnostics) = compile(&[Source::new("policy.json", policy)]);
    // A policy can name only the versions that upstream's schema has; for the others the checks
    // themselves are asked.
    (diagnostics.is_empty() && policies.broken() == 0).then_some(policies)
}

fn fixture(
    text: &str,
    level: &str,
    version: &str,
    policies: &Option<PolicySet>,
    wanted: Outcome,
) -> Result<(), Failure> {
    let pod = Arc::new(parse_yaml(text, &Limits::default()).unwrap());
    let (outcome, message) = match policies {
        Some(policies) => {
            let request = Request::create(pod, Timestamp::UNIX_EPOCH);
            let decision = policies.conclude(&request, &Facts::default());
            let result = decision.results.into_iter().find(|result| &*result.name == "r");
            result.map_or((Outcome::Error, "no answer".to_owned()), |result| {
                (result.outcome, result.message.to_string())
            })
        }
        None => {
            let (level, version) = (Level::parse(level).unwrap(), Version::parse(version).unwrap());
            let forbidden = evaluate(level, version, pod.root()).unwrap();
            let outcome = if forbidden.is_empty() { Outcome::Pass } else { Outcome::Fail };
            (outcome, format!("{forbidden:?}"))
        }
    };
    if outcome == wanted {
        return Ok(());
    }
    let what = format!("upstream {}, ours {}", wanted.as_str(), outcome.as_str());
    Err(Failure::new(what, message))
}
