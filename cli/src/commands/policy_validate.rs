//! `ajj policy validate`: judges manifests by policies.

use std::collections::BTreeMap;

use ajj_engine::manifest::{Content, objects};
use ajj_engine::report::{
    ExitRules, Keep, ObjectIdentity, PolicySummary, Report, judge as exit_of,
};
use ajj_engine::{
    Diagnostic, Document, Limits, PolicySet, Severity, Source, Tree, UserInfo, Values, compile,
    read,
};
use ajj_facts::Offline;
use jiff::Timestamp;

use crate::args::{Format, ValidateArguments};
use crate::command_error::CommandError;
use crate::judge::{Circumstances, judge};
use crate::load::{Loaded, load};
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
        tell_errors(ui, &report);
    }
    Ok(exit.code)
}

/// What was found beside the manifests' decisions: diagnostics, and the texts they point into.
#[derive(Debug, Default)]
struct Findings {
    diagnostics: Vec<Diagnostic>,
    sources: Vec<Source>,
}

impl Findings {
    /// Reads files, and keeps what was wrong with them.
    fn load(&mut self, paths: &[String]) -> Vec<Source> {
        let Loaded { sources, diagnostics, broken } = load(paths, std::io::stdin().lock());
        self.diagnostics.extend(diagnostics);
        self.sources.extend(broken);
        sources
    }

    /// The first document of a file; a file without one is an error.
    fn document(&mut self, path: &String) -> Option<Document> {
        let sources = self.load(std::slice::from_ref(path));
        let source = sources.into_iter().next()?;
        let reading = read(&source, &Limits::default());
        let is_broken = !reading.diagnostics.is_empty();
        self.diagnostics.extend(reading.diagnostics);
        self.sources.push(source);
        let document = reading.documents.into_iter().next();
        if document.is_none() && !is_broken {
            let message = format!("`{path}` holds no document");
            self.diagnostics.push(Diagnostic::error("empty-file", message));
        }
        document
    }

    /// The objects of files, by identity.
    fn objects(&mut self, sources: &[Source]) -> BTreeMap<ObjectIdentity, std::sync::Arc<Tree>> {
        let mut found = BTreeMap::new();
        for source in sources {
            let reading = read(source, &Limits::default());
            self.diagnostics.extend(reading.diagnostics);
            for document in &reading.documents {
                let Content::Objects(manifests) = objects(document.tree()) else { continue };
                for manifest in manifests {
                    let identity = ObjectIdentity::of_object(manifest.object.root());
                    found.insert(identity, manifest.object);
                }
            }
            self.sources.push(source.clone());
        }
        found
    }

    /// Adds what was found before the manifests were judged.
    fn put_into(self, report: &mut Report) {
        let after = std::mem::replace(&mut report.diagnostics, self.diagnostics);
        report.diagnostics.extend(after);
        for source in self.sources {
            // A text that was judged is there already, whole.
            if report.sources.get(&source.name).is_none() {
                report.sources.insert(source);
            }
        }
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

/// Beside a format that only programs read, a person learns on stderr what went wrong.
fn tell_errors(ui: &Ui, report: &Report) {
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        if diagnostic.severity == Severity::Error {
            output::concise::diagnostic(report, diagnostic, &mut text);
        }
    }
    if !text.is_empty() {
        ui.say(text.trim_end());
    }
}

fn summary(policies: &PolicySet) -> PolicySummary {
    PolicySummary {
        digest: policies.digest().into(),
        rules: policies.rules().len(),
        broken: policies.broken(),
        not_evaluated: policies.not_evaluated().to_vec(),
    }
}
