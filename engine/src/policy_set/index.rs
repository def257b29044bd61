//! Finds the rules that can be about a kind without looking at the others.

use std::collections::BTreeMap;

use crate::matcher::KindSelector;

use crate::rule::Rule;

/// Numbers of rules by the kind they name; ascending.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_kind: BTreeMap<Box<str>, Vec<u32>>,
    /// Rules that name a kind with wildcards, a subresource, or none at all.
    anything: Vec<u32>,
}

impl Index {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (number, rule) in rules.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let kinds = rule.matcher.as_ref().and_then(|matcher| {
                matcher.kinds().map(KindSelector::exact_kind).collect::<Option<Vec<_>>>()
            });
            match kinds {
                Some(mut kinds) => {
                    kinds.sort_unstable();
                    kinds.dedup();
                    for kind in kinds {
                        index.by_kind.entry(kind.into()).or_default().push(number);
                    }
                }
                None => index.anything.push(number),
            }
        }
        index
    }

    /// The rules that can match objects of `kind`, ascending.
    pub(crate) fn candidates(&self, kind: &str) -> impl Iterator<Item = u32> {
        let mut exact = self.by_kind.get(kind).map_or(&[][..], Vec::as_slice).iter().peekable();
        let mut anything = self.anything.iter().peekable();
        std::iter::from_fn(move || match (exact.peek(), anything.peek()) {
            (Some(left), Some(right)) if left < right => exact.next().copied(),
            (Some(_), None) => exact.next().copied(),
            _ => anything.next().copied(),
        })
    }
}
