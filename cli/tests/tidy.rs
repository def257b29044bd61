//! Holds the walls of the workspace: who may depend on whom, and what no file may be.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The only edges between the crates of this workspace.
const EDGES: &[(&str, &[&str])] = &[
    ("ajj-engine", &[]),
    ("ajj-config", &["ajj-engine"]),
    ("ajj-facts", &["ajj-engine"]),
    ("ajj-webhook", &["ajj-engine", "ajj-facts"]),
    ("ajj-cli", &["ajj-config", "ajj-engine", "ajj-facts", "ajj-webhook"]),
    ("ajj-benches", &["ajj-engine", "ajj-webhook"]),
    ("ajj-e2e", &["ajj-engine"]),
];

/// What the engine must not even reach: runtimes, networks, clusters.
const NOT_IN_THE_ENGINE: &[&str] = &[
    "async-std",
    "aws-lc-rs",
    "axum",
    "hyper",
    "k8s-openapi",
    "kube",
    "mio",
    "moka",
    "reqwest",
    "rustls",
    "tokio",
];

/// The files of the crate of facts that name the client of the cluster: what is asked with its
/// credentials passes through the second, and the first only hands it over.
const WITH_A_CLUSTER: &[&str] = &["live.rs", "live/cluster.rs", "live/connect.rs"];

const LONGEST_FILE: usize = 800;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What cargo knows of this workspace; for this machine's target, whose packages are all there.
fn metadata() -> Value {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--offline",
            "--locked",
            "--format-version=1",
            "--filter-platform",
            host,
        ])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap()
}

#[test]
fn crates_depend_only_on_those_they_may() {
    let metadata = metadata();
    let members: BTreeSet<&str> =
        list(&metadata, "workspace_members").iter().map(|id| id.as_str().unwrap()).collect();
    let packages = || {
        list(&metadata, "packages").iter().filter(|package| members.contains(text(package, "id")))
    };
    let names: BTreeSet<&str> = packages().map(|package| text(package, "name")).collect();
    let known: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known, "a new crate needs a place among the edges");
    for package in packages() {
        let name = text(package, "name");
        let (_, allowed) = EDGES.iter().find(|(from, _)| *from == name).unwrap();
        for dependency in list(package, "dependencies") {
            let to = text(dependency, "name");
            assert!(!names.contains(to) || allowed.contains(&to), "`{name}` depends on `{to}`");
        }
    }
}

#[test]
fn the_engine_reaches_no_runtime() {
    let metadata = metadata();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|node| (text(node, "id"), node)).collect();
    let name = |id: &str| {
        let package = list(&metadata, "packages").iter().find(|package| text(package, "id") == id);
        text(package.unwrap(), "name").to_owned()
    };
    let mut open: Vec<&str> = nodes.keys().copied().filter(|id| name(id) == "ajj-engine").collect();
    assert_eq!(open.len(), 1);
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        // Development needs do not ship: only normal (null) and build dependencies count.
        let needed = list(nodes[id], "deps").iter().filter(|dependency| {
            list(dependency, "dep_kinds").iter().any(|kind| kind["kind"] != "dev")
        });
        open.extend(needed.map(|dependency| text(dependency, "pkg")));
    }
    let names: BTreeSet<String> = reached.into_iter().map(name).collect();
    assert!(names.contains("regex"), "the closure is not what it should be: {names:?}");
    let forbidden: Vec<_> =
        NOT_IN_THE_ENGINE.iter().filter(|name| names.contains(**name)).collect();
    assert!(forbidden.is_empty(), "the engine reaches {forbidden:?}");
}

/// Every Rust file of the workspace, build output left out.
fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![workspace()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 20, "the walk found only {files:?}");
    files
}

#[test]
fn the_cluster_is_asked_at_one_place() {
    let folder = workspace().join("engine/facts/src");
    let mut found = Vec::new();
    for file in rust_files() {
        let Ok(name) = file.strip_prefix(&folder) else { continue };
        if std::fs::read_to_string(&file).unwrap().contains("kube::") {
            found.push(name.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    assert_eq!(found, WITH_A_CLUSTER);
}

#[test]
fn no_file_is_longer_than_a_head_holds() {
    for file in rust_files() {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", file.display());
    }
}

#[test]
fn no_test_is_left_out() {
    let ignored = concat!("#[", "ignore");
    for file in rust_files() {
        let found = std::fs::read_to_string(&file).unwrap().contains(ignored);
        assert!(!found, "{} leaves out a test", file.display());
    }
}

/// The page of threats names a test for each thing that is done; each has to be there.
#[test]
fn every_test_that_the_page_of_threats_names_is_there() {
    let page = std::fs::read_to_string(workspace().join("docs/threats.md")).unwrap();
    let texts: Vec<String> =
        rust_files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let held_by = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        for name in held_by.split('`').skip(1).step_by(2) {
            let test = format!("fn {name}(");
            assert!(texts.iter().any(|text| text.contains(&test)), "there is no test `{name}`");
            named += 1;
        }
    }
    assert!(named > 12, "the page names {named} tests");
}
