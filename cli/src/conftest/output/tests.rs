use super::super::result::results_of_json;
use super::{Options, render};

/// One of each kind, with what formats have to escape.
const RESULTS: &str = r#"[
  {"filename": "a b.yaml", "namespace": "main", "successes": 1,
   "skipped": [{"msg": "skip me"}],
   "warnings": [{"msg": "warn <1> & \"two\"", "metadata": {"query": "data.main.warn", "z": 1.50}}],
   "failures": [
     {"msg": "first line\nsecond: 100%, é", "loc": {"file": "other.yaml", "line": 12}, "metadata": {"n": null}},
     {"msg": "same", "loc": {"file": "a b.yaml", "line": 3}}],
   "exceptions": [{"msg": "data.main.exception[_][_] == \"x\""}]},
  {"filename": "", "namespace": "other.ns", "successes": 2},
  {"filename": "empty.yaml", "namespace": "main", "successes": 0},
  {"filename": "c:d,e.yaml", "namespace": "-", "successes": 0, "failures": [{"msg": "tab\there | pipe"}]}
]"#;

/// What conftest 0.71.1 answers to `conftest reformat`, but for what the module says of escapes.
fn check(format: &str, expected: &str) {
    let results = results_of_json(RESULTS).unwrap();
    assert_eq!(render(format, &results, &Options::default()), expected);
}

#[test]
fn for_people() {
    check(
        "stdout",
        "\u{1b}[33mWARN\u{1b}[0m - a b.yaml - main - warn <1> & \"two\"\n\
         \u{1b}[31mFAIL\u{1b}[0m - a b.yaml - main - first line\nsecond: 100%, é\n\
         \u{1b}[31mFAIL\u{1b}[0m - a b.yaml - main - same\n\
         \u{1b}[36mEXCP\u{1b}[0m - a b.yaml - main - data.main.exception[_][_] == \"x\"\n\
         \u{1b}[31mFAIL\u{1b}[0m - c:d,e.yaml - tab\there | pipe\n\n\
         \u{1b}[31m9 tests, 3 passed, 1 warning, 3 failures, 1 exception\u{1b}[0m\n",
    );
    let options = Options {
        no_color: true,
        suppress_exceptions: true,
        show_skipped: true,
        ..Options::default()
    };
    let results = results_of_json(RESULTS).unwrap();
    let shown = render("no such format", &results, &options);
    assert!(!shown.contains("EXCP"), "{shown}");
    assert!(shown.ends_with("3 failures, 1 exception, 1 skipped\n"), "{shown}");
}

#[test]
fn json() {
    let results = results_of_json(RESULTS).unwrap();
    let shown = render("json", &results, &Options::default());
    assert!(shown.starts_with("[\n\t{\n\t\t\"filename\": \"a b.yaml\",\n\t\t\"namespace\": \"main\",\n\t\t\"successes\": 1,\n\t\t\"skipped\": [\n"), "{shown}");
    assert!(shown.contains("\"msg\": \"warn \\u003c1\\u003e \\u0026 \\\"two\\\"\",\n\t\t\t\t\"metadata\": {\n\t\t\t\t\t\"query\": \"data.main.warn\",\n\t\t\t\t\t\"z\": 1.5\n"), "{shown}");
    assert!(
        shown.contains("\"loc\": {\n\t\t\t\t\t\"file\": \"other.yaml\",\n\t\t\t\t\t\"line\": 12\n"),
        "{shown}"
    );
    // What is written is read as the same.
    let again = results_of_json(&shown).unwrap();
    assert_eq!(render("json", &again, &Options::default()), shown);
    assert_eq!(render("json", &[], &Options::default()), "[]\n");
}

