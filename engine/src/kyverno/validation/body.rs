//! What a rule checks, lowered now or later.

use std::sync::{Arc, OnceLock};

use crate::decision::Outcome;
use crate::kyverno::check::Check;
use crate::kyverno::compile;
use crate::kyverno::conditions::{Conditions, Message};
use crate::kyverno::context::ContextEntry;
use crate::tree::Tree;

/// What a rule checks, and what it says.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) message: Message,
    pub(crate) context: Vec<ContextEntry>,
    pub(crate) preconditions: Option<Conditions>,
    pub(crate) check: Check,
    /// Texts that replace the message, by outcome.
    pub(crate) messages: Vec<(Outcome, Message)>,
}

/// A body that may be lowered when it is asked for first: few of the rules that are made for pod
/// controllers ever run.
#[derive(Debug)]
pub(crate) struct LateBody {
    lowered: OnceLock<Option<Body>>,
    written: Option<Written>,
}

/// A rule as a document, and the namespace of its policy.
#[derive(Debug)]
struct Written {
    rule: Arc<Tree>,
    namespace: Option<Arc<str>>,
}

impl LateBody {
    /// The body of a rule, in a policy of this namespace.
    pub(crate) fn of(rule: Arc<Tree>, namespace: Option<Arc<str>>) -> Self {
        Self { lowered: OnceLock::new(), written: Some(Written { rule, namespace }) }
    }

    /// The body; none where it does not compile.
    pub(crate) fn get(&self) -> Option<&Body> {
        let lower = || {
            let Written { rule, namespace } = self.written.as_ref()?;
            compile::body(rule, namespace.as_deref())
        };
        self.lowered.get_or_init(lower).as_ref()
    }
}

impl From<Body> for LateBody {
    fn from(body: Body) -> Self {
        Self { lowered: OnceLock::from(Some(body)), written: None }
    }
}
