//! Finds the rules that can be about a request without looking at the others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::request::Request;
use crate::rule::Rule;

/// Numbers of rules by the kinds that they name.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_kind: BTreeMap<Box<str>, Bucket>,
    /// Rules that name a kind with wildcards, a subresource, or none at all.
    any_kind: Bucket,
}

/// Numbers of rules by the namespaces that they name.
#[derive(Debug, Default)]
struct Bucket {
    by_namespace: BTreeMap<Box<str>, Vec<u32>>,
    /// Rules that name a namespace with wildcards, or none at all.
    anywhere: Vec<u32>,
}

impl Index {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (number, rule) in rules.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            match rule.matching.exact_kinds() {
                Some(mut kinds) => {
                    kinds.sort_unstable();
                    kinds.dedup();
                    for kind in kinds {
                        index.by_kind.entry(kind.into()).or_default().add(number, rule);
                    }
                }
                None => index.any_kind.add(number, rule),
            }
        }
        index
    }

    /// The rules that can match a request, ascending; no other can.
    pub(crate) fn candidates(&self, request: &Request) -> Cow<'_, [u32]> {
        let kind = &*request.matched_kind().kind;
        let namespace = request.object_namespace();
        // A namespace is asked for by its own name.
        let own = (kind == "Namespace" && request.name != namespace).then_some(&*request.name);
        // What is sent to a subresource can be of another kind, such as a Scale: Gatekeeper goes by it.
        let sent = Some(&*request.kind.kind).filter(|sent| *sent != kind);
        let kinds = [Some(kind), sent].into_iter().flatten();
        let buckets = kinds.filter_map(|kind| self.by_kind.get(kind)).chain([&self.any_kind]);
        let mut lists = buckets
            .flat_map(|bucket| {
                let named = [Some(namespace), own].into_iter().flatten();
                let named = named.filter_map(|namespace| bucket.by_namespace.get(namespace));
                [&bucket.anywhere].into_iter().chain(named)
            })
            .filter(|list| !list.is_empty());
        let Some(first) = lists.next() else { return Cow::default() };
        let Some(second) = lists.next() else { return Cow::Borrowed(first) };
        let mut found = [first.as_slice(), second].concat();
        lists.for_each(|list| found.extend_from_slice(list));
        found.sort_unstable();
        found.dedup();
        Cow::Owned(found)
    }
}

impl Bucket {
    fn add(&mut self, number: u32, rule: &Rule) {
        let named = match &rule.policy.namespace {
            Some(namespace) => Some(vec![&**namespace]),
            None => rule.matching.exact_namespaces(),
        };
        let Some(mut namespaces) = named else {
            self.anywhere.push(number);
            return;
        };
        namespaces.sort_unstable();
        namespaces.dedup();
        for namespace in namespaces {
            self.by_namespace.entry(namespace.into()).or_default().push(number);
        }
    }
}