#[test]
fn tap() {
    check(
        "tap",
        "1..9\n\
         not ok 1 - a b.yaml - main - first line\n# second: 100%, é\n\
         not ok 2 - a b.yaml - main - same\n\
         # warnings\nnot ok 3 - a b.yaml - main - warn <1> & \"two\"\n\
         # exceptions\nok 4 - a b.yaml - main - data.main.exception[_][_] == \"x\"\n\
         # skip\nok 5 - a b.yaml - main - skip me\n\
         # successes\nok 6 - a b.yaml - main - SUCCESS\n\
         # successes\nok 7 -  - other.ns - SUCCESS\nok 8 -  - other.ns - SUCCESS\n\
         not ok 9 - c:d,e.yaml - tab\there | pipe\n",
    );
    assert_eq!(render("tap", &[], &Options::default()), "");
}

#[test]
fn table() {
    check(
        "table",
        "\
┌───────────┬────────────┬───────────┬──────────────────────────────────┐
│  RESULT   │    FILE    │ NAMESPACE │             MESSAGE              │
├───────────┼────────────┼───────────┼──────────────────────────────────┤
│ success   │ a b.yaml   │ main      │ SUCCESS                          │
│ exception │ a b.yaml   │ main      │ data.main.exception[_][_] == \"x\" │
│ warning   │ a b.yaml   │ main      │ warn <1> & \"two\"                 │
│ skipped   │ a b.yaml   │ main      │ skip me                          │
│ failure   │ a b.yaml   │ main      │ first line                       │
│           │            │           │ second: 100%, é                  │
│ failure   │ a b.yaml   │ main      │ same                             │
│ success   │            │ other.ns  │ SUCCESS                          │
│ success   │            │ other.ns  │ SUCCESS                          │
│ failure   │ c:d,e.yaml │ -         │ tab    here | pipe               │
└───────────┴────────────┴───────────┴──────────────────────────────────┘
",
    );
    assert_eq!(render("table", &[], &Options::default()), "");
}

#[test]
fn junit() {
    let results = results_of_json(RESULTS).unwrap();
    let shown = render("junit", &results, &Options::default());
    assert!(shown.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\t<testsuite tests=\"5\" failures=\"3\" time=\"0.000\" name=\"conftest.main\">\n"), "{shown}");
    for part in [
        "\t\t<testcase classname=\"conftest.main\" name=\"a b.yaml - first line\" time=\"0.000\">\n\t\t\t<failure message=\"Failed\" type=\"\">first line&#xA;second: 100%, é</failure>\n\t\t</testcase>\n",
        "\t\t<testcase classname=\"conftest.main\" name=\"a b.yaml - skip me\" time=\"0.000\">\n\t\t\t<skipped message=\"skip me\"></skipped>\n\t\t</testcase>\n",
        "\t\t<testcase classname=\"conftest.main\" name=\"a b.yaml\" time=\"0.000\"></testcase>\n\t</testsuite>\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(shown.ends_with("\t</testsuite>\n</testsuites>\n"), "{shown}");
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites></testsuites>\n";
    assert_eq!(render("junit", &[], &Options::default()), empty);
    let options = Options { junit_hide_message: true, ..Options::default() };
    assert!(!render("junit", &results, &options).contains("a b.yaml - "));
}

