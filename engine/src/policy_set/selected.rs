//! A part of a set: the rules that one caller asks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Evaluation, PolicySet};
use crate::decision::{Decision, FailurePolicy, RuleInfo};
use crate::facts::{FactKey, Facts};
use crate::request::Request;
use crate::rule::{Program, Rule};

/// Which rules of a set are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All; of Gatekeeper's constraints those that are enforced at `gator.gatekeeper.sh`.
    #[default]
    All,
    /// Those that are asked at admission: not those of policies with `admission: false`.
    Admission,
    /// Those that are asked at admission and have this failure policy: an API server sends a request
    /// once for each.
    AdmissionWith(FailurePolicy),
    /// Those that are asked in scans of what is there: not those of policies with
    /// `background: false`.
    Background,
}

/// The rules of a set that are asked; a view, nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Selected<'s> {
    set: &'s PolicySet,
    selection: Selection,
}

impl<'s> From<&'s PolicySet> for Selected<'s> {
    fn from(set: &'s PolicySet) -> Self {
        set.select(Selection::All)
    }
}

impl PolicySet {
    /// Looks at a part of the rules.
    pub fn select(&self, selection: Selection) -> Selected<'_> {
        Selected { set: self, selection }
    }
}

impl Selected<'_> {
    /// Evaluates every selected rule that matches `request`; see [`PolicySet::evaluate`].
    pub fn evaluate(&self, request: &Request, facts: &Facts) -> Evaluation {
        let (decision, missing) = self.run(request, facts, false);
        if missing.is_empty() { Evaluation::Decided(decision) } else { Evaluation::Needs(missing) }
    }

    /// Decides with what is known; see [`PolicySet::conclude`].
    pub fn conclude(&self, request: &Request, facts: &Facts) -> Decision {
        self.run(request, facts, true).0
    }

    /// The rules of the set that are not selected: the names and origins, as
    /// [`PolicySet::rules`] has them.
    pub fn left_out(&self) -> impl Iterator<Item = (&Arc<RuleInfo>, &Arc<str>)> {
        let left_out = self.set.rules.iter().filter(|rule| !self.selection.holds(rule));
        left_out.map(|rule| (&rule.info, &rule.name))
    }

    fn run(&self, request: &Request, facts: &Facts, last: bool) -> (Decision, BTreeSet<FactKey>) {
        self.set.run(self.selection, request, facts, last)
    }
}

impl Selection {
    pub(super) fn holds(self, rule: &Rule) -> bool {
        match self {
            Self::All => match &rule.program {
                Program::Gatekeeper(constraint) => constraint.enforcement.at(self).is_some(),
                Program::Kyverno(_) | Program::Conftest(_) | Program::Broken(_) => true,
            },
            Self::Admission => rule.policy.admission,
            Self::AdmissionWith(failure_policy) => {
                rule.policy.admission && rule.failure_policy == failure_policy
            }
            Self::Background => rule.policy.background,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::compile::compile;
    use crate::read::{Limits, parse_yaml};
    use crate::source::Source;

    #[test]
    fn each_selection_asks_its_own_rules_and_together_they_ask_all() {
        let policy = |name: &str, spec: &str| {
            let text = format!(
                "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: {name}}}\nspec:\n  \
                 {spec}\n  rules:\n  - name: r\n    match: {{resources: {{kinds: [Widget]}}}}\n    \
                 validate: {{message: m, deny: {{}}}}\n"
            );
            Source::new(name, text)
        };
        let (set, found) = compile(&[
            policy("fails", "failurePolicy: Fail"),
            policy("ignores", "failurePolicy: Ignore"),
            policy("scans", "admission: false"),
            policy("asks", "background: false"),
        ]);
        assert_eq!(found.len(), 0, "{found:?}");
        let object =
            parse_yaml("{apiVersion: v1, kind: Widget, metadata: {name: w}}", &Limits::default());
        let time = "2026-01-01T00:00:00Z".parse().unwrap();
        let request = Request::create(Arc::new(object.unwrap()), time);
        for (selection, expected) in [
            (Selection::All, &["fails", "ignores", "scans", "asks"] as &[&str]),
            (Selection::Admission, &["fails", "ignores", "asks"]),
            (Selection::AdmissionWith(FailurePolicy::Fail), &["fails", "asks"]),
            (Selection::AdmissionWith(FailurePolicy::Ignore), &["ignores"]),
            (Selection::Background, &["fails", "ignores", "scans"]),
        ] {
            let selected = set.select(selection);
            assert_eq!(selected.left_out().count(), 4 - expected.len());
            let asked = |decision: &Decision| -> Vec<String> {
                decision.results.iter().map(|result| result.rule.policy.to_string()).collect()
            };
            assert_eq!(asked(&selected.conclude(&request, &Facts::default())), expected);
            match selected.evaluate(&request, &Facts::default()) {
                Evaluation::Decided(decision) => assert_eq!(asked(&decision), expected),
                Evaluation::Needs(keys) => panic!("{keys:?}"),
            }
        }
    }
}
