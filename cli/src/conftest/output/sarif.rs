//! SARIF 2.1.0 as conftest fills it in (`output/sarif.go`).

use super::super::CONFTEST_VERSION;
use super::super::json::{Object, quoted};
use super::super::result::{CheckResult, Finding, Totals};

const SCHEMA: &str = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/sarif-2.1/schema/sarif-schema-2.1.0.json";
const SATISFIED: &str = "Policy was satisfied successfully";
const SKIPPED: &str = "Policy check was skipped";

pub(super) fn render(results: &[CheckResult]) -> String {
    let mut run = Run::default();
    for result in results {
        for failure in &result.failures {
            run.add(result, failure, "deny", "error", "Policy violation");
        }
        for warning in &result.warnings {
            run.add(result, warning, "warn", "warning", "Policy warning");
        }
        for exception in &result.exceptions {
            run.add(result, exception, "allow", "note", "Policy exception");
        }
        if !result.failures.is_empty() || !result.warnings.is_empty() {
            continue;
        }
        let (kind, text) = match result.successes > 0 || !result.exceptions.is_empty() {
            true => ("success", SATISFIED),
            false => ("skip", SKIPPED),
        };
        let status = Finding { message: text.to_owned(), ..Finding::default() };
        run.add(result, &status, kind, "none", text);
    }
    run.finish(Totals::of(results))
}

#[derive(Default)]
struct Run {
    /// The ids of rules with their JSON.
    rules: Vec<(String, String)>,
    results: Vec<String>,
}

impl Run {
    fn add(
        &mut self,
        result: &CheckResult,
        finding: &Finding,
        kind: &str,
        level: &str,
        description: &str,
    ) {
        let id = format!("{}/{kind}", result.namespace);
        let index = self.rules.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            self.rules.push((id.clone(), rule(&id, description, finding, kind)));
            self.rules.len() - 1
        });
        let mut place = Object::default();
        let file = finding.location.as_ref().map_or(&result.file, |location| &location.file);
        place.raw("artifactLocation", &one("uri", &quoted(&escaped_path(file))));
        if let Some(location) = &finding.location {
            let line = location.line.parse::<i64>().unwrap_or_default().to_string();
            let mut region = Object::default();
            region.raw("startLine", &line);
            region.raw("endLine", &line);
            place.raw("region", &region.finish());
        }
        let mut out = Object::default();
        out.text("ruleId", &id);
        out.raw("ruleIndex", &index.to_string());
        out.text("level", level);
        out.raw("message", &one("text", &quoted(&finding.message)));
        out.raw("locations", &format!("[{}]", one("physicalLocation", &place.finish())));
        self.results.push(out.finish());
    }

    fn finish(self, totals: Totals) -> String {
        let rules: Vec<_> = self.rules.into_iter().map(|(_, rule)| rule).collect();
        let mut driver = Object::default();
        driver.text("informationUri", "https://github.com/open-policy-agent/conftest");
        driver.text("name", "conftest");
        driver.raw("rules", &format!("[{}]", rules.join(",")));
        driver.text("version", CONFTEST_VERSION);
        let ended = match totals {
            Totals { failures: 1.., .. } => "Policy violations found",
            Totals { warnings: 1.., .. } => "Policy warnings found",
            _ => "No policy violations found",
        };
        let mut invocation = Object::default();
        invocation.raw("executionSuccessful", "true");
        invocation.raw("exitCode", &totals.exit_code(false).to_string());
        invocation.text("exitCodeDescription", ended);
        let mut run = Object::default();
        run.raw("tool", &one("driver", &driver.finish()));
        run.raw("invocations", &format!("[{}]", invocation.finish()));
        run.raw("results", &format!("[{}]", self.results.join(",")));
        let mut report = Object::default();
        report.text("version", "2.1.0");
        report.text("$schema", SCHEMA);
        report.raw("runs", &format!("[{}]", run.finish()));
        report.finish()
    }
}

fn rule(id: &str, description: &str, finding: &Finding, kind: &str) -> String {
    let mut rule = Object::default();
    rule.text("id", id);
    rule.raw("shortDescription", &one("text", &quoted(description)));
    if matches!(kind, "success" | "skip") {
        rule.raw("properties", &one("description", &quoted(description)));
    } else if let Some(metadata) = finding.metadata_entries() {
        rule.raw("properties", &metadata.root().to_json());
    }
    rule.finish()
}

fn one(key: &str, json: &str) -> String {
    let mut object = Object::default();
    object.raw(key, json);
    object.finish()
}

/// A path as `net/url` of Go escapes it.
fn escaped_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            true => out.push(byte as char),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
