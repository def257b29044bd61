//! What a rule may ask of the world outside its request, and what was answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::tree::Tree;

/// Something outside the request that a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Whether a URL's host resolves to an address outside private ranges.
    ExternalUrl(Arc<str>),
    /// Whether a user may do something: a `SubjectAccessReview` spec as JSON.
    AccessReview(Arc<str>),
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
            Self::GlobalContext(name) => write!(formatter, "global context entry {name}"),
            Self::ExternalUrl(url) => write!(formatter, "address of {url}"),
            Self::AccessReview(spec) => write!(formatter, "access review {spec}"),
        }
    }
}

/// Evidence gathered for a request: raw material, never a verdict.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    answers: BTreeMap<FactKey, Result<Arc<Tree>, FactError>>,
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

    /// Takes over all answers of `other`.
    pub fn extend(&mut self, other: Self) {
        self.answers.extend(other.answers);
    }
}
