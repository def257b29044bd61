//! One block of `match` or `exclude`: all that it says must hold.

use super::filter::{ResourceFilter, SubjectKind};
use super::kind::KindSelector;
use super::selector::{Selector, SelectorError};
use super::subject::{Labels, Subject};
use super::{MatcherError, Mismatch};
use crate::request::{Operation, UserInfo};
use crate::scalar::wildcard::Wildcard;

/// A block, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Whether the block says anything about objects.
    asks_object: bool,
    kinds: Vec<KindSelector>,
    name: Option<Wildcard>,
    names: Vec<Wildcard>,
    namespaces: Vec<Wildcard>,
    annotations: Vec<(Wildcard, Wildcard)>,
    selector: Option<Selector>,
    namespace_selector: Option<Selector>,
    operations: Vec<Operation>,
    /// Whether the block says anything about users.
    asks_user: bool,
    roles: Vec<String>,
    cluster_roles: Vec<String>,
    groups: Vec<Wildcard>,
    users: Vec<Wildcard>,
    asks_subject: bool,
}

/// Whether a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No(Mismatch),
    /// That depends on the labels of the namespace.
    Unknown,
}

impl Block {
    /// `steps` lead to the block from the rule.
    pub(super) fn compile(filter: &ResourceFilter, steps: &[String]) -> Result<Self, MatcherError> {
        let ResourceFilter { resources, user } = filter;
        let wildcards =
            |texts: &[String]| texts.iter().map(|text| Wildcard::new(text)).collect::<Vec<_>>();
        let selector = |selector: &Option<_>, key: &str| {
            let compiled = selector.as_ref().map(Selector::compile).transpose();
            compiled.map_err(|error| {
                let own = ["resources", key].map(str::to_owned);
                MatcherError { steps: steps.iter().cloned().chain(own).collect(), error }
            })
        };
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        for subject in &user.subjects {
            match subject.kind {
                SubjectKind::User => users.push(Wildcard::new(&subject.name)),
                SubjectKind::Group => groups.push(Wildcard::new(&subject.name)),
                SubjectKind::ServiceAccount => users.push(Wildcard::new(&format!(
                    "system:serviceaccount:{}:{}",
                    subject.namespace, subject.name
                ))),
            }
        }
        let annotations = &resources.annotations;
        Ok(Self {
            asks_object: *resources != Default::default(),
            kinds: resources.kinds.iter().map(|kind| KindSelector::parse(kind)).collect(),
            name: (!resources.name.is_empty()).then(|| Wildcard::new(&resources.name)),
            names: wildcards(&resources.names),
            namespaces: wildcards(&resources.namespaces),
            annotations: annotations
                .iter()
                .map(|(key, value)| (Wildcard::new(key), Wildcard::new(value)))
                .collect(),
            selector: selector(&resources.selector, "selector")?,
            namespace_selector: selector(&resources.namespace_selector, "namespaceSelector")?,
            operations: resources.operations.clone(),
            asks_user: *user != Default::default(),
            roles: user.roles.clone(),
            cluster_roles: user.cluster_roles.clone(),
            groups,
            users,
            asks_subject: !user.subjects.is_empty(),
        })
    }

    pub(super) fn kinds(&self) -> &[KindSelector] {
        &self.kinds
    }

    /// Whether it says anything: one that does not matches nothing.
    pub(super) fn says_something(&self) -> bool {
        self.asks_object || self.asks_user
    }

    /// The operations it names; none where it names none and means all.
    pub(super) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The namespaces it names, if it names some and none with wildcards.
    pub(super) fn exact_namespaces(&self) -> Option<Vec<&str>> {
        let named = self.namespaces.iter().map(Wildcard::as_literal).collect::<Option<Vec<_>>>()?;
        (!named.is_empty()).then_some(named)
    }

