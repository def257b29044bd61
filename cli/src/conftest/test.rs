//! `conftest test`: judges configuration files (`internal/commands/test.go`, `runner/test.go`).

use std::path::Path;

use ajj_engine::conftest::{Checked, Policies, Question};
use ajj_engine::{Node, Tree};
use jiff::Timestamp;

use super::config_file::ConfigFile;
use super::configurations::{self, Configuration};
use super::policies::{PolicyOptions, load_data};
use super::result::{CheckResult, Finding, Location, Query, Totals};
use super::{Ended, Failure, files, namespaces, output, pull};
use crate::args::ConftestTestArguments;
use crate::ui::Ui;

pub(super) fn run(
    ui: &Ui,
    arguments: &ConftestTestArguments,
    settings: &ConfigFile,
) -> Result<Ended, Failure> {
    if arguments.paths.is_empty() {
        return Err("missing required arguments".to_owned());
    }
    let common = &arguments.common;
    let results =
        judged(ui, arguments, settings).map_err(|failure| format!("running test: {failure}"))?;
    let code =
        Totals::of(&results).exit_code(settings.truth("fail-on-warn", arguments.fail_on_warn)?);
    if settings.truth("quiet", common.quiet)? && code == 0 {
        return Ok(Ended { output: String::new(), code });
    }
    let options = output::Options {
        no_color: settings.truth("no-color", common.no_color)?,
        suppress_exceptions: settings
            .truth("suppress-exceptions", arguments.suppress_exceptions)?,
        show_skipped: false,
        junit_hide_message: settings.truth("junit-hide-message", common.junit_hide_message)?,
        github_hide_passed: settings.truth("github-hide-passed", common.github_hide_passed)?,
    };
    if settings.truth("trace", common.trace)? {
        ui.say(output::traces(&results).trim_end());
    }
    let format = settings.text("output", common.output.as_deref())?.unwrap_or_default();
    let output = output::render(&format, &results, &options);
    let code = if settings.truth("no-fail", arguments.no_fail)? { 0 } else { code };
    Ok(Ended { output, code })
}

/// The policies and data of a run.
struct Run<'r> {
    ui: &'r Ui,
    policies: &'r Policies,
    data: &'r Tree,
    time: Timestamp,
    is_strict: bool,
    is_traced: bool,
}

fn judged(
    ui: &Ui,
    arguments: &ConftestTestArguments,
    settings: &ConfigFile,
) -> Result<Vec<CheckResult>, Failure> {
    let common = &arguments.common;
    let ignore = settings.text("ignore", arguments.ignore.as_deref())?;
    let files = files::configuration_files(&arguments.paths, ignore.as_deref())
        .map_err(|failure| format!("parse files: {failure}"))?;
    let parser = settings.text("parser", arguments.parser.as_deref())?;
    let parser = parser.as_deref().filter(|parser| !parser.is_empty());
    let mut configurations = configurations::read(&files, parser)
        .map_err(|failure| format!("parse configurations: {failure}"))?;
    let stdin_name = settings.text("stdin-filename", arguments.stdin_filename.as_deref())?;
    if let Some(name) = stdin_name.filter(|name| !name.is_empty()) {
        let stdin = configurations.iter_mut().filter(|configuration| configuration.path == "-");
        stdin.for_each(|configuration| configuration.path.clone_from(&name));
    }
    let options = policy_options(common, settings)?;
    let update = settings.list("update", &arguments.update)?;
    if let (false, Some(first)) = (update.is_empty(), options.paths.first()) {
        pull::fetch(&update, Path::new(first))
            .map_err(|failure| format!("update policies: {failure}"))?;
    }
    let policies = options.load()?;
    let data = load_data(&settings.list("data", &common.data)?)?;
    say_oddities(ui, &policies);
    let wanted = settings.list("namespace", &common.namespace)?;
    let wanted = if wanted.is_empty() { vec!["main".to_owned()] } else { wanted };
    let known = policies.namespaces();
    let chosen = if settings.truth("all-namespaces", arguments.all_namespaces)? {
        known.iter().map(|name| (*name).to_owned()).collect()
    } else if namespaces::has_wildcard(&wanted) {
        namespaces::matching(&known, &wanted)
            .map_err(|failure| format!("filter namespaces: {failure}"))?
    } else {
        wanted
    };
    for namespace in chosen.iter().filter(|namespace| !known.contains(&namespace.as_str())) {
        ui.say(&format!(
            "warning: there is no package `{namespace}`, so that nothing is judged by it; found {}",
            known.join(", ")
        ));
    }
    let run = Run {
        ui,
        policies: &policies,
        data: &data,
        time: Timestamp::now(),
        is_strict: settings.truth("show-builtin-errors", common.show_builtin_errors)?,
        is_traced: settings.truth("trace", common.trace)?,
    };
    let combine = settings.truth("combine", arguments.combine)?;
    let combined = match combine {
        true => Some(super::data::tree(&configurations::combined(&configurations))?),
        false => None,
    };
    let mut results = Vec::new();
    for namespace in &chosen {
        match &combined {
            Some(all) => {
                let mut result = empty("Combined", namespace);
                run.check("Combined", all.root(), namespace, &mut result)
                    .map_err(|failure| format!("check combined: check: {failure}"))?;
                results.push(result);
            }
            None => {
                for Configuration { path, config } in &configurations {
                    let mut result = empty(path, namespace);
                    for input in config.inputs() {
                        run.check(path, input, namespace, &mut result)
                            .map_err(|failure| format!("query rule: check: {failure}"))?;
                    }
                    results.push(result);
                }
            }
        }
    }
    Ok(results)
}

