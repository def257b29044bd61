//! The golden tables: each row becomes a rule of a policy, and the engine answers it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use ajj_engine::{Facts, Limits, Outcome, Request, Source, compile, parse_json};
use jiff::Timestamp;

use crate::golden::Golden;
use crate::ledger::{Failure, Ledger};

/// So many rules stand in one policy.
const RULES: usize = 500;

/// What the rules of one policy answered, by the rule's name.
type Answers = BTreeMap<String, (Outcome, String)>;

/// Evaluates rules, given as JSON texts, on one object.
fn ask(rules: &[String], object: &str) -> Answers {
    let mut answers = Answers::new();
    let tree = parse_json(object, &Limits::default()).unwrap();
    let request = Request::create(Arc::new(tree), Timestamp::UNIX_EPOCH);
    for rules in rules.chunks(RULES) {
        let policy = format!(
            r#"{{"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy",
                "metadata": {{"name": "table"}}, "spec": {{"rules": [{}]}}}}"#,
            rules.join(",\n")
        );
        let (policies, diagnostics) = compile(&[Source::new("table.json", policy)]);
        let decision = policies.conclude(&request, &Facts::default());
        for result in decision.results {
            answers
                .insert(result.rule.rule.to_string(), (result.outcome, result.message.to_string()));
        }
        if answers.is_empty() {
            panic!("no answer at all: {diagnostics:?}");
        }
    }
    answers
}

const MATCH: &str = r#""match": {"any": [{"resources": {"kinds": ["Widget"]}}]}"#;

fn widget(fields: &str) -> String {
    format!(
        r#"{{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {{"name": "w"}}{fields}}}"#
    )
}

