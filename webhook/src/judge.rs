//! From a request to an answer: the same for a review that came over the network and for one that
//! is replayed.

use ajj_engine::report::{Keep, ObjectReport};
use ajj_engine::{Decision, Facts, Outcome, Request, Selected};
use ajj_facts::FactSource;

use crate::answer::Answer;
use crate::decision_id::{DecisionId, Replica};

/// How much is kept of a decision that nobody objects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing: there is nothing to tell.
    Findings,
    /// Everything that was decided.
    Everything,
}

/// What was decided about one request.
#[derive(Debug)]
pub struct Judged {
    /// Names the decision.
    pub id: DecisionId,
    /// What is answered.
    pub answer: Answer,
    /// What was decided; `None` where nothing was found and nobody wants to know.
    pub report: Option<ObjectReport>,
}

/// Decides a request and words the answer. `facts` are those that are known beforehand.
pub async fn judge(
    policies: Selected<'_>,
    request: &Request,
    facts: Facts,
    source: &impl FactSource,
    replica: Replica,
    detail: Detail,
) -> Judged {
    let decision = ajj_facts::decide(policies, request, facts, source).await;
    let id = DecisionId::new(replica, &request.uid);
    if detail == Detail::Findings && is_clear(&decision) {
        return Judged { id, answer: Answer::default(), report: None };
    }
    let report = ObjectReport::new(request, decision, Keep::All, |_| None);
    let answer = Answer::new(request, &report, id);
    Judged { id, answer, report: Some(report) }
}

/// Whether there is nothing to tell anybody.
fn is_clear(decision: &Decision) -> bool {
    let says_nothing = |outcome| matches!(outcome, Outcome::Pass | Outcome::Skip);
    decision.results.iter().all(|result| says_nothing(result.outcome))
}
