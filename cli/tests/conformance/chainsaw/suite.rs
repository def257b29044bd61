//! What a suite for a cluster (`chainsaw-test.yaml`) does, read from its file.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use ajj_engine::{Document, Limits, Source, read};
use serde_json::{Map, Value, json};

/// One step of a suite.
#[derive(Debug)]
pub(crate) enum Operation {
    /// An object is created, or changed where it is there already.
    Apply {
        /// The file that it stands in.
        file: String,
        object: Value,
        /// Whether the suite expects that this is refused.
        denied: bool,
    },
    /// An object is changed by a merge patch.
    Patch(Value),
}

/// The operations of a suite; an error says why it is not for us.
pub(crate) fn operations(suite: &Path) -> Result<Vec<Operation>, &'static str> {
    let folder = suite.parent().unwrap();
    let mut operations = Vec::new();
    for test in values(suite)? {
        let steps = list(&test["spec"], "steps").iter();
        for operation in steps.flat_map(|step| list(step, "try")) {
            let (word, operation) = operation.as_object().unwrap().iter().next().unwrap();
            match word.as_str() {
                "apply" | "create" => {
                    let denied = is_denied(operation)?;
                    let file = operation["file"].as_str().unwrap_or_default();
                    for object in values(&lexical(&folder.join(file)))? {
                        operations.push(Operation::Apply { file: file.to_owned(), object, denied });
                    }
                }
                "patch" => operations.push(Operation::Patch(operation["resource"].clone())),
                // They wait for a controller.
                "assert" | "sleep" | "wait" | "error" => {}
                "delete" => return Err("suites that delete"),
                _ => return Err("suites with scripts"),
            }
        }
    }
    Ok(operations)
}

/// Whether an operation is expected to be refused.
fn is_denied(operation: &Value) -> Result<bool, &'static str> {
    match list(operation, "expect") {
        [] => Ok(false),
        [one] if *one == json!({"check": {"($error != null)": true}}) => Ok(true),
        _ => Err("suites with other expectations"),
    }
}

/// A merge patch (RFC 7386).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

/// Whether an object is a classic policy, or an exception from one.
pub(crate) fn is_classic(object: &Value) -> bool {
    let kind = object["kind"].as_str().unwrap_or_default();
    group(object) == "kyverno.io" && matches!(kind, "ClusterPolicy" | "Policy" | "PolicyException")
}

/// Whether an object is a policy of a kind that these suites are not about.
pub(crate) fn is_other_policy(object: &Value) -> bool {
    let kind = object["kind"].as_str().unwrap_or_default();
    group(object).ends_with("kyverno.io") || kind.contains("AdmissionPolicy")
}

pub(crate) fn group(object: &Value) -> &str {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    api_version.split_once('/').map_or("", |(group, _)| group)
}

pub(crate) fn document(object: &Value) -> Document {
    let source = Source::new("object.json", object.to_string());
    read(&source, &Limits::default()).documents.remove(0)
}

/// The documents of a file, lists taken apart.
fn values(file: &Path) -> Result<Vec<Value>, &'static str> {
    let Ok(text) = std::fs::read_to_string(file) else {
        return Err("suites whose files are not here");
    };
    let name: Arc<str> = file.display().to_string().into();
    let reading = read(&Source::new(name, text), &Limits::default());
    let value = |document: &Document| -> Value {
        serde_json::from_str(&document.tree().root().to_json()).unwrap()
    };
    let mut values = Vec::new();
    for value in reading.documents.iter().map(value) {
        match value["kind"].as_str() {
            Some("List") => values.extend(list(&value, "items").iter().cloned()),
            _ => values.push(value),
        }
    }
    Ok(values)
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// The path without `..`: folders on the way need not be there.
fn lexical(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}
