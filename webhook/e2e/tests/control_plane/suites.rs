//! The Kyverno library's own suites for a cluster on a real API server, with our webhook in
//! upstream's place: what kubectl applies is admitted and refused as the suites say.
//!
//! The suites lie in a folder `shared` beside the repository, or where `AJJ_SHARED` points; without
//! them the test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ajj_e2e::{ControlPlane, Controllers, Folder, Process, eventually};
use serde_json::{Value, json};

use crate::suite::{Operation, group, is_classic, is_other_policy, merge, operations};
use crate::support::{BOUND, program};

/// So many objects of one suite are applied: kubectl is a process for each.
const OBJECTS: usize = 3;

#[test]
fn the_librarys_suites_hold_on_a_real_api_server() {
    let Some(root) = library() else {
        println!("suites: not run (no folder `shared` beside the repository)");
        return;
    };
    let suites = suites(&root);
    assert!(suites.len() >= 80, "{}", suites.len());
    let plane = ControlPlane::start(Controllers::Absent).unwrap();
    let webhook = Webhook::start(&plane);
    define_kinds(&plane, &suites);
    let known = known();
    let (mut steps, mut complaints) = (0, Vec::new());
    for (number, (name, operations)) in suites.iter().enumerate() {
        let namespace = format!("suite-{number}");
        plane.create_namespace(&namespace).unwrap();
        let (policies, objects) = split(operations);
        webhook.judge_by(&policies);
        for (file, object, denied) in objects.iter().take(OBJECTS) {
            let apply = ["apply", "-f", "-", "--namespace", &namespace];
            let named = object["metadata"]["namespace"].is_string();
            let apply = if named { &apply[..3] } else { &apply[..] };
            let output = plane.kubectl(apply, &object.to_string()).unwrap();
            steps += 1;
            let kind = object["kind"].as_str().unwrap();
            let object = object["metadata"]["name"].as_str().unwrap_or_default();
            let step = format!("{name} {file} {kind} {object}");
            if (output.code != 0) != *denied && !known.contains(&step) {
                let log = webhook.process.log();
                let why = log.lines().rfind(|line| line.contains("ajj.dev/decision/v1"));
                complaints.push(format!(
                    "{step}: expected denied: {denied}\n{}{}",
                    output.stderr,
                    why.unwrap_or_default()
                ));
            }
        }
        // What is of the cluster would be judged again by the next suite's policies.
        webhook.judge_by(&BTreeMap::new());
        if asks_the_cluster(operations) {
            clean(&plane, &namespace, &objects);
        }
    }
    println!("suites: {} suites, {steps} objects, {} differ", suites.len(), complaints.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Whether what is in the cluster matters to a suite's policies.
fn asks_the_cluster(operations: &[Operation]) -> bool {
    let policies = split(operations).0;
    let asks = |text: &str| text.contains("\"apiCall\":") || text.contains("\"configMap\":");
    policies.values().any(|policy| asks(&policy.to_string()))
}

/// Removes what a suite has made.
fn clean(plane: &ControlPlane, namespace: &str, objects: &[Object<'_>]) {
    let applied = objects.iter().take(OBJECTS).map(|(_, object, _)| *object);
    let is_placed = |object: &&Value| object["metadata"]["namespace"].is_string();
    let (placed, others): (Vec<&Value>, Vec<&Value>) = applied.partition(is_placed);
    let delete = ["delete", "-f", "-", "--ignore-not-found", "--now", "--wait=false"];
    let in_namespace = [&delete[..], &["--namespace", namespace]].concat();
    for (delete, items) in [(&delete[..], placed), (&in_namespace[..], others)] {
        let all = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        plane.kubectl(delete, &all).unwrap();
    }
}

fn library() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("AJJ_SHARED").map_or(beside, PathBuf::from);
    let library = root.join("corpus/kyverno/policies");
    library.is_dir().then_some(library)
}

/// The suites that are about what this build evaluates, by name.
fn suites(root: &Path) -> Vec<(String, Vec<Operation>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("chainsaw-test.yaml")
                && let Ok(operations) = operations(&path)
                && is_in_reach(&operations)
            {
                let name = folder.strip_prefix(root).unwrap().display().to_string();
                found.push((name, operations));
            }
        }
    }
    // Those that ask the cluster come first, while nobody else's objects are there.
    found.sort_by_cached_key(|(name, operations)| (!asks_the_cluster(operations), name.clone()));
    found
}

