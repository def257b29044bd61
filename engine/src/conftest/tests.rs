use jiff::Timestamp;

use super::{Options, Policies, Question, TestVerdict};
use crate::read::{Limits, parse_json};
use crate::source::Source;

fn policies(modules: &[&str]) -> Policies {
    let sources: Vec<_> = modules
        .iter()
        .enumerate()
        .map(|(number, text)| Source::new(format!("{number}.rego"), text))
        .collect();
    Policies::compile(&sources, &Options::default()).unwrap()
}

/// What a namespace says, in one line.
fn checked(modules: &[&str], input: &str) -> String {
    let input = parse_json(input, &Limits::default()).unwrap();
    let data = parse_json(r#"{"limits": {"max": 3}}"#, &Limits::default()).unwrap();
    let question = Question {
        input: input.root(),
        data: data.root(),
        file: Some(("a.yaml", "/work")),
        time: Timestamp::UNIX_EPOCH,
        is_strict: false,
        is_traced: false,
    };
    let checked = match policies(modules).check("main", &question) {
        Ok(checked) => checked,
        Err(error) => return error,
    };
    let mut said = format!("{} passed", checked.successes);
    for (word, findings) in
        [("warn", &checked.warnings), ("fail", &checked.failures), ("except", &checked.exceptions)]
    {
        for finding in findings {
            said.push_str(&format!("; {word} {}", finding.message));
            if let Some(location) = &finding.location {
                said.push_str(&format!(" at {}:{}", location.file, location.line));
            }
            let metadata = finding.metadata.as_ref().map(|tree| tree.root().to_json());
            if let Some(metadata) = metadata.filter(|metadata| metadata.matches(':').count() > 1) {
                said.push_str(&format!(" {metadata}"));
            }
        }
    }
    for unread in checked.unread {
        said.push_str(&format!("; unread {unread}"));
    }
    said
}

#[test]
fn rules_count_by_their_definitions() {
    let two =
        "package main\ndeny contains \"a\" if input.x == 1\ndeny contains \"b\" if input.x < 3\n";
    assert_eq!(checked(&[two], r#"{"x": 1}"#), "0 passed; fail a; fail b");
    assert_eq!(checked(&[two], r#"{"x": 2}"#), "1 passed; fail b");
    assert_eq!(checked(&[two], r#"{"x": 5}"#), "2 passed");
    let more = "package main\nwarn_x contains \"w\"\nviolation contains \"v\" if input.x == 1\nallow := true\n";
    assert_eq!(checked(&[two, more], r#"{"x": 1}"#), "0 passed; warn w; fail a; fail b; fail v");
    assert_eq!(checked(&["package other\ndeny contains \"a\"\n"], "{}"), "0 passed");
    // Conftest judges one of the two and counts the other as passed.
    let both = "package main\ndeny_foo contains \"a\"\ndeny_FOO contains \"b\"\n";
    assert_eq!(checked(&[both], "{}"), "0 passed; fail a; fail b");
}

#[test]
fn values_are_messages_or_objects() {
    assert_eq!(
        checked(
            &[
                "package main\ndeny contains {\"msg\": \"m\", \"n\": 1.50, \"_loc\": {\"file\": \"f\", \"line\": 7}}\n"
            ],
            "{}"
        ),
        r#"0 passed; fail m at f:7 {"n":1.5,"query":"data.main.deny"}"#
    );
    assert_eq!(
        checked(&["package main\ndeny contains {\"message\": \"m\"}\n"], "{}"),
        "query rule: new result: \"msg\" field must be present and a string"
    );
    assert_eq!(
        checked(&["package main\ndeny contains 1\n"], "{}"),
        "1 passed; unread data.main.deny has a member that is neither a text nor an object with `msg`: 1"
    );
    assert_eq!(checked(&["package main\ndeny := [\"a\", \"\"]\n"], "{}"), "1 passed; fail a");
    assert_eq!(checked(&["package main\ndeny if true\n"], "{}"), "1 passed");
    let file = "package main\ndeny contains msg if {\n msg := sprintf(\"%v %v %v\", [data.conftest.file.name, data.conftest.file.dir, data.limits.max])\n}\n";
    assert_eq!(checked(&[file], "{}"), "0 passed; fail a.yaml /work 3");
}

#[test]
fn exceptions_exempt_all_that_a_rule_says() {
    let rules =
        "package main\ndeny_root contains \"a\"\ndeny_root contains \"b\"\ndeny contains \"c\"\n";
    let exception = |names: &str| {
        format!("package main\nexception contains rules if {{\n rules := {names}\n}}\n")
    };
    assert_eq!(
        checked(&[rules, &exception("[\"root\"]")], "{}"),
        "1 passed; fail c; except data.main.exception[_][_] == \"root\""
    );
    assert_eq!(
        checked(&[rules, &exception("[\"\"]")], "{}"),
        "0 passed; fail a; fail b; except data.main.exception[_][_] == \"\""
    );
    assert_eq!(checked(&[rules, &exception("[\"no\"]")], "{}"), "0 passed; fail a; fail b; fail c");
}

#[test]
fn what_is_never_judged_is_said() {
    let odd = |text: &str| {
        let policies = policies(&[text]);
        let line = |span: &crate::source::Span| policies.line(span).unwrap_or_default();
        let said = policies
            .oddities()
            .into_iter()
            .map(|found| format!("{}: {}", found.span.as_ref().map_or(0, line), found.message));
        said.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(odd("package main\ndeny contains \"a\"\nwarn := [\"x\"]\ndenied := 1\n"), "");
    assert!(
        odd("package main\ndeny if input.x\n").starts_with("2: the rule `deny` is never wrong")
    );
    assert!(odd("package main\nDeny contains \"a\"\n").contains("`Deny` is not judged"));
    assert!(odd("package main\ndeny(x) := x\n").contains("`deny` is not judged"));
    let keys = policies(&["package main\ndeny[msg] if msg := \"a\"\n"]);
    assert_eq!(keys.problematic_if(), Some(("0.rego", 2)));
}

#[test]
fn tests_are_run() {
    let text = "package main\ndeny contains \"a\" if input.x\ntest_yes if count(deny) == 1 with input as {\"x\": 1}\ntest_no if {\n count(deny) == 1\n}\ntodo_test_later if true\n";
    let none = parse_json("{}", &Limits::default()).unwrap();
    let question = Question {
        input: none.root(),
        data: none.root(),
        file: None,
        time: Timestamp::UNIX_EPOCH,
        is_strict: false,
        is_traced: false,
    };
    let results = policies(&[text]).run_tests(&question);
    let verdicts: Vec<_> = results.iter().map(|test| (test.name.as_str(), &test.verdict)).collect();
    let failed = TestVerdict::Failed {
        place: "0.rego:5".to_owned(),
        expression: "count(deny) == 1".to_owned(),
    };
    assert_eq!(
        verdicts,
        [
            ("test_yes", &TestVerdict::Passed),
            ("test_no", &failed),
            ("todo_test_later", &TestVerdict::Skipped)
        ]
    );
}

#[test]
fn problems_have_places() {
    let text = "package main\ndeny contains x if {\n y := 1\n}\n";
    let problems = Policies::compile(&[Source::new("a.rego", text)], &Options::default());
    let problems = problems.unwrap_err();
    assert_eq!(problems[0].to_string(), "a.rego:2: rego_unsafe_var_error: var x is unsafe");
    let allowed = super::allowed_functions(r#"{"builtins": [{"name": "count"}]}"#).unwrap();
    let options = Options { allowed: Some(allowed), ..Options::default() };
    let text = "package main\ndeny contains \"a\" if opa.runtime()\n";
    let problems = Policies::compile(&[Source::new("a.rego", text)], &options).unwrap_err();
    assert!(problems[0].to_string().contains("rego_type_error: undefined function opa.runtime"));
}

#[test]
fn strict_mode_refuses_what_nothing_reads() {
    let check = |text: &str, expected: &[&str]| {
        let options = Options { is_strict: true, ..Options::default() };
        let said = match Policies::compile(&[Source::new("a.rego", text)], &options) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(said, expected, "{text}");
    };
    check(
        "package main\nimport data.x.y\nallow if {\n a := 1\n b := 2\n c := [a | d := 1]\n}\nf(p, q) := p\n",
        &[
            "a.rego:2: rego_compile_error: import data.x.y unused",
            "a.rego:5: rego_compile_error: assigned var b unused",
            "a.rego:6: rego_compile_error: assigned var c unused",
            "a.rego:6: rego_compile_error: assigned var d unused",
            "a.rego:8: rego_compile_error: unused argument q. (hint: use _ (wildcard variable) instead)",
        ],
    );
    check(
        "package main\nimport data.x.y\nf(p, q) := r if {\n r := y[p]\n} else := q\ndeny contains z if {\n z := {k: v | k := 1; v := k}\n}\n",
        &[],
    );
}

#[test]
fn annotations_are_sorted_by_path() {
    let text = "# METADATA\n# title: Deny\n# description: d\n# related_resources:\n# - https://a\n# - ref: https://b\n#   description: B\ndeny contains \"a\"\n";
    let module = format!("# METADATA\n# title: Main\npackage main\n{text}");
    let found = policies(&["# METADATA\n# title: Sub\npackage main.a\n", &module]).documented();
    let shown: Vec<_> = found
        .iter()
        .map(|one| {
            format!(
                "{} {} {} {} {:?}",
                one.depth, one.path, one.title, one.description, one.related
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1 main Main  []",
            "2 main.a Sub  []",
            r#"2 main.deny Deny d [("https://a", ""), ("https://b", "B")]"#,
        ]
    );
}

#[test]
fn functions_that_read_files_are_known() {
    let text = "package main\ndeny contains \"a\" if {\n parse_config(\"ini\", \"\").a\n parse_config_file(\"a\").b\n parse_combined_config_files([\"a\"])\n}\n";
    // Nobody answers here, which ends the evaluation.
    assert!(checked(&[text], "{}").contains("parse_config: not available here"));
}

/// What compiling says and what a Deployment is answered, of Rego among policies.
fn set(text: &str) -> (Vec<String>, Vec<String>, usize) {
    let (set, said) = crate::compile(&[crate::Source::new("a.rego", text)]);
    let object = parse_json(
        r#"{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 1}}"#,
        &Limits::default(),
    );
    let request =
        crate::Request::create(std::sync::Arc::new(object.unwrap()), Timestamp::UNIX_EPOCH);
    let decision = set.conclude(&request, &crate::Facts::default());
    let results = decision.results.iter().map(|result| {
        let paths: Vec<_> = result.violations.iter().map(|found| found.path.as_str()).collect();
        format!(
            "{} {} {} {}",
            result.name,
            result.outcome.as_str(),
            result.message,
            paths.join(",")
        )
    });
    let said = said.into_iter().map(|found| {
        let at = found.span.map_or(0, |span| span.start);
        format!("{} at {at}: {}", found.code, found.message)
    });
    let unjudged = set.not_evaluated().iter().map(|rules| rules.count).sum();
    (said.collect(), results.collect(), unjudged)
}

#[test]
fn rules_judge_objects() {
    let (said, results, unjudged) = set(
        "package main\ndeny contains \"few\" if input.spec.replicas < 2\nwarn contains 1 if input.kind\nexception contains [\"x\"] if true\nwarn_x contains \"a\"\n",
    );
    assert_eq!(said, [""; 0]);
    assert_eq!(
        results,
        [
            "deny fail few /spec/replicas",
            "warn error data.main.warn has a member that is neither a text nor an object with `msg`: 1 ",
            "warn_x skip an `exception` of the package exempts it ",
        ]
    );
    assert_eq!(unjudged, 0);
}

#[test]
fn what_would_pass_in_silence_is_said() {
    for (text, code, unjudged) in [
        (
            "package main\ndeny contains \"x\" if input.request.kind.kind == \"Pod\"\n",
            "review-rego at 34",
            1,
        ),
        (
            "package main\nviolation contains {\"msg\": \"x\"} if input.review.object\n",
            "review-rego at 48",
            1,
        ),
        (
            "package main\ndeny contains \"x\" if data.ports[_] == input.port\n",
            "unknown-data at 34",
            0,
        ),
        ("package main\ndeny if input.x\n", "conftest-rule at 13", 0),
        ("package main\nDeny contains \"x\"\n", "conftest-rule at 13", 0),
    ] {
        let (said, _, found) = set(text);
        assert!(said.iter().any(|said| said.starts_with(code)), "{text}: {said:?}");
        assert_eq!(found, unjudged, "{text}");
    }
    let (_, results, _) = set("package main\ndeny := \"x\"\nwarn := [\"y\"]\n");
    assert_eq!(
        results,
        ["deny error data.main.deny has to be a set or a list, found string ", "warn fail y "]
    );
    for text in [
        "package main\n# input.review is read elsewhere\ndeny contains \"x\" if data.main.f(input.data.request)\nf(x) := x\n",
        "package lib\nallow if input.request\n",
    ] {
        assert_eq!(set(text).0, [""; 0], "{text}");
    }
}
