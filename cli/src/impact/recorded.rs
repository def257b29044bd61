//! Manifests and recorded AdmissionReviews, judged as the webhook would.

use ajj_engine::manifest::{Content, objects};
use ajj_engine::{
    Diagnostic, Document, Facts, Limits, Node, PolicySet, Request, Selection, Source, Span, read,
};
use ajj_facts::Offline;
use ajj_webhook::review::{self, ResourceKinds};
use jiff::Timestamp;
use rayon::prelude::*;

use super::Answered;
use crate::grants::RecordedRoles;

/// What recorded requests are judged by.
#[derive(Debug)]
pub(crate) struct Recorded<'r> {
    pub(crate) policies: &'r PolicySet,
    pub(crate) facts: &'r Offline,
    pub(crate) roles: &'r RecordedRoles,
    /// The current time.
    pub(crate) time: Timestamp,
}

type Found = (Vec<Answered>, Vec<Diagnostic>);

impl Recorded<'_> {
    /// Judges all requests that texts hold, in their order.
    pub(crate) fn judge(&self, sources: &[Source]) -> Found {
        let found: Vec<Found> =
            sources.par_iter().map(|source| self.judge_source(source)).collect();
        let mut whole = Found::default();
        for (answered, diagnostics) in found {
            whole.0.extend(answered);
            whole.1.extend(diagnostics);
        }
        whole
    }

    fn judge_source(&self, source: &Source) -> Found {
        let kinds = ResourceKinds::default();
        let reading = read(source, &Limits::default());
        let mut found: Found = (Vec::new(), reading.diagnostics);
        for document in &reading.documents {
            let root = document.tree().root();
            let place = |steps: &[String]| document.places().span(steps);
            match root.as_list() {
                Some(items) => {
                    for (position, item) in items.iter().enumerate() {
                        let place = || place(&[position.to_string()]);
                        self.review(item, &kinds, place, &mut found);
                    }
                }
                None if is_review(root) => self.review(root, &kinds, || place(&[]), &mut found),
                None => self.manifest(document, &mut found),
            }
        }
        found
    }

    fn review(
        &self,
        review: Node<'_>,
        kinds: &ResourceKinds,
        place: impl Fn() -> Span,
        found: &mut Found,
    ) {
        let mut request = match review::read(review, kinds, self.time) {
            Ok(request) => request,
            Err(problem) => {
                let diagnostic = Diagnostic::error("not-a-review", problem.to_string());
                found.1.push(diagnostic.at(Some(place())));
                return;
            }
        };
        if let Err(diagnostic) = self.roles.fill(self.policies, &mut request) {
            found.1.push(diagnostic.at(Some(place())));
            return;
        }
        found.0.push(self.answer(&request));
    }

    fn manifest(&self, document: &Document, found: &mut Found) {
        let place = || Some(document.places().span::<&str>(&[]));
        match objects(document.tree()) {
            Content::Objects(manifests) => {
                for manifest in manifests {
                    found.0.push(self.answer(&Request::create(manifest.object, self.time)));
                }
            }
            Content::Other => {
                let message = "this is neither a Kubernetes object nor an AdmissionReview";
                found.1.push(Diagnostic::warning("not-an-object", message).at(place()));
            }
            Content::Incomplete(message) => {
                let message = format!("this is not a Kubernetes object: {message}");
                found.1.push(Diagnostic::warning("not-an-object", message).at(place()));
            }
        }
    }

    fn answer(&self, request: &Request) -> Answered {
        let policies = self.policies.select(Selection::Admission);
        let deciding = ajj_facts::decide(policies, request, Facts::default(), self.facts);
        Answered::of(request, pollster::block_on(deciding))
    }
}

fn is_review(root: Node<'_>) -> bool {
    root.get("kind").and_then(|kind| kind.as_str()) == Some("AdmissionReview")
}
