//! `ajj conftest` as scripts run it. What conftest 0.71.1 itself answers stands here, but where a
//! comment says otherwise.

use crate::support::{Scratch, ajj_in, ajj_in_with, testdata};

const FILES: &str = "conftest/files";

#[test]
fn files_are_judged() {
    let run = ajj_in(FILES, "conftest test -d data --no-color web.yaml");
    assert_eq!(
        run.stdout,
        "FAIL - web.yaml - main - web has 5 replicas; at most 3 are allowed\n\
         FAIL - web.yaml - main - the image is the latest\n\n\
         3 tests, 1 passed, 0 warnings, 2 failures, 0 exceptions\n"
    );
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
}

/// Conftest drops the document behind `--- # comment`: there it is `3 tests, 3 passed`.
#[test]
fn every_document_is_judged() {
    let run = ajj_in(FILES, "conftest test -c settings.toml several.yaml");
    assert_eq!(
        run.stdout,
        "WARN - several.yaml - main - there is no owner\n\
         FAIL - several.yaml - main - demo has 4 replicas; at most 3 are allowed\n\
         EXCP - several.yaml - main - data.main.exception[_][_] == \"latest\"\n\n\
         6 tests, 3 passed, 1 warning, 1 failure, 1 exception\n"
    );
    assert_eq!(run.code, 1);
}

#[test]
fn results_are_json() {
    let run = ajj_in(FILES, "conftest test -c settings.toml -o json web.yaml");
    let expected = "[\n\t{\n\t\t\"filename\": \"web.yaml\",\n\t\t\"namespace\": \"main\",\n\
                    \t\t\"successes\": 1,\n\t\t\"failures\": [\n\t\t\t{\n\
                    \t\t\t\t\"msg\": \"web has 5 replicas; at most 3 are allowed\",\n\
                    \t\t\t\t\"loc\": {\n\t\t\t\t\t\"file\": \"web.yaml\",\n\t\t\t\t\t\"line\": 4\n\
                    \t\t\t\t},\n\t\t\t\t\"metadata\": {\n\t\t\t\t\t\"query\": \"data.main.deny\",\n\
                    \t\t\t\t\t\"severity\": \"high\"\n\t\t\t\t}\n\t\t\t},\n\t\t\t{\n\
                    \t\t\t\t\"msg\": \"the image is the latest\",\n\t\t\t\t\"metadata\": {\n\
                    \t\t\t\t\t\"query\": \"data.main.deny_latest\"\n\t\t\t\t}\n\t\t\t}\n\t\t]\n\t}\n]\n";
    assert_eq!(run.stdout, expected);
    let folder = Scratch::new("conftest-results");
    let saved = folder.0.join("results.json");
    std::fs::write(&saved, &run.stdout).unwrap();
    let again = ajj_in(FILES, &format!("conftest reformat -o json {}", saved.display()));
    assert_eq!((again.code, again.stdout.as_str()), (0, expected));
}

