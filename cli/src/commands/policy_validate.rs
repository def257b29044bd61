//! `ajj policy validate`: judges manifests by policies.

use ajj_engine::report::{ExitRules, Keep, PolicySummary, judge as exit_of};
use ajj_engine::{Diagnostic, PolicySet, UserInfo, Values, compile};
use ajj_facts::Offline;
use jiff::Timestamp;

use super::Findings;
use crate::args::{Format, ValidateArguments};
use crate::command_error::CommandError;
use crate::judge::{Circumstances, judge};
use crate::output;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, arguments: &ValidateArguments) -> Result<u8, CommandError> {
    output::check(&arguments.outputs)?;
    let mut found = Findings::default();
    let policy_sources = found.load(&arguments.policies);
    let (policies, problems) = compile(&policy_sources);
    found.diagnostics.extend(problems);
    let manifests = found.load(&arguments.paths);
    let user = arguments.user_info.as_ref().and_then(|path| {
        let document = found.document(path)?;
        let (user, diagnostics) = UserInfo::read(&document);
        found.diagnostics.extend(diagnostics);
        user
    });
    let values = arguments.values.as_ref().and_then(|path| {
        let document = found.document(path)?;
        let (values, diagnostics) = Values::read(&document);
        found.diagnostics.extend(diagnostics);
        Some(values)
    });
    let old = found.load(&arguments.old);
    let old = found.objects(&old);
    let fact_sources = found.load(&arguments.facts);
    let (facts, problems) = Offline::new(&fact_sources, &manifests);
    found.diagnostics.extend(problems);
    found.sources.extend(policy_sources);
    found.sources.extend(fact_sources);

    let only_findings = arguments.outputs.iter().all(|output| output.format != Format::Json);
    let circumstances = Circumstances {
        user,
        values,
        operation: arguments.operation,
        old,
        time: Timestamp::now(),
        keep: if only_findings { Keep::Findings } else { Keep::All },
    };
    let mut report = ui.with_progress(manifests.len(), |done| {
        judge(&manifests, &policies, &facts, &circumstances, done)
    });
    report.policies = summary(&policies);
    found.diagnostics.extend(unanswered(&facts));
    found.put_into(&mut report);

    let rules = ExitRules {
        fail_on: arguments.fail_on.iter().copied().collect(),
        allow_empty: arguments.allow_empty,
        allow_not_evaluated: arguments.allow_not_evaluated,
        exit_zero: arguments.exit_zero,
    };
    let exit = exit_of(&report, &rules);
    output::write_all(ui, &arguments.outputs, |format, colour| match format {
        Format::Human => output::human::render(&report, &exit, colour),
        Format::Concise => output::concise::render(&report),
        Format::Json => output::json::render(&report, &exit),
    })?;
    if arguments.outputs.iter().all(|output| output.format == Format::Json) {
        Findings::tell_errors(ui, &report);
    }
    Ok(exit.code)
}

/// Of questions that nobody could be asked, so many are named.
const MAX_UNANSWERED: usize = 20;

/// A warning for each question that needs a cluster, a registry or a network.
fn unanswered(facts: &Offline) -> Vec<Diagnostic> {
    let keys = facts.unanswered();
    let named =
        keys.iter().take(MAX_UNANSWERED).map(|key| format!("nobody could be asked for `{key}`"));
    let rest = keys.len().checked_sub(MAX_UNANSWERED).filter(|rest| *rest > 0);
    let rest = rest.map(|rest| format!("nobody could be asked for {rest} more facts"));
    named
        .chain(rest)
        .map(|message| {
            let diagnostic = Diagnostic::warning("fact-unknown", message);
            diagnostic.help("give the answer with --facts FILE")
        })
        .collect()
}

fn summary(policies: &PolicySet) -> PolicySummary {
    PolicySummary {
        digest: policies.digest().into(),
        rules: policies.rules().len(),
        broken: policies.broken(),
        not_evaluated: policies.not_evaluated().to_vec(),
    }
}
