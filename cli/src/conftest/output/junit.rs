//! JUnit's XML as `github.com/jstemmer/go-junit-report` writes it (`output/junit.go`), one suite a
//! namespace in the order they come; without the version of Go.

use super::super::result::CheckResult;

/// How a test ended, and what it says.
enum Ended<'r> {
    Passed,
    Failed(&'r str),
    Skipped(&'r str),
}

pub(super) fn render(results: &[CheckResult], hide_message: bool) -> String {
    let mut suites: Vec<(&str, Vec<(String, Ended<'_>)>)> = Vec::new();
    for result in results {
        let name = |message: &str| match message.split('\n').next().unwrap_or_default() {
            _ if hide_message || message.is_empty() => result.file.clone(),
            first => format!("{} - {first}", result.file),
        };
        let failed = result.warnings.iter().chain(&result.failures);
        let failed = failed.map(|found| (name(&found.message), Ended::Failed(&found.message)));
        let skipped = result.skipped.iter();
        let skipped = skipped.map(|found| (name(&found.message), Ended::Skipped(&found.message)));
        let passed = (0..result.successes).map(|_| (result.file.clone(), Ended::Passed));
        let tests: Vec<_> = failed.chain(skipped).chain(passed).collect();
        if tests.is_empty() {
            continue;
        }
        match suites.iter_mut().find(|(namespace, _)| *namespace == result.namespace) {
            Some((_, known)) => known.extend(tests),
            None => suites.push((&result.namespace, tests)),
        }
    }
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>".to_owned();
    for (namespace, tests) in &suites {
        out.push_str(&suite(namespace, tests));
    }
    if !suites.is_empty() {
        out.push('\n');
    }
    out + "</testsuites>\n"
}

fn suite(namespace: &str, tests: &[(String, Ended<'_>)]) -> String {
    let name = escaped(&format!("conftest.{namespace}"));
    let class = name.rsplit('/').next().unwrap_or_default();
    let failures = tests.iter().filter(|(_, ended)| matches!(ended, Ended::Failed(_))).count();
    let mut out = format!(
        "\n\t<testsuite tests=\"{}\" failures=\"{failures}\" time=\"0.000\" name=\"{name}\">\n\
         \t\t<properties></properties>\n",
        tests.len()
    );
    for (test, ended) in tests {
        let test = escaped(test);
        out.push_str(&format!(
            "\t\t<testcase classname=\"{class}\" name=\"{test}\" time=\"0.000\">"
        ));
        match ended {
            Ended::Passed => {}
            Ended::Failed(message) => out.push_str(&format!(
                "\n\t\t\t<failure message=\"Failed\" type=\"\">{}</failure>\n\t\t",
                escaped(message)
            )),
            Ended::Skipped(message) => out.push_str(&format!(
                "\n\t\t\t<skipped message=\"{}\"></skipped>\n\t\t",
                escaped(message)
            )),
        }
        out.push_str("</testcase>\n");
    }
    out + "\t</testsuite>"
}

/// A text as `encoding/xml` of Go escapes it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            character => out.push(character),
        }
    }
    out
}
