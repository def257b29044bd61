//! Tests of tests.

use jiff::Timestamp;

use super::{FileCoverage, Lines, RegoModule, RegoSuite};
use crate::source::Source;

/// Rows and diagnostics as text, and the lines of each file that were not gone through.
fn run(texts: &[(&str, &str)]) -> (String, Vec<(String, Vec<Lines>)>) {
    let modules: Vec<_> = texts
        .iter()
        .map(|(name, text)| RegoModule::read(&Source::new(*name, text)).unwrap())
        .collect();
    let own = modules.len();
    let ran = RegoSuite::new(modules, own, None).run(Timestamp::UNIX_EPOCH);
    let mut said: Vec<String> = ran
        .report
        .rows
        .iter()
        .map(|row| {
            let message = row.message.replace('\n', " | ");
            format!("{}.{} {} {} {message}", row.policy, row.rule, row.resource, row.actual)
        })
        .collect();
    said.extend(ran.report.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()));
    let coverage = ran
        .coverage
        .files
        .iter()
        .map(|(name, file)| (name.to_string(), FileCoverage::ranges(&file.not_covered)));
    (said.join("\n"), coverage.collect())
}

const POLICY: &str = "package shop

deny contains msg if {
	input.replicas < 2
	msg := \"too few\"
}

deny contains msg if {
	input.never
	msg := \"never\"
}
";

#[test]
fn verdicts_with_what_does_not_hold() {
    let tests = "package shop_test

import data.shop

test_few if \"too few\" in shop.deny with input as {\"replicas\": 1}

test_many if {
	print(\"replicas\", 3)
	count(shop.deny) == 1 with input as {\"replicas\": 3}
}

test_conflict if {
	f(1)
}

f(_) := 1

f(_) := 2

todo_test_later if false

test_cases[name] if {
	some name, replicas in {\"one\": 1, \"five\": 5}
	\"too few\" in shop.deny with input as {\"replicas\": replicas}
}
";
    let (said, coverage) = run(&[("shop.rego", POLICY), ("shop_test.rego", tests)]);
    assert_eq!(
        said,
        "shop_test.test_few  pass 
shop_test.test_many  fail `count(shop.deny) == 1 with input as {\"replicas\": 3}` does not hold | print: replicas 3
shop_test.test_conflict  error eval_conflict_error: functions must not produce multiple outputs for same inputs
shop_test.todo_test_later  skip is to be done: its name begins with `todo_`
shop_test.test_cases five fail `\"too few\" in shop.deny with input as {\"replicas\": replicas}` does not hold
shop_test.test_cases one pass "
    );
    assert_eq!(coverage, [("shop.rego".to_owned(), vec![(8, 8), (10, 10)])]);
}

#[test]
fn both_versions_are_read() {
    let (said, _) = run(&[("old.rego", "package old\n\ntest_a { true }\n")]);
    assert_eq!(said, "old.test_a  pass ");
    let error = RegoModule::read(&Source::new("bad.rego", "package a\n\nr := [")).unwrap_err();
    assert_eq!(error.message, "rego_parse_error: unexpected eof token");
}

#[test]
fn what_does_not_compile_is_said() {
    let (said, _) = run(&[("a.rego", "package a\n\ntest_a if x\n")]);
    assert_eq!(said, "rego_unsafe_var_error: var x is unsafe");
}