#[test]
fn github() {
    check(
        "github",
        "::group::Testing \"a b.yaml\" against 6 policies in namespace \"main\"\n\
         ::error file=other.yaml,line=12::first line%0Asecond: 100%25, é\n\
         ::error file=a b.yaml,line=1::(ORIGINATING FROM other.yaml L12) first line%0Asecond: 100%25, é\n\
         ::error file=a b.yaml,line=3::same\n\
         ::warning file=a b.yaml,line=1::warn <1> & \"two\"\n\
         ::notice file=a b.yaml,line=1::data.main.exception[_][_] == \"x\"\n\
         ::notice file=a b.yaml,line=1::Test was skipped: skip me\n\
         ::notice file=a b.yaml,line=1::Number of successful checks: 1\n\
         ::endgroup::\n\
         ::group::Testing \"\" against 2 policies in namespace \"other.ns\"\n\
         ::notice file=,line=1::Number of successful checks: 2\n\
         ::endgroup::\n\
         ::group::Testing \"empty.yaml\" against 0 policies in namespace \"main\"\n\
         ::notice file=empty.yaml,line=1::Number of successful checks: 0\n\
         ::endgroup::\n\
         ::group::Testing \"c:d,e.yaml\" against 1 policies in namespace \"-\"\n\
         ::error file=c%3Ad%2Ce.yaml,line=1::tab\there | pipe\n\
         ::notice file=c%3Ad%2Ce.yaml,line=1::Number of successful checks: 0\n\
         ::endgroup::\n\
         9 tests, 3 passed, 1 warning, 3 failures, 1 exception\n",
    );
    let options = Options { github_hide_passed: true, ..Options::default() };
    let shown = render("github", &results_of_json(RESULTS).unwrap(), &options);
    assert!(!shown.contains("other.ns") && shown.contains("9 tests"), "{shown}");
}

#[test]
fn azure() {
    check(
        "azuredevops",
        "##[section]Testing 'a b.yaml' against 6 policies in namespace 'main'\n\
         ##[group]See conftest results\n\
         ##vso[task.logissue type=error] file=a b.yaml --> first line%0Asecond: 100%, é\n\
         ##vso[task.logissue type=error] file=a b.yaml --> same\n\
         ##vso[task.logissue type=warning] file=a b.yaml --> warn <1> & \"two\"\n\
         ##vso[task.logissue type=warning] file=a b.yaml --> data.main.exception[_][_] == \"x\"\n\
         skipped file=a b.yaml skip me\n\
         success file=a b.yaml 1\n\
         ##[endgroup]\n\
         ##[section]Testing '' against 2 policies in namespace 'other.ns'\n\
         ##[group]See conftest results\n\
         success file= 2\n\
         ##[endgroup]\n\
         ##[section]Testing 'empty.yaml' against 0 policies in namespace 'main'\n\
         ##[group]See conftest results\n\
         ##[endgroup]\n\
         ##[section]Testing 'c:d,e.yaml' against 1 policies in namespace '-'\n\
         ##[group]See conftest results\n\
         ##vso[task.logissue type=error] file=c:d,e.yaml --> tab\there | pipe\n\
         ##[endgroup]\n\
         9 tests, 3 passed, 1 warning, 3 failures, 1 exception\n",
    );
}

#[test]
fn sarif() {
    let results = results_of_json(RESULTS).unwrap();
    let shown = render("sarif", &results, &Options::default());
    for part in [
        r#"{"version":"2.1.0","$schema":"https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/sarif-2.1/schema/sarif-schema-2.1.0.json","runs":[{"tool":{"driver":{"informationUri":"https://github.com/open-policy-agent/conftest","name":"conftest","rules":[{"id":"main/deny","shortDescription":{"text":"Policy violation"},"properties":{"n":null}},"#,
        r#"{"id":"main/allow","shortDescription":{"text":"Policy exception"}},{"id":"other.ns/success","shortDescription":{"text":"Policy was satisfied successfully"},"properties":{"description":"Policy was satisfied successfully"}},"#,
        r#""invocations":[{"executionSuccessful":true,"exitCode":1,"exitCodeDescription":"Policy violations found"}],"results":[{"ruleId":"main/deny","ruleIndex":0,"level":"error","message":{"text":"first line\nsecond: 100%, é"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"other.yaml"},"region":{"startLine":12,"endLine":12}}}]},"#,
        r#"{"ruleId":"main/warn","ruleIndex":1,"level":"warning","message":{"text":"warn \u003c1\u003e \u0026 \"two\""},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a%20b.yaml"}}}]},"#,
        r#"{"ruleId":"main/skip","ruleIndex":4,"level":"none","message":{"text":"Policy check was skipped"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"empty.yaml"}}}]},"#,
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(shown.ends_with("]}]}"), "{shown}");
}
