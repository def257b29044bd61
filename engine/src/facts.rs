//! What a rule may ask of the world outside its request, and what was answered.

mod lookups;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::tree::Tree;

pub(crate) use lookups::{Lookups, Stop};

/// Something outside the request that a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKey {
    /// A call of the Kubernetes API, such as GET `/api/v1/namespaces/prod`.
    Api {
        /// GET or POST.
        method: Method,
        /// The path with its query.
        path: Arc<str>,
        /// The JSON body of a POST; empty for GET.
        body: Arc<str>,
    },
    /// A call of a service by URL.
    Service {
        /// GET or POST.
        method: Method,
        /// The URL.
        url: Arc<str>,
        /// The JSON body of a POST; empty for GET.
        body: Arc<str>,
        /// Headers in the order the policy names them.
        headers: Vec<(String, String)>,
        /// The PEM bundle that signs the service's certificate; empty for the system's.
        ca_bundle: Arc<str>,
    },
    /// What a registry holds about an image: reference, digests, manifest and configuration.
    Image(Arc<str>),
    /// The data of a `GlobalContextEntry`, or of one of its projections (`entry.projection`).
    GlobalContext(Arc<str>),
    /// Every object that is there, as `data.inventory` of Gatekeeper has them: `cluster` by version,
    /// kind and name; `namespace` by namespace, version, kind and name. See
    /// [`inventory`](crate::inventory).
    Inventory,
    /// Whether a URL's host resolves to an address outside private ranges.
    ExternalUrl(Arc<str>),
    /// Whether a user may do something: a `SubjectAccessReview` spec as JSON.
    AccessReview(Arc<str>),
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactError {
    /// It does not exist.
    NotFound,
    /// It may not be read.
    Forbidden,
    /// The answer came too late.
    Timeout,
    /// Nobody may be asked.
    Offline,
    /// It was never asked for.
    NotFetched,
    /// The other side's own words.
    Failed(String),
}

impl std::fmt::Display for FactError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::NotFound => "not found",
            Self::Forbidden => "forbidden",
            Self::Timeout => "no answer in time",
            Self::Offline => "not available offline",
            Self::NotFetched => "not fetched",
            Self::Failed(text) => text,
        })
    }
}

impl FactKey {
    /// A GET of the Kubernetes API.
    pub fn get(path: impl Into<Arc<str>>) -> Self {
        Self::Api { method: Method::Get, path: path.into(), body: "".into() }
    }
}

impl std::fmt::Display for FactKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verb = |method: &Method| if *method == Method::Get { "GET" } else { "POST" };
        match self {
            Self::Api { method, path, .. } => write!(formatter, "{} {path}", verb(method)),
            Self::Service { method, url, .. } => write!(formatter, "{} {url}", verb(method)),
            Self::Image(reference) => write!(formatter, "image {reference}"),
            Self::Inventory => formatter.write_str("the inventory of objects"),
            Self::GlobalContext(name) => write!(formatter, "global context entry {name}"),
            Self::ExternalUrl(url) => write!(formatter, "address of {url}"),
            Self::AccessReview(spec) => write!(formatter, "access review {spec}"),
        }
    }
}

/// A value that stands in a rule's context: from a values file or a test suite.
#[derive(Clone, Debug)]
pub struct ContextValue {
    /// The policy it is for; `None` for all.
    pub policy: Option<Arc<str>>,
    /// The rule it is for, by the name it answers with; `None` for all.
    pub rule: Option<Arc<str>>,
    /// The index of the foreach element it is for; `None` outside of foreach.
    pub element: Option<usize>,
    /// The keys that lead to it, such as `request`, `object`, `metadata`.
    pub path: Vec<String>,
    /// The value.
    pub value: Arc<Tree>,
}

/// What a test suite answers to a call, whatever the call sends.
#[derive(Clone, Debug)]
pub(crate) struct MockedCall {
    /// A URL, or a path of the Kubernetes API.
    pub(crate) address: String,
    /// `None` for every method.
    pub(crate) method: Option<Method>,
    /// The HTTP status; only those from 200 to 299 are answers.
    pub(crate) status: i64,
    pub(crate) body: Arc<Tree>,
}

/// Evidence gathered for a request: raw material, never a verdict.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    answers: BTreeMap<FactKey, Result<Arc<Tree>, FactError>>,
    values: Vec<ContextValue>,
    /// Whether a context entry that nobody answers stays unknown instead of failing its rule.
    pub(crate) leave_out_unanswered: bool,
    /// The calls that a suite answers: they are made before anything else is evaluated.
    pub(crate) mocked_calls: Arc<[MockedCall]>,
}

impl Facts {
    /// Keeps an answer; a later one for the same key replaces it.
    pub fn insert(&mut self, key: FactKey, answer: Result<Arc<Tree>, FactError>) {
        self.answers.insert(key, answer);
    }

    /// The answer, if the question was asked.
    pub fn get(&self, key: &FactKey) -> Option<&Result<Arc<Tree>, FactError>> {
        self.answers.get(key)
    }

    /// The mocked answer to a call; one for its method stands before one for every method.
    pub(crate) fn mocked_call(&self, method: Method, address: &str) -> Option<&MockedCall> {
        let fitting = || self.mocked_calls.iter().filter(|call| call.address == address);
        let exact = fitting().find(|call| call.method == Some(method));
        exact.or_else(|| fitting().find(|call| call.method.is_none()))
    }

    /// Takes over all answers and values of `other`.
    pub fn extend(&mut self, other: Self) {
        self.answers.extend(other.answers);
        self.values.extend(other.values);
        self.leave_out_unanswered |= other.leave_out_unanswered;
    }

    /// Puts a value into the context of rules; a later one at the same path wins.
    pub fn insert_value(&mut self, value: ContextValue) {
        self.values.push(value);
    }

    /// The values for a rule outside of foreach, or for one of its elements.
    pub(crate) fn values(
        &self,
        policy: &str,
        rule: &str,
        element: Option<usize>,
    ) -> impl Iterator<Item = &ContextValue> {
        self.values.iter().filter(move |value| {
            value.policy.as_deref().is_none_or(|name| name == policy)
                && value.rule.as_deref().is_none_or(|name| name == rule)
                && value.element == element
        })
    }
}
