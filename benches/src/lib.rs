//! What the benches measure with: our own policies, and a few objects.

pub mod hostile;
pub mod reviews;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_engine::{Limits, PolicySet, ReadError, Request, Source, Tree, compile, parse_yaml};
use ajj_webhook::review::{ResourceKinds, ReviewError};
use jiff::Timestamp;

/// An ordinary Pod: two containers, probes, resources, a few volumes.
pub const POD: &str = include_str!("pod.yaml");

/// The same as a Deployment.
pub const DEPLOYMENT: &str = include_str!("deployment.yaml");

/// What an API server sends when that Deployment is applied: one line of 8.8 KB.
pub const REVIEW: &str = include_str!("review.json");

/// Policies of `policies/` that other sets of 17 do not have; left out of the comparison with them.
const BEYOND_SEVENTEEN: &[&str] = &["baseline/host-probes", "restricted/proc-mount"];

/// The texts of 17 Pod Security policies.
pub fn pod_security() -> std::io::Result<Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/pod-security");
    let mut files: Vec<PathBuf> = Vec::new();
    for level in ["baseline", "restricted"] {
        for folder in std::fs::read_dir(root.join(level))? {
            files.push(folder?.path());
        }
    }
    files.retain(|file| !BEYOND_SEVENTEEN.iter().any(|name| file.ends_with(name)));
    files.sort();
    files
        .into_iter()
        .map(|folder| {
            let file = folder.join("policy.yaml");
            let text = std::fs::read_to_string(&file)?;
            Ok(Source::new(Arc::<str>::from(file.to_string_lossy()), text))
        })
        .collect()
}

/// The request that creating an object would cause.
pub fn request(object: &str) -> Result<Request, ReadError> {
    let object = parse_yaml(object, &Limits::default())?;
    Ok(Request::create(Arc::new(object), Timestamp::UNIX_EPOCH))
}

/// The request that stands in an AdmissionReview, as the webhook reads it.
pub fn admission(review: &Tree) -> Result<Request, ReviewError> {
    ajj_webhook::review::read(review.root(), &ResourceKinds::default(), Timestamp::UNIX_EPOCH)
}

/// `count` policies, of which the first `matching` are about Pods and the others about kinds of
/// their own.
pub fn many(count: usize, matching: usize) -> PolicySet {
    let policies = (0..count).map(|number| {
        let kind = if number < matching { "Pod".to_owned() } else { format!("Kind{number}") };
        let text = format!(
            r#"{{"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy",
                "metadata": {{"name": "p{number}"}}, "spec": {{"rules": [{{
                    "name": "check", "match": {{"any": [{{"resources": {{"kinds": ["{kind}"]}}}}]}},
                    "validate": {{"message": "no host network",
                        "pattern": {{"spec": {{"=(hostNetwork)": false}}}}}}}}]}}}}"#
        );
        Source::new(format!("p{number}.json"), text)
    });
    compile(&policies.collect::<Vec<_>>()).0
}
