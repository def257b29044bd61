//! A rule of any language: one head, and what it runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::conftest::Judge;
use crate::decision::{Action, FailurePolicy, RuleInfo};
use crate::diagnostic::Diagnostic;
use crate::gatekeeper::{Constraint, Match};
use crate::kyverno::exception::Exception;
use crate::kyverno::roles::AsksRoles;
use crate::kyverno::validation::Validation;
use crate::matcher::{KindSelector, Matcher};
use crate::request::Operation;

/// One head for all languages; only the program differs.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) info: Arc<RuleInfo>,
    /// The name it answers with.
    pub(crate) name: Arc<str>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) matching: Matching,
    /// The kinds of objects it is kept to, whatever it matches.
    pub(crate) scope: Scope,
    /// What follows from a failure where nothing more exact is known.
    pub(crate) action: Action,
    pub(crate) failure_policy: FailurePolicy,
    /// Whether it asks for the roles of the user.
    pub(crate) asks_roles: Arc<AsksRoles>,
    pub(crate) program: Program,
}

/// Which requests a rule is about, as its language says it; closed on purpose.
#[derive(Debug)]
pub(crate) enum Matching {
    /// Cannot be read: then the rule is about everything, not to pass in silence.
    Unreadable,
    /// About everything.
    Everything,
    Kyverno(Matcher),
    Gatekeeper(Match),
}

/// The kinds of objects a rule is kept to.
#[derive(Debug, Default)]
pub(crate) enum Scope {
    #[default]
    Everything,
    /// Rules made for pod controllers.
    Only(Arc<[Box<str>]>),
    /// Written rules that give way to rules that were made.
    Except(Arc<[Box<str>]>),
}

impl Scope {
    pub(crate) fn holds(&self, kind: &str) -> bool {
        let named = |kinds: &[Box<str>]| kinds.iter().any(|known| &**known == kind);
        match self {
            Self::Everything => true,
            Self::Only(kinds) => named(kinds),
            Self::Except(kinds) => !named(kinds),
        }
    }
}

/// What a rule runs; closed on purpose.
#[derive(Debug)]
pub(crate) enum Program {
    Kyverno(Box<Validation>),
    Gatekeeper(Box<Constraint>),
    Conftest(Box<Judge>),
    /// Did not compile: answers with an error.
    Broken(Arc<str>),
}

/// A policy's own name and what holds for all its rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `name`, or `namespace/name` for a namespaced policy.
    pub(crate) name: Arc<str>,
    /// The name without its namespace.
    pub(crate) plain_name: Arc<str>,
    pub(crate) kind: Arc<str>,
    pub(crate) namespace: Option<Arc<str>>,
    /// Whether only the first rule that applies counts.
    pub(crate) apply_one: bool,
    /// Whether its rules are asked at admission.
    pub(crate) admission: bool,
    /// Whether its rules are asked in scans of what is there.
    pub(crate) background: bool,
    /// The seconds that an API server is to wait for an answer, where the policy says how many.
    pub(crate) timeout_seconds: Option<u8>,
}

/// Rules that are recognised and that this build does not evaluate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherRules {
    /// Their type or kind, such as `mutate` or `ValidatingPolicy`.
    pub kind: String,
    /// How many there are.
    pub count: usize,
    /// Whether they would answer with a verdict, which is then missing.
    pub gives_verdict: bool,
}

/// What compiling yields, collected over many documents.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) rules: Vec<Rule>,
    pub(crate) exceptions: Vec<Exception>,
    pub(crate) not_evaluated: Vec<OtherRules>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) policies: usize,
}

impl Matching {
    /// The kinds that can match, for an index; `None` where they can be any.
    pub(crate) fn exact_kinds(&self) -> Option<Vec<&str>> {
        match self {
            Self::Unreadable | Self::Everything => None,
            Self::Kyverno(matcher) => matcher.kinds().map(KindSelector::exact_kind).collect(),
            Self::Gatekeeper(matching) => matching.exact_kinds(),
        }
    }

    /// The namespaces that can match, for an index; `None` where they can be any. A Namespace itself
    /// stands under its own name, an object of the cluster under none.
    pub(crate) fn exact_namespaces(&self) -> Option<Vec<&str>> {
        match self {
            Self::Unreadable | Self::Everything => None,
            Self::Kyverno(matcher) => matcher.exact_namespaces(),
            Self::Gatekeeper(matching) => matching.exact_namespaces(),
        }
    }

    /// Kinds and what is done to them, of which one has to hold: nothing else can match. No operation
    /// means all.
    pub(crate) fn targets(&self) -> Vec<(Vec<KindSelector>, BTreeSet<Operation>)> {
        match self {
            Self::Unreadable | Self::Everything => {
                vec![(vec![KindSelector::anything()], BTreeSet::new())]
            }
            Self::Kyverno(matcher) => matcher.targets(),
            Self::Gatekeeper(matching) => matching.targets(),
        }
    }

    pub(crate) fn is_readable(&self) -> bool {
        !matches!(self, Self::Unreadable)
    }
}

impl Program {
    pub(crate) fn broken(policy: &str) -> Self {
        Self::Broken(not_compiled(policy).into())
    }
}

/// What a rule answers that does not compile.
pub(crate) fn not_compiled(policy: &str) -> String {
    format!("policy {policy} does not compile")
}

impl OtherRules {
    pub(crate) fn one(kind: impl Into<String>, gives_verdict: bool) -> Self {
        Self { kind: kind.into(), count: 1, gives_verdict }
    }
}