/// What `test` and `verify` know of policies.
pub(super) fn policy_options(
    common: &crate::args::Common,
    settings: &ConfigFile,
) -> Result<PolicyOptions, Failure> {
    let paths = settings.list("policy", &common.policy)?;
    Ok(PolicyOptions {
        paths: if paths.is_empty() { vec!["policy".to_owned()] } else { paths },
        rego_version: settings.text("rego-version", common.rego_version.as_deref())?,
        capabilities: settings.text("capabilities", common.capabilities.as_deref())?,
        is_strict: settings.truth("strict", common.strict)?,
        leaves_out_tests: false,
    })
}

/// Says which rules look as if they judged something and do not.
pub(super) fn say_oddities(ui: &Ui, policies: &Policies) {
    for oddity in policies.oddities() {
        let help = oddity.help.map(|help| format!("; {help}")).unwrap_or_default();
        let place = oddity.span.and_then(|span| {
            let line = policies.line(&span)?;
            Some(format!("{}:{line}: ", span.source))
        });
        ui.say(&format!("warning: {}{}{help}", place.unwrap_or_default(), oddity.message));
    }
}

fn empty(file: &str, namespace: &str) -> CheckResult {
    CheckResult { file: file.to_owned(), namespace: namespace.to_owned(), ..CheckResult::default() }
}

impl Run<'_> {
    fn check(
        &self,
        path: &str,
        input: Node<'_>,
        namespace: &str,
        result: &mut CheckResult,
    ) -> Result<(), Failure> {
        let absolute = configurations::absolute(path);
        let name = absolute.file_name().unwrap_or_default().to_string_lossy();
        let directory = absolute.parent().unwrap_or(Path::new("/")).to_string_lossy();
        let question = Question {
            input,
            data: self.data.root(),
            file: Some((&name, &directory)),
            time: self.time,
            is_strict: self.is_strict,
            is_traced: self.is_traced,
        };
        let checked = self.policies.check(namespace, &question).map_err(|error| {
            let codes = ["eval_builtin_error", "eval_type_error", "eval_cancel_error"];
            let is_builtin = codes.iter().any(|code| error.contains(code));
            match self.is_strict && is_builtin {
                true => format!("built-in error: {error}"),
                false => error,
            }
        })?;
        let Checked { successes, warnings, failures, exceptions, queries, unread } = checked;
        result.successes += successes;
        result.warnings.extend(warnings.into_iter().map(finding));
        result.failures.extend(failures.into_iter().map(finding));
        result.exceptions.extend(exceptions.into_iter().map(finding));
        result.queries.extend(queries.into_iter().map(|query| Query {
            text: query.text,
            // Conftest ends each line itself, and once more when it writes it.
            prints: query.prints.into_iter().map(|line| line + "\n").collect(),
            traces: query.traces,
        }));
        for unread in unread {
            self.ui.say(&format!("warning: {path}: {unread}; nothing is counted for it"));
        }
        Ok(())
    }
}

fn finding(found: ajj_engine::conftest::Finding) -> Finding {
    let location =
        found.location.map(|location| Location { file: location.file, line: location.line });
    Finding { message: found.message, location, metadata: found.metadata, outputs: Vec::new() }
}
