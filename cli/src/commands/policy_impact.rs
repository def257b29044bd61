//! `ajj policy impact`: says what policies would deny if they were enforced.

use std::cell::RefCell;

use ajj_engine::report::{Exit, ExitRules, ObjectIdentity, Report, judge as exit_of};
use ajj_engine::{Diagnostic, GroupVersionKind, PolicySet, Request};
use ajj_facts::Offline;
use jiff::Timestamp;

use super::Findings;
use super::policy_validate::summary;
use crate::args::{Format, ImpactArguments};
use crate::cluster::Cluster;
use crate::command_error::CommandError;
use crate::existing::Existing;
use crate::grants::RecordedRoles;
use crate::impact::{Answered, Impact, Recorded, owner};
use crate::output;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, arguments: &ImpactArguments) -> Result<u8, CommandError> {
    output::check(&arguments.outputs)?;
    if arguments.outputs.iter().any(|output| output.format == Format::Concise) {
        return Err(CommandError::user("format `concise` has no place for numbers")
            .hint("use `human` or `json`"));
    }
    let mut found = Findings::default();
    let policies = found.policies(&arguments.policies, None)?.as_if_enforced();
    let impact = match arguments.files.as_slice() {
        [] => of_cluster(ui, arguments, &policies, &mut found)?,
        files => of_files(files, arguments, &policies, &mut found),
    };
    let mut report = Report { policies: summary(&policies), ..Report::default() };
    found.put_into(&mut report);
    let exit = exit(&impact, &report, arguments.allow_not_evaluated);
    output::write_all(ui, &arguments.outputs, |format, colour| match format {
        Format::Json => output::impact_json::render(&impact, &report, &exit),
        Format::Human | Format::Concise => {
            output::impact_human::render(&impact, &report, &exit, colour)
        }
    })?;
    if arguments.outputs.iter().all(|output| output.format == Format::Json) {
        Findings::tell_errors(ui, &report);
    }
    Ok(exit.code)
}

fn of_cluster(
    ui: &Ui,
    arguments: &ImpactArguments,
    policies: &PolicySet,
    found: &mut Findings,
) -> Result<Impact, CommandError> {
    let cluster = Cluster::connect(arguments.kubeconfig.as_deref())?;
    let namespaces = &arguments.namespaces;
    let time = Timestamp::now();
    let existing = Existing { cluster: &cluster, policies, namespaces, time };
    let (answered, diagnostics) = ui.with_progress("objects", None, |done| {
        existing.judge_each(done, |judged| Answered::of(&judged.request, judged.decision))
    });
    found.diagnostics.extend(diagnostics);
    let unread = RefCell::new(Vec::new());
    let look_up = |object: &ObjectIdentity| {
        let kind = GroupVersionKind::new(&object.api_version, &object.kind);
        match cluster.existing(&kind, &object.namespace, &object.name) {
            Ok(existing) => existing.and_then(|existing| owner(&Request::create(existing, time))),
            Err(reason) => {
                unread.borrow_mut().push(format!("the owner of {object} is not known: {reason}"));
                None
            }
        }
    };
    let impact = Impact::gather(policies, answered, look_up);
    let unread = unread.into_inner().into_iter();
    found.diagnostics.extend(unread.map(|message| Diagnostic::warning("owner-unknown", message)));
    Ok(impact)
}

fn of_files(
    files: &[String],
    arguments: &ImpactArguments,
    policies: &PolicySet,
    found: &mut Findings,
) -> Impact {
    let fact_sources = found.load(&arguments.facts);
    let sources = found.load(files);
    let (facts, problems) = Offline::new(&fact_sources, &sources);
    found.diagnostics.extend(problems);
    let roles = RecordedRoles::of(&fact_sources);
    let recorded = Recorded { policies, facts: &facts, roles: &roles, time: Timestamp::now() };
    let (answered, diagnostics) = recorded.judge(&sources);
    found.diagnostics.extend(diagnostics);
    found.sources.extend(fact_sources);
    found.sources.extend(sources);
    Impact::gather(policies, answered, |_| None)
}

fn exit(impact: &Impact, report: &Report, allow_not_evaluated: bool) -> Exit {
    let rules = ExitRules { allow_empty: true, allow_not_evaluated, ..ExitRules::default() };
    let undone = exit_of(report, &rules);
    if undone.code != 0 {
        return undone;
    }
    let (code, reason) = match impact.counts() {
        (0, _) if impact.judged == 0 => (3, "nothing was evaluated: there is no object".to_owned()),
        (0, _) => (3, "nothing was evaluated: no rule is about any object".to_owned()),
        (_, 0) => (0, "nothing would be denied".to_owned()),
        (1, denied) => (1, format!("{denied} of 1 object would be denied")),
        (objects, denied) => (1, format!("{denied} of {objects} objects would be denied")),
    };
    Exit { code, reason }
}
