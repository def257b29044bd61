use insta::assert_snapshot;

use crate::schema::Schema;
use crate::support::{Scratch, ajj, ajj_with_stdin};

#[test]
fn findings_for_people() {
    assert_snapshot!(ajj("policy validate failing clean").seen());
}

#[test]
fn findings_for_editors() {
    assert_snapshot!(ajj("policy validate failing clean -o concise").seen());
}

#[test]
fn findings_for_programs() {
    let run = ajj("policy validate failing clean -o json");
    Schema::load("report-v1").check(&run.stdout);
    assert_snapshot!(run.seen());
}

/// Every document that a run of these tests writes fits its schema.
#[test]
fn documents_fit_their_schema() {
    let schema = Schema::load("report-v1");
    for arguments in [
        "clean",
        "mixed duplicates others list",
        "empty",
        "missing.yaml",
        "hostile",
        "secret -p secret/policy.yaml",
        "update/new.yaml --old update/old.yaml -p update/policy.yaml",
        "facts/object.yaml -p facts/policy.yaml",
    ] {
        schema.check(&ajj(&format!("policy validate {arguments} -o json")).stdout);
    }
}

#[test]
fn nothing_to_object() {
    assert_snapshot!(ajj("policy validate clean").seen());
}

#[test]
fn items_of_lists_have_their_own_places() {
    assert_snapshot!(ajj("policy validate list -o concise").seen());
}

#[test]
fn stdin_is_a_file_like_others() {
    let manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
    assert_snapshot!(ajj_with_stdin("policy validate - -o concise", manifest).seen());
}

#[test]
fn values_of_secrets_are_never_printed() {
    for format in ["human", "concise", "json"] {
        let run =
            ajj(&format!("policy validate secret/secret.yaml -p secret/policy.yaml -o {format}"));
        assert_eq!(run.code, 1, "{run:?}");
        for value in ["aHVudGVyMg==", "hunter2", "YWRtaW4=", "admin"] {
            assert!(!run.seen().contains(value), "{format} prints {value}: {}", run.seen());
        }
    }
    assert_snapshot!(ajj("policy validate secret/secret.yaml -p secret/policy.yaml").seen());
}

/// A Secret that cannot be read shows no line of its text either.
#[test]
fn a_broken_secret_shows_nothing() {
    let manifest = "apiVersion: v1\nkind: Secret\nstringData:\n  password: \"hunter2\n";
    let run = ajj_with_stdin("policy validate -", manifest);
    assert!(!run.seen().contains("hunter2"), "{}", run.seen());
    assert_eq!(run.code, 2);
}

#[test]
fn what_could_move_a_cursor_is_escaped() {
    assert_snapshot!(ajj("policy validate hostile").seen());
}

#[test]
fn broken_yaml_is_said_and_the_rest_is_judged() {
    assert_snapshot!(ajj("policy validate mixed").seen());
}

#[test]
fn documents_of_other_tools_are_counted() {
    assert_snapshot!(ajj("policy validate others").seen());
}

#[test]
fn two_objects_of_one_name_are_both_judged() {
    assert_snapshot!(ajj("policy validate duplicates").seen());
}

#[test]
fn a_directory_without_manifests_is_said() {
    assert_snapshot!(ajj("policy validate empty").seen());
}

#[test]
fn a_missing_file_is_said_and_the_rest_is_judged() {
    assert_snapshot!(ajj("policy validate missing.yaml clean no/*.yaml").seen());
}

#[test]
fn missing_policies_are_said() {
    assert_snapshot!(ajj("policy validate clean -p nowhere").seen());
}

#[test]
fn invalid_utf8_is_said_with_its_place() {
    let scratch = Scratch::new("utf8");
    let file = scratch.0.join("latin1.yaml");
    std::fs::write(&file, b"apiVersion: v1\nkind: Pod\nmetadata: {name: caf\xe9}\n").unwrap();
    let run = ajj(&format!("policy validate {} -o concise", file.display()));
    assert_eq!(run.code, 2);
    let expected = ":3:21: error[invalid-utf8] expected UTF-8, found the byte 0xe9; \
                    help: save the file as UTF-8\n";
    assert_eq!(run.stdout, format!("{}{expected}", file.display()));
}

