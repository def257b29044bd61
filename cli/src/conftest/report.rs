//! The report of `conftest verify --report`, in the manner of `opa test -v` (`v1/tester/reporter.go`
//! of OPA); without durations, and with what was noted in place of OPA's trace.

use ajj_engine::conftest::{TestResult, TestVerdict};

pub(super) fn render(tests: &[TestResult], kind: &str) -> String {
    let rule = "-".repeat(80);
    let mut out = String::new();
    let mut last_file = "";
    for test in tests {
        if !last_file.is_empty() && last_file != test.file {
            out.push('\n');
        }
        last_file = &test.file;
        out.push_str(&format!("{}:{}:\n{}\n", test.file, test.line, outcome(test)));
        for (name, passed) in &test.cases {
            out.push_str(&format!("  {name}: {}\n", if *passed { "PASS" } else { "FAIL" }));
        }
        if !test.prints.is_empty() {
            out.push_str(&format!("\n{}\n\n", indented(&test.prints.join("\n"))));
        }
    }
    let is_failed = |test: &&TestResult| matches!(test.verdict, TestVerdict::Failed { .. });
    let failed: Vec<_> = tests.iter().filter(is_failed).collect();
    if !failed.is_empty() {
        out.push_str(&format!("{rule}\nFAILURES\n{rule}\n"));
    }
    for test in failed {
        out.push_str(&format!("{}\n\n", outcome(test)));
        let mut said = if kind == "full" { test.traces.clone() } else { Vec::new() };
        if kind != "fails" {
            said.extend(test.notes.iter().map(|note| format!("| Note {note:?}")));
        }
        if !said.is_empty() {
            out.push_str(&format!("{}\n\n", indented(&said.join("\n"))));
        }
        if let TestVerdict::Failed { place, expression } = &test.verdict {
            out.push_str(&format!(
                "  {place}:\n    \t{}\n\n\n",
                expression.replace('\n', "\n    \t")
            ));
        }
    }
    if !tests.is_empty() {
        out.push_str(&format!("{rule}\n"));
    }
    let (mut passed, mut failures, mut skipped) = (0, 0, 0);
    for test in tests {
        match test.verdict {
            TestVerdict::Skipped => skipped += 1,
            _ if !test.cases.is_empty() => {
                let passing = test.cases.iter().filter(|(_, passed)| *passed).count();
                passed += passing;
                failures += test.cases.len() - passing;
            }
            TestVerdict::Passed => passed += 1,
            TestVerdict::Failed { .. } | TestVerdict::Error(_) => failures += 1,
        }
    }
    let total = passed + failures + skipped;
    for (word, count) in [("PASS", passed), ("FAIL", failures), ("SKIPPED", skipped)] {
        if count > 0 {
            out.push_str(&format!("{word}: {count}/{total}\n"));
        }
    }
    out
}

fn outcome(test: &TestResult) -> String {
    let word = match test.verdict {
        TestVerdict::Passed => "PASS",
        TestVerdict::Skipped => "SKIPPED",
        TestVerdict::Failed { .. } => "FAIL",
        TestVerdict::Error(_) => "ERROR",
    };
    format!("{}.{}: {word}", test.package, test.name)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
