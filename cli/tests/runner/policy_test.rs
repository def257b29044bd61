use insta::assert_snapshot;

use crate::schema::Schema;
use crate::support::ajj_in;

fn test(arguments: &str) -> String {
    ajj_in("suites", &format!("policy test {arguments}")).seen()
}

#[test]
fn every_row_passes() {
    assert_snapshot!(test("passing"));
}

#[test]
fn rows_fail() {
    assert_snapshot!(test("failing"));
}

#[test]
fn rows_that_nothing_answers_are_errors() {
    assert_snapshot!(test("no-answer"));
}

#[test]
fn rows_that_nothing_answers_count_as_upstream_counts_them() {
    assert_snapshot!(test("no-answer --compat"));
}

#[test]
fn what_is_wrong_with_a_suite_is_said_with_its_place() {
    assert_snapshot!(test("broken"));
}

#[test]
fn a_policy_that_does_not_compile_is_skipped_as_upstream_skips_it() {
    assert_snapshot!(test("broken/policy-does-not-compile.yaml --compat"));
}

#[test]
fn a_file_is_missing() {
    assert_snapshot!(test("missing-file"));
}

#[test]
fn what_is_not_evaluated_is_said() {
    assert_snapshot!(test("not-evaluated"));
}

#[test]
fn a_suite_describes_a_cluster() {
    assert_snapshot!(test("cluster"));
}

#[test]
fn rows_are_filtered() {
    assert_snapshot!(test("passing --filter policy=looks-*,rule=api,resource=prod/*"));
}

#[test]
fn there_is_no_suite() {
    assert_snapshot!(test("none"));
    assert_snapshot!(test("none/notes.yaml"));
    assert_snapshot!(test("nowhere"));
}

#[test]
fn a_file_with_the_name_of_a_suite_has_to_be_one() {
    assert_snapshot!(test("old-form"));
}

#[test]
fn rows_for_programs() {
    let run = ajj_in("suites", "policy test no-answer -o json");
    Schema::load("test-v1").check(&run.stdout);
    assert_snapshot!(run.seen());
}

/// Every document that a run of these tests writes fits its schema.
#[test]
fn documents_fit_their_schema() {
    let schema = Schema::load("test-v1");
    for arguments in ["passing", "failing", "broken", "missing-file", "not-evaluated", "none", "."]
    {
        schema.check(&ajj_in("suites", &format!("policy test {arguments} -o json")).stdout);
    }
}