#[test]
fn words_that_are_not_known_are_refused() {
    for (arguments, message) in [
        ("-o jsn", "unknown format `jsn`; did you mean `json`?"),
        ("-o sarif=a.sarif", "format `sarif` is not available in this build"),
        ("--fail-on denny", "unknown action `denny`; did you mean `deny`?"),
        ("--operation patch", "unknown operation `patch`; expected one of create"),
        ("--allow-emtpy", "--allow-empty"),
        ("-o json -o concise", "two outputs go to stdout"),
    ] {
        let run = ajj(&format!("policy validate clean {arguments}"));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments}");
        assert!(run.stderr.contains(message), "{arguments}: {}", run.stderr);
    }
}

#[test]
fn exit_codes() {
    for (arguments, code) in [
        ("clean", 0),
        ("failing", 1),
        ("failing --exit-zero", 0),
        ("failing --fail-on warn", 0),
        ("failing --fail-on audit", 1),
        ("clean failing mixed --exit-zero", 2),
        ("empty", 3),
        ("empty --allow-empty", 0),
        ("others", 3),
        ("update/new.yaml --fail-on deny", 0),
        ("update/new.yaml -p update/policy.yaml", 3),
        ("update/new.yaml -p update/policy.yaml --operation update", 0),
        // On a deletion, `request.object` reads what was, as upstream has it.
        ("update/new.yaml -p update/policy.yaml --operation delete", 0),
        ("update/new.yaml -p update/policy.yaml --old update/old.yaml", 1),
        ("update/new.yaml -p update/policy.yaml --old missing.yaml", 2),
        ("facts/object.yaml -p facts/policy.yaml", 1),
        ("facts/object.yaml -p facts/policy.yaml --facts facts/facts.yaml", 1),
        ("facts/object.yaml -p facts/policy.yaml --facts others", 2),
        ("clean --user-info facts/user.yaml", 2),
        ("clean -o json=no/such/directory/report.json", 2),
    ] {
        let run = ajj(&format!("policy validate {arguments}"));
        assert_eq!(run.code, code, "{arguments}\n{}", run.seen());
    }
}

/// A question that no file answers is an error of the rule; with facts, the rule can say.
#[test]
fn facts_answer_what_rules_ask() {
    let without = ajj("policy validate facts/object.yaml -p facts/policy.yaml");
    assert_snapshot!("facts_missing", without.seen());
    let facts = "--facts facts/facts.yaml -o concise";
    let with = ajj(&format!("policy validate facts/object.yaml -p facts/policy.yaml {facts}"));
    assert_snapshot!("facts_given", with.seen());
}

#[test]
fn an_update_is_judged_against_what_was() {
    let arguments = "update/new.yaml -p update/policy.yaml --old update/old.yaml";
    assert_snapshot!(ajj(&format!("policy validate {arguments}")).seen());
}

#[test]
fn several_outputs_at_once() {
    let scratch = Scratch::new("outputs");
    let file = scratch.0.join("report.json");
    std::fs::write(&file, "what was there before").unwrap();
    let run = ajj(&format!("policy validate failing -o concise -o json={}", file.display()));
    assert!(run.stdout.starts_with("failing/web.yaml:"));
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, ajj("policy validate failing -o json").stdout);
    let left: Vec<_> = std::fs::read_dir(&scratch.0).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Help is what a new user reads first: a person has to have read it.
#[test]
fn help_teaches() {
    assert_snapshot!("help", ajj("--help").seen());
    assert_snapshot!("help_policy_validate", ajj("policy validate --help").seen());
}

#[test]
fn the_version_is_said() {
    let run = ajj("--version");
    assert_eq!(run.stdout, format!("ajj {}\n", env!("CARGO_PKG_VERSION")));
}
