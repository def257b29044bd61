//! `ajj policy validate`: judges manifests by policies.

use ajj_engine::report::{Keep, PolicySummary};
use ajj_engine::{Diagnostic, PolicySet, Source, UserInfo, Values};
use ajj_facts::{Layered, Offline};
use jiff::Timestamp;

use super::Findings;
use crate::args::{Format, ValidateArguments};
use crate::cluster::{Cluster, WITHIN};
use crate::command_error::CommandError;
use crate::judge::{Circumstances, judge};
use crate::output;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, arguments: &ValidateArguments) -> Result<u8, CommandError> {
    output::check(&arguments.outputs)?;
    let mut found = Findings::default();
    let cluster = arguments.live.then(|| Cluster::connect(arguments.kubeconfig.as_deref()));
    let cluster = cluster.transpose()?;
    let exceptions = arguments.exceptions_from.clone().unwrap_or_default();
    let live = cluster.as_ref().map(|cluster| (cluster, &exceptions));
    let policies = found.policies(&arguments.policies, live)?;
    let manifests = found.load(&arguments.paths);
    let mut user = arguments.user_info.as_ref().and_then(|path| {
        let document = found.document(path)?;
        let (user, diagnostics) = UserInfo::read(&document);
        found.diagnostics.extend(diagnostics);
        user
    });
    if let (Some(user), Some(cluster)) = (&mut user, &cluster)
        && policies.asks_roles()
        && let Err(reason) = cluster.fill_roles(user)
    {
        let message = format!("the roles of `{}` are not known: {reason}", user.username);
        let diagnostic = Diagnostic::error("roles-unknown", message);
        found.diagnostics.push(diagnostic.help("name them in the file of --user-info"));
    }
    let values = arguments.values.as_ref().and_then(|path| {
        let document = found.document(path)?;
        let (values, diagnostics) = Values::read(&document);
        found.diagnostics.extend(diagnostics);
        Some(values)
    });
    let old = found.load(&arguments.old);
    let old = found.objects(&old);
    let fact_sources = found.load(&arguments.facts);
    let facts = Evidence::new(&fact_sources, &manifests, cluster.as_ref(), &mut found);
    found.sources.extend(fact_sources);

    let only_findings = arguments.outputs.iter().all(|output| output.format != Format::Json);
    let circumstances = Circumstances {
        user,
        values,
        operation: arguments.operation,
        old,
        cluster: cluster.as_ref(),
        time: Timestamp::now(),
        keep: if only_findings { Keep::Findings } else { Keep::All },
    };
    let mut report = ui.with_progress("files", Some(manifests.len()), |done| match &facts {
        Evidence::Files(facts) => judge(&manifests, &policies, facts, &circumstances, done),
        Evidence::Cluster(facts) => judge(&manifests, &policies, facts, &circumstances, done),
    });
    report.policies = summary(&policies);
    if let Evidence::Files(facts) = &facts {
        found.diagnostics.extend(unanswered(facts));
    }
    found.put_into(&mut report);

    let rules = arguments.exit.rules();
    Findings::conclude(ui, &report, &arguments.outputs, &rules, output::human::render)
}

/// Who answers what rules ask.
enum Evidence {
    Files(Offline),
    Cluster(Layered),
}

impl Evidence {
    fn new(
        fact_sources: &[Source],
        manifests: &[Source],
        cluster: Option<&Cluster>,
        found: &mut Findings,
    ) -> Self {
        let Some(cluster) = cluster else {
            let (facts, problems) = Offline::new(fact_sources, manifests);
            found.diagnostics.extend(problems);
            return Self::Files(facts);
        };
        let (given, problems) = Offline::new(fact_sources, &[]);
        found.diagnostics.extend(problems);
        let beside = Offline::new(&[], manifests).0;
        let live = cluster.live.clone();
        Self::Cluster(Layered { given, live, beside, within: WITHIN })
    }
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

pub(super) fn summary(policies: &PolicySet) -> PolicySummary {
    PolicySummary {
        digest: policies.digest().into(),
        rules: policies.rules().len(),
        broken: policies.broken(),
        not_evaluated: policies.not_evaluated().to_vec(),
    }
}
