//! The immutable set of rules: indexed by kind, shared by all languages, replaced whole.

mod enforced;
mod evaluate;
mod index;
mod registration;
mod selected;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::decision::{Decision, RuleInfo};
use crate::facts::{FactKey, Facts};
use crate::kyverno::check::Passed;
use crate::kyverno::exception::Exception;
use crate::request::Request;
use crate::rule::{Compiled, OtherRules, Program, Rule};
use crate::tree::{Kind, Tree};

pub(crate) use index::Index;
pub use registration::{KindPattern, Registration, Target};
pub use selected::{Selected, Selection};

/// Compiled policies: give it a request and facts, and it decides.
#[derive(Debug)]
pub struct PolicySet {
    rules: Vec<Rule>,
    /// What each rule says of a pass, once it has passed.
    passed: Box<[SaidOfPass]>,
    index: Index,
    exceptions: Vec<Exception>,
    not_evaluated: Vec<OtherRules>,
    /// The documents that it was compiled from.
    trees: Vec<Arc<Tree>>,
    policies: usize,
    asks_roles: OnceLock<bool>,
}

/// How a rule passed when it first did, and what it said.
type SaidOfPass = OnceLock<(Passed, Arc<str>)>;

/// Either the answer, or what must be known first.
#[derive(Debug)]
#[must_use]
pub enum Evaluation {
    /// The answer.
    Decided(Decision),
    /// What rules asked for and nobody has answered yet.
    Needs(BTreeSet<FactKey>),
}

impl PolicySet {
    pub(crate) fn new(compiled: Compiled, trees: Vec<Arc<Tree>>) -> Self {
        let mut not_evaluated: Vec<OtherRules> = Vec::new();
        for other in compiled.not_evaluated {
            match not_evaluated.iter_mut().find(|known| known.kind == other.kind) {
                Some(known) => known.count += other.count,
                None => not_evaluated.push(other),
            }
        }
        Self {
            asks_roles: OnceLock::new(),
            index: Index::of(&compiled.rules),
            passed: compiled.rules.iter().map(|_| OnceLock::new()).collect(),
            rules: compiled.rules,
            exceptions: compiled.exceptions,
            not_evaluated,
            trees,
            policies: compiled.policies,
        }
    }

    /// Evaluates every rule that matches `request`.
    ///
    /// Pure: the same set, request and facts give the same answer, on any machine, at any time.
    pub fn evaluate(&self, request: &Request, facts: &Facts) -> Evaluation {
        self.select(Selection::All).evaluate(request, facts)
    }

    /// Decides with what is known: a fact without an answer is an error of the rule that asked.
    pub fn conclude(&self, request: &Request, facts: &Facts) -> Decision {
        self.select(Selection::All).conclude(request, facts)
    }

    /// The names and origins of all rules, in the order they were compiled.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = (&Arc<RuleInfo>, &Arc<str>)> {
        self.rules.iter().map(|rule| (&rule.info, &rule.name))
    }

    /// Whether a rule of a policy did compile; `None` where it is not among the rules.
    pub(crate) fn state_of(&self, policy: &str, rule: &str) -> Option<bool> {
        let mut written = self
            .rules
            .iter()
            .filter(|known| *known.info.policy == *policy && *known.info.rule == *rule);
        let first = written.next()?;
        let sound = |rule: &Rule| !matches!(rule.program, Program::Broken(_));
        Some(sound(first) && written.all(sound))
    }

    /// How many rules did not compile.
    pub fn broken(&self) -> usize {
        self.rules.iter().filter(|rule| matches!(rule.program, Program::Broken(_))).count()
    }

    /// How many policies there are, of every kind that is recognised.
    pub fn policies(&self) -> usize {
        self.policies
    }

    /// Whether some rule asks for the roles of the user, so that a request needs them in its
    /// [`UserInfo`](crate::UserInfo).
    pub fn asks_roles(&self) -> bool {
        *self.asks_roles.get_or_init(|| {
            self.rules.iter().any(|rule| rule.asks_roles.get())
                || self.exceptions.iter().any(|exception| exception.asks_roles)
        })
    }

    /// Whether a rule that can be about `request` asks for the roles of the user.
    pub fn asks_roles_of(&self, request: &Request) -> bool {
        let asks =
            |number: u32| self.rules.get(number as usize).is_some_and(|rule| rule.asks_roles.get());
        self.asks_roles()
            && (self.exceptions.iter().any(|exception| exception.asks_roles)
                || self.index.candidates(request).iter().copied().any(asks))
    }

    /// Whether an answer can depend on the labels of namespaces.
    pub fn asks_namespaces(&self) -> bool {
        let reads = |rule: &Rule| match &rule.program {
            Program::Gatekeeper(constraint) => constraint.reads_namespace(),
            Program::Kyverno(_) | Program::Conftest(_) | Program::Broken(_) => false,
        };
        if self.rules.iter().any(reads) {
            return true;
        }
        let mut open: Vec<_> = self.trees.iter().map(|tree| tree.root()).collect();
        while let Some(node) = open.pop() {
            match node.kind() {
                Kind::Map(entries) => {
                    if node.get("namespaceSelector").is_some() {
                        return true;
                    }
                    open.extend(entries.iter().map(|(_, value)| value));
                }
                Kind::List(items) => open.extend(items.iter()),
                _ => {}
            }
        }
        false
    }

    /// Rules that are recognised and not evaluated.
    pub fn not_evaluated(&self) -> &[OtherRules] {
        &self.not_evaluated
    }

    /// Names the set: equal for equal policies in any order. Worked out at each call.
    pub fn digest(&self) -> String {
        let mut digests: Vec<_> =
            self.trees.iter().map(|tree| Sha256::digest(tree.root().to_json())).collect();
        digests.sort_unstable();
        let mut whole = Sha256::new();
        digests.iter().for_each(|part| whole.update(part));
        let hexadecimal: String =
            whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hexadecimal}")
    }
}
