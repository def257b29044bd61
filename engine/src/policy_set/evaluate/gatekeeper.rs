//! Asks the constraints of Gatekeeper.

use super::{Round, Said};
use crate::conftest::{self, Judge};
use crate::decision::Outcome;
use crate::facts::{FactError, FactKey, Stop};
use crate::gatekeeper::check::{Answer, Circumstances, whole_message};
use crate::gatekeeper::{Constraint, Match, Review};
use crate::matcher::Labels;
use crate::policy_set::Selection;

impl<'t> Round<'t> {
    /// Whether a constraint is about the request.
    pub(super) fn matches_constraint(&self, matching: &'t Match) -> Result<bool, Stop> {
        let is_admission =
            matches!(self.selection, Selection::Admission | Selection::AdmissionWith(_));
        if is_admission && !matching.is_asked_at_admission(self.request) {
            return Ok(false);
        }
        matching.matches(self.request, &|name| self.labels_of(name))
    }

    /// The labels of a namespace; one that is not known is no reason to let an object pass
    /// (`namespaceSelectorMatch` in pkg/mutation/match/match.go).
    fn labels_of(&self, name: &str) -> Result<Labels<'t>, Stop> {
        let missing = "namespace selector for namespace-scoped object but missing Namespace";
        match self.surroundings.lookups.get(FactKey::get(format!("/api/v1/namespaces/{name}")))? {
            Ok(tree) => Ok(Labels(tree.root().at(&["metadata", "labels"]))),
            Err(FactError::NotFound) => Err(Stop::Failed(missing.to_owned())),
            Err(error) => Err(Stop::Failed(format!("{missing}: {name}: {error}"))),
        }
    }

    pub(super) fn run_constraint(&self, constraint: &'t Constraint) -> Result<Said, Stop> {
        let review = self.review.get_or_init(|| {
            let at_rest = self.request.at_rest || self.selection == Selection::Background;
            Review::of(self.request, at_rest, self.surroundings.arena)
        });
        let circumstances = Circumstances {
            request: self.request,
            lookups: self.surroundings.lookups,
            now: self.surroundings.now,
            seed: self.surroundings.seed,
        };
        Ok(match constraint.evaluate(review, circumstances)? {
            Answer::Pass => Said::new(Outcome::Pass, ""),
            Answer::Error(error) => Said::error(error),
            Answer::Fail(violations) => {
                let message = whole_message(&violations);
                Said { violations, ..Said::new(Outcome::Fail, message) }
            }
        })
    }

    /// Asks a rule in conftest's manner about the object, or the old one where it goes.
    pub(super) fn run_judge(&self, judge: &'t Judge) -> Said {
        let Some(object) = self.request.object_root_or_old() else {
            return Said { silent: true, ..Said::skip("there is no object") };
        };
        match judge.evaluate(object, self.surroundings.now, self.surroundings.seed) {
            conftest::Answer::Pass => Said::new(Outcome::Pass, ""),
            conftest::Answer::Exempted => Said::skip("an `exception` of the package exempts it"),
            conftest::Answer::Error(error) => Said::error(error),
            conftest::Answer::Fail(violations) => {
                let message = whole_message(&violations);
                Said { violations, ..Said::new(Outcome::Fail, message) }
            }
        }
    }
}
