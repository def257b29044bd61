//! `match` and `exclude` as a policy writes them, filled by whoever reads policies.

use crate::request::Operation;

/// A `match` or `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    /// One of these; counts before everything else.
    pub(crate) any: Vec<ResourceFilter>,
    /// All of these; counts before `direct`.
    pub(crate) all: Vec<ResourceFilter>,
    /// The deprecated form without `any` and `all`.
    pub(crate) direct: ResourceFilter,
}

/// One block: all that it says must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceFilter {
    /// `resources`.
    pub(crate) resources: ResourceDescription,
    /// `subjects`, `roles` and `clusterRoles`.
    pub(crate) user: UserFilter,
}

/// What is asked of the object; an empty list asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceDescription {
    /// Whether the policy writes any field here, be it an empty list: a block of which nothing is
    /// written matches nothing.
    pub(crate) written: bool,
    /// `kinds`.
    pub(crate) kinds: Vec<String>,
    /// `name`; empty asks nothing.
    pub(crate) name: String,
    /// `names`.
    pub(crate) names: Vec<String>,
    /// `namespaces`.
    pub(crate) namespaces: Vec<String>,
    /// `annotations`.
    pub(crate) annotations: Vec<(String, String)>,
    /// `selector`.
    pub(crate) selector: Option<LabelSelector>,
    /// `namespaceSelector`.
    pub(crate) namespace_selector: Option<LabelSelector>,
    /// `operations`.
    pub(crate) operations: Vec<Operation>,
}

/// What is asked of the user; an empty list asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserFilter {
    /// Whether the policy writes any field here, be it an empty list.
    pub(crate) written: bool,
    /// `subjects`.
    pub(crate) subjects: Vec<SubjectReference>,
    /// `roles`, as `namespace:name`.
    pub(crate) roles: Vec<String>,
    /// `clusterRoles`.
    pub(crate) cluster_roles: Vec<String>,
}

/// One of `subjects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubjectReference {
    /// `kind`.
    pub(crate) kind: SubjectKind,
    /// `name`.
    pub(crate) name: String,
    /// `namespace`, of service accounts.
    pub(crate) namespace: String,
}

/// The kind of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// A user by name.
    User,
    /// Everybody in a group.
    Group,
    /// A service account.
    ServiceAccount,
}

impl SubjectKind {
    /// From the word in policies.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "User" => Some(Self::User),
            "Group" => Some(Self::Group),
            "ServiceAccount" => Some(Self::ServiceAccount),
            _ => None,
        }
    }
}

/// A label selector of Kubernetes; wildcards count in `match_labels`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector {
    /// `matchLabels`.
    pub(crate) match_labels: Vec<(String, String)>,
    /// `matchExpressions`.
    pub(crate) match_expressions: Vec<SelectorRequirement>,
}

/// One of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectorRequirement {
    /// `key`.
    pub(crate) key: String,
    /// `operator`.
    pub(crate) operator: SelectorOperator,
    /// `values`.
    pub(crate) values: Vec<String>,
}

/// What is asked of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelectorOperator {
    /// Its value is one of these.
    In,
    /// It is missing or its value is none of these.
    NotIn,
    /// It is there.
    Exists,
    /// It is missing.
    DoesNotExist,
}

impl SelectorOperator {
    /// From the word in policies.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "In" => Some(Self::In),
            "NotIn" => Some(Self::NotIn),
            "Exists" => Some(Self::Exists),
            "DoesNotExist" => Some(Self::DoesNotExist),
            _ => None,
        }
    }
}