    /// Asks as `match` does: where nobody is named, what the block says of users is left out.
    pub(super) fn matches(&self, subject: &Subject<'_>) -> Result<Answer, SelectorError> {
        let user = subject.user.filter(|user| **user != UserInfo::default());
        let asks = self.asks_object || self.asks_user && user.is_some();
        if !asks {
            return Ok(Answer::No(Mismatch::Empty));
        }
        if let Some(mismatch) = user.and_then(|user| self.user_mismatch(user)) {
            return Ok(Answer::No(mismatch));
        }
        self.object(subject)
    }

    /// Asks as `exclude` does: where nobody is named, a user without a name is asked about.
    pub(super) fn excludes(&self, subject: &Subject<'_>) -> Result<Answer, SelectorError> {
        if !self.asks_object && !self.asks_user {
            return Ok(Answer::No(Mismatch::Empty));
        }
        let mismatch = match subject.user {
            Some(user) => self.user_mismatch(user),
            None => self.user_mismatch(&UserInfo::default()),
        };
        match mismatch {
            Some(mismatch) => Ok(Answer::No(mismatch)),
            None => self.object(subject),
        }
    }

    fn object(&self, subject: &Subject<'_>) -> Result<Answer, SelectorError> {
        if let Some(mismatch) = self.object_mismatch(subject) {
            return Ok(Answer::No(mismatch));
        }
        if let Some(selector) = &self.selector
            && !selector.matches(subject.labels)?
        {
            return Ok(Answer::No(Mismatch::Selector));
        }
        let Some(selector) = &self.namespace_selector else { return Ok(Answer::Yes) };
        let labels = match subject.namespace_labels {
            // A namespace has none, not even where it is the object.
            _ if subject.object_kind == "Namespace" => {
                return Ok(Answer::No(Mismatch::NamespaceSelector));
            }
            Some(labels) => labels,
            None if subject.namespace.is_empty() || selector.is_empty() => Labels::default(),
            None => return Ok(Answer::Unknown),
        };
        Ok(match selector.matches(labels)? {
            true => Answer::Yes,
            false => Answer::No(Mismatch::NamespaceSelector),
        })
    }

    /// What can be said without labels.
    fn object_mismatch(&self, subject: &Subject<'_>) -> Option<Mismatch> {
        let any = |wanted: &[Wildcard], text: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted.matches(text))
        };
        let name_or_prefix = subject.name_or_prefix();
        let namespace = match subject.object_kind {
            "Namespace" => subject.name,
            _ => subject.namespace,
        };
        if !self.kinds.is_empty()
            && !self.kinds.iter().any(|kind| kind.matches(subject.kind, subject.subresource))
        {
            return Some(Mismatch::Kind);
        }
        if !self.operations.is_empty() && !self.operations.contains(&subject.operation) {
            return Some(Mismatch::Operation);
        }
        if self.name.as_ref().is_some_and(|wanted| !wanted.matches(name_or_prefix)) {
            return Some(Mismatch::Name);
        }
        if !any(&self.names, name_or_prefix) {
            return Some(Mismatch::Names);
        }
        if !any(&self.namespaces, namespace) {
            return Some(Mismatch::Namespace);
        }
        let annotated = |(key, value): &(Wildcard, Wildcard)| {
            let mut annotations = subject.annotations.iter();
            annotations.any(|(found, text)| key.matches(found) && value.matches(text))
        };
        (!self.annotations.iter().all(annotated)).then_some(Mismatch::Annotations)
    }

    fn user_mismatch(&self, user: &UserInfo) -> Option<Mismatch> {
        let any = |wanted: &[String], has: &[String]| {
            wanted.is_empty() || wanted.iter().any(|wanted| has.contains(wanted))
        };
        if !any(&self.roles, &user.roles) {
            return Some(Mismatch::Roles);
        }
        if !any(&self.cluster_roles, &user.cluster_roles) {
            return Some(Mismatch::ClusterRoles);
        }
        let is_subject = self.users.iter().any(|name| name.matches(&user.username))
            || self.groups.iter().any(|name| user.groups.iter().any(|group| name.matches(group)));
        (self.asks_subject && !is_subject).then_some(Mismatch::Subjects)
    }
}
