//! `conftest verify`: runs the unit tests of policies (`internal/commands/verify.go`,
//! `runner/verify.go`).

use ajj_engine::conftest::{Question, TestResult, TestVerdict};
use jiff::Timestamp;

use super::config_file::ConfigFile;
use super::policies::load_data;
use super::result::{CheckResult, Finding, Query, Totals};
use super::test::{policy_options, say_oddities};
use super::{Ended, Failure, namespaces, output, report};
use crate::args::VerifyArguments;
use crate::ui::Ui;

pub(super) fn run(
    ui: &Ui,
    arguments: &VerifyArguments,
    settings: &ConfigFile,
) -> Result<Ended, Failure> {
    let common = &arguments.common;
    let report = settings.text("report", arguments.report.as_deref())?.unwrap_or_default();
    let is_known = matches!(report.as_str(), "full" | "notes" | "fails");
    let report = match (is_known, settings.truth("var-values", arguments.var_values)?) {
        (true, _) => Some(report.as_str()),
        (false, true) => Some("fails"),
        (false, false) => None,
    };
    let is_traced = settings.truth("trace", common.trace)? || report == Some("full");
    let tests = verified(ui, arguments, settings, is_traced)
        .map_err(|failure| format!("running verification: {failure}"))?;
    let results: Vec<CheckResult> = tests.iter().map(result).collect();
    let code = Totals::of(&results).exit_code(false);
    if settings.truth("quiet", common.quiet)? && code == 0 {
        return Ok(Ended { output: String::new(), code });
    }
    let options = output::Options {
        no_color: settings.truth("no-color", common.no_color)?,
        suppress_exceptions: false,
        show_skipped: true,
        junit_hide_message: settings.truth("junit-hide-message", common.junit_hide_message)?,
        github_hide_passed: settings.truth("github-hide-passed", common.github_hide_passed)?,
    };
    let format = settings.text("output", common.output.as_deref())?.unwrap_or_default();
    if let Some(report) = report {
        if !matches!(format.as_str(), "" | "stdout") {
            return Err("report flag is supported with stdout only".to_owned());
        }
        return Ok(Ended { output: report::render(&tests, report), code });
    }
    if settings.truth("trace", common.trace)? {
        ui.say(output::traces(&results).trim_end());
    }
    Ok(Ended { output: output::render(&format, &results, &options), code })
}

fn verified(
    ui: &Ui,
    arguments: &VerifyArguments,
    settings: &ConfigFile,
    is_traced: bool,
) -> Result<Vec<TestResult>, Failure> {
    let common = &arguments.common;
    let policies = policy_options(common, settings)?.load()?;
    let data = load_data(&settings.list("data", &common.data)?)?;
    say_oddities(ui, &policies);
    let question = Question {
        input: data.root(),
        data: data.root(),
        file: None,
        time: Timestamp::now(),
        is_strict: settings.truth("show-builtin-errors", common.show_builtin_errors)?,
        is_traced,
    };
    let mut tests = policies.run_tests(&question);
    let wanted = settings.list("namespace", &common.namespace)?;
    if !wanted.is_empty() {
        let chosen = namespaces::matching(&policies.namespaces(), &wanted)
            .map_err(|failure| format!("filter namespaces: {failure}"))?;
        tests.retain(|test| {
            let namespace = test.package.strip_prefix("data.").unwrap_or(&test.package);
            chosen.iter().any(|chosen| chosen == namespace)
        });
    }
    for test in &tests {
        if let TestVerdict::Error(error) = &test.verdict {
            return Err(format!("run test: {error}"));
        }
    }
    Ok(tests)
}

fn result(test: &TestResult) -> CheckResult {
    let name = format!("{}.{}", test.package, test.name);
    let finding = Finding { message: name, ..Finding::default() };
    let (mut failures, mut skipped, mut successes) = (Vec::new(), Vec::new(), 0);
    match test.verdict {
        TestVerdict::Passed => successes = 1,
        TestVerdict::Skipped => skipped.push(finding),
        TestVerdict::Failed { .. } | TestVerdict::Error(_) => failures.push(finding),
    }
    let query = Query { text: test.name.clone(), prints: Vec::new(), traces: test.traces.clone() };
    CheckResult {
        file: test.file.clone(),
        successes,
        failures,
        skipped,
        queries: vec![query],
        ..CheckResult::default()
    }
}
