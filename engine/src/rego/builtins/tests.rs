//! What functions answer, as OPA 1.19 does: arguments and answers are JSON, and sets are
//! `{"$set": […]}`.

use std::cell::RefCell;

use super::*;
use crate::rego::host::Budget;
use crate::rego::value::Notation;

mod cases;
mod hostile;

/// Sets that are marked in JSON become sets.
fn revived<'v>(value: Value<'v>) -> Value<'v> {
    if let Some(items) = value.as_array() {
        return Value::from(items.iter().map(revived).collect::<Vec<_>>());
    }
    if let Some(entries) = value.as_object() {
        if let Some(members) = value.get(&Value::from("$set")) {
            return Value::set(members.as_array().unwrap().iter().map(revived).collect());
        }
        return Value::object(entries.iter().map(|(key, value)| (key, revived(value))).collect());
    }
    value
}

/// The answer of a function in Rego's notation, or its error, within a budget.
fn answer_within(name: &str, arguments: &str, steps: u64, bytes: usize) -> String {
    let arena = typed_arena::Arena::new();
    let large = Budget::new(u64::MAX, usize::MAX);
    let notes = RefCell::default();
    let patterns = Patterns::default();
    let now = "2024-02-29T12:00:00.5Z".parse().unwrap();
    let host =
        Host { arena: &arena, now, seed: 1, budget: &large, notes: &notes, patterns: &patterns };
    let mut value = encoding::json_value(&host, arguments).unwrap();
    // What is deep has no sets.
    if arguments.contains("$set") {
        value = revived(value);
    }
    let arguments = value;
    let arguments: Vec<_> = arguments.as_array().unwrap().iter().collect();
    let budget = Budget::new(steps, bytes);
    let host = Host { budget: &budget, ..host };
    let builtin = find(name).unwrap_or_else(|| panic!("no {name}"));
    match (builtin.function)(&host, &arguments) {
        Ok(value) => {
            let host = Host { budget: &large, ..host };
            value.write(Notation::Rego, &host).unwrap()
        }
        Err(BuiltinError::Type(message)) => format!("type error: {name}: {message}"),
        Err(BuiltinError::Failed(message)) => format!("error: {name}: {message}"),
        Err(BuiltinError::Halt(message)) => format!("halt: {name}: {message}"),
        Err(BuiltinError::Undefined) => "undefined".to_owned(),
    }
}

fn answer(name: &str, arguments: &str) -> String {
    answer_within(name, arguments, 10_000_000, 64 << 20)
}

pub(in crate::rego::builtins) fn check(cases: &[(&str, &str, &str)]) {
    for (name, arguments, expected) in cases {
        assert_eq!(answer(name, arguments), *expected, "{name}({arguments})");
    }
}

#[test]
fn the_table_is_sorted_and_found() {
    assert!(table::BUILTINS.is_sorted_by(|left, right| left.name < right.name));
    for builtin in table::BUILTINS.iter() {
        assert_eq!(find(builtin.name).unwrap().name, builtin.name);
    }
    assert!(find("nothing").is_none());
    // Those of OPA, and conftest's own.
    assert_eq!(table::BUILTINS.len(), 202 + 3);
    assert_eq!(find("any").map(|any| any.deprecated), Some(true));
}

#[test]
fn a_wrong_number_of_arguments_is_an_error() {
    for builtin in table::BUILTINS.iter() {
        let arguments = vec!["1"; builtin.arguments.len() + 1].join(",");
        let answer = answer(builtin.name, &format!("[{arguments}]"));
        let refused = answer.starts_with("error:") || answer.starts_with("halt:");
        assert!(refused || builtin.name == "opa.runtime", "{} {answer}", builtin.name);
    }
}
