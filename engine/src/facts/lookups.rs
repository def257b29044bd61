//! What rules see of the facts, and how they stop for one that is not there.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{FactError, FactKey, Facts};
use crate::tree::Tree;

/// Why a rule cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A fact is not there yet; it was noted.
    Missing,
    /// The rule cannot be evaluated, for this reason.
    Failed(String),
}

/// What rules see of the facts; remembers what was asked for in vain.
#[derive(Debug)]
pub(crate) struct Lookups<'t> {
    facts: &'t Facts,
    missing: RefCell<BTreeSet<FactKey>>,
    pub(crate) last_round: bool,
}

impl<'t> Lookups<'t> {
    pub(crate) fn new(facts: &'t Facts, last_round: bool) -> Self {
        Self { facts, missing: RefCell::default(), last_round }
    }

    pub(crate) fn facts(&self) -> &'t Facts {
        self.facts
    }

    pub(crate) fn into_missing(self) -> BTreeSet<FactKey> {
        self.missing.into_inner()
    }

    pub(crate) fn get(&self, key: FactKey) -> Result<Result<&'t Arc<Tree>, FactError>, Stop> {
        match self.facts.get(&key) {
            Some(answer) => Ok(answer.as_ref().map_err(Clone::clone)),
            None if self.last_round => Ok(Err(FactError::NotFetched)),
            None => {
                self.note(key);
                Err(Stop::Missing)
            }
        }
    }

    /// Remembers that a fact is missing.
    pub(crate) fn note(&self, key: FactKey) {
        self.missing.borrow_mut().insert(key);
    }
}