fn rule(name: usize, validate: &str) -> String {
    format!(r#"{{"name": "r{name}", {MATCH}, "validate": {{"message": "m", {validate}}}}}"#)
}

fn differs(expected: &str, answer: Option<&(Outcome, String)>) -> Failure {
    let (ours, message) =
        answer.map_or(("nothing", ""), |(outcome, message)| (outcome.as_str(), message.as_str()));
    Failure::new(format!("upstream {expected}, ours {ours}"), message)
}

/// Operator, key and value as a deny condition: true denies, a crash upstream is an error here.
pub(crate) fn conditions(golden: &Golden, ledger: &mut Ledger) {
    let text = golden.text("kyverno-conditions.tsv");
    let rows: Vec<Vec<&str>> =
        text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let rules = rows.iter().enumerate().map(|(number, row)| {
        let (operator, key, value) = (row[0], row[1], row[2]);
        let condition = format!(r#"{{"key": {key}, "operator": "{operator}", "value": {value}}}"#);
        rule(number, &format!(r#""deny": {{"conditions": {{"any": [{condition}]}}}}"#))
    });
    let answers = ask(&rules.collect::<Vec<_>>(), &widget(""));
    for (number, row) in rows.iter().enumerate() {
        let expected = match row[3] {
            "true" => Outcome::Fail,
            "false" => Outcome::Pass,
            "PANIC" => Outcome::Error,
            other => panic!("an unknown result {other}"),
        };
        let answer = answers.get(&format!("r{number}"));
        let holds = answer.is_some_and(|(outcome, _)| *outcome == expected);
        let result = if holds { Ok(()) } else { Err(differs(row[3], answer)) };
        ledger.enter(format!("{} {} {}", row[0], row[1], row[2]), result);
    }
}

/// A value and the scalar it is asked to fit.
pub(crate) fn scalar_patterns(golden: &Golden, ledger: &mut Ledger) {
    let text = golden.text("kyverno-scalar-patterns.tsv");
    let mut rows: Vec<(String, String, bool)> = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        rows.push((cells[0].to_owned(), cells[1].to_owned(), cells[2] == "true"));
    }
    let trees = golden.text("kyverno-patterns.txt");
    for line in trees.lines().filter(|line| line.starts_with("true ") || line.starts_with("false "))
    {
        let (expected, rest) = line.split_once(' ').unwrap();
        let (value, pattern) =
            rest.trim().strip_prefix("value=").unwrap().split_once(" pattern=").unwrap();
        rows.push((go(value), go(pattern), expected == "true"));
    }
    let mut by_value: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
    for (value, pattern, expected) in &rows {
        // Inside a policy, a list in an object is asked item by item, a list as a pattern is a
        // pattern of items, and `*` asks of a map only that it is there: other questions than the
        // table's.
        let is_any_map = value.starts_with('{') && pattern == "\"*\"";
        match is_any_map || value.starts_with('[') || pattern.starts_with(['[', '{']) {
            true => ledger.out_of_reach("asked otherwise inside a policy"),
            false => by_value.entry(value).or_default().push((pattern, *expected)),
        }
    }
    for (value, rows) in by_value {
        let rules = rows.iter().enumerate().map(|(number, (pattern, _))| {
            rule(number, &format!(r#""pattern": {{"spec": {{"v": {pattern}}}}}"#))
        });
        let object = widget(&format!(r#", "spec": {{"v": {value}}}"#));
        let answers = ask(&rules.collect::<Vec<_>>(), &object);
        for (number, (pattern, expected)) in rows.iter().enumerate() {
            let answer = answers.get(&format!("r{number}"));
            let wanted = if *expected { Outcome::Pass } else { Outcome::Fail };
            let holds = answer.is_some_and(|(outcome, _)| *outcome == wanted);
            let result = if holds { Ok(()) } else { Err(differs(wanted.as_str(), answer)) };
            ledger.enter(format!("{value} ~ {pattern}"), result);
        }
    }
}

/// Go's notation of a value as JSON.
fn go(text: &str) -> String {
    text.replace("<nil>", "null").replace("map[string]interface {}{}", "{}")
}

/// Patterns with anchors, and where they fail.
pub(crate) fn tree_patterns(golden: &Golden, ledger: &mut Ledger) {
    let text = golden.text("kyverno-patterns.txt");
    for line in text.lines() {
        let Some((expected, rest)) = line.split_once(char::is_whitespace) else { continue };
        let Some(rest) = rest.trim().strip_prefix("pattern=") else { continue };
        let (pattern, resource) = rest.split_once(" resource=").unwrap();
        // The table's objects have no identity; a rule needs one to match.
        let fields = resource.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let fields = fields.unwrap();
        let object = match fields.contains("\"metadata\":{") {
            true => {
                let identity =
                    fields.replacen("\"metadata\":{", "\"metadata\":{\"name\":\"w\",", 1);
                let identity = identity.replace(",}", "}");
                format!(r#"{{"apiVersion":"example.com/v1","kind":"Widget",{identity}}}"#)
            }
            false if fields.is_empty() => widget(""),
            false => widget(&format!(", {fields}")),
        };
        let answers = ask(&[rule(0, &format!(r#""pattern": {pattern}"#))], &object);
        let answer = answers.get("r0");
        let holds = answer.is_some_and(|(outcome, message)| match expected.split_once('@') {
            Some((_, path)) => {
                *outcome == Outcome::Fail
                    && message.ends_with(&format!("rule r0 failed at path {path}"))
            }
            None => *outcome == if expected == "SKIP" { Outcome::Skip } else { Outcome::Pass },
        });
        let result = if holds { Ok(()) } else { Err(differs(expected, answer)) };
        ledger.enter(rest, result);
    }
}

/// Expressions over one document: the answer is read from the message of a rule that always denies.
pub(crate) fn jmespath(golden: &Golden, ledger: &mut Ledger) {
    let text = golden.text("kyverno-jmespath.txt");
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    let (_, document) = head.split_once("over the document ").unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let object = document["request"]["object"].to_string();
    let object = object.replacen('{', r#"{"apiVersion":"example.com/v1","kind":"Widget","#, 1);
    for line in lines.filter(|line| !line.is_empty()) {
        let (expression, expected) = line.split_once("  ").unwrap();
        let expected = expected.trim();
        let mut rules = String::new();
        let key = serde_json::to_string(&format!("{{{{ {expression} }}}}")).unwrap();
        let condition = |value: &str| {
            format!(
                r#""deny": {{"conditions": {{"any": [{{"key": {key}, "operator": "Equals", "value": {value}}}]}}}}"#
            )
        };
        write!(rules, "{}", rule(0, &condition("\"\""))).unwrap();
        let message = serde_json::to_string(&format!("=> {{{{ {expression} }}}}")).unwrap();
        let always =
            r#""deny": {"conditions": {"any": [{"key": 1, "operator": "Equals", "value": 1}]}}"#;
        let told =
            format!(r#"{{"name": "r1", {MATCH}, "validate": {{"message": {message}, {always}}}}}"#);
        let answers = ask(&[rules, told], &object);
        let result = match expected.strip_prefix("ERR ") {
            Some(error) => match answers.get("r0") {
                Some((Outcome::Error, message)) if message.contains(error) => Ok(()),
                answer => Err(differs(expected, answer)),
            },
            None => {
                // A text stands in a message without its quotes.
                let bare = expected.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                let wanted = format!("=> {}", bare.unwrap_or(expected));
                match answers.get("r1") {
                    Some((Outcome::Fail, message)) if *message == wanted => Ok(()),
                    answer => Err(differs(expected, answer)),
                }
            }
        };
        ledger.enter(expression, result);
    }
}