#[test]
fn exit_codes() {
    for (arguments, expected) in [
        ("test -d data several.yaml", 1),
        ("test -d data --fail-on-warn several.yaml", 2),
        ("test -d data --no-fail several.yaml", 0),
        ("test -d data --quiet --namespace none several.yaml", 0),
        ("test -d data nope.yaml", 1),
        ("test -d data -p nope web.yaml", 1),
        ("test -d data --nope web.yaml", 1),
        ("push registry/policies", 1),
        ("nope", 1),
        ("--version", 0),
    ] {
        let run = ajj_in(FILES, &format!("conftest {arguments}"));
        assert_eq!(run.code, expected, "{arguments}\n{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn errors_are_conftests() {
    for (arguments, expected) in [
        ("test", "missing required arguments"),
        (
            "test nope.yaml",
            "running test: parse files: get file info: stat nope.yaml: no such file or directory",
        ),
        (
            "test -p nope web.yaml",
            "running test: load: loading policies: load: 1 error occurred during loading: stat nope: no such file or directory",
        ),
        (
            "test -p data web.yaml",
            "running test: load: loading policies: load: no policies found in [data]",
        ),
        (
            "test --parser nope web.yaml",
            "running test: parse configurations: new parser: unknown parser: nope, path: web.yaml",
        ),
        (
            "test --rego-version v2 web.yaml",
            "running test: load: loading policies: invalid Rego version: v2",
        ),
        ("test --nope web.yaml", "unknown flag: --nope"),
        (
            "test --quiet=x web.yaml",
            "invalid argument \"x\" for \"--quiet\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
        ("verify -o json --report full", "report flag is supported with stdout only"),
        ("parse", "must supply path to at least one file"),
        // Not conftest's: what ajj leaves out says so.
        (
            "plugin install x",
            "the command `plugin` is not supported by ajj; use `the plugin itself` for it",
        ),
        (
            "parse --parser cue web.yaml",
            "parse configurations: parser unmarshal: the parser `cue` is not supported by ajj; convert the file to JSON first, path: web.yaml",
        ),
    ] {
        let run = ajj_in(FILES, &format!("conftest {arguments}"));
        assert_eq!((run.code, run.stderr), (1, format!("Error: {expected}\n")), "{arguments}");
    }
}

#[test]
fn files_are_parsed() {
    let run = ajj_in(FILES, "conftest parse main.tf");
    let expected = "{\n  \"resource\": {\n    \"store\": {\n      \"main\": [\n        {\n          \
                    \"size\": \"${3 * var.unit}\",\n          \"tags\": {\n            \
                    \"owner\": \"shop\"\n          }\n        }\n      ]\n    }\n  }\n}\n";
    assert_eq!((run.code, run.stdout.as_str()), (0, expected));
    let run = ajj_in(FILES, "conftest parse web.yaml app.ini");
    assert!(
        run.stdout.starts_with("{\n  \"app.ini\": {\n    \"server\": {\n      \"port\": 80\n"),
        "{}",
        run.stdout
    );
    let run = ajj_in(FILES, "conftest parse --combine app.ini");
    assert_eq!(
        run.stdout,
        "[\n\t{\n\t\t\"path\": \"app.ini\",\n\t\t\"contents\": {\n\t\t\t\"server\": {\n\t\t\t\t\"port\": 80\n\t\t\t}\n\t\t}\n\t}\n]\n\n"
    );
    let run = ajj_in_with(FILES, "conftest parse --parser ini -", "[a]\nb = x\n");
    assert_eq!(run.stdout, "{\n  \"a\": {\n    \"b\": \"x\"\n  }\n}\n");
}

#[test]
fn unit_tests_are_run() {
    let run = ajj_in(FILES, "conftest verify --no-color");
    assert_eq!(
        run.stdout,
        "FAIL - policy/replicas_test.rego -  - data.main.test_this_fails\n\n\
         5 tests, 3 passed, 0 warnings, 1 failure, 0 exceptions, 1 skipped\n"
    );
    assert_eq!(run.code, 1);
    let run = ajj_in(FILES, "conftest verify --report fails");
    assert!(run.stdout.contains("data.main.test_this_fails: FAIL\n\n  seen\n"), "{}", run.stdout);
    assert!(run.stdout.ends_with("PASS: 3/5\nFAIL: 1/5\nSKIPPED: 1/5\n"), "{}", run.stdout);
    let run = ajj_in(FILES, "conftest verify --namespace other");
    assert!(run.stdout.contains("0 tests, 0 passed"), "{}", run.stdout);
}

/// Conftest counts each of these rules as passed, without a word.
#[test]
fn what_is_never_judged_is_said() {
    let run = ajj_in(FILES, "conftest test --no-color -p odd --namespace odd web.yaml");
    assert_eq!(run.stdout, "\n2 tests, 2 passed, 0 warnings, 0 failures, 0 exceptions\n");
    for said in [
        "warning: odd/odd.rego:3: the rule `deny` is never wrong",
        "warning: odd/odd.rego:5: the rule `Deny` is not judged",
        "warning: web.yaml: data.odd.deny_number has a member that is neither a text nor",
    ] {
        assert!(run.stderr.contains(said), "{said}\n{}", run.stderr);
    }
    let run = ajj_in(FILES, "conftest test -d data --namespace none web.yaml");
    assert!(run.stderr.contains("warning: there is no package `none`"), "{}", run.stderr);
}

#[test]
fn policies_are_fetched_from_files() {
    let folder = Scratch::new("conftest-pull");
    let source = testdata().join(FILES).join("policy");
    let target = folder.0.join("policies");
    let arguments = format!(
        "conftest test -d data -p {} --update file::{} --no-color web.yaml",
        target.display(),
        source.display()
    );
    let run = ajj_in(FILES, &arguments);
    assert!(run.stdout.contains("2 failures"), "{}{}", run.stdout, run.stderr);
    assert!(target.join("replicas.rego").is_file());
    let run = ajj_in(FILES, "conftest pull git::https://example.com/policies");
    assert!(run.stderr.contains("is not supported by ajj, which fetches files"), "{}", run.stderr);
}

#[test]
fn annotations_are_documented() {
    let folder = Scratch::new("conftest-doc");
    let run = ajj_in(FILES, &format!("conftest doc -o {} policy", folder.0.display()));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let written = std::fs::read_to_string(folder.0.join("policy.md")).unwrap();
    assert_eq!(
        written,
        "# main - Replicas\n\nHow many replicas there may be.\n\n\
         ## main.deny - Too many replicas\n\n\n\nRelated Resources:\n\n\
         * https://example.com/replicas\n\n"
    );
}
