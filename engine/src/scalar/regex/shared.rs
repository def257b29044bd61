//! Compiled patterns that are kept from one evaluation to the next.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Regex, RegexError};

/// The patterns of one text of a policy that is put together anew for each object.
///
/// Only what stands in the policy is kept: a pattern that an object brings is gone with it.
#[derive(Debug)]
pub(crate) struct Regexes {
    literals: Box<[Box<str>]>,
    known: RwLock<Vec<(Box<str>, Arc<Regex>)>>,
}

/// A text of a policy has few patterns.
const MOST: usize = 8;

impl Regexes {
    /// For patterns that stand in `literals`; none where there can be no pattern in them.
    pub(crate) fn of<'l>(literals: impl Iterator<Item = &'l str>) -> Option<Arc<Self>> {
        let literals: Box<[Box<str>]> = literals.map(Box::from).collect();
        let has_any = literals.iter().any(|literal| literal.contains("regex_"));
        has_any.then(|| Arc::new(Self { literals, known: RwLock::default() }))
    }

    /// The compiled pattern: a known one, or one that is known from now on.
    pub(crate) fn compile(&self, pattern: &str) -> Result<Arc<Regex>, RegexError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, regex)) = known.iter().find(|(known, _)| **known == *pattern) {
            return Ok(Arc::clone(regex));
        }
        drop(known);
        let regex = Arc::new(Regex::compile(pattern)?);
        if self.literals.iter().any(|literal| literal.contains(pattern)) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MOST {
                known.push((pattern.into(), Arc::clone(&regex)));
            }
        }
        Ok(regex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_policy_is_compiled_once() {
        let regexes = Regexes::of(["regex_match('^a+$', '", "')"].into_iter()).unwrap();
        let first = regexes.compile("^a+$").unwrap();
        assert!(Arc::ptr_eq(&first, &regexes.compile("^a+$").unwrap()));
        assert!(first.is_match("aa") && !first.is_match("b"));
        regexes.compile("(").unwrap_err();
    }

    #[test]
    fn what_an_object_brings_is_not_kept() {
        let regexes = Regexes::of(["regex_match('", "', 'a')"].into_iter()).unwrap();
        let first = regexes.compile("^b+$").unwrap();
        assert!(!Arc::ptr_eq(&first, &regexes.compile("^b+$").unwrap()));
    }

    #[test]
    fn texts_without_patterns_keep_nothing() {
        assert!(Regexes::of(["length('", "')"].into_iter()).is_none());
    }
}
