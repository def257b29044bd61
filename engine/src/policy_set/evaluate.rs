//! Runs the rules that match a request.

mod gatekeeper;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::decision::{Action, Decision, Outcome, RuleResult, Violation};
use crate::facts::{FactError, FactKey, Facts};
use crate::gatekeeper::Review;
use crate::jmespath::Arena;
use crate::kyverno::check::{Answer, Check, Passed};
use crate::kyverno::context::{Document, Lookups, Stop, Surroundings};
use crate::kyverno::validation::{Exemption, NeedsLabels, Run, Validation};
use crate::matcher::{Labels, Match, Matcher, SelectorError, Subject};
use crate::request::{Operation, Request};
use crate::tree::Node;

use crate::rule::{Matching, Program, Rule};

use super::{PolicySet, Selection};

/// What the rules of one request share.
struct Round<'t> {
    set: &'t PolicySet,
    selection: Selection,
    request: &'t Request,
    surroundings: Surroundings<'t>,
    /// What matchers are asked about, but for what differs from rule to rule.
    subject: Subject<'t>,
    document: OnceCell<Document<'t>>,
    labels: OnceCell<Result<Option<Node<'t>>, Stop>>,
    review: OnceCell<Review<'t>>,
}

/// What a rule says before it is named.
struct Said {
    outcome: Outcome,
    message: Arc<str>,
    headline: String,
    violations: Vec<Violation>,
    /// Whether upstream answers with no row.
    silent: bool,
}

impl PolicySet {
    pub(super) fn run(
        &self,
        selection: Selection,
        request: &Request,
        facts: &Facts,
        last_round: bool,
    ) -> (Decision, BTreeSet<FactKey>) {
        let arena = Arena::default();
        let lookups = Lookups::new(facts, last_round);
        let warnings = RefCell::default();
        let mut decision = {
            let surroundings = Surroundings {
                arena: &arena,
                lookups: &lookups,
                now: request.time,
                seed: seed(&request.uid),
                warnings: &warnings,
            };
            let round = Round {
                set: self,
                selection,
                request,
                surroundings,
                subject: subject(request, request.object_root_or_old()),
                document: OnceCell::new(),
                labels: OnceCell::new(),
                review: OnceCell::new(),
            };
            round.decide()
        };
        decision.warnings = warnings.take();
        (decision, lookups.into_missing())
    }
}

