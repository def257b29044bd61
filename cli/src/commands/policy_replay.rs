//! `ajj policy replay`: answers recorded AdmissionReviews as the webhook would.

use ajj_engine::report::document::Decision;
use ajj_engine::{
    Diagnostic, Document, Facts, Limits, Node, PolicySet, Selection, Severity, Span, compile, read,
};
use ajj_facts::Offline;
use ajj_webhook::review::{self, ResourceKinds, respond};
use ajj_webhook::{Detail, Replica, judge};
use jiff::Timestamp;

use super::Findings;
use crate::args::ReplayArguments;
use crate::command_error::CommandError;
use crate::grants::RecordedRoles;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, arguments: &ReplayArguments) -> Result<u8, CommandError> {
    let mut found = Findings::default();
    let policy_sources = found.load_policies(&arguments.policies);
    let (policies, problems) = compile(&policy_sources);
    found.diagnostics.extend(problems);
    let fact_sources = found.load(&arguments.facts);
    let (facts, problems) = Offline::new(&fact_sources, &[]);
    found.diagnostics.extend(problems);
    let review_sources = found.load(&arguments.files);
    let mut replay = Replay {
        policies: &policies,
        facts: &facts,
        roles: RecordedRoles::of(&fact_sources),
        kinds: ResourceKinds::default(),
        time: Timestamp::now(),
        verbose: arguments.verbose,
        lines: Vec::new(),
        answered: 0,
        problems: Vec::new(),
    };
    for source in &review_sources {
        let reading = read(source, &Limits::default());
        replay.problems.extend(reading.diagnostics);
        reading.documents.iter().for_each(|document| replay.document(document));
    }
    let Replay { lines, answered, problems, .. } = replay;
    ui.data(&String::from_utf8_lossy(&lines))?;
    found.diagnostics.extend(problems);
    found.sources.extend(policy_sources);
    found.sources.extend(fact_sources);
    found.sources.extend(review_sources);
    let is_broken = found.diagnostics.iter().any(|found| found.severity == Severity::Error);
    found.tell(ui);
    Ok(match (is_broken, answered) {
        (true, _) => 2,
        (false, 0) => {
            ui.say("nothing was answered: there is no AdmissionReview");
            3
        }
        (false, _) => 0,
    })
}

struct Replay<'r> {
    policies: &'r PolicySet,
    facts: &'r Offline,
    roles: RecordedRoles,
    kinds: ResourceKinds,
    time: Timestamp,
    verbose: bool,
    lines: Vec<u8>,
    answered: usize,
    problems: Vec<Diagnostic>,
}

impl Replay<'_> {
    /// One review, or a list of them.
    fn document(&mut self, document: &Document) {
        let root = document.tree().root();
        match root.as_list() {
            None => self.review(root, || document.places().span::<&str>(&[])),
            Some(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.review(item, || document.places().span(&[position.to_string()]));
                }
            }
        }
    }

    fn review(&mut self, review: Node<'_>, place: impl Fn() -> Span) {
        let mut request = match review::read(review, &self.kinds, self.time) {
            Ok(request) => request,
            Err(problem) => {
                let diagnostic = Diagnostic::error("not-a-review", problem.to_string());
                self.problems.push(diagnostic.at(Some(place())));
                return;
            }
        };
        if let Err(diagnostic) = self.roles.fill(self.policies, &mut request) {
            self.problems.push(diagnostic.at(Some(place())));
            return;
        }
        let replica = Replica::new("replay");
        let judging = judge(
            self.policies.select(Selection::Admission),
            &request,
            Facts::default(),
            self.facts,
            replica,
            Detail::Everything,
        );
        let judged = pollster::block_on(judging);
        let decision = judged.report.as_ref().filter(|_| self.verbose).map(Decision::canonical);
        self.lines.extend(respond(&request.uid, &judged.answer, decision));
        self.lines.push(b'\n');
        self.answered += 1;
    }
}
