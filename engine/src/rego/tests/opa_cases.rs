//! OPA's own conformance cases, where the folder is named by `OPA_CASES`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::read::{Limits as ReadLimits, parse_json, read};
use crate::rego::{Asked, Budget, Host, Limits, Notation, Source, Value, Version, compile};
use crate::tree::{Node, Tree};

/// What a case answers, to be compared with what it wants.
enum Answered {
    Result(Vec<Tree>),
    Error(String, String),
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn answer(case: Node<'_>, version: Version) -> Answered {
    let text = |key: &str| case.get(key).and_then(|node| node.as_str()).unwrap_or_default();
    let mut sources: Vec<Source> = case
        .get("modules")
        .and_then(|modules| modules.as_list())
        .into_iter()
        .flat_map(|modules| modules.iter())
        .enumerate()
        .map(|(number, module)| Source {
            name: format!("test-{number}.rego").into(),
            text: module.as_str().unwrap_or_default().into(),
            version,
        })
        .collect();
    let names: std::collections::BTreeSet<&str> = case
        .get("want_result")
        .and_then(|wanted| wanted.as_list())
        .into_iter()
        .flat_map(|wanted| wanted.iter())
        .flat_map(|bindings| {
            bindings
                .as_map()
                .into_iter()
                .flat_map(|map| map.iter())
                .map(|(key, _)| key)
                .collect::<Vec<_>>()
        })
        .collect();
    let bindings: Vec<_> = names.iter().map(|name| format!("{name:?}: {name}")).collect();
    let query = text("query");
    let query = if query.is_empty() { "true" } else { query };
    let mut module = format!(
        "package query__\nimport rego.v1\nr contains {{{}}} if {{ {query} }}\n",
        bindings.join(", ")
    );
    if let Some(term) = case.get("input_term").and_then(|term| term.as_str()) {
        module.push_str(&format!("i := {term}\n"));
    }
    sources.push(Source { name: "query.rego".into(), text: module.into(), version });
    let program = match compile(&sources, &Limits::default()) {
        Ok(program) => program,
        Err(problems) => {
            let first = problems.first().unwrap();
            return Answered::Error(first.code.to_owned(), first.message.clone());
        }
    };
    let arena = typed_arena::Arena::new();
    let notes = RefCell::default();
    let budget = Budget::new(20_000_000, 512 << 20);
    let data = case.get("data").map_or_else(|| Value::object(Vec::new()), Value::from);
    let strict = case.get("strict_error").and_then(|node| node.as_bool()) == Some(true);
    let asked = |input| Asked {
        input,
        data: data.clone(),
        now: Timestamp::UNIX_EPOCH,
        seed: 1,
        budget: &budget,
        arena: &arena,
        notes: &notes,
        strict,
    };
    let input = match case.get("input_term") {
        Some(_) => program.evaluate(&["query__", "i"], asked(None)).unwrap(),
        None => case.get("input").map(Value::from),
    };
    let host = Host {
        arena: &arena,
        now: Timestamp::UNIX_EPOCH,
        seed: 1,
        budget: &budget,
        notes: &notes,
        patterns: &program.patterns,
    };
    match program.evaluate(&["query__", "r"], asked(input)) {
        Err(error) => Answered::Error(error.code.to_owned(), error.message.clone()),
        Ok(value) => {
            let members = value.as_ref().and_then(|value| value.as_set()).unwrap_or_default();
            let json = members.iter().map(|member| member.write(Notation::Json, &host).unwrap());
            Answered::Result(
                json.map(|json| parse_json(json.as_str(), &ReadLimits::default()).unwrap())
                    .collect(),
            )
        }
    }
}

/// Lists in their order of values: what was a set is none in JSON, and stands in its own order.
fn sorted<'v>(value: &Value<'v>) -> Value<'v> {
    if let Some(items) = value.as_array() {
        let mut items: Vec<_> = items.iter().map(|item| sorted(&item)).collect();
        items.sort();
        return Value::from(items);
    }
    if let Some(entries) = value.as_object() {
        return Value::object(
            entries.sorted().iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
        );
    }
    match value.as_set() {
        Some(members) => Value::set(members.iter().map(sorted).collect()),
        None => value.clone(),
    }
}

#[test]
fn opa_cases() {
    let Ok(folder) = std::env::var("OPA_CASES") else { return };
    let only = std::env::var("OPA_ONLY").unwrap_or_default();
    let mut totals: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in files(Path::new(&folder)) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        if !name.contains(&only) {
            continue;
        }
        let version = if name.starts_with("v0") { Version::V0 } else { Version::V1 };
        let source = crate::Source::new(name.as_str(), std::fs::read_to_string(&path).unwrap());
        let reading = read(&source, &ReadLimits::default());
        for document in &reading.documents {
            let cases = document.tree().root().get("cases").and_then(|cases| cases.as_list());
            for case in cases.into_iter().flat_map(|cases| cases.iter()) {
                let text =
                    |key: &str| case.get(key).and_then(|node| node.as_str()).unwrap_or_default();
                let wanted_code = text("want_error_code");
                let group = Path::new(&name).parent().unwrap().display().to_string();
                let total = totals.entry(group).or_default();
                total.1 += 1;
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    answer(case, version)
                }));
                let fault = match outcome {
                    Err(_) => Some("panic".to_owned()),
                    Ok(Answered::Error(code, message)) => {
                        let wants_error =
                            !wanted_code.is_empty() || case.get("want_error").is_some();
                        (!wants_error || (!wanted_code.is_empty() && wanted_code != code))
                            .then(|| format!("error {code}: {message}, wanted {wanted_code:?}"))
                    }
                    Ok(Answered::Result(found)) => {
                        let wanted: Vec<Value<'_>> = case
                            .get("want_result")
                            .and_then(|list| list.as_list())
                            .into_iter()
                            .flat_map(|list| list.iter())
                            .map(Value::from)
                            .collect();
                        let found_values: Vec<Value<'_>> =
                            found.iter().map(|tree| Value::from(tree.root())).collect();
                        let wants_error =
                            !wanted_code.is_empty() || case.get("want_error").is_some();
                        if wants_error {
                            Some(format!(
                                "found {found:?}, wanted error {wanted_code:?} {:?}",
                                text("want_error")
                            ))
                        } else {
                            (sorted(&Value::set(wanted)) != sorted(&Value::set(found_values))).then(
                                || format!("found {found:?}, wanted {:?}", case.get("want_result")),
                            )
                        }
                    }
                };
                match fault {
                    None => total.0 += 1,
                    Some(fault) => println!("FAULT {name} {}: {fault}", text("note")),
                }
            }
        }
    }
    let (mut good, mut all) = (0, 0);
    for (group, (right, count)) in &totals {
        good += right;
        all += count;
        if right < count {
            println!("GROUP {group}: {right}/{count}");
        }
    }
    println!("TOTAL {good}/{all}");
}