/// Randomness that a rule asks for follows from the request alone.
fn seed(uid: &str) -> u64 {
    uid.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl<'t> Round<'t> {
    fn decide(&self) -> Decision {
        let mut decision = Decision::default();
        let mut applied: Option<&str> = None;
        let candidates = self.set.index.candidates(self.request);
        for &number in &*candidates {
            let Some(rule) = self.set.rules.get(number as usize) else { continue };
            if !self.selection.holds(rule) || !rule.scope.holds(&self.request.matched_kind().kind) {
                continue;
            }
            let said = match self.matches(rule, self.subject) {
                Ok(false) => continue,
                Ok(true) if rule.policy.apply_one && applied == Some(&*rule.policy.name) => {
                    let reason = "an earlier rule of the policy applied and `applyRules` is One";
                    Ok(Said { silent: true, ..Said::skip(reason) })
                }
                Ok(true) => self.run_rule(rule, number as usize),
                Err(stop) => Err(stop),
            };
            if decision.results.capacity() == 0 {
                decision.results.reserve(candidates.len().min(64));
            }
            let said = match said {
                Ok(said) => said,
                Err(Stop::Missing) => continue,
                Err(Stop::Failed(error)) => Said::error(error),
            };
            // A rule that cannot be evaluated was not applied: the next one is.
            if matches!(said.outcome, Outcome::Pass | Outcome::Fail) {
                applied = Some(&*rule.policy.name);
            }
            match self.action(rule) {
                Ok(action) => decision.results.push(said.named(rule, action)),
                Err(Stop::Missing) => {}
                Err(Stop::Failed(error)) => {
                    decision.results.push(Said::error(error).named(rule, Action::Deny));
                }
            }
        }
        decision
    }

    fn matches(&self, rule: &'t Rule, subject: Subject<'t>) -> Result<bool, Stop> {
        match &rule.matching {
            Matching::Kyverno(matcher) => {
                self.asks(matcher, rule.policy.namespace.as_deref(), subject)
            }
            Matching::Gatekeeper(matching) => self.matches_constraint(matching),
            Matching::Unreadable | Matching::Everything => Ok(true),
        }
    }

    /// Asks a matcher, with the labels of the namespace only if it wants them.
    fn asks(
        &self,
        matcher: &Matcher,
        policy_namespace: Option<&'t str>,
        mut subject: Subject<'t>,
    ) -> Result<bool, Stop> {
        let known = self.labels.get().and_then(|labels| labels.as_ref().ok().copied());
        subject.policy_namespace = policy_namespace.unwrap_or_default();
        subject.namespace_labels = known.map(Labels);
        let mut answer = matcher.matches(&subject).map_err(|error| unmatched(&error))?;
        if answer == Match::NeedsNamespace {
            subject.namespace_labels = Some(Labels(self.namespace_labels()?));
            answer = matcher.matches(&subject).map_err(|error| unmatched(&error))?;
        }
        Ok(answer == Match::Yes)
    }

    /// The labels of the object's namespace; an unknown namespace is an error, never no labels.
    fn namespace_labels(&self) -> Result<Option<Node<'t>>, Stop> {
        self.labels
            .get_or_init(|| {
                let namespace = self.request.object_namespace();
                if namespace.is_empty() {
                    return Ok(None);
                }
                let key = FactKey::get(format!("/api/v1/namespaces/{namespace}"));
                let lookups = self.surroundings.lookups;
                match lookups.get(key)? {
                    Ok(tree) => Ok(tree.root().at(&["metadata", "labels"])),
                    Err(FactError::NotFound) => Ok(None),
                    Err(FactError::NotFetched) if lookups.facts().leave_out_unanswered => Ok(None),
                    Err(error) => Err(Stop::Failed(format!(
                        "the labels of namespace {namespace} are not known: {error}"
                    ))),
                }
            })
            .clone()
    }

    fn action(&self, rule: &Rule) -> Result<Action, Stop> {
        let validation = match &rule.program {
            Program::Kyverno(validation) => validation,
            Program::Gatekeeper(constraint) => {
                return Ok(constraint.enforcement.at(self.selection).unwrap_or(rule.action));
            }
            Program::Conftest(_) | Program::Broken(_) => return Ok(rule.action),
        };
        let namespace = self.request.object_namespace();
        match validation.actions.settle(namespace, None) {
            Ok(action) => Ok(action),
            Err(NeedsLabels) => {
                let labels = self.namespace_labels()?;
                Ok(validation.actions.settle(namespace, Some(labels)).unwrap_or(Action::Deny))
            }
        }
    }

    fn run_rule(&self, rule: &'t Rule, number: usize) -> Result<Said, Stop> {
        let validation = match &rule.program {
            Program::Kyverno(validation) => validation,
            Program::Gatekeeper(constraint) => return self.run_constraint(constraint),
            Program::Conftest(judge) => return Ok(self.run_judge(judge)),
            Program::Broken(reason) => return Ok(Said::error(Arc::clone(reason))),
        };
        let document = self.document.get_or_init(|| Document::of(self.request));
        let run = Run {
            request: self.request,
            surroundings: self.surroundings,
            name: &rule.name,
            policy: (&rule.policy.plain_name, rule.policy.namespace.as_deref()),
        };
        let exemption = self.exemption(rule, validation, document, run)?;
        let matches_old = || {
            // The old object is judged as if it were created.
            let old = subject(self.request, self.request.old_object_root());
            let created = Subject { operation: Operation::Create, ..old };
            matches!(self.matches(rule, created), Ok(true))
        };
        Ok(match validation.run(run, document, &exemption, matches_old)? {
            Answer::Pass(passed) => Said::new(Outcome::Pass, self.passed(rule, number, &passed)),
            Answer::Skip(message) => Said::skip(message),
            Answer::Error(message) => Said::error(message),
            Answer::Nothing(reason) => Said { silent: true, ..Said::skip(reason) },
            Answer::Fail { message, headline, violations } => {
                Said { headline, violations, ..Said::new(Outcome::Fail, message) }
            }
        })
    }

    /// What a rule says of a pass, which is mostly the same each time.
    fn passed(&self, rule: &Rule, number: usize, passed: &Passed) -> Arc<str> {
        let text = || passed.text(&rule.name);
        let Some(cell) = self.set.passed.get(number) else { return text() };
        match cell.get_or_init(|| (passed.clone(), text())) {
            (known, text) if known == passed => Arc::clone(text),
            _ => text(),
        }
    }

    fn exemption(
        &self,
        rule: &'t Rule,
        validation: &'t Validation,
        document: &Document<'t>,
        run: Run<'t>,
    ) -> Result<Exemption<'t>, Stop> {
        let is_pod_security = || {
            let body = validation.body.get();
            body.is_some_and(|body| matches!(body.check, Check::PodSecurity(_)))
        };
        let mut exemption = Exemption::None;
        for exception in &self.set.exceptions {
            if !exception.names(&rule.policy.name, &rule.name) {
                continue;
            }
            let matched = !self.asks(&exception.others, None, self.subject)?;
            if matched && exception.applies(run, document)? {
                exception.exempt(&mut exemption, is_pod_security());
            }
        }
        Ok(exemption)
    }
}

fn unmatched(error: &SelectorError) -> Stop {
    Stop::Failed(format!("the rule's match cannot be evaluated: {error}"))
}

fn subject<'a>(request: &'a Request, object: Option<Node<'a>>) -> Subject<'a> {
    let mut subject = Subject::new(request.matched_kind(), object);
    subject.subresource = &request.subresource;
    subject.operation = request.operation;
    if subject.name.is_empty() {
        subject.name = &request.name;
    }
    subject.namespace = request.object_namespace();
    subject.user = request.user.as_ref();
    subject
}

impl Said {
    fn new(outcome: Outcome, message: impl Into<Arc<str>>) -> Self {
        Self {
            outcome,
            message: message.into(),
            headline: String::new(),
            violations: Vec::new(),
            silent: false,
        }
    }

    fn skip(message: impl Into<Arc<str>>) -> Self {
        Self::new(Outcome::Skip, message)
    }

    fn error(message: impl Into<Arc<str>>) -> Self {
        Self::new(Outcome::Error, message)
    }

    fn named(self, rule: &Rule, action: Action) -> RuleResult {
        RuleResult {
            rule: Arc::clone(&rule.info),
            name: Arc::clone(&rule.name),
            outcome: self.outcome,
            action,
            failure_policy: rule.failure_policy,
            message: self.message,
            headline: self.headline,
            violations: self.violations,
            silent: self.silent,
        }
    }
}
