//! What was found beside decisions: diagnostics, and the texts they point into.

use std::collections::BTreeMap;

use ajj_engine::manifest::{Content, objects};
use ajj_engine::report::{Exit, ExitRules, ObjectIdentity, Report, judge as exit_of};
use ajj_engine::{Diagnostic, Document, Limits, PolicySet, Severity, Source, Tree, compile, read};

use ajj_webhook::ExceptionsFrom;

use crate::args::{Format, Output};
use crate::cluster::Cluster;
use crate::command_error::CommandError;
use crate::load::{Loaded, load, load_policies};
use crate::output;
use crate::ui::Ui;

/// Where policies are where nothing else is said.
const DEFAULT_POLICIES: &str = "policies";

/// What was found beside the manifests' decisions: diagnostics, and the texts they point into.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) sources: Vec<Source>,
}

impl Findings {
    /// Reads files, and keeps what was wrong with them.
    pub(super) fn load(&mut self, paths: &[String]) -> Vec<Source> {
        self.keep(load(paths, std::io::stdin().lock()))
    }

    /// Reads policies, and keeps what was wrong with them.
    pub(super) fn load_policies(&mut self, paths: &[String]) -> Vec<Source> {
        self.keep(load_policies(paths, std::io::stdin().lock()))
    }

    fn keep(&mut self, loaded: Loaded) -> Vec<Source> {
        let Loaded { sources, diagnostics, broken } = loaded;
        self.diagnostics.extend(diagnostics);
        self.sources.extend(broken);
        sources
    }

    /// Compiles the policies of files, or those of the cluster where no files are named.
    pub(super) fn policies(
        &mut self,
        paths: &[String],
        cluster: Option<(&Cluster, &ExceptionsFrom)>,
    ) -> Result<PolicySet, CommandError> {
        if let (Some((cluster, exceptions)), []) = (cluster, paths) {
            let (sources, diagnostics) = cluster.policies(exceptions)?;
            self.diagnostics.extend(diagnostics);
            // What is wrong or odd was said of each policy by itself, with the field.
            return Ok(compile(&sources).0);
        }
        let sources = match paths {
            [] => self.load_policies(&[DEFAULT_POLICIES.to_owned()]),
            paths => self.load_policies(paths),
        };
        let (policies, problems) = compile(&sources);
        self.diagnostics.extend(problems);
        self.sources.extend(sources);
        Ok(policies)
    }

    /// The first document of a file; a file without one is an error.
    pub(super) fn document(&mut self, path: &String) -> Option<Document> {
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
    pub(super) fn objects(
        &mut self,
        sources: &[Source],
    ) -> BTreeMap<ObjectIdentity, std::sync::Arc<Tree>> {
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
    pub(super) fn put_into(self, report: &mut Report) {
        let after = std::mem::replace(&mut report.diagnostics, self.diagnostics);
        report.diagnostics.extend(after);
        for source in self.sources {
            // A text that was judged is there already, whole.
            if report.sources.get(&source.name).is_none() {
                report.sources.insert(source);
            }
        }
    }

    /// Writes a report in every format that is asked for, and says how to exit; `human` writes that for
    /// people.
    pub(super) fn conclude(
        ui: &Ui,
        report: &Report,
        outputs: &[Output],
        rules: &ExitRules,
        human: impl Fn(&Report, &Exit, bool) -> String,
    ) -> Result<u8, CommandError> {
        let exit = exit_of(report, rules);
        output::write_all(ui, outputs, |format, colour| match format {
            Format::Human => human(report, &exit, colour),
            Format::Concise => output::concise::render(report),
            Format::Json => output::json::render(report, &exit),
        })?;
        if outputs.iter().all(|output| output.format == Format::Json) {
            Self::tell_errors(ui, report);
        }
        Ok(exit.code)
    }

    /// Tells all of it on stderr, a line each.
    pub(super) fn tell(self, ui: &Ui) {
        let mut report = Report::default();
        self.put_into(&mut report);
        let mut text = String::new();
        for diagnostic in &report.diagnostics {
            output::concise::diagnostic(&report, diagnostic, &mut text);
        }
        say(ui, &text);
    }

    /// Beside a format that only programs read, a person learns on stderr what went wrong.
    pub(super) fn tell_errors(ui: &Ui, report: &Report) {
        let mut text = String::new();
        for diagnostic in &report.diagnostics {
            if diagnostic.severity == Severity::Error {
                output::concise::diagnostic(report, diagnostic, &mut text);
            }
        }
        say(ui, &text);
    }
}

fn say(ui: &Ui, text: &str) {
    if !text.is_empty() {
        ui.say(text.trim_end());
    }
}
