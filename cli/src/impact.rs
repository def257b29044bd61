//! What policies would deny if they were enforced: by rule and by namespace, each owner once.

mod owners;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ajj_engine::report::{Keep, ObjectIdentity, ObjectReport};
use ajj_engine::{Decision, Outcome, PolicySet, Request};

use owners::Owners;
pub(crate) use owners::owner;
pub(crate) use recorded::Recorded;

/// What was found for a set of policies.
#[derive(Debug, Default)]
pub(crate) struct Impact {
    /// Every rule, in the order they were compiled.
    pub(crate) rules: Vec<RuleImpact>,
    /// Numbers by namespace; that of objects of the cluster is empty.
    pub(crate) namespaces: BTreeMap<String, NamespaceImpact>,
    /// How many objects were judged, each by itself.
    pub(crate) judged: usize,
    /// The owners that a rule said something of.
    objects: BTreeSet<ObjectIdentity>,
    /// The owners that a rule would deny.
    denied: BTreeSet<ObjectIdentity>,
}

/// What one written rule would deny, with the rules that were made of it.
#[derive(Debug, Default)]
pub(crate) struct RuleImpact {
    /// The policy, `name` or `namespace/name`.
    pub(crate) policy: Arc<str>,
    /// The rule as it is written.
    pub(crate) rule: Arc<str>,
    /// The owners that it said something of.
    objects: BTreeSet<ObjectIdentity>,
    /// The owners that it would deny.
    pub(crate) denied: BTreeMap<ObjectIdentity, DeniedOwner>,
}

/// Why an owner would be denied.
#[derive(Debug)]
pub(crate) struct DeniedOwner {
    /// How many objects would be: the owner, and those that it owns.
    pub(crate) count: usize,
    /// Whether the owner itself would be, or only what it owns.
    pub(crate) is_own: bool,
    /// What the rule says of the owner, or of the first object that it owns.
    pub(crate) message: String,
    /// Whether the rule could not say, which denies too.
    pub(crate) is_error: bool,
}

/// The numbers of one namespace.
#[derive(Debug, Default)]
pub(crate) struct NamespaceImpact {
    objects: BTreeSet<ObjectIdentity>,
    denied: BTreeSet<ObjectIdentity>,
}

/// One object with what every rule says of it.
#[derive(Debug)]
pub(crate) struct Answered {
    object: ObjectIdentity,
    owner: Option<ObjectIdentity>,
    answers: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    policy: Arc<str>,
    rule: Arc<str>,
    denial: Option<(String, bool)>,
}

impl Answered {
    /// Takes over what counts of a decision.
    pub(crate) fn of(request: &Request, decision: Decision) -> Self {
        let mut report = ObjectReport::new(request, decision, Keep::All, |_| None);
        let root = request.object.as_ref().map(|object| object.root());
        let prefix = root.and_then(|root| root.at(&["metadata", "generateName"])?.as_str());
        if let (true, Some(prefix)) = (report.object.name.is_empty(), prefix) {
            prefix.clone_into(&mut report.object.name);
        }
        let mut answers = Vec::new();
        for found in &report.results {
            let result = &found.result;
            // A rule that is skipped is not about the object.
            if result.outcome == Outcome::Skip {
                continue;
            }
            let is_error = result.outcome == Outcome::Error;
            let text = match result.headline.as_str() {
                "" => result.message.to_string(),
                headline => headline.to_owned(),
            };
            answers.push(Answer {
                policy: Arc::clone(&result.rule.policy),
                rule: Arc::clone(&result.rule.rule),
                denial: result.denies().then_some((text, is_error)),
            });
        }
        Self { object: report.object, owner: owner(request), answers }
    }
}

impl Impact {
    /// Gathers what was answered; each object counts under the owner that it has in the end.
    ///
    /// `look_up` finds the owner of an object that was not judged.
    pub(crate) fn gather(
        policies: &PolicySet,
        answered: Vec<Answered>,
        look_up: impl FnMut(&ObjectIdentity) -> Option<ObjectIdentity>,
    ) -> Self {
        let known = answered.iter().map(|one| (one.object.clone(), one.owner.clone())).collect();
        let mut owners = Owners::new(known, look_up);
        let mut impact = Self { judged: answered.len(), ..Self::default() };
        let mut numbers: BTreeMap<(Arc<str>, Arc<str>), usize> = BTreeMap::new();
        for (info, _) in policies.rules() {
            let (policy, rule) = (Arc::clone(&info.policy), Arc::clone(&info.rule));
            let number = impact.rules.len();
            numbers.entry((Arc::clone(&policy), Arc::clone(&rule))).or_insert_with(|| {
                impact.rules.push(RuleImpact { policy, rule, ..RuleImpact::default() });
                number
            });
        }
        for one in answered {
            let owner = match &one.owner {
                Some(owner) => owners.last_of(owner),
                None => one.object.clone(),
            };
            for answer in one.answers {
                let number = numbers.get(&(answer.policy, answer.rule));
                let Some(rule) = number.and_then(|number| impact.rules.get_mut(*number)) else {
                    continue;
                };
                let namespace = impact.namespaces.entry(owner.namespace.clone()).or_default();
                rule.objects.insert(owner.clone());
                namespace.objects.insert(owner.clone());
                impact.objects.insert(owner.clone());
                let Some(denial) = answer.denial else { continue };
                namespace.denied.insert(owner.clone());
                impact.denied.insert(owner.clone());
                rule.deny(&owner, owner == one.object, denial);
            }
        }
        impact
    }

    /// How many owners a rule said something of, and how many of them would be denied.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.objects.len(), self.denied.len())
    }
}

impl RuleImpact {
    /// How many owners the rule said something of.
    pub(crate) fn objects(&self) -> usize {
        self.objects.len()
    }

    fn deny(&mut self, owner: &ObjectIdentity, is_own: bool, (message, is_error): (String, bool)) {
        match self.denied.get_mut(owner) {
            None => {
                let denied = DeniedOwner { count: 1, is_own, message, is_error };
                self.denied.insert(owner.clone(), denied);
            }
            Some(denied) => {
                denied.count += 1;
                if is_own && !denied.is_own {
                    (denied.is_own, denied.message, denied.is_error) = (true, message, is_error);
                }
            }
        }
    }
}

impl NamespaceImpact {
    /// How many owners rules said something of, and how many of them would be denied.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.objects.len(), self.denied.len())
    }
}

#[cfg(test)]
mod tests;
