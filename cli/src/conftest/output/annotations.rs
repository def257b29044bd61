//! Annotations of pipelines: GitHub (`output/github.go`) and Azure DevOps (`output/azuredevops.go`).

use super::super::result::{CheckResult, Finding, Location, Totals};

pub(super) fn github(results: &[CheckResult], hide_passed: bool) -> String {
    let mut out = String::new();
    for result in results {
        let totals = result.totals();
        if hide_passed && totals.tests() == totals.successes {
            continue;
        }
        out.push_str(&format!(
            "::group::Testing {} against {} policies in namespace {}\n",
            go_quoted(&result.file),
            totals.tests(),
            go_quoted(&result.namespace)
        ));
        for (level, title, findings) in [
            ("error", "", &result.failures),
            ("warning", "", &result.warnings),
            ("notice", "", &result.exceptions),
            ("notice", "Test was skipped: ", &result.skipped),
        ] {
            for finding in findings {
                out.push_str(&annotated(level, title, result, finding));
            }
        }
        let passed = format!("Number of successful checks: {}", result.successes);
        out.push_str(&annotation("notice", &first_line(result), &passed));
        out.push_str("::endgroup::\n");
    }
    out + &format!("{}\n", Totals::of(results))
}

/// One annotation, or two where the rule says that the cause stands in another file.
fn annotated(level: &str, title: &str, result: &CheckResult, finding: &Finding) -> String {
    let message = format!("{title}{}", finding.message);
    let here = first_line(result);
    let Some(location) = &finding.location else {
        return annotation(level, &here, &message);
    };
    if location.file == result.file {
        return annotation(level, location, &message);
    }
    let origin = Location { file: relative(&location.file), line: location.line.clone() };
    let beside = format!("(ORIGINATING FROM {origin}) {message}");
    annotation(level, &origin, &message) + &annotation(level, &here, &beside)
}

fn first_line(result: &CheckResult) -> Location {
    Location { file: result.file.clone(), line: "1".to_owned() }
}

fn annotation(level: &str, location: &Location, message: &str) -> String {
    let file = escaped_message(&location.file).replace(':', "%3A").replace(',', "%2C");
    format!("::{level} file={file},line={}::{}\n", location.line, escaped_message(message))
}

/// Where conftest writes `%` and line breaks as they are, the annotation ends early.
fn escaped_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as `%q` of Go writes it.
fn go_quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\x{:02x}", character as u32)),
            character => out.push(character),
        }
    }
    out + "\""
}

/// A path below the working directory without it.
fn relative(path: &str) -> String {
    let directory = std::env::current_dir().ok();
    let below = directory.and_then(|directory| {
        std::path::Path::new(path).strip_prefix(directory).ok().map(ToOwned::to_owned)
    });
    below.map_or_else(|| path.to_owned(), |below| below.to_string_lossy().into_owned())
}

pub(super) fn azure(results: &[CheckResult]) -> String {
    let mut out = String::new();
    for result in results {
        let CheckResult { file, namespace, .. } = result;
        out.push_str(&format!(
            "##[section]Testing '{file}' against {} policies in namespace '{namespace}'\n\
             ##[group]See conftest results\n",
            result.totals().tests()
        ));
        for (kind, findings) in [
            ("error", &result.failures),
            ("warning", &result.warnings),
            ("warning", &result.exceptions),
        ] {
            for finding in findings {
                let message = finding.message.replace('\r', "%0D").replace('\n', "%0A");
                out.push_str(&format!(
                    "##vso[task.logissue type={kind}] file={file} --> {message}\n"
                ));
            }
        }
        for skipped in &result.skipped {
            out.push_str(&format!("skipped file={file} {}\n", skipped.message));
        }
        if result.successes > 0 {
            out.push_str(&format!("success file={file} {}\n", result.successes));
        }
        out.push_str("##[endgroup]\n");
    }
    out + &format!("{}\n", Totals::of(results))
}