/// Whether all policies are classic ones with plain validate rules that need no registry.
fn is_in_reach(operations: &[Operation]) -> bool {
    let mut has_policy = false;
    let plain = operations.iter().all(|operation| match operation {
        Operation::Patch(patch) => is_classic(patch),
        Operation::Apply { object, .. } if is_classic(object) => {
            has_policy = true;
            let rules = object["spec"]["rules"].as_array().map_or(&[][..], Vec::as_slice);
            let is_plain = |rule: &Value| {
                let validate = &rule["validate"];
                validate.is_object() && validate["cel"].is_null() && validate["manifests"].is_null()
            };
            let text = object.to_string();
            rules.iter().all(is_plain) && !text.contains("\"imageRegistry\":")
        }
        Operation::Apply { object, .. } => !is_other_policy(object),
    });
    plain && has_policy
}

type Object<'o> = (&'o str, &'o Value, bool);

/// The policies as they stand at the end, and the objects.
fn split(operations: &[Operation]) -> (BTreeMap<String, Value>, Vec<Object<'_>>) {
    let mut policies: BTreeMap<String, Value> = BTreeMap::new();
    let mut objects = Vec::new();
    let key = |object: &Value| format!("{} {}", object["kind"], object["metadata"]["name"]);
    for operation in operations {
        match operation {
            Operation::Patch(patch) => {
                if let Some(policy) = policies.get_mut(&key(patch)) {
                    merge(policy, patch);
                }
            }
            Operation::Apply { object, .. } if is_classic(object) => {
                policies.insert(key(object), object.clone());
            }
            Operation::Apply { file, object, denied } => {
                objects.push((file.as_str(), object, *denied));
            }
        }
    }
    (policies, objects)
}

/// Groups and plurals with the versions in which policies ask for them.
fn asked(suites: &[(String, Vec<Operation>)]) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut asked: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (_, operations) in suites {
        for policy in split(operations).0.values() {
            let text = policy.to_string();
            for path in text.split("/apis/").skip(1) {
                let mut parts = path.split(['/', '"', '?', ' ', '{', '|']);
                let mut next = || parts.next().unwrap_or_default().to_owned();
                let (group, version, plural) = (next(), next(), next());
                asked.entry((group, plural)).or_default().insert(version);
            }
        }
    }
    asked
}

/// As Kubernetes makes the plural of a kind.
fn plural(singular: &str) -> String {
    match singular.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if singular.ends_with('s') => format!("{singular}es"),
        None => format!("{singular}s"),
    }
}

