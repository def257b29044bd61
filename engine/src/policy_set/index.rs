//! Finds the rules that can be about a request without looking at the others.

use std::collections::BTreeMap;

use crate::matcher::KindSelector;
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
            let kinds = rule.matcher.as_ref().and_then(|matcher| {
                matcher.kinds().map(KindSelector::exact_kind).collect::<Option<Vec<_>>>()
            });
            match kinds {
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
    pub(crate) fn candidates(&self, request: &Request) -> Vec<u32> {
        let kind = &*request.matched_kind().kind;
        let namespace = request.object_namespace();
        let mut found = Vec::new();
        for bucket in self.by_kind.get(kind).into_iter().chain([&self.any_kind]) {
            found.extend_from_slice(&bucket.anywhere);
            bucket.of_namespace(namespace, &mut found);
            // A namespace is asked for by its own name.
            if kind == "Namespace" && request.name != namespace {
                bucket.of_namespace(&request.name, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Bucket {
    fn add(&mut self, number: u32, rule: &Rule) {
        let named = match (&rule.policy.namespace, &rule.matcher) {
            (Some(namespace), _) => Some(vec![&**namespace]),
            (None, Some(matcher)) => matcher.exact_namespaces(),
            (None, None) => None,
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

    fn of_namespace(&self, namespace: &str, found: &mut Vec<u32>) {
        if let Some(numbers) = self.by_namespace.get(namespace) {
            found.extend_from_slice(numbers);
        }
    }
}
