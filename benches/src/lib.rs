//! What the benches measure with: our own policies, and a few objects.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ajj_engine::{
    GroupVersionKind, Limits, Node, Operation, PolicySet, ReadError, Request, Source, Tree,
    UserInfo, compile, parse_yaml,
};
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

/// The request that stands in an AdmissionReview.
pub fn admission(review: &Tree) -> Request {
    let request = review.root().get("request").unwrap_or(review.root());
    let text = |keys: &[&str]| request.at(keys).and_then(Node::as_str).unwrap_or_default();
    let part = |key: &str| {
        let part = request.get(key).filter(|part| !part.is_null());
        part.map(|part| Arc::new(part.to_tree()))
    };
    Request {
        uid: text(&["uid"]).to_owned(),
        kind: GroupVersionKind {
            group: text(&["kind", "group"]).into(),
            version: text(&["kind", "version"]).into(),
            kind: text(&["kind", "kind"]).into(),
        },
        resource: text(&["resource", "resource"]).to_owned(),
        subresource: text(&["subResource"]).to_owned(),
        operation: Operation::parse(text(&["operation"])).unwrap_or_default(),
        namespace: request.get("namespace").and_then(Node::as_str).map(str::to_owned),
        name: text(&["name"]).to_owned(),
        object: part("object"),
        old_object: part("oldObject"),
        user: Some(UserInfo {
            username: text(&["userInfo", "username"]).to_owned(),
            uid: text(&["userInfo", "uid"]).to_owned(),
            groups: texts(request.at(&["userInfo", "groups"])),
            extra: request
                .at(&["userInfo", "extra"])
                .and_then(Node::as_map)
                .into_iter()
                .flat_map(|extra| extra.iter())
                .map(|(key, values)| (key.to_owned(), texts(Some(values))))
                .collect(),
            ..UserInfo::default()
        }),
        options: part("options"),
        dry_run: request.get("dryRun").and_then(Node::as_bool).unwrap_or_default(),
        time: Timestamp::UNIX_EPOCH,
    }
}

fn texts(list: Option<Node<'_>>) -> Vec<String> {
    let items = list.and_then(Node::as_list);
    items
        .iter()
        .flat_map(|items| items.iter())
        .filter_map(Node::as_str)
        .map(str::to_owned)
        .collect()
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