/// Defines every kind that a suite has and the API server has not.
fn define_kinds(plane: &ControlPlane, suites: &[(String, Vec<Operation>)]) {
    let built_in = plane.kubectl(&["api-resources", "--no-headers"], "").unwrap().stdout;
    let built_in: BTreeSet<&str> =
        built_in.lines().filter_map(|line| line.split_whitespace().next_back()).collect();
    let mut kinds: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (_, operations) in suites {
        for (_, object, _) in split(operations).1 {
            let kind = object["kind"].as_str().unwrap();
            let group = group(object);
            if group.contains('.') && !group.ends_with(".k8s.io") && !built_in.contains(kind) {
                let version = object["apiVersion"].as_str().unwrap().rsplit('/').next().unwrap();
                let versions = kinds.entry((group.to_owned(), kind.to_owned())).or_default();
                versions.insert(version.to_owned());
            }
        }
    }
    let asked = asked(suites);
    for ((group, kind), mut versions) in kinds {
        let plural = plural(&kind.to_lowercase());
        versions.extend(asked.get(&(group.clone(), plural.clone())).into_iter().flatten().cloned());
        let schema = json!({"openAPIV3Schema": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let versions: Vec<Value> = versions
            .iter()
            .enumerate()
            .map(|(position, version)| {
                json!({"name": version, "served": true, "storage": position == 0, "schema": schema})
            })
            .collect();
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            // The one group that is reserved wants an approval; a test has none to ask for.
            "metadata": {"name": format!("{plural}.{group}"),
                "annotations": {"api-approved.kubernetes.io": "unapproved, a test"}},
            "spec": {"group": group, "scope": "Namespaced", "versions": versions,
                "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()}}});
        plane.kubectl(&["apply", "-f", "-"], &definition.to_string()).unwrap().succeeded().unwrap();
        let name = format!("crd/{plural}.{group}");
        let wait = ["wait", "--for=condition=Established", &name, "--timeout=60s"];
        plane.kubectl(&wait, "").unwrap().succeeded().unwrap();
    }
}

/// The steps that are known to differ, each with its reason.
fn known() -> BTreeSet<String> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/conformance/differences.tsv");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("chainsaw\t")?.split('\t').next().map(str::to_owned))
        .collect()
}

/// Our webhook, asked about everything in the suites' namespaces and in the cluster.
struct Webhook {
    folder: Folder,
    process: Process,
}

impl Webhook {
    fn start(plane: &ControlPlane) -> Self {
        let folder = Folder::create("suites-").unwrap();
        std::fs::write(folder.path().join("policies.json"), "").unwrap();
        let log = folder.path().join("log");
        let policies = folder.path().join("policies.json");
        let kubeconfig = plane.kubeconfig().to_str().unwrap();
        let arguments = [
            "webhook",
            "--listen",
            "127.0.0.1:0",
            "--cluster",
            "--kubeconfig",
            kubeconfig,
            "--policies",
            policies.to_str().unwrap(),
        ];
        let process = Process::start(&program(), arguments, &[], &log).unwrap();
        let serving: Value = eventually(BOUND, || {
            let log = process.log();
            let line = log.lines().find(|line| line.contains("\"serving\"")).map(str::to_owned);
            line.and_then(|line| serde_json::from_str(&line).ok()).ok_or(log)
        })
        .unwrap();
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "suites"},
            "webhooks": [{
                "name": "validate.ajj.io", "admissionReviewVersions": ["v1"],
                "sideEffects": "None", "failurePolicy": "Fail",
                "clientConfig": {
                    "url": format!("https://{}/validate", serving["address"].as_str().unwrap()),
                    "caBundle": serving["ca_bundle"]},
                "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"],
                    "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT"]}]}]});
        let output = plane.kubectl(&["apply", "-f", "-"], &configuration.to_string()).unwrap();
        output.succeeded().unwrap();
        Self { folder, process }
    }

    /// Puts these policies in the place of those before, and waits until they decide.
    fn judge_by(&self, policies: &BTreeMap<String, Value>) {
        // Of a set with files alone there is a line too, before it is one with the cluster's policies.
        let is_whole = |line: &&str| line.contains("policies replaced") && line.contains("broken");
        let replaced = |log: &str| log.lines().filter(is_whole).count();
        let before = replaced(&self.process.log());
        let lines: Vec<String> = policies.values().map(Value::to_string).collect();
        let (new, file) =
            (self.folder.path().join("new"), self.folder.path().join("policies.json"));
        std::fs::write(&new, lines.join("\n")).unwrap();
        std::fs::rename(new, file).unwrap();
        eventually(BOUND, || {
            let log = self.process.log();
            (replaced(&log) > before).then_some(()).ok_or(log)
        })
        .unwrap();
    }
}
