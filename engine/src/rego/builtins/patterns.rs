//! Regular expressions and globs that were compiled already, kept from one evaluation to the next.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::operand::failed;
use crate::rego::{BuiltinError, Host};
use crate::scalar::regex::{Regex, RegexError};

/// How many patterns are kept, and how many bytes each may have.
const MOST: usize = 128;
const LONGEST: usize = 1_024;
/// A pattern that says `{1000}` compiles to a thousand times its length: it is not kept.
const LARGEST_COUNT: usize = 4_096;

/// Compiled patterns by their text, as many as are bounded well.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    known: RwLock<BTreeMap<Box<str>, Arc<Regex>>>,
}

impl Patterns {
    /// The compiled form of a pattern, known already or made by `compile`, under a key.
    fn get(
        &self,
        key: &str,
        compile: impl FnOnce() -> Result<Regex, RegexError>,
    ) -> Result<Arc<Regex>, RegexError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(key) {
            return Ok(Arc::clone(regex));
        }
        drop(known);
        let regex = Arc::new(compile()?);
        if key.len() <= LONGEST && counts(key) * key.len().max(1) <= LARGEST_COUNT {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            // Those that a policy always uses come back at once.
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(key.into(), Arc::clone(&regex));
        }
        Ok(regex)
    }
}

/// The product of the numbers behind braces: an upper bound of how often parts repeat.
fn counts(pattern: &str) -> usize {
    let mut product = 1_usize;
    for counted in pattern.split('{').skip(1) {
        let digits = counted.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let most = digits.take(2).filter_map(|digits| digits.parse().ok()).max().unwrap_or(1);
        product = product.saturating_mul(most.max(1));
    }
    product.min(LARGEST_COUNT + 1)
}

/// A regular expression of a policy, in Go's syntax.
pub(super) fn regex(host: &Host<'_, '_>, pattern: &str) -> Result<Arc<Regex>, BuiltinError> {
    host.step(1 + pattern.len() / 8)?;
    host.patterns
        .get(pattern, || Regex::compile(pattern))
        .map_err(|error| failed(error.to_string()))
}

/// A pattern of another kind, which `translate` writes as a regular expression.
pub(super) fn translated(
    host: &Host<'_, '_>,
    key: &str,
    translate: impl FnOnce() -> Result<String, BuiltinError>,
) -> Result<Arc<Regex>, BuiltinError> {
    host.step(1 + key.len() / 8)?;
    let mut refused = None;
    let found = host.patterns.get(key, || match translate() {
        Ok(pattern) => Regex::compile(&pattern),
        Err(error) => {
            refused = Some(error);
            Err(RegexError(String::new()))
        }
    });
    found.map_err(|error| refused.unwrap_or_else(|| failed(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(patterns: &Patterns, pattern: &str) -> Arc<Regex> {
        patterns.get(pattern, || Regex::compile(pattern)).unwrap()
    }

    #[test]
    fn a_pattern_is_compiled_once() {
        let patterns = Patterns::default();
        assert!(Arc::ptr_eq(&get(&patterns, "^a+$"), &get(&patterns, "^a+$")));
    }

    #[test]
    fn what_is_large_is_not_kept() {
        let patterns = Patterns::default();
        for pattern in ["(a{100}){100}", &"a".repeat(2_000)] {
            assert!(!Arc::ptr_eq(&get(&patterns, pattern), &get(&patterns, pattern)), "{pattern}");
        }
        for number in 0..1_000 {
            get(&patterns, &number.to_string());
        }
        assert!(patterns.known.read().unwrap().len() <= MOST);
    }
}
